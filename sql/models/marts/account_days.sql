{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set days = days_replaced([ref('account_metric_days'), ref('post_days')]) + literals(days_published_anew()) -%}

with

metrics as (

    select
        account_key,
        platform,
        account_id,
        organization_id,
        measured_on,
        max(case when metric = 'followers' then value end) as followers,
        max(case when metric = 'followers' then low end) as followers_low,
        max(case when metric = 'followers' then high end) as followers_high,
        max(case when metric = 'views' then value end) as views,
        max(case when metric = 'connections' then value end) as connections,
        max(case when metric = 'posts' then value end) as posts,
        coalesce(
            bool_or(is_anomaly) filter (where metric in ('followers', 'views', 'connections', 'posts')), false
        ) as has_anomaly

    from {{ ref('account_metric_days') }}
    where {{ is_among('measured_on', days) }}
    group by account_key, platform, account_id, organization_id, measured_on

),

published as (

    select
        account_key,
        published_on,
        count(*) as posts_published

    from {{ ref('int_posts') }}
    where {{ is_among('published_on', days) }}
    group by account_key, published_on

),

engaged as (

    select
        account_key,
        measured_on,
        cast(sum(engagements_change) as bigint) as engagements

    from {{ ref('post_days') }}
    where {{ is_among('measured_on', days) }}
    group by account_key, measured_on

)

select
    metrics.*,
    coalesce(published.posts_published, 0) as posts_published,
    engaged.engagements,
    cast({{ this_load() }} as integer) as load_id

from metrics
left join published
    on metrics.account_key = published.account_key
    and metrics.measured_on = published.published_on
left join engaged
    on metrics.account_key = engaged.account_key
    and metrics.measured_on = engaged.measured_on
order by metrics.account_key, metrics.measured_on
