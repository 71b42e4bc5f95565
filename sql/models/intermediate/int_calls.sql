{{ config(materialized='incremental') }}

with

files as (

    select * from {{ ref('landed_files') }}
    where load_id > {{ last_load() }}

),

calls as (

    select * from {{ ref('stg_calls') }}
    where {{ is_in_new_file('calls') }}

)

select
    calls.platform,
    calls.measured_on,
    count(*) as calls,
    cast(sum(calls.units) as bigint) as units,
    sum(calls.dollars) as dollars,
    files.load_id

from calls
inner join files on calls.file = files.file
group by calls.platform, calls.measured_on, files.load_id
