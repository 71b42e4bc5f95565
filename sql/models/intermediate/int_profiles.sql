{{ config(materialized='incremental', unique_key='account_key') }}

with

files as (

    select * from {{ ref('landed_files') }}
    where load_id > {{ last_load() }}

),

profiles as (

    select * from {{ ref('stg_profiles') }}
    where {{ is_in_new_file('profiles') }}

),

landed as (

    select
        profiles.account_key,
        profiles.platform,
        profiles.account_id,
        profiles.handle,
        profiles.name,
        profiles.url,
        profiles.status,
        profiles.created_at,
        profiles.fetched_at,
        profiles.run_id,
        files.load_id

    from profiles
    inner join files on profiles.file = files.file

),

seen as (

    select * from landed

    {% if is_incremental() %}
    union all
    select * from {{ this }}
    where account_key in (select account_key from landed)
    {% endif %}

)

select
    account_key,
    platform,
    account_id,
    handle,
    name,
    url,
    status,
    created_at,
    fetched_at,
    run_id,
    max(load_id) over (partition by account_key) as load_id

from seen
qualify row_number() over (partition by account_key order by fetched_at desc, run_id desc) = 1
