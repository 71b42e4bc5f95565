with

snapshot as (

    select * from {{ ref('stg_notes') }}
    where file = {{ newest_file('notes') }}

)

select
    noted_on,
    platform,
    post_id,
    text,
    hide_post

from snapshot
