select
    organization_id,
    name,
    is_own,
    region,
    bed_size,
    ownership,
    teaching,
    setting

from {{ ref('int_latest_organizations') }}
