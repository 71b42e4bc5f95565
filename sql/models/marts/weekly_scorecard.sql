{%- set figures = [
    'value', 'low', 'high', 'change', 'change_low', 'change_high', 'last_year_value', 'change_since_last_year'
] -%}

with

organizations as (

    select * from {{ ref('organizations') }}
    where is_own

),

weeks as (

    select * from {{ ref('int_account_weeks') }}
    where
        organization_id in (select organization_id from organizations)
        and metric in ({{ headline_metrics() }})

),

account_weeks as (

    select * from {{ ref('account_weeks') }}
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

),

-- a sum over the organization's accounts is known only where every account's figure is
summed as (

    select
        account_weeks.organization_id,
        account_weeks.platform,
        account_weeks.metric,
        account_weeks.week_start_on,
        count(*) as accounts,
        {% for figure in figures %}
        case
            when count(account_weeks.{{ figure }}) = count(*) then cast(sum(account_weeks.{{ figure }}) as bigint)
        end as {{ figure }},
        {% endfor %}
        bool_and(account_weeks.is_complete) as is_complete,
        bool_or(weeks.has_anomaly) as has_anomaly,
        min(account_weeks.reason) as reason,
        bool_or(account_weeks.low is distinct from account_weeks.high and account_weeks.value is not null) as is_rounded

    from account_weeks
    inner join weeks
        on account_weeks.account_key = weeks.account_key
        and account_weeks.metric = weeks.metric
        and account_weeks.week_start_on = weeks.week_start_on
    group by account_weeks.organization_id, account_weeks.platform, account_weeks.metric, account_weeks.week_start_on

),

figures as (

    select
        organization_id,
        platform,
        metric,
        week_start_on,
        case when is_complete and not has_anomaly then change end as figure,
        true as is_wanted

    from summed

),

{{ usual_range('figures', ['organization_id', 'platform', 'metric']) }},

compared as (

    select
        summed.*,
        usual.usual_low,
        usual.usual_high,
        coalesce(usual.usual_weeks, 0) as usual_weeks

    from summed
    left join usual
        on summed.organization_id = usual.organization_id
        and summed.platform = usual.platform
        and summed.metric = usual.metric
        and summed.week_start_on = usual.week_start_on

)

select
    compared.organization_id,
    organizations.name,
    compared.platform,
    compared.metric,
    registry.display_name,
    {{ iso_week('compared.week_start_on') }} as week,
    compared.week_start_on,
    cast(compared.accounts as integer) as accounts,
    compared.value,
    compared.low,
    compared.high,
    compared.change,
    compared.change_low,
    compared.change_high,
    case
        when compared.value - compared.change > 0 then compared.change / (compared.value - compared.change)
    end as growth_rate,
    compared.usual_low,
    compared.usual_high,
    cast(compared.usual_weeks as integer) as usual_weeks,
    {{ reading('compared.change', 'compared.change_low', 'compared.change_high') }} as reading,
    compared.last_year_value,
    compared.change_since_last_year,
    compared.is_complete,
    compared.reason,
    compared.is_rounded,
    breaks.note

from compared
inner join organizations
    on compared.organization_id = organizations.organization_id
left join registry
    on compared.platform = registry.platform
    and compared.metric = registry.metric
left join breaks
    on compared.platform = breaks.platform
    and compared.metric = breaks.metric
    and compared.week_start_on = breaks.week_start_on
