with

source as (

    select * from {{ landing(source('landing', 'posts')) }}
    where {{ landed_by('fetched_at') }}

),

renamed as (

    select
        file,
        {{ account_key() }} as account_key,
        platform,
        account_id,
        post_id,
        kind,
        title,
        url,
        status,
        {{ local_date('published_at', var('timezone')) }} as published_on,
        published_at,
        fetched_at,
        run_id

    from source

)

select * from renamed
