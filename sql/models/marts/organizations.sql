with

files as (

    select file from {{ ref('landed_files') }}
    where kind = 'organizations'

),

snapshots as (

    select
        organizations.*,
        rank() over (order by measured_on desc, landed_at desc, run_id desc) as place

    from {{ ref('stg_organizations') }} as organizations
    inner join files on organizations.file = files.file

)

select
    organization_id,
    name,
    is_own,
    region,
    bed_size,
    ownership,
    teaching,
    setting

from snapshots
where place = 1
