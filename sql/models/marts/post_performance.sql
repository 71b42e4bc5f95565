{{ config(materialized='incremental', unique_key=['account_key', 'post_id']) }}

{%- set ages = ['1d', '7d', '28d', 'latest'] -%}
{%- set dates = ref('int_post_dates') -%}
{%- set usual_days = var('post_usual_days') -%}

with

{% if is_incremental() %}

counted as (

    select distinct
        account_key,
        post_id

    from {{ ref('int_post_ages') }}
    where load_id > {{ last_load() }}

),

-- what is counted anew is usual for the posts after it, also after the days it was dated on before
counted_between as (

    select
        dates.account_key,
        min(dates.published_on) as first_on,
        {{ days_after('max(dates.published_on)', usual_days) }} as last_on

    from {{ dates }} as dates
    inner join counted
        on dates.account_key = counted.account_key
        and dates.post_id = counted.post_id
    group by dates.account_key

),

touched as (

    select
        account_key,
        post_id

    from counted

    union

    select
        account_key,
        post_id

    from {{ ref('int_post_followers') }}
    where load_id > {{ last_load() }}

    union

    select
        account_key,
        post_id

    from {{ ref('int_posts') }}
    where load_id > {{ last_load() }}

    union

    select
        posts.account_key,
        posts.post_id

    from {{ ref('int_posts') }} as posts
    inner join counted_between
        on posts.account_key = counted_between.account_key
        and posts.published_on between counted_between.first_on and counted_between.last_on

    union

    -- an account's first terms also describe it before
    select
        posts.account_key,
        posts.post_id

    from {{ ref('int_posts') }} as posts
    inner join {{ ref('int_directory') }} as directory
        on posts.account_key = directory.account_key
    where
        directory.is_first
        and directory.load_id > {{ last_load() }}

),

{% endif %}

posts as (

    select * from {{ ref('int_posts') }}
    {%- if is_incremental() %}
    where (account_key, post_id) in (
        select
            account_key,
            post_id

        from touched
    )
    {%- endif %}

),

directory as (

    select * from {{ ref('int_directory') }}

),

followers as (

    select * from {{ ref('int_post_followers') }}

),

first_posts as (

    select
        account_key,
        min(published_on) as first_on

    from posts
    group by account_key

),

-- posts are compared by engagements, at the latest by comments for each other engagement; one more, since 0 has no log
figures as (

    select
        ages.*,
        case
            when ages.age = 'latest' then (ages.comments + 1) / (ages.other_engagements + 1)
            else cast(ages.engagements + 1 as double)
        end as figure

    from {{ ref('int_post_ages') }} as ages
    inner join first_posts
        on ages.account_key = first_posts.account_key
        and {{ days_before('first_posts.first_on', usual_days) }} <= ages.published_on

),

-- beside each its account's posts of the days before
beside_earlier as (

    select
        *,
        {{ median_over('figure', 'earlier') }} as median_before,
        count(figure) over earlier as posts_before

    from figures
    window earlier as (
        partition by account_key, age
        order by published_on
        range between interval {{ usual_days }} day preceding and interval 1 day preceding
    )

),

of_posts as (

    select
        beside_earlier.*,
        case
            when beside_earlier.posts_before >= {{ var('post_usual_at_least') }} then beside_earlier.median_before
        end as usual

    from beside_earlier
    inner join posts
        on beside_earlier.account_key = posts.account_key
        and beside_earlier.post_id = posts.post_id

),

-- the latest redefinition of the counts that rates divide by, as of each age
redefined as (

    select
        of_posts.account_key,
        of_posts.post_id,
        of_posts.age,
        max(breaks.effective_on) as break_on

    from of_posts
    inner join posts
        on of_posts.account_key = posts.account_key
        and of_posts.post_id = posts.post_id
    inner join {{ ref('int_post_breaks') }} as breaks
        on posts.platform = breaks.platform
        and {{ days_between('of_posts.published_on', 'breaks.effective_on') }} <= of_posts.age_days
    group by of_posts.account_key, of_posts.post_id, of_posts.age

),

beside_the_usual as (

    select
        of_posts.*,
        redefined.break_on,
        coalesce(of_posts.published_on < redefined.break_on, false) as is_break,
        of_posts.engagements / nullif(of_posts.usual - 1, 0) as lift

    from of_posts
    left join redefined
        on of_posts.account_key = redefined.account_key
        and of_posts.post_id = redefined.post_id
        and of_posts.age = redefined.age

),

