with

source as (

    select * from {{ landing(source('landing', 'notes')) }}
    where {{ landed_by('landed_at') }}

),

renamed as (

    select
        file,
        noted_on,
        platform,
        post_id,
        text,
        hide_post,
        measured_on,
        landed_at,
        run_id

    from source

)

select * from renamed
