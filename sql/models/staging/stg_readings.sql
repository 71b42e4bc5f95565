with

source as (

    select * from {{ landing(source('landing', 'readings')) }}
    where {{ landed_by('imported_at') }}

),

renamed as (

    select
        file,
        {{ account_key() }} as account_key,
        platform,
        account_id,
        metric,
        measured_on,
        date_precision,
        value,
        precision,
        source,
        imported_at,
        run_id

    from source

)

select * from renamed
