select
    platform,
    bool_or(metric = 'views') as has_views,
    bool_or(metric = 'impressions') as has_impressions,
    bool_or(metric = 'comments' and counts_as_engagement) as has_comments

from {{ ref('metrics') }}
where
    subject = 'post'
    and is_public
group by platform
