with

snapshot as (

    select * from {{ ref('stg_organizations') }}
    where file = {{ newest_file('organizations') }}

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

from snapshot
