{{ config(materialized='incremental', unique_key=['account_key', 'post_id']) }}

with

files as (

    select * from {{ ref('landed_files') }}
    where load_id > {{ last_load() }}

),

posts as (

    select * from {{ ref('stg_posts') }}
    where {{ is_in_new_file('posts') }}

),

landed as (

    select
        posts.account_key,
        posts.platform,
        posts.account_id,
        posts.post_id,
        posts.kind,
        posts.title,
        posts.url,
        posts.status,
        posts.published_on,
        posts.published_at,
        posts.fetched_at,
        posts.run_id,
        posts.fetched_at as first_seen_at,
        files.load_id

    from posts
    inner join files on posts.file = files.file

),

seen as (

    select * from landed

    {% if is_incremental() %}
    union all
    select * from {{ this }}
    where (account_key, post_id) in (
        select
            account_key,
            post_id

        from landed
    )
    {% endif %}

)

select
    account_key,
    platform,
    account_id,
    post_id,
    kind,
    title,
    url,
    status,
    published_on,
    published_at,
    fetched_at,
    run_id,
    min(first_seen_at) over (partition by account_key, post_id) as first_seen_at,
    max(load_id) over (partition by account_key, post_id) as load_id

from seen
qualify
    row_number() over (
        partition by account_key, post_id
        order by (kind is null) asc, fetched_at desc, run_id desc, title asc nulls last
    ) = 1
