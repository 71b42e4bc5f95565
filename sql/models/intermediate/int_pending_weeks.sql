{%- set keys = ['organization_id', 'platform', 'metric', 'week_start_on'] -%}
{%- set first_on = days_before('week_start_on', 7 * var('usual_within')) -%}
{%- set last_on = days_after('week_start_on', 6) -%}

{#- The days of weeks in which some have not settled, and of those that they may be compared with. -#}
{%- set days -%}
    with

    weeks as (

        select distinct {{ week_start('measured_on') }} as week_start_on from {{ ref('int_account_values') }}
        where reason = 'pending'

    )

    select distinct calendar.measured_on
    from weeks
    inner join {{ calendar() }} as calendar
        on {{ first_on }} <= calendar.measured_on
        and {{ last_on }} >= calendar.measured_on
{%- endset -%}

with

registry as (

    select * from {{ ref('metrics') }}
    where subject = 'account'

),

flow_days as (

    select
        days.organization_id,
        days.platform,
        days.metric,
        {{ week_start('days.measured_on') }} as week_start_on,
        {{ days_between(week_start('days.measured_on'), 'days.measured_on') }} as weekday,
        max(days.break_on) as break_on,
        case when count(days.value) = count(*) then sum(days.value) end as value,
        bool_and(days.value is not null or coalesce(days.reason = 'pending', false)) as is_known_or_pending

    from {{ ref('int_account_values') }} as days
    inner join registry
        on days.platform = registry.platform
        and days.metric = registry.metric
    where
        registry.kind = 'flow'
        and days.organization_id is not null
        and days.date_precision = 'day'
        and days.metric in ({{ headline_metrics() }})
        and {{ is_one_of_the_days('days.measured_on', days) }}
    group by days.organization_id, days.platform, days.metric, days.measured_on

),

-- weeks of a flow in which nothing is missing but days that have not settled
pending_weeks as (

    select
        organization_id,
        platform,
        metric,
        week_start_on,
        count(value) as days_known,
        cast(sum(value) as bigint) as value

    from flow_days
    group by organization_id, platform, metric, week_start_on
    having
        count(value) < count(*)
        and bool_and(is_known_or_pending)

),

same_weekdays_before as (

    select
        {% for key in keys %}
        pending_weeks.{{ key }},
        {% endfor %}
        pending_weeks.days_known,
        earlier.week_start_on as earlier_week_start_on,
        count(*) as days_found,
        cast(sum(earlier.value) as bigint) as figure

    from pending_weeks
    inner join flow_days as known
        on pending_weeks.organization_id = known.organization_id
        and pending_weeks.platform = known.platform
        and pending_weeks.metric = known.metric
        and pending_weeks.week_start_on = known.week_start_on
    inner join flow_days as earlier
        on known.organization_id = earlier.organization_id
        and known.platform = earlier.platform
        and known.metric = earlier.metric
        and known.weekday = earlier.weekday
        and known.break_on is not distinct from earlier.break_on
        and pending_weeks.week_start_on > earlier.week_start_on
        and {{ days_before('pending_weeks.week_start_on', 7 * var('usual_within')) }} <= earlier.week_start_on
    where
        known.value is not null
        and earlier.value is not null
    group by
        {% for key in keys %}
        pending_weeks.{{ key }},
        {% endfor %}
        pending_weeks.days_known,
        earlier.week_start_on

),

comparable_weeks as (

    select * from same_weekdays_before
    where days_found = days_known
    qualify
        row_number() over (
            partition by organization_id, platform, metric, week_start_on
            order by earlier_week_start_on desc
        ) <= {{ var('usual_periods') }}

),

usual as (

    select
        {% for key in keys %}
        pending_weeks.{{ key }},
        {% endfor %}
        pending_weeks.days_known,
        pending_weeks.value,
        {% for which in ['min', 'max'] %}
        case
            when count(comparable_weeks.figure) >= {{ var('usual_at_least') }} then {{ which }}(comparable_weeks.figure)
        end as usual_{{ 'low' if which == 'min' else 'high' }},
        {% endfor %}
        count(comparable_weeks.figure) as usual_weeks

    from pending_weeks
    left join comparable_weeks
        on pending_weeks.organization_id = comparable_weeks.organization_id
        and pending_weeks.platform = comparable_weeks.platform
        and pending_weeks.metric = comparable_weeks.metric
        and pending_weeks.week_start_on = comparable_weeks.week_start_on
    group by
        {% for key in keys %}
        pending_weeks.{{ key }},
        {% endfor %}
        pending_weeks.days_known,
        pending_weeks.value

)

select
    {% for key in keys %}
    {{ key }},
    {% endfor %}
    days_known,
    value,
    usual_low,
    usual_high,
    usual_weeks,
    {{ reading('value', 'value') }} as reading

from usual
