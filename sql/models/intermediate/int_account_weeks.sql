{{ config(materialized='incremental', unique_key='week_start_on') }}

{%- set values = ref('int_account_values') -%}
{%- set changed = mondays(days_replaced([values, ref('post_days')]) + literals(days_published_anew())) -%}
{%- set weeks = days_moved(changed, [0, 7]) -%}
{%- set days = days_moved(weeks, range(-7, 7)) -%}

with

account_days as (

    select
        *,
        {{ week_start('measured_on') }} as week_start_on

    from {{ values }}
    where {{ is_among('measured_on', days) }}

),

registry as (

    select * from {{ ref('metrics') }}

),

of_accounts as (

    select
        account_key,
        platform,
        account_id,
        week_start_on,
        max_by(organization_id, measured_on) as organization_id,
        count(distinct case when is_due then measured_on end) as days_due,
        count(distinct case when is_usable then measured_on end) as days_with_any,
        bool_or(not is_imported) as is_followed

    from account_days
    group by account_key, platform, account_id, week_start_on

),

of_metrics as (

    select
        account_key,
        metric,
        week_start_on,
        max(case when is_usable then measured_on end) as end_on,
        count(case when is_usable then measured_on end) as days_observed,
        max_by(reason, measured_on) filter (where reason is not null) as latest_reason,
        bool_and(is_imported) as is_imported,
        bool_or(is_anomaly) as has_anomaly

    from account_days
    group by account_key, metric, week_start_on

),

levels as (

    select
        of_accounts.account_key,
        of_accounts.platform,
        of_accounts.account_id,
        of_accounts.organization_id,
        of_metrics.metric,
        registry.kind,
        of_metrics.week_start_on,
        of_metrics.end_on,
        end_days.value,
        end_days.low,
        end_days.high,
        case when of_metrics.end_on is null then of_metrics.latest_reason end as reason,
        case when of_metrics.is_imported then 1 else of_accounts.days_due end as days_expected,
        of_metrics.days_observed,
        of_metrics.has_anomaly,
        coalesce(end_days.is_imported, false) as is_imported,
        end_days.break_on

    from of_metrics
    inner join of_accounts
        on of_metrics.account_key = of_accounts.account_key
        and of_metrics.week_start_on = of_accounts.week_start_on
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
        {{ week_start('published_on') }} as week_start_on

    from {{ ref('int_posts') }}
    where {{ is_among('published_on', days) }}

),

post_days as (

    select
        *,
        {{ week_start('measured_on') }} as week_start_on

    from {{ ref('post_days') }}
    where {{ is_among('measured_on', days) }}

),

published_by_week as (

    select
        account_key,
        week_start_on,
        count(*) as posts_published

    from published
    group by account_key, week_start_on

),

engaged_by_week as (

    select
        account_key,
        week_start_on,
        cast(sum(engagements_change) as bigint) as engagements

    from post_days
    group by account_key, week_start_on

),

latest_of_the_weeks_posts as (

    select
        published.account_key,
        published.week_start_on,
        seen.engagements

    from published
    inner join {{ ref('post_days') }} as seen
        on published.account_key = seen.account_key
        and published.post_id = seen.post_id
        and seen.measured_on <= {{ days_after('published.week_start_on', 6) }}
    where
        seen.engagements is not null
        and {{ is_among('seen.measured_on', days_moved(weeks, range(-14, 7))) }}
    qualify
        row_number() over (
            partition by published.account_key, published.post_id
            order by seen.measured_on desc
        ) = 1

),

post_engaged_by_week as (

    select
        account_key,
        week_start_on,
        cast(sum(engagements) as bigint) as post_engagements

    from latest_of_the_weeks_posts
    group by account_key, week_start_on

),

activity as (

    select
        active.*,
        coalesce(published_by_week.posts_published, 0) as posts_published,
        engaged_by_week.engagements,
        post_engaged_by_week.post_engagements

    from active
    left join published_by_week
        on active.account_key = published_by_week.account_key
        and active.week_start_on = published_by_week.week_start_on
    left join engaged_by_week
        on active.account_key = engaged_by_week.account_key
        and active.week_start_on = engaged_by_week.week_start_on
    left join post_engaged_by_week
        on active.account_key = post_engaged_by_week.account_key
        and active.week_start_on = post_engaged_by_week.week_start_on

),

flows as (

    {% for metric in ['posts_published', 'engagements', 'post_engagements'] %}
    select
        account_key,
        platform,
        account_id,
        organization_id,
        '{{ metric }}' as metric,
        'flow' as kind,
        week_start_on,
        {{ days_after('week_start_on', 6) }} as end_on,
        {{ metric }} as value,
        {{ metric }} as low,
        {{ metric }} as high,
        null as reason,
        days_due as days_expected,
        days_with_any as days_observed,
        false as has_anomaly,
        false as is_imported,
        cast(null as date) as break_on

    from activity
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

together as (

    select
        *,
        days_observed >= days_expected as is_complete

    from (
        select * from levels
        union all
        select * from flows
    ) as weeks

),

-- a level changes from Sunday to Sunday, or between two days seven days apart; a flow between two whole weeks
compared as (

    select
        this_week.*,
        {{ days_between('last_week.end_on', 'this_week.end_on') }} as days_since,
        coalesce(this_week.break_on > last_week.end_on, false) as is_break,
        this_week.kind = 'flow' and not (this_week.is_complete and last_week.is_complete) as is_cut,
        last_week.value as last_value,
        last_week.low as last_low,
        last_week.high as last_high

    from together as this_week
    left join together as last_week
        on this_week.account_key = last_week.account_key
        and this_week.metric = last_week.metric
        and this_week.week_start_on = {{ days_after('last_week.week_start_on', 7) }}
    where {{ is_among('this_week.week_start_on', weeks) }}

),

changed as (

    select
        *,
        days_since = 7 and not is_break and not coalesce(is_cut, false) as is_change

    from compared

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    metric,
    kind,
    week_start_on,
    end_on,
    value,
    low,
    high,
    reason,
    case when is_change then value - last_value end as change,
    case when is_change then low - last_high end as change_low,
    case when is_change then high - last_low end as change_high,
    case when is_change and last_value > 0 then (value - last_value) / last_value end as growth_rate,
    case
        when coalesce(kind, 'level') <> 'flow' and not is_break and value > 0 and last_value > 0
            then pow(value / last_value, 7.0 / days_since) - 1
    end as weekly_growth_rate,
    days_expected,
    days_observed,
    is_complete,
    has_anomaly,
    is_imported,
    break_on,
    cast({{ this_load() }} as integer) as load_id

from changed
