with

source as (

    select * from {{ landing(source('landing', 'organizations')) }}
    where {{ landed_by('landed_at') }}

),

renamed as (

    select
        file,
        organization_id,
        name,
        is_own,
        region,
        bed_size,
        ownership,
        teaching,
        setting,
        measured_on,
        landed_at,
        run_id

    from source

)

select * from renamed
