{{ config(materialized='incremental') }}

with

posts as (

    select
        account_key,
        post_id,
        published_on,
        load_id

    from {{ ref('int_posts') }}
    where load_id > {{ last_load() }}

)

{% if is_incremental() %}

, known as (

    select * from {{ this }}
    where (account_key, post_id) in (select (account_key, post_id) from posts)

)

select
    posts.account_key,
    posts.post_id,
    posts.published_on,
    bool_or(known.account_key is not null) as is_moved,
    posts.load_id

from posts
left join known
    on posts.account_key = known.account_key
    and posts.post_id = known.post_id
group by posts.account_key, posts.post_id, posts.published_on, posts.load_id
having not coalesce(bool_or(known.published_on = posts.published_on), false)

{% else %}

select
    account_key,
    post_id,
    published_on,
    false as is_moved,
    load_id

from posts

{% endif %}
