{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set days = days_replaced([]) -%}
{%- set figure = ['account_key', 'post_id', 'metric', 'measured_on'] | join(', ') -%}

with

landed as (

    select * from {{ ref('int_observations') }}
    where
        metric is not null
        and {{ is_among('measured_on', days) }}

),

told_again as (

    select {{ figure }} from landed
    group by {{ figure }}
    having count(*) > 1

),

-- nearly everything is told once
told_once as (

    select
        account_key,
        platform,
        account_id,
        post_id,
        metric,
        native_metric,
        measured_on,
        1 as version,
        value,
        reason,
        fetched_at as first_seen_at,
        fetched_at as last_seen_at,
        true as is_current,
        run_id,
        source,
        precision,
        date_precision

    from landed
    where
        not exists (
            select 1 from told_again
            where
                told_again.account_key = landed.account_key
                and told_again.post_id is not distinct from landed.post_id
                and told_again.metric = landed.metric
                and told_again.measured_on = landed.measured_on
        )

),

told as (

    select
        landed.*,
        (landed.value, landed.reason, landed.source, landed.precision, landed.date_precision) as told,
        row_number() over (
            partition by landed.account_key, landed.post_id, landed.metric, landed.measured_on
            order by {{ which_counts('landed') }}
        ) = 1 as counts

    from landed
    inner join told_again
        on landed.account_key = told_again.account_key
        and landed.post_id is not distinct from told_again.post_id
        and landed.metric = told_again.metric
        and landed.measured_on = told_again.measured_on

),

compared as (

    select
        *,
        row_number() over in_order as place,
        lag(told) over in_order as told_before

    from told
    window in_order as (
        partition by {{ figure }}
        order by fetched_at, run_id, source nulls last, value nulls last
    )

),

numbered as (

    select
        *,
        sum(case when told is distinct from told_before then 1 else 0 end) over (
            partition by {{ figure }}
            order by place
            rows between unbounded preceding and current row
        ) as version

    from compared

),

versions as (

    select
        account_key,
        platform,
        account_id,
        post_id,
        metric,
        min_by(native_metric, place) as native_metric,
        measured_on,
        version,
        value,
        reason,
        min(fetched_at) as first_seen_at,
        max(fetched_at) as last_seen_at,
        bool_or(counts) as is_current,
        min_by(run_id, place) as run_id,
        source,
        precision,
        date_precision

    from numbered
    group by
        account_key, platform, account_id, post_id, metric, measured_on,
        version, value, reason, source, precision, date_precision

),

together as (

    select * from told_once
    union all
    select * from versions

)

select
    account_key,
    platform,
    account_id,
    post_id,
    metric,
    native_metric,
    measured_on,
    cast(version as integer) as version,
    value,
    reason,
    first_seen_at,
    last_seen_at,
    is_current,
    run_id,
    source,
    precision,
    date_precision,
    cast({{ this_load() }} as integer) as load_id

from together
order by account_key, metric, measured_on
