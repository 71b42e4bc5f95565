{%- set mart = ref('account_metric_days') -%}
{%- set first_on = tested_from(mart, 'measured_on', 8) -%}

-- A day's change leads back to the usable day before it, and seven changes of one day are a change of seven days.
with

usable as (

    select * from {{ mart }}
    where
        value is not null
        and not is_anomaly
        and date_precision = 'day'
        and measured_on >= {{ first_on }}

),

in_order as (

    select
        *,
        lag(measured_on) over series as before_on,
        lag(value) over series as value_before,
        count(change_1d) over seven_days as days_found,
        sum(change_1d) over seven_days as change_of_days

    from usable
    window
        series as (partition by account_key, metric order by measured_on),
        seven_days as (
            partition by account_key, metric
            order by measured_on
            range between interval 6 day preceding and current row
        )

)

select
    account_key,
    metric,
    measured_on,
    value,
    previous_on,
    change_since_previous,
    before_on,
    value_before,
    change_7d,
    change_of_days

from in_order
where
    load_id > {{ tested_load() }}
    and (
        (previous_on is distinct from before_on and coalesce(previous_on, before_on) >= {{ first_on }})
        or (previous_on = before_on and value - change_since_previous <> value_before)
        or (days_found = 7 and change_7d is distinct from change_of_days)
    )
