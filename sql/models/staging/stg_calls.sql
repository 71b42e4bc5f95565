with

source as (

    select * from {{ landing(source('landing', 'calls')) }}
    where {{ landed_by('called_at') }}

),

renamed as (

    select
        file,
        platform,
        endpoint,
        asked,
        outcome,
        is_discovery,
        is_last,
        units,
        dollars,
        latency_ms,
        measured_on,
        called_at,
        run_id

    from source

)

select * from renamed
