-- What both marts say of an account's week is the same.
with

account_weeks as (

    select
        account_key,
        week_start_on,
        max(case when metric = 'posts_published' then value end) as posts_published,
        max(case when metric = 'engagements' then value end) as engagements,
        max(case when metric = 'post_engagements' then value end) as post_engagements,
        max(case when metric = 'followers' then value end) as followers,
        bool_or(metric = 'posts_published') as is_active

    from {{ ref('account_weeks') }}
    where load_id > {{ tested_load() }}
    group by account_key, week_start_on

)

select
    account_weeks.account_key,
    account_weeks.week_start_on

from account_weeks
left join {{ ref('engagement_weeks') }} as engagement_weeks
    on account_weeks.account_key = engagement_weeks.account_key
    and account_weeks.week_start_on = engagement_weeks.week_start_on
where
    account_weeks.is_active
    and (
        engagement_weeks.account_key is null
        or account_weeks.posts_published is distinct from engagement_weeks.posts_published
        or account_weeks.engagements is distinct from engagement_weeks.engagements
        or account_weeks.post_engagements is distinct from engagement_weeks.post_engagements
        or account_weeks.followers is distinct from engagement_weeks.followers
    )
