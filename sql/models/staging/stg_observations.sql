with

source as (

    select * from {{ landing(source('landing', 'observations')) }}
    where {{ landed_by('fetched_at') }}

),

renamed as (

    select
        file,
        {{ account_key() }} as account_key,
        platform,
        account_id,
        post_id,
        case when post_id is null then 'account' else 'post' end as subject,
        metric as native_metric,
        measured_on,
        value,
        reason,
        fetched_at,
        run_id

    from source

)

select * from renamed
