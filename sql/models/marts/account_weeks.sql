{{ config(materialized='incremental', unique_key='week_start_on') }}

{%- set all_weeks = ref('int_account_weeks') -%}
{%- set within = var('usual_within') | int -%}

{#- Weeks to replace: those that changed, those in whose usual range and trend they lie, and those a year later. -#}
{%- set new_weeks = 'select distinct week_start_on from ' ~ all_weeks ~ ' where load_id > ' ~ last_load() -%}
{%- set changed = starts_of(days_replaced([]) + literals(new_weeks), 'week') -%}
{%- set weeks = starts_moved(changed, range(0, within + 1) | list + [52], 'week') -%}

with

figures as (

    select
        account_key,
        metric,
        week_start_on,
        break_on,
        {{ comparable_figures('week') }},
        {{ is_among('week_start_on', weeks) }} as is_wanted

    from {{ all_weeks }}
    where {{ is_among('week_start_on', starts_moved(weeks, range(-within, 1), 'week')) }}

),

{{ usual_range('figures', ['account_key', 'metric'], 'week') }},

ends as (

    select
        account_key,
        metric,
        week_start_on,
        end_on,
        value,
        break_on,
        {{ is_among('week_start_on', weeks) }} as is_wanted

    from {{ all_weeks }}
    where
        coalesce(kind, 'level') <> 'flow'
        and {{ is_among('week_start_on', starts_moved(weeks, range(1 - var('trend_weeks') | int, 1), 'week')) }}

),

{{ robust_slope('ends', ['account_key', 'metric']) }},

last_year as (

    select * from {{ all_weeks }}
    where {{ is_among('week_start_on', starts_moved(weeks, [-52], 'week')) }}

),

compared as (

    select
        this_year.*,
        last_year.value as last_year_value,
        last_year.change as last_year_change,
        last_year.low as last_year_low,
        last_year.high as last_year_high,
        {{ are_alike('this_year', 'last_year', 52, 'week') }} as is_like_last_year,
        usual.usual_low,
        usual.usual_high,
        coalesce(usual.usual_weeks, 0) as usual_weeks,
        trends.trend_weekly_rate,
        coalesce(trends.trend_weeks, 0) as trend_weeks

    from {{ all_weeks }} as this_year
    left join last_year
        on this_year.account_key = last_year.account_key
        and this_year.metric = last_year.metric
        and {{ days_before('this_year.week_start_on', 364) }} = last_year.week_start_on
    left join usual
        on this_year.account_key = usual.account_key
        and this_year.metric = usual.metric
        and this_year.week_start_on = usual.week_start_on
    left join trends
        on this_year.account_key = trends.account_key
        and this_year.metric = trends.metric
        and this_year.week_start_on = trends.week_start_on
    where {{ is_among('this_year.week_start_on', weeks) }}

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    metric,
    kind,
    {{ iso_week('week_start_on') }} as week,
    week_start_on,
    end_on,
    value,
    low,
    high,
    reason,
    change,
    change_low,
    change_high,
    growth_rate,
    growth_rate_low,
    growth_rate_high,
    weekly_growth_rate,
    weekly_growth_rate_low,
    weekly_growth_rate_high,
    trend_weekly_rate,
    cast(trend_weeks as integer) as trend_weeks,
    cast(days_expected as integer) as days_expected,
    cast(days_observed as integer) as days_observed,
    is_complete,
    has_anomaly,
    break_on,
    usual_low,
    usual_high,
    cast(usual_weeks as integer) as usual_weeks,
    {{ reading_of_period() }} as reading,
    last_year_value,
    last_year_change,
    case when is_like_last_year then value - last_year_value end as change_since_last_year,
    case when is_like_last_year then low - last_year_high end as change_since_last_year_low,
    case when is_like_last_year then high - last_year_low end as change_since_last_year_high,
    cast({{ this_load() }} as integer) as load_id

from compared
order by account_key, metric, week_start_on
