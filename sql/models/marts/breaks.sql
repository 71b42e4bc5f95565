{{ config(alias='metric_breaks') }}

select
    platform,
    native_metric,
    metric,
    subject,
    effective_on,
    is_comparable,
    what_changed,
    source_url

from {{ ref('int_breaks') }}
