select
    initiative_id,
    name,
    organization_id,
    platform,
    metric,
    started_on,
    ended_on,
    cast({{ days_between('started_on', 'ended_on') }} + 1 as integer) as duration_days,
    cost_usd

from {{ ref('int_initiatives') }}
