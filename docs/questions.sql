-- Twenty questions an analyst asks, each with its sentence, answered from warehouse/socialmetrics.duckdb.
-- Paste one into `socialmetrics query "..."` or any DuckDB client; our organizations are those that the directory marks.

-- 1. How did our accounts' followers grow over a year, and how far can rounding move that?
select
    accounts.platform,
    accounts.handle,
    days.measured_on,
    days.value as followers,
    days.change_365d,
    days.change_365d_low,
    days.change_365d_high,
    days.growth_365d_rate
from account_metric_days as days
inner join accounts on days.account_key = accounts.account_key
where
    accounts.is_own
    and days.metric = 'followers'
    and days.measured_on in (select max(measured_on) from coverage_days)
order by accounts.platform, accounts.handle;

-- 2. How many followers do all our accounts together have now, platform by platform?
select
    organization_id,
    platform,
    week,
    accounts,
    value as followers,
    low,
    high,
    change,
    reading
from organization_weeks
where
    organization_id in (select organization_id from organizations where is_own)
    and metric = 'followers'
    and week_start_on in (select max(week_start_on) from weekly_scorecard)
order by organization_id, platform;

-- 3. Which of our posts drew most attention last month, and was it mostly comments?
select
    posts.platform,
    posts.published_on,
    posts.kind,
    posts.title,
    performance.engagements_latest,
    performance.age_latest,
    performance.lift_7d,
    performance.is_far_above_usual,
    performance.is_mostly_comments
from post_performance as performance
inner join posts
    on performance.account_key = posts.account_key
    and performance.post_id = posts.post_id
where
    performance.account_key in (select account_key from accounts where is_own)
    and performance.published_on >= (
        select cast(date_trunc('month', max(measured_on)) - interval 1 month as date) from coverage_days
    )
    and performance.published_on < (select cast(date_trunc('month', max(measured_on)) as date) from coverage_days)
order by performance.engagements_latest desc nulls last
limit 20;

-- 4. Where do we stand among hospitals like us, in every respect the directory knows?
select
    peers.platform,
    accounts.handle,
    peers.stratum,
    peers.stratum_value,
    peers.value as followers,
    peers.rank_from,
    peers.rank_to,
    peers.n,
    peers.percentile,
    peers.median
from peer_weeks as peers
inner join accounts on peers.account_key = accounts.account_key
where
    accounts.is_own
    and peers.metric = 'followers'
    and peers.week_start_on in (select max(week_start_on) from weekly_scorecard)
order by peers.platform, accounts.handle, peers.stratum;

-- 5. What is our share of voice, by posts and by engagement, week by week of the last quarter?
select
    peers.platform,
    peers.account_group,
    peers.metric,
    peers.week,
    sum(peers.share_of_voice_rate) as share_of_voice_rate,
    bool_or(peers.is_pending) as is_pending,
    max(peers.n) as accounts_compared
from peer_weeks as peers
where
    peers.account_key in (select account_key from accounts where is_own)
    and peers.metric in ('posts_published', 'engagements')
    and peers.stratum = 'all'
    and peers.week_start_on >= (select max(week_start_on) - 84 from weekly_scorecard)
group by peers.platform, peers.account_group, peers.metric, peers.week
order by peers.platform, peers.account_group, peers.metric, peers.week;

-- 6. Why are figures missing in the last four weeks?
select
    platform,
    sum(expected) as expected,
    sum(missing) as missing,
    sum(missing_hidden) as hidden,
    sum(missing_not_found) as not_found,
    sum(missing_suspended) as suspended,
    sum(missing_forbidden) as forbidden,
    sum(missing_denied) as denied,
    sum(missing_retired) as retired,
    sum(missing_pending) as pending,
    sum(missing_unavailable) as unavailable,
    sum(missing_unreadable) as unreadable,
    sum(missing_purged) as purged,
    sum(missing_not_collected) as not_collected
from coverage_days
where measured_on > (select max(measured_on) - 28 from coverage_days)
group by platform
order by platform;

-- 7. Which of our figures did a platform restate in the last month, and what were they before?
select
    told.platform,
    accounts.handle,
    told.metric,
    told.measured_on,
    told.version,
    told.value,
    told.first_seen_at,
    told.last_seen_at,
    told.is_current
from observations as told
inner join accounts on told.account_key = accounts.account_key
where
    accounts.is_own
    and told.post_id is null
    and told.measured_on > (select max(measured_on) - 31 from coverage_days)
qualify max(told.version) over (partition by told.account_key, told.metric, told.measured_on) > 1
order by told.platform, accounts.handle, told.metric, told.measured_on, told.version;

-- 8. What were our followers on Sunday, as we knew them on Monday morning?
with monday as (

    select cast(date_trunc('week', max(measured_on)) as date) as monday_on from coverage_days

)

select
    accounts.platform,
    accounts.handle,
    known.measured_on,
    known.value,
    known.reason
from observations as known
inner join accounts on known.account_key = accounts.account_key
cross join monday
where
    accounts.is_own
    and known.metric = 'followers'
    and known.measured_on = monday.monday_on - 1
    and known.first_seen_at <= monday.monday_on + interval 6 hour
qualify
    row_number() over (
        partition by known.account_key
        order by known.value is null, known.source is not null, known.first_seen_at desc, known.version desc
    ) = 1
order by accounts.platform, accounts.handle;

-- 9. How many hospitals are on each platform, month by month, and how fast does that double?
select
    platform,
    basis,
    month,
    organizations,
    present,
    precision,
    share_rate,
    share_rate_low,
    share_rate_high,
    doubling_days
from platform_adoption
order by platform, basis, month;

