{{ config(materialized='incremental', unique_key='week_start_on') }}

{%- set all_weeks = ref('int_account_weeks') -%}
{%- set within = var('usual_weeks_within') | int -%}

{#- Weeks to replace: those that changed, those in whose usual range they lie, and those a year later. -#}
{%- set new_weeks = 'select distinct week_start_on from ' ~ all_weeks ~ ' where load_id > ' ~ last_load() -%}
{%- set changed = mondays(days_replaced([]) + literals(new_weeks)) -%}
{%- set offsets = range(0, 7 * within + 1, 7) | list + [364] -%}
{%- set weeks = days_moved(changed, offsets) -%}

with

figures as (

    select
        account_key,
        metric,
        week_start_on,
        case
            when kind = 'flow' and is_complete then value
            when coalesce(kind, 'level') <> 'flow' and is_complete and not has_anomaly then change
        end as figure,
        {{ is_among('week_start_on', weeks) }} as is_wanted

    from {{ all_weeks }}
    where {{ is_among('week_start_on', days_moved(weeks, range(-7 * within, 1, 7))) }}

),

{{ usual_range('figures', ['account_key', 'metric']) }},

last_year as (

    select * from {{ all_weeks }}
    where {{ is_among('week_start_on', days_moved(weeks, [-364])) }}

),

compared as (

    select
        this_year.*,
        last_year.value as last_year_value,
        last_year.change as last_year_change,
        coalesce(this_year.break_on > last_year.end_on, false) as is_break,
        usual.usual_low,
        usual.usual_high,
        coalesce(usual.usual_weeks, 0) as usual_weeks

    from {{ all_weeks }} as this_year
    left join last_year
        on this_year.account_key = last_year.account_key
        and this_year.metric = last_year.metric
        and this_year.week_start_on = {{ days_after('last_year.week_start_on', 364) }}
    left join usual
        on this_year.account_key = usual.account_key
        and this_year.metric = usual.metric
        and this_year.week_start_on = usual.week_start_on
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
    weekly_growth_rate,
    cast(days_expected as integer) as days_expected,
    cast(days_observed as integer) as days_observed,
    is_complete,
    usual_low,
    usual_high,
    cast(usual_weeks as integer) as usual_weeks,
    case
        when coalesce(kind, 'level') <> 'flow' then {{ reading('change', 'change_low', 'change_high') }}
        when is_complete then {{ reading('value', 'low', 'high') }}
        else 'cannot tell'
    end as reading,
    last_year_value,
    last_year_change,
    case when not is_break then value - last_year_value end as change_since_last_year,
    cast({{ this_load() }} as integer) as load_id

from compared
