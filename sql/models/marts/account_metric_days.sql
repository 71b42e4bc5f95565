{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set values = ref('int_account_values') -%}
{%- set windows = [1, 7, 28, 365] -%}
{%- set near_days = 8 -%}

{#- A day is held against the last known day: nobody knows when a reading of a month or year was taken. -#}
{%- set may_precede = "(of_the_days.date_precision <> 'day' or earlier.date_precision = 'day')" -%}

{#- Days to replace: those that changed, those that compare with them, and each series' next days that look back. -#}
{%- set changed = days_replaced([values]) -%}
{%- set looking_back -%}
    select distinct min(later.measured_on) as measured_on
    from {{ values }} as touched
    inner join {{ values }} as later
        on touched.account_key = later.account_key
        and touched.metric = later.metric
        and touched.measured_on < later.measured_on
    where
        {{ is_among('touched.measured_on', changed) }}
        and later.is_usable
        and later.measured_on > {{ changed | min }}
    group by touched.account_key, touched.metric, touched.measured_on, later.date_precision
{%- endset -%}
{%- set days = changed + literals(looking_back, changed) + days_moved(changed, windows) -%}

with

of_the_days as (

    select
        *,
        case when is_usable then measured_on end as usable_on

    from {{ values }}
    where {{ is_among('measured_on', days) }}

),

{% if is_incremental() %}

seen_lately as (

    select
        of_the_days.account_key,
        of_the_days.metric,
        of_the_days.measured_on,
        earlier.measured_on as previous_on,
        earlier.value as previous_value,
        earlier.low as previous_low,
        earlier.high as previous_high,
        earlier.is_late as previous_is_late

    from of_the_days
    inner join {{ values }} as earlier
        on of_the_days.account_key = earlier.account_key
        and of_the_days.metric = earlier.metric
        and of_the_days.usable_on > earlier.measured_on
        and {{ days_before('of_the_days.usable_on', near_days) }} <= earlier.measured_on
        and {{ may_precede }}
    where
        earlier.is_usable
        and {{ is_among('earlier.measured_on', days_moved(days, range(-near_days, 0))) }}
    qualify
        row_number() over (
            partition by of_the_days.account_key, of_the_days.metric, of_the_days.measured_on
            order by earlier.measured_on desc
        ) = 1

),

-- found first, so that no whole history is read for those that were seen lately
not_seen_lately as (

    select
        account_key,
        metric,
        measured_on,
        usable_on,
        date_precision

    from of_the_days
    where
        usable_on is not null
        and (account_key, metric, measured_on) not in (
            select
                account_key,
                metric,
                measured_on

            from seen_lately
        )

),

seen_long_ago as (

    select
        not_seen_lately.account_key,
        not_seen_lately.metric,
        not_seen_lately.measured_on,
        earlier.measured_on as previous_on,
        earlier.value as previous_value,
        earlier.low as previous_low,
        earlier.high as previous_high,
        earlier.is_late as previous_is_late

    from not_seen_lately
    inner join {{ values }} as earlier
        on not_seen_lately.account_key = earlier.account_key
        and not_seen_lately.metric = earlier.metric
        and not_seen_lately.usable_on > earlier.measured_on
        and {{ may_precede | replace('of_the_days', 'not_seen_lately') }}
    where earlier.is_usable
    qualify
        row_number() over (
            partition by not_seen_lately.account_key, not_seen_lately.metric, not_seen_lately.measured_on
            order by earlier.measured_on desc
        ) = 1

),

previous as (

    select * from seen_lately
    union all
    select * from seen_long_ago

),

{% else %}

with_months as (

    select
        account_key,
        metric,
        measured_on,
        date_precision,
        lag(measured_on) over series as previous_on,
        lag(value) over series as previous_value,
        lag(low) over series as previous_low,
        lag(high) over series as previous_high,
        lag(is_late) over series as previous_is_late

    from {{ values }}
    where
        is_usable
        and (account_key, metric) in (
            select
                vague.account_key,
                vague.metric

            from {{ values }} as vague
            where vague.date_precision <> 'day'
        )
    window series as (partition by account_key, metric order by measured_on)

),

previous as (

    select
        account_key,
        metric,
        measured_on,
        lag(measured_on) over series as previous_on,
        lag(value) over series as previous_value,
        lag(low) over series as previous_low,
        lag(high) over series as previous_high,
        lag(is_late) over series as previous_is_late

    from {{ values }}
    where is_usable and date_precision = 'day'
    window series as (partition by account_key, metric order by measured_on)

    union all

    select
        account_key,
        metric,
        measured_on,
        previous_on,
        previous_value,
        previous_low,
        previous_high,
        previous_is_late

    from with_months
    where date_precision <> 'day'

),

{% endif %}

{%- for window in windows %}

before_{{ window }}d as (

    select * from {{ values }}
    where
        is_usable
        and date_precision = 'day'
        and {{ is_among('measured_on', days_moved(days, [-window])) }}

),

{%- endfor %}

compared as (

    select
        of_the_days.*,
        previous.previous_on,
        previous.previous_value,
        previous.previous_low,
        previous.previous_high,
        {{ days_between('previous.previous_on', 'of_the_days.measured_on') }} as days_since_previous,
        {% for window in windows %}
        base_{{ window }}.value as base_{{ window }}_value,
        base_{{ window }}.low as base_{{ window }}_low,
        base_{{ window }}.high as base_{{ window }}_high,
        {% endfor %}
        coalesce(of_the_days.break_on > previous.previous_on, false) as is_break,
        of_the_days.date_precision = 'day' as is_dated,
        of_the_days.is_late or previous.previous_is_late as is_beside_late

    from of_the_days
    left join previous
        on of_the_days.account_key = previous.account_key
        and of_the_days.metric = previous.metric
        and of_the_days.usable_on = previous.measured_on
    {%- for window in windows %}
    left join before_{{ window }}d as base_{{ window }}
        on of_the_days.account_key = base_{{ window }}.account_key
        and of_the_days.metric = base_{{ window }}.metric
        and {{ days_before('of_the_days.usable_on', window) }} = base_{{ window }}.measured_on
        and of_the_days.date_precision = 'day'
        and (of_the_days.break_on is null or of_the_days.break_on <= base_{{ window }}.measured_on)
        {%- if window == 1 %}
        and not of_the_days.is_late
        and not base_{{ window }}.is_late
        {%- endif %}
    {%- endfor %}

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    metric,
    measured_on,
    value,
    low,
    high,
    owner_value,
    precision,
    date_precision,
    is_imported,
    reason,
    fetched_at,
    previous_on,
    case when not is_break then value - previous_value end as change_since_previous,
    case when not is_break then low - previous_high end as change_since_previous_low,
    case when not is_break then high - previous_low end as change_since_previous_high,
    {% for end, figure, base in [('', 'value', 'value'), ('_low', 'low', 'high'), ('_high', 'high', 'low')] %}
    case
        when days_since_previous = 1 and is_beside_late then null
        when is_dated and not is_break and {{ figure }} > 0 and previous_{{ base }} > 0
            then pow({{ figure }} / previous_{{ base }}, 7 / days_since_previous) - 1
    end as weekly_growth_rate_since_previous{{ end }},
    {% endfor %}
    {% for window in windows %}
    value - base_{{ window }}_value as change_{{ window }}d,
    low - base_{{ window }}_high as change_{{ window }}d_low,
    high - base_{{ window }}_low as change_{{ window }}d_high,
    case when base_{{ window }}_value > 0 then value / base_{{ window }}_value - 1 end as growth_{{ window }}d_rate,
    case when base_{{ window }}_high > 0 then low / base_{{ window }}_high - 1 end as growth_{{ window }}d_rate_low,
    case when base_{{ window }}_low > 0 then high / base_{{ window }}_low - 1 end as growth_{{ window }}d_rate_high,
    {% endfor %}
    is_usable and previous_on is null as is_baseline,
    coalesce(days_since_previous > cadence_days, false) as is_gap,
    is_break,
    coalesce(kind = 'counter' and is_dated and not is_break and high < previous_low, false) as is_decrease,
    is_anomaly,
    is_late,
    cast({{ this_load() }} as integer) as load_id

from compared
order by account_key, metric, measured_on
