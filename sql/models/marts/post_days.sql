{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set values = ref('int_post_values') -%}

{#- Days to replace: those that changed, each post's next day that looks back to one,
    and the days of posts whose date of publication became known or moved. -#}
{%- set changed = days_replaced([values]) -%}
{%- set looking_back -%}
    select distinct min(later.measured_on) as measured_on
    from {{ values }} as touched
    inner join {{ values }} as later
        on touched.account_key = later.account_key
        and touched.post_id = later.post_id
        and touched.measured_on < later.measured_on
    where
        {{ is_among('touched.measured_on', changed) }}
        and later.engagements is not null
        and later.measured_on > {{ changed | min }}
    group by touched.account_key, touched.post_id, touched.measured_on
{%- endset -%}
{%- set dated -%}
    select distinct days.measured_on
    from {{ this }} as days
    inner join {{ ref('int_post_dates') }} as dates
        on days.account_key = dates.account_key
        and days.post_id = dates.post_id
    where
        dates.load_id > {{ last_load() }}
        and (dates.is_moved or days.age_days is null)
{%- endset -%}
{%- set days = changed + literals(looking_back, changed) + literals(dated) -%}

with

posts as (

    select * from {{ ref('int_posts') }}

),

history as (

    select * from {{ values }}

    {% if is_incremental() %}
    where (account_key, post_id) in (
        select
            account_key,
            post_id

        from {{ values }}
        where {{ is_among('measured_on', days) }}
    )
    {% endif %}

),

in_order as (

    select
        *,
        max(case when engagements is not null then measured_on end) over (
            partition by account_key, post_id
            order by measured_on
            rows between unbounded preceding and 1 preceding
        ) as previous_on

    from history

)

select
    in_order.account_key,
    in_order.platform,
    in_order.account_id,
    in_order.post_id,
    in_order.measured_on,
    cast({{ days_between('posts.published_on', 'in_order.measured_on') }} as integer) as age_days,
    in_order.views,
    in_order.impressions,
    in_order.likes,
    in_order.comments,
    in_order.reposts,
    in_order.quotes,
    in_order.shares,
    in_order.reactions,
    in_order.bookmarks,
    in_order.engagements,
    in_order.previous_on,
    case
        when in_order.previous_on is not null then in_order.engagements - previous.engagements
        when {{ days_between('posts.published_on', 'in_order.measured_on') }} <= {{ var('new_post_days') }}
            then in_order.engagements
    end as engagements_change,
    in_order.reason,
    in_order.fetched_at,
    cast({{ this_load() }} as integer) as load_id

from in_order
left join history as previous
    on in_order.account_key = previous.account_key
    and in_order.post_id = previous.post_id
    and in_order.previous_on = previous.measured_on
left join posts
    on in_order.account_key = posts.account_key
    and in_order.post_id = posts.post_id
where {{ is_among('in_order.measured_on', days) }}
order by in_order.account_key, in_order.post_id, in_order.measured_on
