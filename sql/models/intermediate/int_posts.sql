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
        posts.* exclude (file),
        posts.fetched_at as first_seen_at,
        files.load_id

    from posts
    inner join files on posts.file = files.file

),

seen as (

    select * from landed

    {% if is_incremental() %}
    union all by name
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
    * exclude (first_seen_at, load_id),
    min(first_seen_at) over (partition by account_key, post_id) as first_seen_at,
    max(load_id) over (partition by account_key, post_id) as load_id

from seen
qualify row_number() over (partition by account_key, post_id order by fetched_at desc, run_id desc) = 1