-- 10. What did each of our initiatives do, and what did a follower cost?
select
    name,
    platform,
    metric,
    effect_rate,
    effect_rate_low,
    effect_rate_high,
    gained,
    cost_per_gained_usd,
    finding_text
from initiative_effects
order by name, platform, metric;

-- 11. How did our audience change in each fiscal quarter?
select
    organization_id,
    platform,
    fiscal_year,
    fiscal_quarter,
    max(month) as last_month,
    arg_max_null(value, month_start_on) as followers,
    case when count(change) = 3 then sum(change) end as change
from organization_months
where
    organization_id in (select organization_id from organizations where is_own)
    and metric = 'followers'
group by organization_id, platform, fiscal_year, fiscal_quarter
order by organization_id, platform, fiscal_year, fiscal_quarter;

-- 12. Why does the reporting period's engagement differ from the lifetime engagement of the period's posts?
select
    accounts.platform,
    accounts.handle,
    weeks.week,
    weeks.engagements as of_the_period,
    weeks.engagements_of_older_posts as less_what_older_posts_gained,
    weeks.post_engagements_before as plus_what_was_before,
    weeks.post_engagements_uncompared as plus_what_nobody_saw_added,
    weeks.post_engagements as of_the_periods_posts,
    weeks.engagements
    - coalesce(weeks.engagements_of_older_posts, 0)
    + weeks.post_engagements_before
    + weeks.post_engagements_uncompared as reconciled
from engagement_weeks as weeks
inner join accounts on weeks.account_key = accounts.account_key
where accounts.is_own and weeks.engagements is not null and weeks.post_engagements is not null
order by weeks.week_start_on desc, accounts.platform, accounts.handle
limit 60;

-- 13. What did our calls cost, month by month?
select
    platform,
    cast(date_trunc('month', measured_on) as date) as month_start_on,
    sum(calls) as calls,
    sum(units) as units,
    sum(dollars) as dollars
from coverage_days
group by platform, month_start_on
order by month_start_on desc, platform;

-- 14. Which of our weeks were unusual in the last year?
select
    weeks.platform,
    accounts.handle,
    weeks.metric,
    weeks.week,
    weeks.change,
    weeks.usual_low,
    weeks.usual_high,
    weeks.reading
from account_weeks as weeks
inner join accounts on weeks.account_key = accounts.account_key
where
    accounts.is_own
    and weeks.reading in ('higher than usual', 'lower than usual')
    and weeks.week_start_on > (select max(week_start_on) - 364 from weekly_scorecard)
order by weeks.week_start_on desc, weeks.platform, weeks.metric;

-- 15. What is one account's whole story, day by day?
select
    measured_on,
    value,
    low,
    high,
    reason,
    change_since_previous,
    is_gap,
    is_break,
    is_anomaly
from account_metric_days
where
    account_key in (select min(account_key) from accounts where is_own and platform = 'youtube')
    and metric = 'followers'
order by measured_on;

-- 16. Whose followers grew fastest last week, among hospitals of our region?
select
    peers.platform,
    accounts.handle,
    peers.stratum_value as region,
    peers.value as followers,
    peers.growth_rate,
    peers.growth_rank_from,
    peers.growth_rank_to,
    peers.growth_n,
    peers.growth_median
from peer_weeks as peers
inner join accounts on peers.account_key = accounts.account_key
where
    peers.metric = 'followers'
    and peers.stratum = 'region'
    and peers.stratum_value in (select region from organizations where is_own)
    and peers.week_start_on in (select max(week_start_on) from weekly_scorecard)
    and peers.growth_rank_from <= 10
order by peers.platform, peers.growth_rank_from, accounts.handle;

-- 17. Which accounts have not been seen for four weeks?
select
    platform,
    handle,
    organization_id,
    status,
    last_observed_on
from accounts
where
    cadence <> 'never'
    and (last_observed_on is null or last_observed_on < (select max(measured_on) - 28 from coverage_days))
order by last_observed_on, platform, handle;

-- 18. Which definitions changed, and where do they cut our own growth?
select
    breaks.platform,
    breaks.metric,
    breaks.effective_on,
    breaks.is_comparable,
    breaks.what_changed,
    count(days.measured_on) as figures_cut
from metric_breaks as breaks
left join (
    select
        platform,
        metric,
        measured_on
    from account_metric_days
    where
        account_key in (select account_key from accounts where is_own)
        and is_break
) as days
    on breaks.platform = days.platform
    and breaks.metric = days.metric
    and breaks.effective_on <= days.measured_on
group by breaks.platform, breaks.metric, breaks.effective_on, breaks.is_comparable, breaks.what_changed
order by breaks.effective_on desc, breaks.platform, breaks.metric;

-- 19. At which hours, and with which kinds of posts, did we draw attention, and on how many posts does that rest?
select
    patterns.platform,
    accounts.handle,
    patterns.dimension,
    patterns.dimension_value,
    patterns.posts_published,
    patterns.posts_with_lift,
    patterns.median_lift_7d
from post_patterns as patterns
inner join accounts on patterns.account_key = accounts.account_key
where
    accounts.is_own
    and patterns.dimension in ('hour', 'kind')
order by patterns.platform, accounts.handle, patterns.dimension, patterns.dimension_value;

-- 20. What does leadership read this week?
select
    name,
    platform,
    metric,
    value,
    change,
    usual_low,
    usual_high,
    reading,
    change_since_last_year,
    rank_from,
    rank_to,
    rank_n,
    is_complete
from weekly_scorecard
where week_start_on in (select max(week_start_on) from weekly_scorecard)
order by name, platform, metric;
