{{ config(materialized='incremental') }}

with

posts as (

    select * from {{ ref('int_posts') }}
    where load_id > {{ last_load() }}

),

{% if is_incremental() %}

known as (

    select * from {{ this }}
    where (account_key, post_id) in (
        select
            account_key,
            post_id

        from posts
    )

),

{% else %}

known as (

    select * from posts
    where false

),

{% endif %}

compared as (

    select
        posts.account_key,
        posts.post_id,
        posts.published_on,
        posts.load_id,
        coalesce(bool_or(known.published_on is not null), false) as is_moved,
        coalesce(max_by(known.published_on, known.load_id) = posts.published_on, false) as is_known

    from posts
    left join known
        on posts.account_key = known.account_key
        and posts.post_id = known.post_id
    group by posts.account_key, posts.post_id, posts.published_on, posts.load_id

)

select
    account_key,
    post_id,
    published_on,
    is_moved,
    load_id

from compared
where not is_known
