{{ config(materialized='incremental', unique_key=['account_key', 'post_id']) }}

{%- set values = ref('int_account_values') -%}
{%- set within = 7 -%}

{#- Days of publication to replace: those that look back to a day that changed, and those of posts dated anew. -#}
{%- set dated = 'select distinct published_on from ' ~ ref('int_post_dates') ~ ' where load_id > ' ~ last_load() -%}
{%- set days = days_moved(days_replaced([values]), range(0, within + 1)) + literals(dated) -%}

with

posts as (

    select * from {{ ref('int_posts') }}
    where
        published_on is not null
        and {{ is_among('published_on', days) }}

),

followers as (

    select * from {{ values }}
    where
        metric = 'followers'
        and is_usable
        and not is_imported
        and {{ is_among('measured_on', days_moved(days, range(-within, 1))) }}

),

latest as (

    select
        posts.account_key,
        posts.post_id,
        followers.measured_on,
        followers.value,
        followers.low,
        followers.high

    from posts
    inner join followers
        on posts.account_key = followers.account_key
        and posts.published_on >= followers.measured_on
        and {{ days_before('posts.published_on', within) }} <= followers.measured_on
    qualify
        row_number() over (
            partition by posts.account_key, posts.post_id
            order by followers.measured_on desc
        ) = 1

)

select
    posts.account_key,
    posts.post_id,
    posts.published_on,
    latest.value as followers,
    latest.low as followers_low,
    latest.high as followers_high,
    latest.measured_on as followers_on,
    cast({{ this_load() }} as integer) as load_id

from posts
left join latest
    on posts.account_key = latest.account_key
    and posts.post_id = latest.post_id
