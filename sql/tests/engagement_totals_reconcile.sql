-- The reporting period's total and the total of the week's posts differ by what older posts gained, on every row.
select
    account_key,
    week,
    engagements,
    post_engagements,
    post_engagements_before,
    engagements_of_older_posts

from {{ ref('engagement_weeks') }}
where
    load_id > {{ tested_load() }}
    and (
        coalesce(engagements, 0)
        <> coalesce(post_engagements, 0) - post_engagements_before + coalesce(engagements_of_older_posts, 0)
        or coalesce(engagements, 0) <> coalesce(engagements_of_new_posts, 0) + coalesce(engagements_of_older_posts, 0)
    )
