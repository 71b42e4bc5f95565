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
        profiles.* exclude (file),
        files.load_id

    from profiles
    inner join files on profiles.file = files.file

),

seen as (

    select * from landed

    {% if is_incremental() %}
    union all by name
    select * from {{ this }}
    where account_key in (select account_key from landed)
    {% endif %}

)

select
    * exclude (load_id),
    max(load_id) over (partition by account_key) as load_id

from seen
qualify row_number() over (partition by account_key order by fetched_at desc, run_id desc) = 1
