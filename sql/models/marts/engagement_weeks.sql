{{ config(materialized='incremental', unique_key='week_start_on') }}

{%- set all_weeks = ref('int_account_weeks') -%}
{%- set counts = ['followers', 'views', 'impressions'] -%}

{#- Weeks to replace: those that changed, and those of posts published in the days after. -#}
{%- set changed = days_replaced([ref('int_account_values'), ref('post_days')]) + literals(days_published_anew()) -%}
{%- set new_weeks = 'select distinct week_start_on from ' ~ all_weeks ~ ' where load_id > ' ~ last_load() -%}
{%- set weeks = mondays(days_moved(changed, [0, 7])) + literals(new_weeks) -%}
{%- set days = days_moved(weeks, range(0, 7)) -%}

with

account_weeks as (

    select * from {{ all_weeks }}
    where {{ is_among('week_start_on', weeks) }}

),

active as (

    select * from account_weeks
    where metric = 'posts_published'

),

engaged as (

    select * from account_weeks
    where metric = 'engagements'

),

drawn_by_new as (

    select * from account_weeks
    where metric = 'post_engagements'

),

followers as (

    select * from account_weeks
    where metric = 'followers'

),

posts as (

    select
        account_key,
        post_id,
        published_on,
        {{ week_start('published_on') }} as week_start_on

    from {{ ref('int_posts') }}

),

post_days as (

    select
        *,
        {{ week_start('measured_on') }} as week_start_on

    from {{ ref('post_days') }}
    where {{ is_among('measured_on', days) }}

),

-- the reporting period: what all posts gained in the week
gained as (

    select
        post_days.account_key,
        post_days.week_start_on,
        cast(sum(post_days.engagements_change) as bigint) as engagements,
        cast(
            sum(post_days.engagements_change) filter (where posts.week_start_on = post_days.week_start_on) as bigint
        ) as engagements_of_new_posts,
        cast(
            sum(post_days.engagements_change)
            filter (where posts.week_start_on is distinct from post_days.week_start_on) as bigint
        ) as engagements_of_older_posts,
        cast(
            sum(post_days.engagements_uncompared) filter (where posts.week_start_on = post_days.week_start_on) as bigint
        ) as post_engagements_uncompared

    from post_days
    left join posts
        on post_days.account_key = posts.account_key
        and post_days.post_id = posts.post_id
    group by post_days.account_key, post_days.week_start_on

),

-- lifetime so far: the week's posts as seen within it, and what they had when they were last seen before
seen as (

    select
        posts.account_key,
        posts.post_id,
        posts.published_on,
        posts.week_start_on,
        post_days.platform,
        post_days.measured_on,
        post_days.engagements,
        post_days.engagements - coalesce(post_days.engagements_change, post_days.engagements_uncompared)
            as engagements_before,
        post_days.views,
        post_days.impressions

    from posts
    inner join post_days
        on posts.account_key = post_days.account_key
        and posts.post_id = post_days.post_id
        and posts.week_start_on = post_days.week_start_on
    where post_days.engagements is not null

),

at_the_end as (

    select * from seen
    qualify row_number() over (partition by account_key, post_id order by measured_on desc) = 1

),

-- a post may have been seen before the day on which it is dated now
at_the_start as (

    select * from seen
    qualify row_number() over (partition by account_key, post_id order by measured_on) = 1

),

-- what counts partly by one meaning and partly by another divides nothing
redefined as (

    select distinct
        at_the_end.account_key,
        at_the_end.post_id

    from at_the_end
    inner join {{ ref('int_post_breaks') }} as breaks
        on at_the_end.platform = breaks.platform
        and at_the_end.published_on < breaks.effective_on
        and at_the_end.measured_on >= breaks.effective_on

),

of_the_posts as (

    select
        at_the_end.account_key,
        at_the_end.week_start_on,
        at_the_end.engagements,
        at_the_start.engagements_before,
        nullif(post_followers.followers, 0) as followers,
        case
            when public_counts.has_views and redefined.post_id is null then nullif(at_the_end.views, 0)
        end as views,
        case
            when public_counts.has_impressions and redefined.post_id is null then nullif(at_the_end.impressions, 0)
        end as impressions

    from at_the_end
    inner join at_the_start
        on at_the_end.account_key = at_the_start.account_key
        and at_the_end.post_id = at_the_start.post_id
    left join redefined
        on at_the_end.account_key = redefined.account_key
        and at_the_end.post_id = redefined.post_id
    left join {{ ref('int_post_followers') }} as post_followers
        on at_the_end.account_key = post_followers.account_key
        and at_the_end.post_id = post_followers.post_id
    left join {{ ref('int_public_counts') }} as public_counts
        on at_the_end.platform = public_counts.platform

),

lifetime as (

    select
        account_key,
        week_start_on,
        {% for count in counts %}
        count({{ count }}) as posts_with_{{ count }},
        -- as a decimal, whose sum is the same in any order
        cast(avg(cast(engagements / {{ count }} as decimal(38, 18))) as double) as mean_by_{{ count }},
        sum(engagements) filter (where {{ count }} is not null) / sum({{ count }}) as ratio_by_{{ count }},
        {% endfor %}
        cast(sum(engagements_before) as bigint) as post_engagements_before

    from of_the_posts
    group by account_key, week_start_on

)

select
    active.account_key,
    active.platform,
    active.account_id,
    active.organization_id,
    {{ iso_week('active.week_start_on') }} as week,
    active.week_start_on,
    active.is_complete and coalesce(engaged.is_complete, true) as is_complete,
    active.value as posts_published,
    gained.engagements,
    gained.engagements_of_new_posts,
    gained.engagements_of_older_posts,
    drawn_by_new.value as post_engagements,
    drawn_by_new.is_complete as is_post_engagements_complete,
    coalesce(lifetime.post_engagements_before, 0) as post_engagements_before,
    coalesce(gained.post_engagements_uncompared, 0) as post_engagements_uncompared,
    followers.value as followers,
    gained.engagements / nullif(followers.value, 0) as period_rate_by_followers,
    {% for count in counts %}
    cast(coalesce(lifetime.posts_with_{{ count }}, 0) as integer) as posts_with_{{ count }},
    lifetime.mean_by_{{ count }} as post_rate_by_{{ count }}_mean_of_posts,
    lifetime.ratio_by_{{ count }} as post_rate_by_{{ count }}_ratio_of_sums,
    {% endfor %}
    cast({{ this_load() }} as integer) as load_id

from active
left join engaged
    on active.account_key = engaged.account_key
    and active.week_start_on = engaged.week_start_on
left join drawn_by_new
    on active.account_key = drawn_by_new.account_key
    and active.week_start_on = drawn_by_new.week_start_on
left join followers
    on active.account_key = followers.account_key
    and active.week_start_on = followers.week_start_on
left join gained
    on active.account_key = gained.account_key
    and active.week_start_on = gained.week_start_on
left join lifetime
    on active.account_key = lifetime.account_key
    and active.week_start_on = lifetime.week_start_on
