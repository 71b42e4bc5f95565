with

organizations as (

    select * from {{ ref('organizations') }}
    where is_own

),

weeks as (

    select * from {{ ref('organization_weeks') }}
    where
        organization_id in (select organization_id from organizations)
        and metric in ({{ headline_metrics() }})

),

registry as (

    select * from {{ ref('metrics') }}
    where subject = 'account'

),

breaks as (

    select
        platform,
        metric,
        {{ week_start('effective_on') }} as week_start_on,
        string_agg(what_changed, ' ' order by effective_on) as note

    from {{ ref('breaks') }}
    where subject = 'account'
    group by platform, metric, week_start_on

)

select
    weeks.organization_id,
    organizations.name,
    weeks.platform,
    weeks.metric,
    registry.display_name,
    weeks.week,
    weeks.week_start_on,
    weeks.accounts,
    weeks.value,
    weeks.low,
    weeks.high,
    weeks.change,
    weeks.change_low,
    weeks.change_high,
    weeks.growth_rate,
    weeks.usual_low,
    weeks.usual_high,
    weeks.usual_weeks,
    weeks.reading,
    weeks.last_year_value,
    weeks.change_since_last_year,
    weeks.is_complete,
    weeks.reason,
    weeks.is_rounded,
    breaks.note

from weeks
inner join organizations
    on weeks.organization_id = organizations.organization_id
left join registry
    on weeks.platform = registry.platform
    and weeks.metric = registry.metric
left join breaks
    on weeks.platform = breaks.platform
    and weeks.metric = breaks.metric
    and weeks.week_start_on = breaks.week_start_on
