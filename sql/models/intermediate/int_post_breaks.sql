select distinct
    breaks.platform,
    breaks.effective_on

from {{ ref('int_breaks') }} as breaks
inner join {{ ref('int_public_counts') }} as public_counts
    on breaks.platform = public_counts.platform
where
    breaks.subject = 'post'
    and not breaks.is_comparable
    and (
        (breaks.metric = 'views' and public_counts.has_views)
        or (breaks.metric = 'impressions' and public_counts.has_impressions)
    )
