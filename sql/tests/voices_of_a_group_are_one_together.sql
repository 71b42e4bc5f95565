-- Shares of voice of a group, where told, are all there is; and all of a group are told the same number of peers.
select
    platform,
    account_group,
    metric,
    week_start_on,
    stratum,
    stratum_value,
    sum(share_of_voice_rate) as shares,
    count(*) as accounts

from {{ ref('peer_weeks') }}
where load_id > {{ tested_load() }}
group by platform, account_group, metric, week_start_on, stratum, stratum_value
having
    abs(sum(share_of_voice_rate) - 1) > 1e-9
    or min(n) <> max(n)
    or max(n) <> count(case when not is_below_floor then 1 end)
