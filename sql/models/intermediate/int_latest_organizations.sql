select
    organization_id,
    name,
    is_own,
    region,
    bed_size,
    ownership,
    teaching,
    setting

from {{ ref('stg_organizations') }}
where file = {{ newest_file('organizations') }}
