{{ config(materialized='incremental', unique_key=['account_key', 'post_id']) }}

select
    account_key,
    platform,
    account_id,
    post_id,
    published_at,
    published_on,
    kind,
    title,
    url,
    status,
    first_seen_at,
    load_id

from {{ ref('int_posts') }}
where load_id > {{ last_load() }}
