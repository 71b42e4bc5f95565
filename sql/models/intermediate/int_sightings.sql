{{ config(materialized='incremental', unique_key='account_key') }}

with

{% if is_incremental() %}

known as (

    select * from {{ this }}

),

{% endif %}

told as (

    select
        account_key,
        platform,
        account_id,
        min(case when value is not null and not is_imported then measured_on end) as first_observed_on,
        max(case when value is not null and not is_imported then measured_on end) as last_observed_on

    from {{ ref('int_observations') }}
    where
        post_id is null
        and metric is not null
        and load_id > {{ last_load() }}
    group by account_key, platform, account_id

),

together as (

    select * from told

    {% if is_incremental() %}
    union all

    select
        known.account_key,
        known.platform,
        known.account_id,
        known.first_observed_on,
        known.last_observed_on

    from known
    inner join told on known.account_key = told.account_key
    {% endif %}

)

select
    account_key,
    platform,
    account_id,
    min(first_observed_on) as first_observed_on,
    max(last_observed_on) as last_observed_on,
    cast({{ this_load() }} as integer) as load_id

from together
group by account_key, platform, account_id
