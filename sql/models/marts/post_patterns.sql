{%- set dimensions = {
    'kind': 'kind',
    'hour': "lpad(cast(published_hour as string), 2, '0')",
    'weekday': 'cast(' ~ days_between(week_start('published_on'), 'published_on') ~ ' + 1 as string)',
} -%}

with

latest as (

    select
        platform,
        max(measured_on) as latest_on

    from {{ ref('int_platform_days') }}
    where is_set_up
    group by platform

),

posts as (

    select
        performance.*,
        latest.latest_on

    from {{ ref('post_performance') }} as performance
    inner join latest on performance.platform = latest.platform
    where
        performance.published_on <= latest.latest_on
        and performance.published_on > {{ days_before('latest.latest_on', var('post_usual_days')) }}

),

by_dimension as (

    {% for dimension, of_posts in dimensions.items() %}
    select
        account_key,
        platform,
        account_id,
        '{{ dimension }}' as dimension,
        {{ of_posts }} as dimension_value,
        latest_on,
        lift_7d

    from posts
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    account_key,
    platform,
    account_id,
    dimension,
    dimension_value,
    latest_on,
    cast(count(*) as integer) as posts_published,
    cast(count(lift_7d) as integer) as posts_with_lift,
    case when count(lift_7d) >= {{ var('post_usual_at_least') }} then median(lift_7d) end as median_lift_7d

from by_dimension
where dimension_value is not null
group by account_key, platform, account_id, dimension, dimension_value, latest_on
