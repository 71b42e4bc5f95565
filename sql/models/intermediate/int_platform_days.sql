with

runs as (

    select * from {{ ref('int_runs') }}

),

horizon as (

    select max(measured_on) as horizon_on from runs

),

latest_of_day as (

    select
        *,
        lead(measured_on) over (partition by platform order by measured_on) as next_on

    from (
        select * from runs
        qualify row_number() over (partition by platform, measured_on order by started_at desc, run_id desc) = 1
    )

),

-- a day without a run goes by the run before it
days as (

    select
        latest_of_day.platform,
        latest_of_day.measured_on as run_on,
        latest_of_day.status,
        latest_of_day.message,
        {{ each_day('latest_of_day.measured_on', "coalesce(" ~ days_after('latest_of_day.next_on', -1) ~ ", horizon.horizon_on)") }} as measured_on

    from latest_of_day
    cross join horizon

)

select
    platform,
    measured_on,
    run_on,
    status <> 'not_set_up' as is_set_up,
    case when run_on = measured_on then status end as status,
    case when run_on = measured_on then message end as message

from days
