with

days as (

    select * from {{ ref('int_platform_days') }}
    where is_set_up

),

coverage as (

    select * from {{ ref('int_coverage') }}

),

calls as (

    select
        platform,
        measured_on,
        cast(sum(calls) as bigint) as calls,
        cast(sum(units) as bigint) as units,
        cast(sum(dollars) as decimal(18, 6)) as dollars

    from {{ ref('int_calls') }}
    group by platform, measured_on

),

counted as (

    select
        days.platform,
        days.measured_on,
        coalesce(coverage.expected, 0) as expected,
        coalesce(coverage.observed, 0) as observed,
        coalesce(coverage.missing, 0) as missing,
        {% for reason in reasons() %}
        coalesce(coverage.missing_{{ reason }}, 0) as missing_{{ reason }},
        {% endfor %}
        coalesce(coverage.accounts_expected, 0) as accounts_expected,
        coalesce(coverage.accounts_observed, 0) as accounts_observed,
        coalesce(calls.calls, 0) as calls,
        coalesce(calls.units, 0) as units,
        coalesce(calls.dollars, 0) as dollars,
        days.status,
        days.message

    from days
    left join coverage
        on days.platform = coverage.platform
        and days.measured_on = coverage.measured_on
    left join calls
        on days.platform = calls.platform
        and days.measured_on = calls.measured_on

),

-- what the account's owner or the platform took away is nobody's failure to collect
judged as (

    select
        *,
        missing = (
            missing_hidden + missing_not_found + missing_suspended + missing_forbidden + missing_retired
        ) as is_complete

    from counted

)

select
    platform,
    measured_on,
    expected,
    observed,
    missing,
    {% for reason in reasons() %}
    missing_{{ reason }},
    {% endfor %}
    accounts_expected,
    accounts_observed,
    is_complete,
    max(case when is_complete then measured_on end) over (
        partition by platform
        order by measured_on
        rows between unbounded preceding and current row
    ) as complete_through_on,
    calls,
    units,
    cast(dollars as decimal(18, 6)) as dollars,
    status,
    message

from judged
