{# Sums over each organization's accounts by week or month, as CTEs. `periods`: a CTE of account_weeks or account_months.
   A sum is known only where every account's figure is. Ends in the CTE `summed`. #}
{% macro sums_of_accounts(periods, period) %}
{%- set start = period ~ '_start_on' -%}
{%- set figures = [
    'value', 'low', 'high', 'change', 'change_low', 'change_high',
    'last_year_value', 'last_year_change',
    'change_since_last_year', 'change_since_last_year_low', 'change_since_last_year_high'
] -%}
summed as (

    select
        organization_id,
        platform,
        metric,
        {{ start }},
        max(kind) as kind,
        count(*) as accounts,
        {% for figure in figures %}
        case when count({{ figure }}) = count(*) then cast(sum({{ figure }}) as bigint) end as {{ figure }},
        {% endfor %}
        min(reason) as reason,
        bool_and(is_complete) as is_complete,
        bool_or(has_anomaly) as has_anomaly,
        max(break_on) as break_on,
        bool_or(low is distinct from high and value is not null) as is_rounded

    from {{ periods }}
    where organization_id is not null
    group by organization_id, platform, metric, {{ start }}

)
{% endmacro %}


{# The whole of organization_weeks and organization_months. #}
{% macro organization_periods(period) %}
{%- set start = period ~ '_start_on' -%}
{%- set of_accounts = ref('account_weeks') if period == 'week' else ref('account_months') -%}
{%- set within = var('usual_within') | int -%}

{#- The accounts' periods that were replaced are those whose sums, usual ranges and years before may differ; the periods
    before them stand in this table. -#}
{%- set replaced = 'select distinct ' ~ start ~ ' from ' ~ of_accounts ~ ' where load_id > ' ~ last_load() -%}
{%- set wanted = (starts_of(days_replaced([]), period) + literals(replaced)) | unique | list -%}
{%- set before = starts_moved(wanted, range(-within, 0), period) | reject('in', wanted) | list -%}

with

of_accounts as (

    select * from {{ of_accounts }}
    where {{ is_among(start, wanted) }}

),

{{ sums_of_accounts('of_accounts', period) }},

figures as (

    select
        organization_id,
        platform,
        metric,
        {{ start }},
        break_on,
        {{ comparable_figures(period) }},
        true as is_wanted

    from summed

    {% if is_incremental() %}
    union all

    select
        organization_id,
        platform,
        metric,
        {{ start }},
        break_on,
        {{ comparable_figures(period) }},
        false as is_wanted

    from {{ this }}
    where {{ is_among(start, before) }}

    {% endif %}
),

{{ usual_range('figures', ['organization_id', 'platform', 'metric'], period) }},

compared as (

    select
        summed.*,
        usual.usual_low,
        usual.usual_high,
        coalesce(usual.usual_{{ period }}s, 0) as usual_{{ period }}s

    from summed
    left join usual
        on summed.organization_id = usual.organization_id
        and summed.platform = usual.platform
        and summed.metric = usual.metric
        and summed.{{ start }} = usual.{{ start }}

)

select
    organization_id,
    platform,
    metric,
    kind,
    {% if period == 'week' -%}
    {{ iso_week(start) }} as week,
    week_start_on,
    {%- else -%}
    {{ calendar_month(start) }} as month,
    month_start_on,
    cast({{ fiscal_year(start) }} as integer) as fiscal_year,
    cast({{ fiscal_quarter(start) }} as integer) as fiscal_quarter,
    {%- endif %}
    cast(accounts as integer) as accounts,
    value,
    low,
    high,
    reason,
    change,
    change_low,
    change_high,
    case when value - change > 0 then change / (value - change) end as growth_rate,
    case when low - change_low > 0 then change_low / (low - change_low) end as growth_rate_low,
    case when high - change_high > 0 then change_high / (high - change_high) end as growth_rate_high,
    is_complete,
    has_anomaly,
    is_rounded,
    break_on,
    usual_low,
    usual_high,
    cast(usual_{{ period }}s as integer) as usual_{{ period }}s,
    {{ reading_of_period() }} as reading,
    last_year_value,
    last_year_change,
    change_since_last_year,
    change_since_last_year_low,
    change_since_last_year_high,
    cast({{ this_load() }} as integer) as load_id

from compared
{% endmacro %}
