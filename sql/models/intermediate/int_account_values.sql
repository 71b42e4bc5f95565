{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set touched = days_replaced([]) -%}

{#- Figures and zeros on the days around may now be judged otherwise. -#}
{%- set reach = var('anomaly_days') | int -%}
{%- set around = days_moved(touched, range(-reach, reach + 1)) -%}
{%- set figures -%}
    with

    {{ redefinitions() }},

    {{ standing_apart(around) }},

    {{ judged_otherwise('apart', 'value <> 0', around) }}
{%- endset -%}
{%- set around = days_moved(touched, range(-2 * reach, 2 * reach + 1)) -%}
{%- set zeros -%}
    with

    {{ false_zeros(around) }},

    {{ judged_otherwise('false_zeros', 'value = 0', around) }}
{%- endset -%}
{%- set days = touched + literals(zeros, touched) + literals(figures, touched) -%}

with

registry as (

    select * from {{ ref('metrics') }}
    where subject = 'account'

),

{{ redefinitions() }},

directory as (

    select * from {{ ref('int_directory') }}

),

runs as (

    select
        platform,
        run_id,
        max_by(scheduled_at, started_at) as scheduled_at

    from {{ ref('int_runs') }}
    group by platform, run_id

),

due as (

    select
        directory.account_key,
        directory.platform,
        directory.account_id,
        days.measured_on

    from {{ ref('int_platform_days') }} as days
    inner join directory
        on days.platform = directory.platform
        and days.measured_on >= directory.in_force_on
        and days.measured_on < coalesce(directory.replaced_on, date '9999-12-31')
    where
        {{ is_among('days.measured_on', days) }}
        and days.is_set_up
        and directory.cadence <> 'never'
        and days.measured_on >= coalesce(directory.opened_on, days.measured_on)
        and days.measured_on < coalesce(directory.closed_on, date '9999-12-31')
        and coalesce(directory.weekday = {{ weekday('days.measured_on') }}, true)

),

of_the_days as (

    select * from {{ ref('int_observations') }}
    where
        post_id is null
        and metric is not null
        and {{ is_among('measured_on', days) }}
    qualify row_number() over (partition by account_key, metric, measured_on order by {{ which_counts() }}) = 1

),

expected as (

    select
        due.*,
        registry.metric

    from due
    inner join registry
        on due.platform = registry.platform
        and registry.is_public

),

found as (

    select
        account_key,
        platform,
        account_id,
        metric,
        measured_on,
        value,
        reason,
        precision,
        coalesce(date_precision, 'day') as date_precision,
        is_imported,
        fetched_at,
        run_id

    from of_the_days

    union all

    select
        expected.account_key,
        expected.platform,
        expected.account_id,
        expected.metric,
        expected.measured_on,
        null as value,
        'not_collected' as reason,
        null as precision,
        'day' as date_precision,
        false as is_imported,
        null as fetched_at,
        null as run_id

    from expected
    left join of_the_days
        on expected.account_key = of_the_days.account_key
        and expected.metric = of_the_days.metric
        and expected.measured_on = of_the_days.measured_on
    where of_the_days.account_key is null

),

-- beside what anyone sees, where its owner knows it exactly
exactly as (

    select
        account_key,
        metric,
        measured_on,
        value

    from {{ ref('int_observations') }}
    where
        is_imported
        and precision = 'exact'
        and date_precision = 'day'
        and {{ is_among('measured_on', days) }}
    qualify row_number() over (partition by account_key, metric, measured_on order by {{ which_counts() }}) = 1

),

{{ false_zeros(days) }},

{{ standing_apart(days) }},

judged as (

    select
        found.account_key,
        found.platform,
        found.account_id,
        directory.organization_id,
        found.metric,
        registry.kind,
        found.measured_on,
        found.value,
        {{ lowest('found.value', 'found.precision', 'registry.rounding', 'found.is_imported') }} as low,
        {{ highest('found.value', 'found.precision', 'registry.rounding', 'found.is_imported') }} as high,
        case when directory.is_own then exactly.value end as owner_value,
        found.precision as told_precision,
        found.date_precision,
        found.is_imported,
        found.reason,
        found.fetched_at,
        coalesce(false_zeros.account_key, apart.account_key) is not null as is_anomaly,
        case
            when found.is_imported then false
            when found.fetched_at > {{ hours_after('runs.scheduled_at', var('late_after_hours')) }} then true
            else false
        end as is_late,
        due.account_key is not null as is_due,
        case directory.cadence when 'daily' then 1 when 'weekly' then 7 end as cadence_days,
        breaks.effective_on as break_on

    from found
    left join directory
        on found.account_key = directory.account_key
        and found.measured_on >= directory.described_from_on
        and found.measured_on < directory.described_until_on
    left join registry -- noqa: ST11
        on found.platform = registry.platform
        and found.metric = registry.metric
    left join runs
        on found.platform = runs.platform
        and found.run_id = runs.run_id
    left join due
        on found.account_key = due.account_key
        and found.measured_on = due.measured_on
    left join exactly
        on found.account_key = exactly.account_key
        and found.metric = exactly.metric
        and found.measured_on = exactly.measured_on
    left join false_zeros
        on found.account_key = false_zeros.account_key
        and found.metric = false_zeros.metric
        and found.measured_on = false_zeros.measured_on
    left join apart
        on found.account_key = apart.account_key
        and found.metric = apart.metric
        and found.measured_on = apart.measured_on
    left join breaks
        on found.platform = breaks.platform
        and found.metric = breaks.metric
        and found.measured_on >= breaks.effective_on
        and found.measured_on < coalesce(breaks.next_on, date '9999-12-31')

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    metric,
    kind,
    measured_on,
    value,
    low,
    high,
    owner_value,
    case
        when is_imported then told_precision
        when value is null then null
        when low < high then 'rounded'
        else 'exact'
    end as precision,
    date_precision,
    is_imported,
    reason,
    fetched_at,
    value is not null and not is_anomaly as is_usable,
    is_anomaly,
    is_late,
    is_due,
    cadence_days,
    break_on,
    cast({{ this_load() }} as integer) as load_id

from judged
