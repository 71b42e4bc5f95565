-- What landed under a name that the registry does not know is kept, and not modelled until it has a row there.
{{ config(severity='warn') }}

select
    platform,
    native_metric,
    count(*) as rows_landed

from {{ ref('int_observations') }}
where
    metric is null
    and load_id > {{ tested_load() }}
group by platform, native_metric
