{{ config(materialized='incremental') }}

with

files as (

    select * from {{ ref('landed_files') }}
    where load_id > {{ last_load() }}

),

runs as (

    select * from {{ ref('stg_runs') }}
    where {{ is_in_new_file('runs') }}

)

select
    runs.run_id,
    runs.platform,
    runs.measured_on,
    runs.status,
    runs.message,
    runs.scheduled_at,
    runs.started_at,
    files.load_id

from runs
inner join files on runs.file = files.file
