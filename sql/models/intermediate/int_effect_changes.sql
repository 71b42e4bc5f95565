with

windows as (

    select * from {{ ref('int_effect_windows') }}

),

weeks as (

    select * from {{ ref('int_effect_weeks') }}

),

anchors as (

    select
        window_id,
        organization_id,
        is_treated,
        max(accounts) as accounts,
        max(case when point = first_point then log_value end) as first_log,
        max(case when point = first_point then days_before end) as first_days_before,
        max(case when point = 0 then log_value end) as start_log,
        max(case when point = 0 then days_before end) as start_days_before,
        max(case when point = -1 then log_value end) as end_log,
        max(case when point = -1 then days_before end) as end_days_before,
        max(case when point = -1 then value end) as end_value,
        avg(case when point > 0 then value end) as weekly_value_before,
        avg(case when point < 0 then value end) as weekly_value,
        count(weekly_log_growth) as pre_weeks

    from weeks
    group by window_id, organization_id, is_treated

),

changes as (

    select
        anchors.window_id,
        anchors.organization_id,
        anchors.is_treated,
        anchors.accounts,
        case when windows.kind = 'flow' then ln(1 + anchors.weekly_value_before) else anchors.start_log end as log_size,
        case
            when windows.kind = 'flow' then ln(1 + anchors.weekly_value) - ln(1 + anchors.weekly_value_before)
            else windows.days * (
                (anchors.end_log - anchors.start_log) / (anchors.start_days_before - anchors.end_days_before)
                - (anchors.start_log - anchors.first_log) / (anchors.first_days_before - anchors.start_days_before)
            )
        end as log_change,
        case when windows.kind <> 'flow' then anchors.end_value end as end_value,
        anchors.pre_weeks

    from anchors
    inner join windows on anchors.window_id = windows.window_id

)

select * from changes
where
    log_change is not null
    and pre_weeks >= {{ var('effect_pre_weeks_at_least') }} - 1
