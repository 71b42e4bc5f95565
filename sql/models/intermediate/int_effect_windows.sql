with

initiatives as (

    select * from {{ ref('int_initiatives') }}

),

registry as (

    select * from {{ ref('metrics') }}

),

measures as (

    select
        platform,
        metric,
        kind

    from registry
    where
        subject = 'account'
        and is_public
        and kind <> 'flow'

    {% for metric in activity_metrics() %}
    union all

    select distinct
        platform,
        '{{ metric }}' as metric,
        'flow' as kind

    from registry
    where
        subject = 'post'
        and is_public
    {% endfor %}

),

breaks as (

    select
        platform,
        metric,
        effective_on

    from {{ ref('int_breaks') }}
    where
        subject = 'account'
        and not is_comparable

    {% for metric in ['engagements', 'post_engagements'] %}
    union all

    select
        breaks.platform,
        '{{ metric }}' as metric,
        breaks.effective_on

    from {{ ref('int_breaks') }} as breaks
    inner join registry
        on breaks.platform = registry.platform
        and breaks.native_metric = registry.native_metric
    where
        registry.counts_as_engagement
        and not breaks.is_comparable
    {% endfor %}

),

-- the organization's accounts that were neither gone nor closed when the initiative began
places as (

    select
        initiatives.initiative_id,
        directory.platform,
        count(*) as accounts_there

    from initiatives
    inner join {{ ref('int_directory') }} as directory on initiatives.organization_id = directory.organization_id
    where
        directory.is_latest
        and {{ was_there('directory', 'initiatives.started_on') }}
        and coalesce(initiatives.ended_on, date '9999-12-31') >= coalesce(directory.opened_on, date '0001-01-01')
    group by initiatives.initiative_id, directory.platform

),

latest_days as (

    select
        platform,
        max(measured_on) as latest_on

    from {{ ref('int_platform_days') }}
    group by platform

),

-- an initiative without a platform is looked at wherever its organization has accounts with the metric
on_platforms as (

    select
        initiative_id,
        organization_id,
        metric,
        started_on,
        ended_on,
        platform

    from initiatives
    where platform is not null

    union all

    select
        initiatives.initiative_id,
        initiatives.organization_id,
        initiatives.metric,
        initiatives.started_on,
        initiatives.ended_on,
        places.platform

    from initiatives
    inner join places on initiatives.initiative_id = places.initiative_id
    inner join measures
        on places.platform = measures.platform
        and initiatives.metric = measures.metric
    where initiatives.platform is null

),

dated as (

    select
        on_platforms.initiative_id,
        on_platforms.organization_id,
        on_platforms.platform,
        on_platforms.metric,
        on_platforms.started_on,
        {{ days_before('on_platforms.started_on', 1) }} as start_on,
        least(on_platforms.ended_on, latest_days.latest_on) as end_on,
        coalesce(on_platforms.ended_on > latest_days.latest_on, true) as is_ongoing

    from on_platforms
    left join latest_days on on_platforms.platform = latest_days.platform

),

measured as (

    select
        dated.*,
        coalesce(places.accounts_there, 0) as accounts_there,
        measures.kind,
        {{ days_between('dated.start_on', 'dated.end_on') }} as days

    from dated
    left join places
        on dated.initiative_id = places.initiative_id
        and dated.platform = places.platform
    left join measures
        on dated.platform = measures.platform
        and dated.metric = measures.metric

),

-- laid back by its own length, an initiative covers days on which there was none
trials as (

    select
        'initiative' as trial,
        initiative_id,
        organization_id,
        platform,
        metric,
        kind,
        started_on,
        start_on,
        end_on,
        days,
        is_ongoing,
        accounts_there

    from measured

    union all

    select
        'before' as trial,
        initiative_id,
        organization_id,
        platform,
        metric,
        kind,
        cast(started_on - days * interval 1 day as date) as started_on,
        cast(start_on - days * interval 1 day as date) as start_on,
        start_on as end_on,
        days,
        false as is_ongoing,
        accounts_there

    from measured
    where days > 0

),

broken as (

    select
        trials.initiative_id,
        trials.platform,
        trials.trial,
        max(case when breaks.effective_on <= trials.start_on then breaks.effective_on end) as comparable_from_on,
        min(case when breaks.effective_on > trials.start_on then breaks.effective_on end) as break_on

    from trials
    inner join breaks
        on trials.platform = breaks.platform
        and trials.metric = breaks.metric
        and trials.end_on >= breaks.effective_on
    group by trials.initiative_id, trials.platform, trials.trial

),

whole_weeks as (

    select
        *,
        floor(({{ days_between(week_start(days_after('started_on', 6)), 'end_on') }} + 1) / 7.0) as weeks

    from trials

)

select
    concat(whole_weeks.initiative_id, '/', whole_weeks.platform, '/', whole_weeks.trial) as window_id,
    whole_weeks.trial,
    whole_weeks.initiative_id,
    whole_weeks.organization_id,
    whole_weeks.platform,
    whole_weeks.metric,
    whole_weeks.kind,
    whole_weeks.started_on,
    whole_weeks.start_on,
    whole_weeks.end_on,
    whole_weeks.is_ongoing,
    whole_weeks.accounts_there,
    whole_weeks.days,
    cast(greatest(whole_weeks.weeks, 0) as integer) as weeks,
    broken.comparable_from_on,
    case
        when whole_weeks.kind is null then 'the platform shows no such metric'
        when whole_weeks.days is null or whole_weeks.days <= 0 then 'it begins after the latest day observed'
        when whole_weeks.days < 7 then 'it has run for less than seven days'
        when whole_weeks.kind = 'flow' and whole_weeks.weeks < 1 then 'no whole week lies within it'
        when broken.break_on is not null then concat('the metric means something else since ', broken.break_on)
    end as obstacle

from whole_weeks
left join broken
    on whole_weeks.initiative_id = broken.initiative_id
    and whole_weeks.platform = broken.platform
    and whole_weeks.trial = broken.trial
