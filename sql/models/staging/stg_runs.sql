with

source as (

    select * from {{ landing(source('landing', 'runs')) }}
    where {{ landed_by('started_at') }}

),

renamed as (

    select
        file,
        run_id,
        platform,
        measured_on,
        status,
        message,
        scheduled_at,
        started_at

    from source

)

select * from renamed
