{%- set weeks = var('effect_pre_weeks') | int -%}
{%- set since_on = days_before('windows.start_on', 7 * weeks + 13) -%}
{%- set days -%}
    select distinct calendar.measured_on
    from {{ ref('int_effect_windows') }} as windows
    inner join {{ calendar() }} as calendar
        on {{ since_on }} <= calendar.measured_on
        and windows.end_on >= calendar.measured_on
    where
        windows.obstacle is null
        and windows.kind <> 'flow'
        and (
            calendar.measured_on <= windows.start_on
            or calendar.measured_on > {{ days_before('windows.end_on', 7) }}
        )
{%- endset -%}

with

windows as (

    select * from {{ ref('int_effect_windows') }}
    where obstacle is null

),

organizations as (

    select
        organization_id,
        is_own,
        {{ var('effect_pool') }} as pool

    from {{ ref('int_latest_organizations') }}

),

busy as (

    select distinct
        windows.window_id,
        initiatives.organization_id

    from windows
    inner join {{ ref('int_initiatives') }} as initiatives
        on windows.end_on >= initiatives.started_on
        and {{ days_before('windows.start_on', 7 * weeks + 6) }} <= coalesce(initiatives.ended_on, windows.end_on)
        and windows.platform = coalesce(initiatives.platform, windows.platform)

),

treated as (

    select
        windows.*,
        organizations.pool

    from windows
    inner join organizations on windows.organization_id = organizations.organization_id

),

-- the organization itself, and those that may stand for what would have been without the initiative
candidates as (

    select
        treated.*,
        organizations.organization_id as candidate_id,
        organizations.organization_id = treated.organization_id as is_treated

    from treated
    inner join organizations on treated.pool = organizations.pool
    left join busy
        on treated.window_id = busy.window_id
        and organizations.organization_id = busy.organization_id
    where
        organizations.organization_id = treated.organization_id
        or (not organizations.is_own and busy.organization_id is null)

),

seen as (

    select
        candidates.window_id,
        candidates.kind,
        candidates.candidate_id as organization_id,
        candidates.is_treated,
        candidates.start_on,
        days.account_key,
        case
            when days.measured_on > candidates.start_on then -1
            else cast(floor({{ days_between('days.measured_on', 'candidates.start_on') }} / 7.0) as integer)
        end as point,
        days.measured_on,
        days.value

    from {{ ref('int_account_values') }} as days
    inner join candidates
        on days.organization_id = candidates.candidate_id
        and days.platform = candidates.platform
        and days.metric = candidates.metric
        and days.measured_on <= candidates.end_on
        and days.measured_on >= {{ days_before('candidates.start_on', 7 * weeks + 13) }}
        and days.measured_on >= coalesce(candidates.comparable_from_on, days.measured_on)
    where
        candidates.kind <> 'flow'
        and days.is_usable
        and not days.is_imported
        and (days.measured_on <= candidates.start_on or days.measured_on > {{ days_before('candidates.end_on', 7) }})
        and {{ is_one_of_the_days('days.measured_on', days) }}

),

levels as (

    select
        window_id,
        kind,
        organization_id,
        is_treated,
        account_key,
        point,
        max(measured_on) as measured_on,
        min(measured_on) as first_on,
        max_by(value, measured_on) as value,
        start_on

    from seen
    group by window_id, kind, organization_id, is_treated, account_key, point, start_on

),

flows as (

    select
        candidates.window_id,
        candidates.kind,
        candidates.candidate_id as organization_id,
        candidates.is_treated,
        weeks.account_key,
        cast({{ days_between('weeks.week_start_on', week_start('candidates.started_on')) }} / 7.0 as integer) as week,
        weeks.week_start_on >= candidates.started_on as is_inside,
        weeks.week_start_on as measured_on,
        weeks.value,
        candidates.start_on

    from {{ ref('int_account_weeks') }} as weeks
    inner join candidates
        on weeks.organization_id = candidates.candidate_id
        and weeks.platform = candidates.platform
        and weeks.metric = candidates.metric
        and weeks.week_start_on <= {{ days_before('candidates.end_on', 6) }}
        and weeks.week_start_on >= {{ days_before(week_start('candidates.started_on'), 7 * weeks) }}
        and weeks.week_start_on >= coalesce(candidates.comparable_from_on, weeks.week_start_on)
    where
        candidates.kind = 'flow'
        and weeks.kind = 'flow'
        and weeks.is_complete
        and weeks.value is not null
        and (
            weeks.week_start_on >= candidates.started_on
            or weeks.week_start_on < {{ week_start('candidates.started_on') }}
        )

)

select
    window_id,
    organization_id,
    is_treated,
    account_key,
    point,
    measured_on,
    first_on,
    {{ days_between('measured_on', 'start_on') }} as days_before,
    value

from levels

union all

select
    window_id,
    organization_id,
    is_treated,
    account_key,
    case when is_inside then week - 1 else week end as point,
    measured_on,
    measured_on as first_on,
    {{ days_between('measured_on', 'start_on') }} as days_before,
    value

from flows
