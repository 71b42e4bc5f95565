with

organizations as (

    select * from {{ ref('int_organizations') }}

),

lines as (

    select * from {{ ref('int_directory_lines') }}

),

totals as (

    select * from {{ ref('int_totals') }}

),

-- what was last told of an account by each month's end
sightings as (

    select
        account_key,
        month_start_on,
        min(first_observed_on) over so_far as first_observed_on,
        max(last_observed_on) over so_far as last_observed_on,
        max(gone_on) over so_far as gone_on

    from {{ ref('int_sightings') }}
    window so_far as (
        partition by account_key
        order by month_start_on
        rows between unbounded preceding and current row
    )

),

judged as (

    select
        account_key,
        month_start_on,
        first_observed_on,
        coalesce(last_observed_on >= coalesce(gone_on, last_observed_on), false) as is_seen

    from sightings

),

turns as (

    select *

    from judged
    qualify is_seen is distinct from lag(is_seen) over (partition by account_key order by month_start_on)

),

-- from its first value on, an account stays until it is told to be gone, and again from its next value on
seen as (

    select
        account_key,
        first_observed_on,
        is_seen,
        month_start_on as from_on,
        lead(month_start_on) over (partition by account_key order by month_start_on) as until_on

    from turns

),

-- a line without an opening day is taken to be open since it was first written
opened as (

    select
        'directory' as basis,
        platform,
        organization_id,
        listed_from_on,
        listed_until_on,
        coalesce(opened_on, first_named_on) as from_on,
        coalesce(closed_on, date '9999-12-31') as until_on,
        cast(null as date) as first_observed_on

    from lines

    union all

    select
        'observed' as basis,
        lines.platform,
        lines.organization_id,
        lines.listed_from_on,
        lines.listed_until_on,
        seen.from_on,
        least(coalesce(seen.until_on, date '9999-12-31'), coalesce(lines.closed_on, date '9999-12-31')) as until_on,
        seen.first_observed_on

    from lines
    inner join seen on lines.account_key = seen.account_key
    where seen.is_seen

),

-- up to the latest day on which anything ran or the directory changed
horizon as (

    select max(known_on) as horizon_on

    from (
        select max(measured_on) as known_on from {{ ref('int_platform_days') }}
        union all
        select max(in_force_on) as known_on from lines
    ) as latest

),

beginning as (

    select
        basis,
        min(from_on) as first_on

    from opened
    group by basis

),

month_ends as (

    select
        beginning.basis,
        max(calendar.measured_on) as measured_on

    from beginning
    cross join horizon
    inner join {{ calendar() }} as calendar
        on beginning.first_on <= calendar.measured_on
        and horizon.horizon_on >= calendar.measured_on
    group by beginning.basis, date_trunc('month', calendar.measured_on)

),

listed as (

    select
        month_ends.basis,
        month_ends.measured_on,
        count(*) as organizations

    from month_ends
    inner join organizations
        on month_ends.measured_on >= organizations.listed_from_on
        and month_ends.measured_on < organizations.listed_until_on
    group by month_ends.basis, month_ends.measured_on

),

present_on_each as (

    select distinct
        month_ends.basis,
        month_ends.measured_on,
        opened.platform,
        opened.organization_id

    from month_ends
    inner join opened
        on month_ends.basis = opened.basis
        and month_ends.measured_on >= opened.listed_from_on
        and month_ends.measured_on < opened.listed_until_on
        and month_ends.measured_on >= opened.from_on
        and month_ends.measured_on < opened.until_on

),

present_on_any as (

    select
        basis,
        measured_on,
        platform,
        organization_id

    from present_on_each

    union

    select
        basis,
        measured_on,
        'all' as platform,
        organization_id

    from present_on_each

),

platforms as (

    select distinct
        basis,
        platform

    from present_on_any

),

counted as (

    select
        basis,
        measured_on,
        platform,
        count(*) as present

    from present_on_any
    group by basis, measured_on, platform

),

by_month as (

    select
        platforms.platform,
        platforms.basis,
        month_ends.measured_on,
        listed.organizations,
        coalesce(counted.present, 0) as present

    from platforms
    inner join month_ends on platforms.basis = month_ends.basis
    left join listed
        on month_ends.basis = listed.basis
        and month_ends.measured_on = listed.measured_on
    left join counted
        on platforms.basis = counted.basis
        and platforms.platform = counted.platform
        and month_ends.measured_on = counted.measured_on

),

