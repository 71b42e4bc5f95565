with

runs as (

    select * from {{ ref('int_runs') }}

),

latest_of_day as (

    select * from runs
    qualify row_number() over (partition by platform, measured_on order by started_at desc, run_id desc) = 1

),

in_force as (

    select
        *,
        coalesce(lead(measured_on) over (partition by platform order by measured_on), date '9999-12-31') as next_on

    from latest_of_day

),

calendar as (

    select days.measured_on
    from {{ calendar() }} as days
    where
        days.measured_on >= (select min(runs.measured_on) from runs)
        and days.measured_on <= (select max(runs.measured_on) from runs)

),

-- a day without a run goes by the run before it
days as (

    select
        in_force.platform,
        in_force.measured_on as run_on,
        in_force.status,
        in_force.message,
        calendar.measured_on

    from in_force
    inner join calendar
        on in_force.measured_on <= calendar.measured_on
        and in_force.next_on > calendar.measured_on

)

select
    platform,
    measured_on,
    run_on,
    status <> 'not_set_up' as is_set_up,
    case when run_on = measured_on then status end as status,
    case when run_on = measured_on then message end as message

from days
