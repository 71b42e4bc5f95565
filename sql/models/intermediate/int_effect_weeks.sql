with

windows as (

    select * from {{ ref('int_effect_windows') }}

),

points as (

    select * from {{ ref('int_effect_points') }}

),

-- the accounts that the organization itself had: their figures before the beginning, and whether followed to the end
own as (

    select
        points.window_id,
        points.account_key,
        min(points.first_on) as first_on,
        min_by(points.value, points.point) filter (where points.point >= 0) as value,
        count(case when points.point in (-1, 0) then 1 end) = 2 as is_to_the_end

    from points
    inner join windows on points.window_id = windows.window_id
    inner join {{ ref('int_directory') }} as directory on points.account_key = directory.account_key
    where
        points.is_treated
        and directory.is_latest
        and {{ was_there('directory', 'windows.started_on') }}
    group by points.window_id, points.account_key

),

audiences as (

    select
        window_id,
        sum(value) as value

    from own
    group by window_id

),

-- the whole weeks before the beginning over which accounts with half of the audience were followed
reaches as (

    select
        points.window_id,
        points.point as reach

    from points
    inner join windows on points.window_id = windows.window_id
    inner join audiences on points.window_id = audiences.window_id
    inner join own
        on points.window_id = own.window_id
        and points.account_key = own.account_key
    where
        windows.kind <> 'flow'
        and points.point between {{ var('effect_pre_weeks_at_least') }} and {{ var('effect_pre_weeks') }}
        and 7 * points.point + 6 <= {{ days_between('own.first_on', 'windows.start_on') }}
        and own.is_to_the_end
    group by points.window_id, points.point
    having 2 * sum(own.value) >= max(audiences.value)

),

-- with the earliest of them the time before begins, for the peers too
treated as (

    select
        window_id,
        max(reach) as first_point

    from reaches
    group by window_id

    union all

    select
        window_id,
        {{ var('effect_pre_weeks') }} as first_point

    from windows
    where kind = 'flow'

),

reached as (

    select
        points.*,
        windows.kind,
        windows.weeks,
        treated.first_point

    from points
    inner join windows on points.window_id = windows.window_id
    inner join treated
        on points.window_id = treated.window_id
        and points.point <= treated.first_point

),

-- accounts that came or went in between would look like growth
accounts as (

    select
        window_id,
        organization_id,
        account_key,
        count(*) over (partition by window_id, organization_id) as accounts

    from reached
    group by window_id, organization_id, account_key, kind, weeks, first_point
    having
        case
            when kind = 'flow'
                then
                    count(case when point > 0 then 1 end) >= {{ var('effect_pre_weeks_at_least') }}
                    and 2 * count(case when point < 0 then 1 end) >= weeks
            else count(case when point in (-1, 0, first_point) then 1 end) = 3
        end

),

summed as (

    select
        reached.window_id,
        reached.organization_id,
        reached.is_treated,
        reached.kind,
        reached.first_point,
        reached.point,
        accounts.accounts,
        cast(sum(reached.value) as bigint) as value,
        avg(reached.days_before) as days_before

    from reached
    inner join accounts
        on reached.window_id = accounts.window_id
        and reached.organization_id = accounts.organization_id
        and reached.account_key = accounts.account_key
    group by
        reached.window_id,
        reached.organization_id,
        reached.is_treated,
        reached.kind,
        reached.first_point,
        reached.point,
        accounts.accounts
    having count(*) = accounts.accounts

),

scaled as (

    select
        *,
        case when kind <> 'flow' and value > 0 then ln(value) end as log_value,
        avg(case when kind = 'flow' and point > 0 then value end) over (partition by window_id, organization_id)
            as mean_before

    from summed

),

compared as (

    select
        *,
        lag(point) over one_by_one = point + 1 and point >= 0 as is_next,
        lag(value) over one_by_one as value_before,
        lag(log_value) over one_by_one as log_value_before,
        lag(days_before) over one_by_one as further_before

    from scaled
    window one_by_one as (partition by window_id, organization_id order by point desc)

)

-- an activity may be nothing or less in a week, so that its growth is a share of the mean week and has no logarithm
select
    window_id,
    organization_id,
    is_treated,
    kind,
    first_point,
    point,
    accounts,
    value,
    days_before,
    log_value,
    case
        when not is_next then null
        when kind <> 'flow' then 7 * (log_value - log_value_before) / (further_before - days_before)
        when mean_before > 0 then (value - value_before) / mean_before
    end as weekly_growth

from compared
