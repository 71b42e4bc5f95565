-- The period's total and the total of the week's posts differ by what older posts gained and what nobody saw added.
select
    account_key,
    week,
    posts_published,
    engagements,
    post_engagements,
    post_engagements_before,
    post_engagements_uncompared,
    engagements_of_older_posts

from {{ ref('engagement_weeks') }}
where
    load_id > {{ tested_load() }}
    and posts_published is not null
    and (
        coalesce(engagements, 0)
        <> coalesce(post_engagements, 0)
        - post_engagements_before
        - post_engagements_uncompared
        + coalesce(engagements_of_older_posts, 0)
    )
