with

breaks as (

    select * from {{ ref('metric_breaks') }}

),

registry as (

    select * from {{ ref('metrics') }}

)

select
    breaks.platform,
    breaks.native_metric,
    registry.metric,
    registry.subject,
    breaks.effective_on,
    breaks.is_comparable,
    breaks.what_changed,
    breaks.source_url

from breaks
left join registry
    on breaks.platform = registry.platform
    and breaks.native_metric = registry.native_metric
