with

organizations as (

    select * from {{ ref('int_organizations') }}

),

lines as (

    select * from {{ ref('int_directory_lines') }}

),

-- a total that was told as rounded, more than or nearly stands for an interval
totals as (

    select
        *,
        {{ lowest('value', 'precision', 'null', 'true') }} as low,
        {{ highest('value', 'precision', 'null', 'true') }} as high

    from {{ ref('int_totals') }}

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

-- a line without an opening day is taken to be open since it was first written; what is told of a platform has settled
-- with such lines of the first snapshot, and with its first week of runs, in which not every weekly account had its day
opened as (

    select
        'directory' as basis,
        platform,
        organization_id,
        listed_from_on,
        listed_until_on,
        coalesce(opened_on, first_named_on) as from_on,
        coalesce(closed_on, date '9999-12-31') as until_on,
        case when opened_on is null and listed_from_on = date '0001-01-01' then in_force_on end as settled_on

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
        {{ days_after('seen.first_observed_on', 7) }} as settled_on

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

beginnings as (

    select
        basis,
        platform,
        min(from_on) as first_on,
        min(settled_on) as settled_on

    from opened
    group by basis, platform

),

-- all together have settled when each has
told as (

    select
        basis,
        platform,
        greatest(first_on, coalesce(settled_on, first_on)) as told_from_on

    from beginnings

    union all

    select
        basis,
        'all' as platform,
        greatest(min(first_on), coalesce(max(settled_on), min(first_on))) as told_from_on

    from beginnings
    group by basis

),

month_ends as (

    select
        told.basis,
        told.platform,
        max(calendar.measured_on) as measured_on

    from told
    cross join horizon
    inner join {{ calendar() }} as calendar
        on told.told_from_on <= calendar.measured_on
        and horizon.horizon_on >= calendar.measured_on
    group by told.basis, told.platform, date_trunc('month', calendar.measured_on)

),

listed as (

    select
        days.measured_on,
        count(*) as organizations

    from (select distinct measured_on from month_ends) as days
    inner join organizations
        on days.measured_on >= organizations.listed_from_on
        and days.measured_on < organizations.listed_until_on
    group by days.measured_on

),

present_on_each as (

    select distinct
        month_ends.basis,
        month_ends.measured_on,
        opened.platform,
        opened.organization_id

    from (
        select distinct
            basis,
            measured_on

        from month_ends
    ) as month_ends
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
        month_ends.platform,
        month_ends.basis,
        month_ends.measured_on,
        listed.organizations,
        coalesce(counted.present, 0) as present

    from month_ends
    left join listed on month_ends.measured_on = listed.measured_on
    left join counted
        on month_ends.basis = counted.basis
        and month_ends.platform = counted.platform
        and month_ends.measured_on = counted.measured_on

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
        by_month.organizations as organizations_low,
        by_month.organizations as organizations_high,
        by_month.present,
        by_month.present as present_low,
        by_month.present as present_high,
        'exact' as precision,
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
        low as organizations_low,
        high as organizations_high,
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
        {% for end in ['_low', '_high'] %}
        case
            when populations.organizations is not null then populations.organizations{{ end }}
            else directory_on.organizations
        end as organizations{{ end }},
        {% endfor %}
        compared.value as present,
        compared.low as present_low,
        compared.high as present_high,
        compared.precision,
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

growing as (

    select
        *,
        present <= organizations and not (platform = 'all' and metric = 'accounts') as is_share,
        present > earlier and earlier > 0 as is_growing,
        {{ days_between('earlier_on', 'measured_on') }} as days

    from together

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
    cast(organizations_low as integer) as organizations_low,
    cast(organizations_high as integer) as organizations_high,
    cast(present as integer) as present,
    cast(present_low as integer) as present_low,
    cast(present_high as integer) as present_high,
    precision,
    case when is_share then present / organizations end as share_rate,
    case when is_share then present_low / organizations_high end as share_rate_low,
    case
        when is_share and present_high > organizations_low then 1
        when is_share then present_high / organizations_low
    end as share_rate_high,
    case when is_growing then days * ln(2) / ln(present / earlier) end as doubling_days,
    case when is_growing then earlier_on end as doubling_from_on,
    case when is_growing then measured_on end as doubling_to_on,
    organizations_source,
    source

from growing
