with

source as (

    select * from {{ landing(source('landing', 'initiatives')) }}
    where {{ landed_by('landed_at') }}

),

renamed as (

    select
        file,
        initiative_id,
        name,
        organization_id,
        platform,
        metric,
        started_on,
        ended_on,
        cost_usd,
        measured_on,
        landed_at,
        run_id

    from source

)

select * from renamed
