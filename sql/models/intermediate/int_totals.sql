with

files as (

    select file from {{ ref('landed_files') }}
    where kind = 'readings'

)

-- of one day the latest import counts
select
    readings.platform,
    readings.metric,
    readings.measured_on,
    readings.date_precision,
    readings.value,
    readings.precision,
    readings.source

from {{ ref('stg_readings') }} as readings
inner join files on readings.file = files.file
where readings.account_id is null
qualify
    row_number() over (
        partition by readings.platform, readings.metric, readings.measured_on
        order by readings.imported_at desc, readings.run_id desc, readings.source asc, readings.value asc
    ) = 1
