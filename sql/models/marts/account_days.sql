{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set seen = [ref('account_metric_days'), ref('post_days'), ref('int_looks')] -%}
{%- set days = days_replaced(seen) + literals(days_published_anew()) -%}

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

looked_for as (

    select distinct
        account_key,
        measured_on

    from {{ ref('int_looks') }}
    where {{ is_among('measured_on', days) }}

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
    case
        when looked_for.account_key is not null then coalesce(published.posts_published, 0)
        else published.posts_published
    end as posts_published,
    engaged.engagements,
    cast({{ this_load() }} as integer) as load_id

from metrics
left join published
    on metrics.account_key = published.account_key
    and metrics.measured_on = published.published_on
left join looked_for
    on metrics.account_key = looked_for.account_key
    and metrics.measured_on = looked_for.measured_on
left join engaged
    on metrics.account_key = engaged.account_key
    and metrics.measured_on = engaged.measured_on
order by metrics.account_key, metrics.measured_on
