{{ config(materialized='incremental', unique_key='week_start_on', pre_hook='{{ forget_if_directory_is_new() }}') }}

{%- set replaced = 'select distinct week_start_on from ' ~ ref('account_weeks') ~ ' where load_id > ' ~ last_load() -%}

{#- Weeks to replace: those of which an account's was; a new directory may name and rank every week anew. -#}
{%- set weeks = mondays(days_replaced([]) + literals(replaced)) -%}
{%- set is_wanted = 'true' if is_directory_new() else is_among('week_start_on', weeks) -%}

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
        and {{ is_wanted }}

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
        case
            when count(distinct effective_on) = 1 then max(what_changed)
            else min_by(what_changed, effective_on) || ' ' || max_by(what_changed, effective_on)
        end as note

    from {{ ref('breaks') }}
    where subject = 'account'
    group by platform, metric, {{ week_start('effective_on') }}

),

expected as (

    select
        organization_id,
        platform,
        metric,
        week_start_on,
        sum(days_expected) as days_expected,
        sum(days_observed) as days_observed

    from {{ ref('account_weeks') }}
    where
        organization_id in (select organization_id from organizations)
        and metric in ({{ headline_metrics() }})
        and {{ is_wanted }}
    group by organization_id, platform, metric, week_start_on

),

-- hospitals like us are those of our stratum; where they are too few to be compared, all hospitals
standings as (

    select
        organization_id,
        platform,
        metric,
        week_start_on,
        stratum,
        stratum_value,
        n,
        rank_from,
        rank_to

    from {{ ref('peer_weeks') }}
    where
        organization_id in (select organization_id from organizations)
        and metric in ({{ headline_metrics() }})
        and {{ is_wanted }}
        and account_group = 'main'
        and stratum in ('{{ var('like_us') }}', 'all')
        and rank_from is not null
    qualify
        row_number() over (
            partition by organization_id, platform, metric, week_start_on
            order by
                case when stratum = 'all' then 1 else 0 end asc,
                value desc,
                account_key asc
        ) = 1

),

-- what has not settled yet is compared over the weekdays that have
pending as (

    select * from {{ ref('int_pending_weeks') }}

)

select
    weeks.organization_id,
    organizations.name,
    weeks.platform,
    weeks.metric,
    registry.display_name,
    weeks.kind,
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
    weeks.growth_rate_low,
    weeks.growth_rate_high,
    cast(coalesce(pending.days_known, 7) as integer) as compared_days,
    case when weeks.kind = 'flow' then coalesce(pending.value, weeks.value) end as compared_value,
    case when pending.days_known is null then weeks.usual_low else pending.usual_low end as usual_low,
    case when pending.days_known is null then weeks.usual_high else pending.usual_high end as usual_high,
    cast(coalesce(pending.usual_weeks, weeks.usual_weeks) as integer) as usual_weeks,
    coalesce(pending.reading, weeks.reading) as reading,
    weeks.last_year_value,
    weeks.change_since_last_year,
    weeks.change_since_last_year_low,
    weeks.change_since_last_year_high,
    -- the figure less its change is that of last year, the least that it can be less the least change the most
    {% for end, figure in [('', 'value'), ('_low', 'low'), ('_high', 'high')] %}
    case
        when weeks.{{ figure }} - weeks.change_since_last_year{{ end }} > 0
            then weeks.change_since_last_year{{ end }} / (weeks.{{ figure }} - weeks.change_since_last_year{{ end }})
    end as growth_since_last_year_rate{{ end }},
    {% endfor %}
    cast(standings.rank_from as integer) as rank_from,
    cast(standings.rank_to as integer) as rank_to,
    cast(standings.n as integer) as rank_n,
    standings.stratum as rank_stratum,
    standings.stratum_value as rank_stratum_value,
    cast(expected.days_expected as integer) as days_expected,
    cast(expected.days_observed as integer) as days_observed,
    weeks.is_complete,
    weeks.reason,
    weeks.is_rounded,
    breaks.note,
    cast({{ this_load() }} as integer) as load_id

from weeks
inner join organizations
    on weeks.organization_id = organizations.organization_id
inner join expected
    on weeks.organization_id = expected.organization_id
    and weeks.platform = expected.platform
    and weeks.metric = expected.metric
    and weeks.week_start_on = expected.week_start_on
left join pending
    on weeks.organization_id = pending.organization_id
    and weeks.platform = pending.platform
    and weeks.metric = pending.metric
    and weeks.week_start_on = pending.week_start_on
left join standings
    on weeks.organization_id = standings.organization_id
    and weeks.platform = standings.platform
    and weeks.metric = standings.metric
    and weeks.week_start_on = standings.week_start_on
left join registry
    on weeks.platform = registry.platform
    and weeks.metric = registry.metric
left join breaks
    on weeks.platform = breaks.platform
    and weeks.metric = breaks.metric
    and weeks.week_start_on = breaks.week_start_on
