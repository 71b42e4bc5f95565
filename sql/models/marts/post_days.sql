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
{#- An account that was seen for the first time earlier than was known: its posts of since then are new posts. -#}
{%- set began -%}
    select distinct days.measured_on
    from {{ this }} as days
    inner join {{ beginnings() }} as beginnings on days.account_key = beginnings.account_key
    where
        beginnings.load_id > {{ last_load() }}
        and days.previous_on is null
        and days.engagements_uncompared is not null
        and days.measured_on - days.age_days >= beginnings.first_observed_on
{%- endset -%}
{%- set days = changed + literals(looking_back, changed) + literals(dated) + literals(began) -%}

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
        case
            when engagements is not null
                then max(case when engagements is not null then measured_on end) over (
                    partition by account_key, post_id
                    order by measured_on
                    rows between unbounded preceding and 1 preceding
                )
        end as previous_on

    from history

),

-- what a post has when first seen is gained if it is new, and newer than our first look at the account; what it gained
-- between two looks far apart was gained in no one week
compared as (

    select
        in_order.*,
        cast({{ days_between('posts.published_on', 'in_order.measured_on') }} as integer) as age_days,
        in_order.engagements - coalesce(previous.engagements, 0) as gained,
        case
            when in_order.previous_on is not null
                then
                    in_order.engagement_metrics = previous.engagement_metrics
                    and {{ days_between('in_order.previous_on', 'in_order.measured_on') }}
                    <= {{ var('gained_within_days') }}
            else
                {{ days_between('posts.published_on', 'in_order.measured_on') }} <= {{ var('new_post_days') }}
                and coalesce(posts.published_on >= beginnings.first_observed_on, false)
        end as is_comparable

    from in_order
    left join history as previous
        on in_order.account_key = previous.account_key
        and in_order.post_id = previous.post_id
        and in_order.previous_on = previous.measured_on
    left join posts
        on in_order.account_key = posts.account_key
        and in_order.post_id = posts.post_id
    left join {{ beginnings() }} as beginnings on in_order.account_key = beginnings.account_key
    where {{ is_among('in_order.measured_on', days) }}

)

select
    account_key,
    platform,
    account_id,
    post_id,
    measured_on,
    age_days,
    views,
    impressions,
    likes,
    comments,
    reposts,
    quotes,
    shares,
    reactions,
    bookmarks,
    engagements,
    engagement_metrics,
    previous_on,
    case when is_comparable then gained end as engagements_change,
    case when not coalesce(is_comparable, false) then gained end as engagements_uncompared,
    reason,
    fetched_at,
    cast({{ this_load() }} as integer) as load_id

from compared
order by account_key, post_id, measured_on
