{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set days = days_replaced([]) -%}

with

landed as (

    select
        *,
        (value, reason, source, precision, date_precision) as told,
        row_number() over (
            partition by account_key, post_id, metric, measured_on
            order by {{ which_counts() }}
        ) = 1 as counts

    from {{ ref('int_observations') }}
    where
        metric is not null
        and {{ is_among('measured_on', days) }}

),

compared as (

    select
        *,
        row_number() over in_order as place,
        lag(told) over in_order as told_before

    from landed
    window in_order as (
        partition by account_key, post_id, metric, measured_on
        order by fetched_at, run_id, source nulls last, value nulls last
    )

),

numbered as (

    select
        *,
        sum(case when told is distinct from told_before then 1 else 0 end) over (
            partition by account_key, post_id, metric, measured_on
            order by place
            rows between unbounded preceding and current row
        ) as version

    from compared

)

select
    platform,
    account_id,
    post_id,
    metric,
    min_by(native_metric, place) as native_metric,
    measured_on,
    cast(version as integer) as version,
    value,
    reason,
    min(fetched_at) as first_seen_at,
    max(fetched_at) as last_seen_at,
    bool_or(counts) as is_current,
    min_by(run_id, place) as run_id,
    source,
    precision,
    date_precision,
    cast({{ this_load() }} as integer) as load_id

from numbered
group by platform, account_id, post_id, metric, measured_on, version, value, reason, source, precision, date_precision
