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
        kind,
        max(accounts) as accounts,
        max(case when point = first_point then log_value end) as first_log,
        max(case when point = first_point then days_before end) as first_days_before,
        max(case when point = 0 then log_value end) as start_log,
        max(case when point = 0 then days_before end) as start_days_before,
        max(case when point = -1 then log_value end) as end_log,
        max(case when point = -1 then days_before end) as end_days_before,
        max(case when kind <> 'flow' and point = -1 then value end) as end_value,
        avg(case when kind = 'flow' and point > 0 then value end) as weekly_value_before,
        avg(case when kind = 'flow' and point < 0 then value end) as weekly_value,
        count(weekly_growth) as pre_weeks

    from weeks
    group by window_id, organization_id, is_treated, kind

),

changes as (

    select
        anchors.*,
        case
            when anchors.kind <> 'flow' then anchors.start_log
            when anchors.weekly_value_before > 0 then ln(anchors.weekly_value_before)
        end as log_size,
        case
            when anchors.kind <> 'flow'
                then windows.days * (
                    (anchors.end_log - anchors.start_log) / (anchors.start_days_before - anchors.end_days_before)
                    - (anchors.start_log - anchors.first_log) / (anchors.first_days_before - anchors.start_days_before)
                )
            when anchors.weekly_value_before > 0 and anchors.weekly_value > 0
                then ln(anchors.weekly_value) - ln(anchors.weekly_value_before)
        end as log_change

    from anchors
    inner join windows on anchors.window_id = windows.window_id

),

judged as (

    select
        *,
        case
            when kind <> 'flow' and log_change is null
                then 'it rests on a figure of nothing, of which there is no growth'
            when kind = 'flow' and weekly_value_before is null
                then 'its accounts have no complete week before the beginning in common'
            when kind = 'flow' and weekly_value_before <= 0
                then concat(
                    'what was counted in the weeks before the beginning comes to ',
                    case when weekly_value_before < 0 then 'less than ' else '' end, 'nothing'
                )
            when kind = 'flow' and weekly_value is null
                then 'its accounts have no complete week within in common'
            when kind = 'flow' and weekly_value <= 0
                then concat(
                    'what was counted in the weeks within comes to ',
                    case when weekly_value < 0 then 'less than ' else '' end, 'nothing'
                )
            when pre_weeks < {{ var('effect_pre_weeks_at_least') }} - 1
                then concat(
                    'fewer than ', {{ var('effect_pre_weeks_at_least') }} - 1,
                    ' weeks before the beginning can be compared with the one before'
                )
        end as obstacle

    from changes

)

-- a peer whose activity came to nothing within still says what became of peers
select
    window_id,
    organization_id,
    is_treated,
    accounts,
    log_size,
    log_change,
    weekly_value_before,
    weekly_value,
    end_value,
    pre_weeks,
    obstacle

from judged
where
    is_treated
    or (
        log_size is not null
        and coalesce(weekly_value, log_change) is not null
        and pre_weeks >= {{ var('effect_pre_weeks_at_least') }} - 1
    )
