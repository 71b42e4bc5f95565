{{ config(materialized='incremental', unique_key='week_start_on', meta={'weeks_of': 'int_account_weeks'}) }}

{%- set last = last_load() -%}
{%- set all_weeks = ref('int_account_weeks') -%}
{%- set runs = ref('int_runs') -%}
{%- set strata = ['region', 'bed_size', 'ownership', 'teaching', 'setting'] -%}
{%- set peers = 'platform, account_group, metric, week_start_on, stratum, stratum_value' -%}

{%- set new_weeks = 'select distinct week_start_on from ' ~ all_weeks ~ ' where load_id > ' ~ last -%}
{%- set new_terms = 'select min(in_force_on) from ' ~ ref('int_directory') ~ ' where load_id > ' ~ last -%}
{%- set new_strata = 'select min(in_force_on) from ' ~ ref('int_organizations') ~ ' where load_id > ' ~ last -%}
{%- set described_from = literals(new_terms ~ ' union ' ~ new_strata) -%}

{#- Sundays of weeks whose fortnight of looks for posts was not over at the last load, and is now. -#}
{%- set reached_until = days_after('measured_on', var('look_reaches_days')) -%}
{%- set over -%}
    select measured_on
    from {{ calendar() }} as calendar
    where
        {{ weekday('measured_on') }} = 7
        and {{ reached_until }} >= (select max(measured_on) from {{ runs }} where load_id <= {{ last }})
        and {{ reached_until }} < (select max(measured_on) from {{ runs }})
{%- endset -%}

{#- Weeks to replace: those that changed, those that wait no longer, and those that a new directory describes. -#}
{%- set described_anew -%}
    select distinct weeks.week_start_on
    from {{ all_weeks }} as weeks
    left join {{ ref('int_directory') }} as accounts
        on weeks.account_key = accounts.account_key and accounts.is_first and accounts.load_id > {{ last }}
    left join {{ ref('int_organizations') }} as organizations
        on
            weeks.organization_id = organizations.organization_id
            and organizations.is_first
            and organizations.load_id > {{ last }}
    where
        weeks.week_start_on >= {{ mondays(described_from) | min }}
        or accounts.account_key is not null
        or organizations.organization_id is not null
{%- endset -%}
{%- set changed = days_replaced([]) + literals(new_weeks ~ ' union ' ~ over) -%}
{%- set weeks = mondays(changed + literals(described_anew, described_from)) -%}

with

account_weeks as (

    select
        *,
        {{ days_after('week_start_on', 6) }} as sunday_on

    from {{ all_weeks }}
    where
        value is not null
        and not is_imported
        and {{ is_among('week_start_on', weeks) }}

),

registry as (

    select distinct
        platform,
        metric

    from {{ ref('metrics') }}
    where subject = 'account' and is_public

),

followers as (

    select
        account_key,
        week_start_on,
        value as followers

    from account_weeks
    where metric = 'followers'

),

-- whose week may still become whole: no day of it is missing but a look for its last posts, which may still come
awaited as (

    select
        account_key,
        week_start_on

    from account_weeks
    where
        metric = 'posts_published'
        and not is_complete
        and days_observed >= days_expected
        and {{ days_after('sunday_on', var('look_reaches_days')) }} >= (select max(measured_on) from {{ runs }})

),

-- what anyone can see of everyone; what was done in a week counts when the week is whole, and has no value until then
comparable as (

    select
        account_weeks.account_key,
        account_weeks.platform,
        account_weeks.account_id,
        account_weeks.organization_id,
        account_weeks.metric,
        account_weeks.week_start_on,
        account_weeks.sunday_on,
        case when awaited.account_key is null then account_weeks.value end as value,
        account_weeks.low,
        account_weeks.high,
        -- growth over other spans than a week is no growth to be placed
        case when account_weeks.change is not null then account_weeks.weekly_growth_rate end as growth_rate

    from account_weeks
    left join awaited
        on account_weeks.account_key = awaited.account_key
        and account_weeks.week_start_on = awaited.week_start_on
        and account_weeks.metric in ('posts_published', 'post_engagements')
    left join registry
        on account_weeks.platform = registry.platform
        and account_weeks.metric = registry.metric
    where
        (
            registry.metric is not null
            {% for metric in activity_metrics() %}
            or account_weeks.metric = '{{ metric }}'
            {% endfor %}
        )
        and (account_weeks.kind <> 'flow' or account_weeks.is_complete or awaited.account_key is not null)

),

-- the directory as it was on the week's Sunday
described as (

    select
        comparable.account_key,
        comparable.platform,
        comparable.account_id,
        comparable.organization_id,
        coalesce(directory.account_group, 'main') as account_group,
        comparable.metric,
        comparable.week_start_on,
        comparable.value,
        comparable.low,
        comparable.high,
        comparable.growth_rate,
        coalesce(followers.followers < {{ var('peer_floor') }}, false) as is_below_floor,
        organizations.region,
        organizations.bed_size,
        organizations.ownership,
        organizations.teaching,
        organizations.setting

    from comparable
    left join followers
        on comparable.account_key = followers.account_key
        and comparable.week_start_on = followers.week_start_on
    left join {{ ref('int_directory') }} as directory
        on comparable.account_key = directory.account_key
        and comparable.sunday_on >= directory.described_from_on
        and comparable.sunday_on < directory.described_until_on
    left join {{ ref('int_organizations') }} as organizations
        on comparable.organization_id = organizations.organization_id
        and comparable.sunday_on >= organizations.described_from_on
        and comparable.sunday_on < organizations.described_until_on

),

in_strata as (

    select
        *,
        'all' as stratum,
        'all' as stratum_value

    from described

    {% for stratum in strata %}
    union all

    select
        *,
        '{{ stratum }}' as stratum,
        {{ stratum }} as stratum_value

    from described
    where {{ stratum }} is not null

    {% endfor %}

),

above_the_floor as (

    select
        *,
        case when not is_below_floor then value end as compared_value,
        case when not is_below_floor then growth_rate end as compared_growth_rate

    from in_strata

),

-- a platform rounds all alike, so that two intervals are the same or lie apart: a place by value is one by interval
placed as (

    select
        *,
        rank() over by_value as rank_from,
        count(compared_value) over by_value as rank_to,
        rank() over by_growth as growth_rank_from,
        count(compared_growth_rate) over by_growth as growth_rank_to

    from above_the_floor
    window
        by_value as (partition by {{ peers }} order by compared_value desc nulls last),
        by_growth as (partition by {{ peers }} order by compared_growth_rate desc nulls last)

),

summed as (

    select
        {{ peers }},
        count(compared_value) as n,
        median(compared_value) as median,
        percentile_cont(0.25) within group (order by compared_value) as lower_quartile,
        percentile_cont(0.75) within group (order by compared_value) as upper_quartile,
        count(compared_growth_rate) as growth_n,
        median(compared_growth_rate) as growth_median,
        coalesce(bool_or(low <> high) filter (where compared_growth_rate is not null), false) as is_growth_rounded,
        cast(sum(greatest(value, 0)) as bigint) as total,
        count(value) < count(*) as is_pending

    from above_the_floor
    group by {{ peers }}

),

judged as (

    select
        placed.*,
        summed.n,
        summed.median,
        summed.lower_quartile,
        summed.upper_quartile,
        summed.growth_n,
        summed.growth_median,
        summed.total,
        summed.is_pending,
        summed.n < {{ var('peers_at_least') }} as is_suppressed,
        summed.n >= {{ var('peers_at_least') }} and not summed.is_pending and not placed.is_below_floor as is_ranked,
        summed.growth_n >= {{ var('peers_at_least') }} and not placed.is_below_floor as is_growth_shown,
        summed.growth_n >= {{ var('peers_at_least') }}
        and placed.compared_growth_rate is not null
        and not summed.is_growth_rounded as is_growth_ranked

    from placed
    inner join summed
        on placed.platform = summed.platform
        and placed.account_group = summed.account_group
        and placed.metric = summed.metric
        and placed.week_start_on = summed.week_start_on
        and placed.stratum = summed.stratum
        and placed.stratum_value = summed.stratum_value

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    account_group,
    metric,
    {{ iso_week('week_start_on') }} as week,
    week_start_on,
    stratum,
    stratum_value,
    value,
    low,
    high,
    cast(n as integer) as n,
    cast(case when is_ranked then rank_from end as integer) as rank_from,
    cast(case when is_ranked then rank_to end as integer) as rank_to,
    case when is_ranked then 100 * (1 - ((rank_from + rank_to) / 2 - 1) / (n - 1)) end as percentile,
    case when is_ranked then median end as median,
    case when is_ranked then lower_quartile end as lower_quartile,
    case when is_ranked then upper_quartile end as upper_quartile,
    growth_rate,
    cast(growth_n as integer) as growth_n,
    cast(case when is_growth_ranked then growth_rank_from end as integer) as growth_rank_from,
    cast(case when is_growth_ranked then growth_rank_to end as integer) as growth_rank_to,
    case
        when is_growth_ranked then 100 * (1 - ((growth_rank_from + growth_rank_to) / 2 - 1) / (growth_n - 1))
    end as growth_percentile,
    case when is_growth_shown then growth_median end as growth_median,
    case
        when metric in ('posts_published', 'engagements') and not is_suppressed and not is_pending and total > 0
            then greatest(value, 0) / total
    end as share_of_voice_rate,
    is_below_floor,
    is_suppressed,
    is_pending,
    cast({{ this_load() }} as integer) as load_id

from judged
where value is not null
order by organization_id, account_key, metric, week_start_on, stratum
