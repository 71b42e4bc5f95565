{# Figures of accounts by week or month, as CTEs and a select: a level or counter at its latest usable day, and what was
   published and drew engagement. `changed` says which periods to replace; the ones before them are made again beside. #}
{% macro account_periods(period) %}
{%- set start = period ~ '_start_on' -%}
{%- set values = ref('int_account_values') -%}
{%- set changed = starts_of(days_replaced([values, ref('post_days')]) + literals(days_published_anew()), period) -%}
{%- set wanted = starts_moved(changed, [0, 1], period) -%}
{%- set looked_at = starts_moved(wanted, [-1, 0], period) -%}
{%- set days = days_of(looked_at, period) -%}

with

account_days as (

    select
        *,
        {{ period_start('measured_on', period) }} as {{ start }}

    from {{ values }}
    where
        date_precision = 'day'
        and {{ is_among('measured_on', days) }}

),

registry as (

    select * from {{ ref('metrics') }}

),

of_accounts as (

    select
        account_key,
        platform,
        account_id,
        {{ start }},
        max_by(organization_id, measured_on) filter (where organization_id is not null) as organization_id,
        count(distinct case when is_due then measured_on end) as days_due,
        count(distinct case when is_usable then measured_on end) as days_with_any,
        bool_or(not is_imported) as is_followed

    from account_days
    group by account_key, platform, account_id, {{ start }}

),

of_metrics as (

    select
        account_key,
        metric,
        {{ start }},
        max(case when is_usable then measured_on end) as end_on,
        count(case when is_usable then measured_on end) as days_observed,
        cast(sum(case when is_usable then value end) as bigint) as total,
        case
            when bool_and(low is not null) filter (where is_usable) then cast(sum(case when is_usable then low end) as bigint)
        end as total_low,
        case
            when bool_and(high is not null) filter (where is_usable) then cast(sum(case when is_usable then high end) as bigint)
        end as total_high,
        max_by(reason, measured_on) filter (where reason is not null) as latest_reason,
        max(break_on) as latest_break_on,
        bool_and(is_imported) as is_imported,
        bool_or(is_anomaly) as has_anomaly

    from account_days
    group by account_key, metric, {{ start }}

),

-- a level or counter is what it was on its last usable day, a flow what its days add up to
measured as (

    select
        of_accounts.account_key,
        of_accounts.platform,
        of_accounts.account_id,
        of_accounts.organization_id,
        of_metrics.metric,
        registry.kind,
        of_metrics.{{ start }},
        case
            when registry.kind = 'flow' then {{ period_end('of_metrics.' ~ start, period) }}
            else of_metrics.end_on
        end as end_on,
        case when registry.kind = 'flow' then of_metrics.total else end_days.value end as value,
        case when registry.kind = 'flow' then of_metrics.total_low else end_days.low end as low,
        case when registry.kind = 'flow' then of_metrics.total_high else end_days.high end as high,
        case when of_metrics.end_on is null then of_metrics.latest_reason end as reason,
        case
            when registry.kind = 'flow' then {{ days_in('of_metrics.' ~ start, period) }}
            when of_metrics.is_imported then 1
            else of_accounts.days_due
        end as days_expected,
        of_metrics.days_observed,
        of_metrics.has_anomaly,
        coalesce(end_days.is_imported, false) as is_imported,
        end_days.cadence_days,
        case when of_metrics.end_on is null then of_metrics.latest_break_on else end_days.break_on end as break_on

    from of_metrics
    inner join of_accounts
        on of_metrics.account_key = of_accounts.account_key
        and of_metrics.{{ start }} = of_accounts.{{ start }}
    left join account_days as end_days
        on of_metrics.account_key = end_days.account_key
        and of_metrics.metric = end_days.metric
        and of_metrics.end_on = end_days.measured_on
    left join registry
        on of_accounts.platform = registry.platform
        and of_metrics.metric = registry.metric
        and registry.subject = 'account'

),

-- accounts whose platform shows counts of posts have an activity, also in a week without a post
active as (

    select * from of_accounts
    where
        is_followed
        and platform in (select platform from registry where subject = 'post' and is_public)

),

published as (

    select
        account_key,
        post_id,
        {{ period_start('published_on', period) }} as {{ start }}

    from {{ ref('int_posts') }}
    where {{ is_among('published_on', days) }}

),

post_days as (

    select
        *,
        {{ period_start('measured_on', period) }} as {{ start }}

    from {{ ref('post_days') }}
    where {{ is_among('measured_on', days) }}

),

published_by_period as (

    select
        account_key,
        {{ start }},
        count(*) as posts_published

    from published
    group by account_key, {{ start }}

),

engaged_by_period as (

    select
        account_key,
        {{ start }},
        cast(sum(engagements_change) as bigint) as engagements

    from post_days
    group by account_key, {{ start }}

),

latest_of_new_posts as (

    select
        published.account_key,
        published.{{ start }},
        seen.engagements

    from published
    inner join {{ ref('post_days') }} as seen
        on published.account_key = seen.account_key
        and published.post_id = seen.post_id
        and seen.measured_on <= {{ period_end('published.' ~ start, period) }}
    where
        seen.engagements is not null
        and {{ is_among('seen.measured_on', days + days_moved(looked_at, range(-7, 0))) }}
    qualify
        row_number() over (
            partition by published.account_key, published.post_id
            order by seen.measured_on desc
        ) = 1

),

post_engaged_by_period as (

    select
        account_key,
        {{ start }},
        cast(sum(engagements) as bigint) as post_engagements

    from latest_of_new_posts
    group by account_key, {{ start }}

),

activity as (

    select
        active.*,
        coalesce(published_by_period.posts_published, 0) as posts_published,
        engaged_by_period.engagements,
        post_engaged_by_period.post_engagements

    from active
    left join published_by_period
        on active.account_key = published_by_period.account_key
        and active.{{ start }} = published_by_period.{{ start }}
    left join engaged_by_period
        on active.account_key = engaged_by_period.account_key
        and active.{{ start }} = engaged_by_period.{{ start }}
    left join post_engaged_by_period
        on active.account_key = post_engaged_by_period.account_key
        and active.{{ start }} = post_engaged_by_period.{{ start }}

),

flows as (

    {% for metric in activity_metrics() %}
    select
        account_key,
        platform,
        account_id,
        organization_id,
        '{{ metric }}' as metric,
        'flow' as kind,
        {{ start }},
        {{ period_end(start, period) }} as end_on,
        {{ metric }} as value,
        {{ metric }} as low,
        {{ metric }} as high,
        null as reason,
        days_due as days_expected,
        days_with_any as days_observed,
        false as has_anomaly,
        false as is_imported,
        cast(null as integer) as cadence_days,
        cast(null as date) as break_on

    from activity
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

together as (

    select * from measured
    union all
    select * from flows

),

latest as (

    select max(measured_on) as latest_on from {{ ref('int_platform_days') }}

),

-- what is not over yet is not complete; a month's change needs figures as near its end as the account's cadence allows
judged as (

    select
        together.*,
        together.days_observed >= together.days_expected
        and {{ period_end('together.' ~ start, period) }} <= coalesce(latest.latest_on, date '9999-12-31') as is_complete,
        {{ days_between('together.end_on', period_end('together.' ~ start, period)) }}
        < coalesce(together.cadence_days, 1) as is_at_end

    from together
    cross join latest

),

compared as (

    select
        this_period.*,
        {{ days_between('last_period.end_on', 'this_period.end_on') }} as days_since,
        last_period.is_at_end as last_is_at_end,
        {{ is_across_break('this_period', 'last_period', period) }} as is_break,
        this_period.kind = 'flow' and not (this_period.is_complete and last_period.is_complete) as is_cut,
        last_period.value as last_value,
        last_period.low as last_low,
        last_period.high as last_high

    from judged as this_period
    left join judged as last_period
        on this_period.account_key = last_period.account_key
        and this_period.metric = last_period.metric
        and {{ periods_before('this_period.' ~ start, 1, period) }} = last_period.{{ start }}
    where {{ is_among('this_period.' ~ start, wanted) }}

),

changed as (

    select
        *,
        not is_break
        and not coalesce(is_cut, false)
        and {{ 'days_since = 7' if period == 'week' else 'is_at_end and last_is_at_end' }} as is_change

    from compared

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    metric,
    kind,
    {{ start }},
    end_on,
    value,
    low,
    high,
    reason,
    case when is_change then value - last_value end as change,
    case when is_change then low - last_high end as change_low,
    case when is_change then high - last_low end as change_high,
    {% for end, figure, base in [('', 'value', 'value'), ('_low', 'low', 'high'), ('_high', 'high', 'low')] %}
    case
        when is_change and last_{{ base }} > 0 then ({{ figure }} - last_{{ base }}) / last_{{ base }}
    end as growth_rate{{ end }},
    case
        when coalesce(kind, 'level') <> 'flow' and not is_break and {{ figure }} > 0 and last_{{ base }} > 0
            then pow({{ figure }} / last_{{ base }}, 7 / days_since) - 1
    end as weekly_growth_rate{{ end }},
    {% endfor %}
    days_expected,
    days_observed,
    is_complete,
    has_anomaly,
    is_imported,
    break_on,
    cast({{ this_load() }} as integer) as load_id

from changed
{% endmacro %}
