select
    initiative_id,
    name,
    organization_id,
    platform,
    metric,
    started_on,
    ended_on,
    cost_usd

from {{ ref('stg_initiatives') }}
where file = {{ newest_file('initiatives') }}
