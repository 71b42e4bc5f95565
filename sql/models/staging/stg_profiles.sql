with

source as (

    select * from {{ landing(source('landing', 'profiles')) }}
    where {{ landed_by('fetched_at') }}

),

renamed as (

    select
        file,
        {{ account_key() }} as account_key,
        platform,
        account_id,
        handle,
        name,
        url,
        status,
        created_at,
        fetched_at,
        run_id

    from source

)

select * from renamed
