{{ config(materialized='incremental', unique_key=['account_key', 'post_id']) }}

with

posts as (

    select * from {{ ref('int_posts') }}

),

days as (

    select * from {{ ref('int_post_values') }}

),

touched as (

    select
        account_key,
        post_id

    from posts
    where load_id > {{ last_load() }}

    union

    select
        account_key,
        post_id

    from days
    where load_id > {{ last_load() }}

),

-- a post that is gone leaves no profile behind, only a reason on the days on which it is asked for
gone as (

    select
        days.account_key,
        days.post_id,
        max_by(days.reason, days.measured_on) filter (where {{ is_gone('days.reason') }}) as gone_as

    from days
    inner join touched
        on days.account_key = touched.account_key
        and days.post_id = touched.post_id
    group by days.account_key, days.post_id
    having
        max(case when {{ is_gone('days.reason') }} then days.measured_on end)
        > coalesce(max(case when days.reason is null then days.measured_on end), date '0001-01-01')

),

judged as (

    select
        posts.*,
        coalesce(gone.gone_as, posts.status) as current_status

    from posts
    inner join touched
        on posts.account_key = touched.account_key
        and posts.post_id = touched.post_id
    left join gone
        on posts.account_key = gone.account_key
        and posts.post_id = gone.post_id

)

select
    account_key,
    platform,
    account_id,
    post_id,
    published_at,
    published_on,
    kind,
    case when current_status = 'public' then title end as title,
    url,
    current_status as status,
    first_seen_at,
    cast({{ this_load() }} as integer) as load_id

from judged
