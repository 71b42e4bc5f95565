{# Figures that stand apart from those around them and are gone again: a platform's slip, not the audience's.
   A level or counter is judged on the logarithmic scale among its neighbours: what the platform said of the same series above zero
   within 28 days before and after, on the same side of a break, at least 6. It stands apart when it is further from their
   median than 5 of their scaled median absolute deviations, and than 0.25 (28 %); and when at least one neighbour before
   and one after it are not: what stays, a surge or a purge, is real, and of the newest day nobody can know yet. Where
   neither it nor the median reaches 100 nothing is said: small accounts jump. #}


{# The days on which accounts' metrics came to mean something else, each with the next. #}
{% macro redefinitions() %}
redefined as (

    select distinct
        platform,
        metric,
        effective_on

    from {{ ref('int_breaks') }}
    where not is_comparable and subject = 'account'

),

breaks as (

    select
        platform,
        metric,
        effective_on,
        lead(effective_on) over (partition by platform, metric order by effective_on) as next_on

    from redefined

)
{% endmacro %}


{# Those of the given days, after redefinitions(). Only series that vary enough within reach are looked at closely.
   Ends in the CTE `apart`. #}
{% macro standing_apart(days) %}
{%- set reach = var('anomaly_days') | int -%}
{%- set near = days_moved(days, range(-reach, reach + 1)) -%}
varying as (

    select
        account_key,
        metric

    from {{ ref('int_observations') }}
    where
        post_id is null
        and not is_imported
        and value > 0
        and {{ is_among('measured_on', near) }}
        and (platform, metric) in (
            select registry.platform, registry.metric from {{ ref('metrics') }} as registry
            where registry.subject = 'account' and registry.kind <> 'flow'
        )
    group by account_key, metric
    having
        max(value) >= {{ var('anomaly_size') }}
        and max(value) > exp({{ var('anomaly_distance') }}) * min(value)
        and count(*) > {{ var('anomaly_neighbours') }}

),

said as (

    select
        account_key,
        platform,
        metric,
        measured_on,
        value

    from {{ ref('int_observations') }}
    where
        post_id is null
        and not is_imported
        and value is not null
        and {{ is_among('measured_on', near) }}
        and (account_key, metric) in (select varying.account_key, varying.metric from varying)
    qualify row_number() over (partition by account_key, metric, measured_on order by {{ which_counts() }}) = 1

),

sized as (

    select
        said.account_key,
        said.metric,
        said.measured_on,
        {{ days_between("date '2000-01-01'", 'said.measured_on') }} as day_number,
        coalesce(breaks.effective_on, date '0001-01-01') as means_since_on,
        ln(said.value) as size

    from said
    left join breaks
        on said.platform = breaks.platform
        and said.metric = breaks.metric
        and said.measured_on >= breaks.effective_on
        and said.measured_on < coalesce(breaks.next_on, date '9999-12-31')
    where said.value > 0

),

ranged as (

    select
        *,
        min(size) over nearby as lowest,
        max(size) over nearby as highest

    from sized
    window nearby as (
        partition by account_key, metric, means_since_on
        order by day_number
        range between {{ reach }} preceding and {{ reach }} following
    )

),

beside as (

    select
        judged.account_key,
        judged.metric,
        judged.measured_on,
        judged.size,
        neighbours.measured_on as neighbour_on,
        neighbours.size as neighbour_size,
        median(neighbours.size) over (
            partition by judged.account_key, judged.metric, judged.measured_on
        ) as center

    from ranged as judged
    inner join sized as neighbours
        on judged.account_key = neighbours.account_key
        and judged.metric = neighbours.metric
        and judged.means_since_on = neighbours.means_since_on
        and judged.measured_on <> neighbours.measured_on
        and neighbours.day_number between judged.day_number - {{ reach }} and judged.day_number + {{ reach }}
    where
        {{ is_among('judged.measured_on', days) }}
        and greatest(judged.highest - judged.size, judged.size - judged.lowest) > {{ var('anomaly_distance') }}

),

deviating as (

    select
        *,
        greatest(
            -- 1.4826 makes of a median absolute deviation what a standard deviation would be
            {{ var('anomaly_deviations') }} * 1.4826 * median(abs(neighbour_size - center)) over (
                partition by account_key, metric, measured_on
            ),
            {{ var('anomaly_distance') }}
        ) as farthest

    from beside

),

apart as (

    select
        account_key,
        metric,
        measured_on

    from deviating
    where
        abs(size - center) > farthest
        and greatest(size, center) >= ln({{ var('anomaly_size') }})
    group by account_key, metric, measured_on
    having
        count(*) >= {{ var('anomaly_neighbours') }}
        and bool_or(neighbour_on < measured_on and abs(neighbour_size - center) <= farthest)
        and bool_or(neighbour_on > measured_on and abs(neighbour_size - center) <= farthest)

)
{% endmacro %}
