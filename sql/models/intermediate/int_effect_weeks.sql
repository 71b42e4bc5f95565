with

windows as (

    select * from {{ ref('int_effect_windows') }}

),

points as (

    select * from {{ ref('int_effect_points') }}

),

-- the week before the beginning that the organization itself was observed through, and the peers with it
treated as (

    select
        points.window_id,
        windows.kind,
        windows.weeks,
        case
            when windows.kind = 'flow' then {{ var('effect_pre_weeks') }}
            else least(
                {{ var('effect_pre_weeks') }},
                floor(({{ days_between('min(points.first_on)', 'windows.start_on') }} - 6) / 7.0)
            )
        end as first_point

    from points
    inner join windows on points.window_id = windows.window_id
    where points.is_treated
    group by points.window_id, windows.kind, windows.weeks, windows.start_on

),

reached as (

    select
        points.*,
        treated.kind,
        treated.weeks,
        cast(treated.first_point as integer) as first_point

    from points
    inner join treated
        on points.window_id = treated.window_id
        and points.point <= treated.first_point
    where treated.first_point >= {{ var('effect_pre_weeks_at_least') }}

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

logged as (

    select
        *,
        case
            when kind = 'flow' then ln(1 + value)
            when value > 0 then ln(value)
        end as log_value

    from summed

),

compared as (

    select
        *,
        lag(point) over one_by_one = point + 1 and point >= 0 as is_next,
        lag(log_value) over one_by_one as log_value_before,
        lag(days_before) over one_by_one as further_before

    from logged
    window one_by_one as (partition by window_id, organization_id order by point desc)

)

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
    case when is_next then 7 * (log_value - log_value_before) / (further_before - days_before) end as weekly_log_growth

from compared
