{{ config(materialized='incremental') }}

{%- set last = last_load() -%}

with

observed as (

    select distinct measured_on from {{ ref('int_observations') }}
    where load_id > {{ last }}

),

new_runs as (

    select * from {{ ref('int_runs') }}
    where load_id > {{ last }}

),

-- a run says whether its platform is set up, until the next run says so
ruled_by_new_runs as (

    select days.measured_on
    from {{ ref('int_platform_days') }} as days
    inner join new_runs
        on days.platform = new_runs.platform
        and days.run_on = new_runs.measured_on

),

-- days since the last load on which nothing ran at all are due nevertheless
beyond_the_horizon as (

    select measured_on from {{ ref('int_platform_days') }}
    where measured_on > (
        select coalesce(max(measured_on), date '0001-01-01') from {{ ref('int_runs') }}
        where load_id <= {{ last }}
    )

),

-- a run's schedule decides which of its rows are late, also where they landed before it
judged_by_new_runs as (

    select observations.measured_on
    from {{ ref('int_observations') }} as observations
    inner join new_runs
        on observations.platform = new_runs.platform
        and observations.run_id = new_runs.run_id
    where
        observations.load_id <= {{ last }}
        and observations.fetched_at >= (select min(runs.started_at) from new_runs as runs)

),

new_terms as (

    select * from {{ ref('int_directory') }}
    where load_id > {{ last }}

),

-- a directory holds from its day on
ruled_by_the_directory as (

    select measured_on from {{ ref('int_platform_days') }}
    where measured_on >= (select min(in_force_on) from new_terms)

    union all

    select measured_on from {{ ref('int_observations') }}
    where measured_on >= (select min(in_force_on) from new_terms)

),

-- an account's first terms also describe what is known of it from before, until they are taken back on their day
described_by_the_directory as (

    select observations.measured_on
    from {{ ref('int_observations') }} as observations
    inner join new_terms
        on observations.account_key = new_terms.account_key
        and observations.measured_on < new_terms.in_force_on
    where new_terms.is_first

),

together as (

    select measured_on from observed
    union
    select measured_on from ruled_by_new_runs
    union
    select measured_on from beyond_the_horizon
    union
    select measured_on from judged_by_new_runs
    union
    select measured_on from ruled_by_the_directory
    union
    select measured_on from described_by_the_directory

)

select
    measured_on,
    cast({{ this_load() }} as integer) as load_id

from together
