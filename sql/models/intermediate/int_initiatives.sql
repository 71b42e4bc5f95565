with

files as (

    select file from {{ ref('landed_files') }}
    where kind = 'initiatives'

),

-- a snapshot is one file, and may be empty; files are named by day and run
latest as (

    select max_by(file, replace(file, '.parquet', '')) as file
    from files

)

select
    initiatives.initiative_id,
    initiatives.name,
    initiatives.organization_id,
    initiatives.platform,
    initiatives.metric,
    initiatives.started_on,
    initiatives.ended_on,
    initiatives.cost_usd

from {{ ref('stg_initiatives') }} as initiatives
inner join latest on initiatives.file = latest.file