-- until when a number tells only how far the directory or the runs had come: by lines without an opening day in the
-- first snapshot, and by a platform's first week, in which not every weekly account had its day
baselines as (

    select
        'directory' as basis,
        platform,
        date '0001-01-01' as began_on,
        max(in_force_on) as settled_on

    from lines
    where
        opened_on is null
        and listed_from_on = date '0001-01-01'
    group by platform

    union all

    select
        'observed' as basis,
        platform,
        min(first_observed_on) as began_on,
        {{ days_after('min(first_observed_on)', 7) }} as settled_on

    from opened
    where basis = 'observed'
    group by platform

),

-- a year before: the same month's end
known as (

    select
        by_month.platform,
        by_month.basis,
        'organizations' as metric,
        by_month.measured_on,
        'day' as date_precision,
        by_month.organizations,
        by_month.present,
        earlier.measured_on as earlier_on,
        earlier.present as earlier,
        'the directory' as organizations_source,
        cast(null as string) as source

    from by_month
    left join by_month as earlier
        on by_month.platform = earlier.platform
        and by_month.basis = earlier.basis
        and cast(date_trunc('month', by_month.measured_on) as date)
        = cast(date_trunc('month', earlier.measured_on) + interval 12 month as date)

),

-- how many organizations there are: as imported by then, else as first imported, else as the directory lists
populations as (

    select
        value as organizations,
        source as organizations_source,
        case
            when lag(measured_on) over (order by measured_on) is null then date '0001-01-01'
            else measured_on
        end as from_on,
        coalesce(lead(measured_on) over (order by measured_on), date '9999-12-31') as until_on

    from totals
    where platform = 'all' and metric = 'population'

),

directory_on as (

    select
        totals.measured_on,
        count(*) as organizations

    from (select distinct measured_on from totals) as totals
    inner join organizations
        on totals.measured_on >= organizations.listed_from_on
        and totals.measured_on < organizations.listed_until_on
    group by totals.measured_on

),

of_month as (

    select
        *,
        date_precision = 'day' and precision in ('exact', 'rounded') as is_precise

    from totals
    where metric in ('accounts', 'organizations')

),

-- time is measured between totals that are figures of a day
compared as (

    select
        *,
        max(case when is_precise then measured_on end) over earlier as previous_on

    from of_month
    window earlier as (
        partition by platform, metric
        order by measured_on
        rows between unbounded preceding and 1 preceding
    )

),

imported as (

    select
        compared.platform,
        'imported' as basis,
        compared.metric,
        compared.measured_on,
        compared.date_precision,
        coalesce(populations.organizations, directory_on.organizations) as organizations,
        compared.value as present,
        case when compared.is_precise then compared.previous_on end as earlier_on,
        case when compared.is_precise then previous.value end as earlier,
        case
            when populations.organizations is not null then populations.organizations_source
            when directory_on.organizations is not null then 'the directory'
        end as organizations_source,
        compared.source

    from compared
    left join totals as previous
        on compared.platform = previous.platform
        and compared.metric = previous.metric
        and compared.previous_on = previous.measured_on
    left join populations
        on compared.measured_on >= populations.from_on
        and compared.measured_on < populations.until_on
    left join directory_on on compared.measured_on = directory_on.measured_on
    qualify
        row_number() over (
            partition by compared.platform, compared.metric, date_trunc('month', compared.measured_on)
            order by compared.measured_on desc
        ) = 1

),

together as (

    select * from known
    union all
    select * from imported

),

from_baselines as (

    select distinct
        known.platform,
        known.basis,
        known.measured_on

    from known
    inner join baselines
        on known.basis = baselines.basis
        and known.platform in (baselines.platform, 'all')
        and known.earlier_on < baselines.settled_on
        and known.measured_on >= baselines.began_on

),

growing as (

    select
        together.*,
        from_baselines.basis is null and together.present > together.earlier and together.earlier > 0 as is_growing,
        {{ days_between('together.earlier_on', 'together.measured_on') }} as days

    from together
    left join from_baselines
        on together.platform = from_baselines.platform
        and together.basis = from_baselines.basis
        and together.measured_on = from_baselines.measured_on

)

select
    platform,
    basis,
    metric,
    {{ calendar_month('measured_on') }} as month,
    cast(date_trunc('month', measured_on) as date) as month_start_on,
    measured_on,
    date_precision,
    cast(organizations as integer) as organizations,
    cast(present as integer) as present,
    case
        when present <= organizations and not (platform = 'all' and metric = 'accounts')
            then present / organizations
    end as share_rate,
    case when is_growing then days * ln(2) / ln(present / earlier) end as doubling_days,
    case when is_growing then earlier_on end as doubling_from_on,
    case when is_growing then measured_on end as doubling_to_on,
    organizations_source,
    source

from growing
