{{ config(materialized='incremental', unique_key=['account_key', 'post_id']) }}

{%- set values, dates = ref('int_post_values'), ref('int_post_dates') -%}

{#- Days after publication at which posts are compared: the age, and from and to which day one may stand for it. -#}
{%- set ages = [(1, 1, 2), (7, 5, 10), (28, 21, 35)] -%}

with

posts as (

    select * from {{ ref('int_posts') }}

),

{% if is_incremental() %}

touched as (

    select
        account_key,
        post_id

    from {{ values }}
    where load_id > {{ last_load() }}

    union

    select
        account_key,
        post_id

    from {{ dates }}
    where load_id > {{ last_load() }}

),

{% endif %}

-- the days on which a count was seen
seen as (

    select
        days.account_key,
        days.post_id,
        posts.published_on,
        days.measured_on,
        {{ days_between('posts.published_on', 'days.measured_on') }} as age_days,
        days.engagements,
        days.engagement_metrics,
        case when public_counts.has_views then days.views end as views,
        case when public_counts.has_impressions then days.impressions end as impressions,
        case when public_counts.has_comments then days.comments end as comments

    from {{ values }} as days
    left join posts
        on days.account_key = posts.account_key
        and days.post_id = posts.post_id
    left join {{ ref('int_public_counts') }} as public_counts
        on days.platform = public_counts.platform
    where
        days.reason is null
        {%- if is_incremental() %}
        and (days.account_key, days.post_id) in (
            select
                account_key,
                post_id

            from touched
        )
        {%- endif %}

),

at_ages as (

    {% for age, first, last in ages %}
    select
        *,
        '{{ age }}d' as age,
        abs(age_days - {{ age }}) as days_off

    from seen
    where age_days between {{ first }} and {{ last }}

    union all

    {% endfor %}
    select
        *,
        'latest' as age,
        0 as days_off

    from seen

),

nearest as (

    select * from at_ages
    qualify
        row_number() over (
            partition by account_key, post_id, age
            order by days_off asc, measured_on desc
        ) = 1

)

select
    account_key,
    post_id,
    published_on,
    age,
    cast(age_days as integer) as age_days,
    engagements,
    views,
    impressions,
    comments,
    case when engagement_metrics > 1 then engagements - comments end as other_engagements,
    cast({{ this_load() }} as integer) as load_id

from nearest