-- so many times the usual; only of these need it be known how far posts usually lie from it
times as (

    select
        *,
        case
            when age = 'latest'
                then
                    figure > {{ var('far_times') }} * usual
                    and comments >= {{ var('far_at_least') }}
            else
                lift >= {{ var('far_times') }}
                and engagements >= {{ var('far_at_least') }}
        end as is_times_the_usual

    from beside_the_usual

),

-- how far posts usually lie from the usual: the median distance of their logarithms, scaled to a standard deviation
spread as (

    select
        above.account_key,
        above.post_id,
        above.age,
        1.4826 * median(abs(ln(earlier.figure) - ln(above.usual))) as spread

    from times as above
    inner join figures as earlier
        on above.account_key = earlier.account_key
        and above.age = earlier.age
        and above.published_on > earlier.published_on
        and {{ days_before('above.published_on', usual_days) }} <= earlier.published_on
    where
        above.is_times_the_usual
        and earlier.figure is not null
    group by above.account_key, above.post_id, above.age

),

judged as (

    select
        times.*,
        coalesce(
            ln(times.figure) - ln(times.usual) > {{ var('far_spreads') }} * spread.spread,
            false
        ) as is_far

    from times
    left join spread
        on times.account_key = spread.account_key
        and times.post_id = spread.post_id
        and times.age = spread.age

),

marked as (

    select
        *,
        case when lift is not null then is_far end as is_far_above_usual,
        case
            when figure is null then null
            when usual is not null then is_far
            else comments > other_engagements and comments >= {{ var('far_at_least') }}
        end as is_mostly_comments

    from judged

),

wide as (

    select
        account_key,
        post_id,
        {% for age in ages %}
        max(case when age = '{{ age }}' then age_days end) as age_{{ age }},
        max(case when age = '{{ age }}' then engagements end) as engagements_{{ age }},
        max(case when age = '{{ age }}' then views end) as views_{{ age }},
        max(case when age = '{{ age }}' then impressions end) as impressions_{{ age }},
        bool_or(is_break) filter (where age = '{{ age }}') as is_break_{{ age }},
        {% if age != 'latest' %}
        max(case when age = '{{ age }}' then usual - 1 end) as usual_{{ age }},
        max(case when age = '{{ age }}' then lift end) as lift_{{ age }},
        {% endif %}
        {% endfor %}
        coalesce(
            bool_or(is_far_above_usual) filter (where age = '7d'),
            bool_or(is_far_above_usual) filter (where age = '1d')
        ) as is_far_above_usual,
        bool_or(is_mostly_comments) filter (where age = 'latest') as is_mostly_comments,
        max(case when age = 'latest' then break_on end) as break_on

    from marked
    group by account_key, post_id

)

select
    posts.account_key,
    posts.platform,
    posts.account_id,
    directory.organization_id,
    posts.post_id,
    posts.published_at,
    posts.published_on,
    cast(extract(hour from {{ local_time('posts.published_at', var('timezone')) }}) as integer) as published_hour,
    posts.kind,
    followers.followers,
    followers.followers_low,
    followers.followers_high,
    followers.followers_on,
    {% for age in ages %}
    wide.age_{{ age }},
    wide.engagements_{{ age }},
    wide.views_{{ age }},
    wide.impressions_{{ age }},
    wide.engagements_{{ age }} / nullif(followers.followers, 0) as engagement_rate_by_followers_{{ age }},
    {% for count in ['views', 'impressions'] %}
    case
        when not wide.is_break_{{ age }} then wide.engagements_{{ age }} / nullif(wide.{{ count }}_{{ age }}, 0)
    end as engagement_rate_by_{{ count }}_{{ age }},
    {% endfor %}
    {% if age != 'latest' %}
    wide.usual_{{ age }},
    wide.lift_{{ age }},
    {% endif %}
    {% endfor %}
    wide.is_far_above_usual,
    wide.is_mostly_comments,
    wide.break_on,
    coalesce(wide.is_break_latest, false) as is_break,
    cast({{ this_load() }} as integer) as load_id

from posts
left join directory
    on posts.account_key = directory.account_key
    and posts.published_on >= directory.described_from_on
    and posts.published_on < directory.described_until_on
left join followers
    on posts.account_key = followers.account_key
    and posts.post_id = followers.post_id
left join wide
    on posts.account_key = wide.account_key
    and posts.post_id = wide.post_id
