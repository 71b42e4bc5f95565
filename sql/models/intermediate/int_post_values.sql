{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set days = days_replaced([]) -%}
{%- set counters = [
    'views', 'impressions', 'likes', 'comments', 'reposts', 'quotes', 'shares', 'reactions', 'bookmarks'
] -%}

with

landed as (

    select * from {{ ref('int_observations') }}
    where
        post_id is not null
        and metric is not null
        and {{ is_among('measured_on', days) }}

),

registry as (

    select * from {{ ref('metrics') }}
    where subject = 'post'

),

current_rows as (

    select
        landed.*,
        registry.counts_as_engagement and registry.is_public as counts_as_engagement

    from landed
    inner join registry
        on landed.platform = registry.platform
        and landed.metric = registry.metric
    qualify
        row_number() over (
            partition by landed.account_key, landed.post_id, landed.metric, landed.measured_on
            order by {{ which_counts('landed') }}
        ) = 1

),

reasons as (

    select
        account_key,
        post_id,
        measured_on,
        reason

    from current_rows
    where reason is not null
    qualify
        row_number() over (
            partition by account_key, post_id, measured_on
            order by fetched_at desc, run_id desc, reason asc
        ) = 1

),

wide as (

    select
        account_key,
        platform,
        account_id,
        post_id,
        measured_on,
        {% for metric in counters %}
        max(case when metric = '{{ metric }}' then value end) as {{ metric }},
        {% endfor %}
        cast(sum(case when counts_as_engagement then value end) as bigint) as engagements,
        cast(count(case when counts_as_engagement then value end) as integer) as engagement_metrics,
        count(value) as values_found,
        max(fetched_at) as fetched_at

    from current_rows
    group by account_key, platform, account_id, post_id, measured_on

)

select
    wide.account_key,
    wide.platform,
    wide.account_id,
    wide.post_id,
    wide.measured_on,
    {% for metric in counters %}
    wide.{{ metric }},
    {% endfor %}
    wide.engagements,
    wide.engagement_metrics,
    wide.fetched_at,
    case when wide.values_found = 0 then reasons.reason end as reason,
    cast({{ this_load() }} as integer) as load_id

from wide
left join reasons
    on wide.account_key = reasons.account_key
    and wide.post_id = reasons.post_id
    and wide.measured_on = reasons.measured_on
