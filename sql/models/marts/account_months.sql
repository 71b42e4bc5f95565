{{ config(materialized='incremental', unique_key='month_start_on') }}

{%- set all_months = ref('int_account_months') -%}
{%- set within = var('usual_within') | int -%}

{#- Months to replace: those that changed, those in whose usual range they lie, a year later among them. -#}
{%- set new_months = 'select distinct month_start_on from ' ~ all_months ~ ' where load_id > ' ~ last_load() -%}
{%- set changed = starts_of(days_replaced([]) + literals(new_months), 'month') -%}
{%- set months = starts_moved(changed, range(0, within + 1), 'month') -%}

with

figures as (

    select
        account_key,
        metric,
        month_start_on,
        break_on,
        {{ comparable_figures('month') }},
        {{ is_among('month_start_on', months) }} as is_wanted

    from {{ all_months }}
    where {{ is_among('month_start_on', starts_moved(months, range(-within, 1), 'month')) }}

),

{{ usual_range('figures', ['account_key', 'metric'], 'month') }},

last_year as (

    select * from {{ all_months }}
    where {{ is_among('month_start_on', starts_moved(months, [-12], 'month')) }}

),

compared as (

    select
        this_year.*,
        last_year.value as last_year_value,
        last_year.change as last_year_change,
        last_year.low as last_year_low,
        last_year.high as last_year_high,
        {{ are_alike('this_year', 'last_year', 12, 'month') }} as is_like_last_year,
        usual.usual_low,
        usual.usual_high,
        coalesce(usual.usual_months, 0) as usual_months

    from {{ all_months }} as this_year
    left join last_year
        on this_year.account_key = last_year.account_key
        and this_year.metric = last_year.metric
        and {{ periods_before('this_year.month_start_on', 12, 'month') }} = last_year.month_start_on
    left join usual
        on this_year.account_key = usual.account_key
        and this_year.metric = usual.metric
        and this_year.month_start_on = usual.month_start_on
    where {{ is_among('this_year.month_start_on', months) }}

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    metric,
    kind,
    {{ calendar_month('month_start_on') }} as month,
    month_start_on,
    cast({{ fiscal_year('month_start_on') }} as integer) as fiscal_year,
    cast({{ fiscal_quarter('month_start_on') }} as integer) as fiscal_quarter,
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
    cast(days_expected as integer) as days_expected,
    cast(days_observed as integer) as days_observed,
    is_complete,
    has_anomaly,
    break_on,
    usual_low,
    usual_high,
    cast(usual_months as integer) as usual_months,
    {{ reading_of_period() }} as reading,
    last_year_value,
    last_year_change,
    case when is_like_last_year then value - last_year_value end as change_since_last_year,
    case when is_like_last_year then low - last_year_high end as change_since_last_year_low,
    case when is_like_last_year then high - last_year_low end as change_since_last_year_high,
    cast({{ this_load() }} as integer) as load_id

from compared
