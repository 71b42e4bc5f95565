with

source as (

    select * from {{ landing(source('landing', 'accounts')) }}
    where {{ landed_by('landed_at') }}

),

renamed as (

    select
        file,
        {{ account_key() }} as account_key,
        organization_id,
        platform,
        account_id,
        handle,
        label,
        account_group,
        cadence,
        weekday,
        is_own,
        opened_on,
        closed_on,
        measured_on,
        landed_at,
        run_id

    from source

)

select * from renamed
