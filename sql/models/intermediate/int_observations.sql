{{ config(materialized='incremental') }}

with

readings as (

    select * from {{ ref('stg_readings') }}
    where {{ is_in_new_file('readings') }}

),

registry as (

    select * from {{ ref('metrics') }}

),

-- read twice, so that a month of a nation is never held whole
of_one_metric as (

    select
        observations.account_key,
        observations.platform,
        observations.account_id,
        observations.post_id,
        registry.metric,
        observations.native_metric,
        observations.measured_on,
        observations.value,
        observations.reason,
        observations.fetched_at,
        observations.run_id

    from {{ ref('stg_observations') }} as observations
    left join registry
        on observations.platform = registry.platform
        and observations.subject = registry.subject
        and observations.native_metric = registry.native_metric
    where
        observations.native_metric is not null
        and {{ is_in_new_file('observations') }}

),

-- a reason that holds for the whole subject holds for each metric the platform shows of it
of_every_metric as (

    select
        observations.account_key,
        observations.platform,
        observations.account_id,
        observations.post_id,
        registry.metric,
        registry.native_metric,
        observations.measured_on,
        observations.value,
        observations.reason,
        observations.fetched_at,
        observations.run_id

    from {{ ref('stg_observations') }} as observations
    inner join registry
        on observations.platform = registry.platform
        and observations.subject = registry.subject
        and registry.is_public
    where
        observations.native_metric is null
        and {{ is_in_new_file('observations') }}

),

fetched as (

    select * from of_one_metric
    union all
    select * from of_every_metric

),

together as (

    select
        account_key,
        platform,
        account_id,
        post_id,
        metric,
        native_metric,
        measured_on,
        value,
        reason,
        fetched_at,
        run_id,
        false as is_imported,
        cast(null as string) as source,
        cast(null as string) as precision,
        cast(null as string) as date_precision

    from fetched

    union all

    select
        account_key,
        platform,
        account_id,
        cast(null as string) as post_id,
        metric,
        cast(null as string) as native_metric,
        measured_on,
        value,
        cast(null as string) as reason,
        imported_at as fetched_at,
        run_id,
        true as is_imported,
        source,
        precision,
        date_precision

    from readings
    where account_id is not null

)

select
    account_key,
    platform,
    account_id,
    post_id,
    metric,
    native_metric,
    measured_on,
    value,
    reason,
    fetched_at,
    run_id,
    is_imported,
    source,
    precision,
    date_precision,
    cast({{ this_load() }} as integer) as load_id

from together
