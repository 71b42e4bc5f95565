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


{# Of the given days, the platforms' zeros that are none: slips between a crowd and its return. Zeros with nothing above zero
   between them are one run, and all or none of it are false. They are where, within eight weeks of the last figure above
   zero before them, at least half of it is back (of one under 10: 100); and as long as that figure, of 10 at least, is no
   more than four weeks old and no zero after these four weeks says that the fall stays. With nothing told for four weeks
   before them they are where the first figure above zero, within four weeks of the first zero, is 100. Only what the
   platform itself says brings a crowd back, but a page may have told of the crowd before. Nothing further than eight weeks
   from a zero is looked at. Ends in the CTE `false_zeros`. #}
{% macro false_zeros(days) %}
{%- set four_weeks = var('anomaly_days') | int -%}
{%- set eight_weeks = 2 * four_weeks -%}
{%- set near = days_moved(days, range(-eight_weeks, eight_weeks + 1)) -%}
emptied as (

    select distinct
        account_key,
        metric

    from {{ ref('int_observations') }}
    where
        post_id is null
        and not is_imported
        and value = 0
        and {{ is_among('measured_on', days) }}
        and (platform, metric) in (
            select registry.platform, registry.metric from {{ ref('metrics') }} as registry
            where registry.subject = 'account' and registry.kind <> 'flow'
        )

),

told as (

    select
        account_key,
        metric,
        measured_on,
        {{ days_between("date '2000-01-01'", 'measured_on') }} as day_number,
        value,
        is_imported

    from {{ ref('int_observations') }}
    where
        post_id is null
        and value is not null
        and {{ is_among('measured_on', near) }}
        and (account_key, metric) in (select emptied.account_key, emptied.metric from emptied)
    qualify row_number() over (partition by account_key, metric, measured_on order by {{ which_counts() }}) = 1

),

looked_around as (

    select
        *,
        sum(case when value > 0 then 1 else 0 end) over so_far as run,
        max(case when not is_imported then value end) over eight_weeks_after as most_after,
        max(value) over eight_weeks_before as most_before,
        min(day_number) over eight_weeks_before as told_since

    from told
    -- most that are 0 have always been
    where (account_key, metric) in (
        select
            crowded.account_key,
            crowded.metric

        from told as crowded
        where crowded.value >= {{ var('anomaly_floor') }}
    )
    window
        so_far as (partition by account_key, metric order by day_number rows unbounded preceding),
        eight_weeks_after as (
            partition by account_key, metric
            order by day_number
            range between 1 following and {{ eight_weeks }} following
        ),
        eight_weeks_before as (
            partition by account_key, metric
            order by day_number
            range between {{ eight_weeks }} preceding and 1 preceding
        )

),

-- a run begins with the figure above zero before its zeros, where there is one
in_runs as (

    select
        *,
        first_value(day_number) over of_run as begins,
        first_value(value) over of_run as crowd,
        first_value(most_after) over of_run as most_back,
        not is_imported
        and value >= {{ var('anomaly_size') }}
        and most_before = 0
        and day_number - told_since <= {{ four_weeks }} as is_arrival

    from looked_around
    window of_run as (partition by account_key, metric, run order by day_number)

),

weighed as (

    select
        *,
        max(
            case when day_number - begins between {{ four_weeks + 1 }} and {{ eight_weeks }} then 1 else 0 end
        ) over (partition by account_key, metric, run) as stays,
        max(case when is_arrival then 1 else 0 end) over (
            partition by account_key, metric
            order by day_number
            range between 1 following and {{ four_weeks }} following
        ) as arrives

    from in_runs

),

false_zeros as (

    select
        account_key,
        metric,
        measured_on

    from weighed
    where
        value = 0
        and not is_imported
        and {{ is_among('measured_on', days) }}
        and (
            (
                crowd > 0
                and most_back >= case
                    when crowd >= {{ var('anomaly_floor') }} then crowd / 2
                    else {{ var('anomaly_size') }}
                end
            )
            or (crowd >= {{ var('anomaly_floor') }} and stays = 0 and day_number - begins <= {{ four_weeks }})
            or arrives = 1
        )

)
{% endmacro %}


{# After a judgement's CTEs: on which of the given days this model holds other anomalies than the CTE `judged_so`, among the
   figures for which `is_meant` holds. #}
{% macro judged_otherwise(judged_so, is_meant, days) %}
stood_so as (

    select
        account_key,
        metric,
        measured_on

    from {{ this }}
    where
        is_anomaly
        and {{ is_meant }}
        and {{ is_among('measured_on', days) }}

)

select distinct coalesce(judged_so.measured_on, stood_so.measured_on) as measured_on
from {{ judged_so }} as judged_so
full outer join stood_so
    on judged_so.account_key = stood_so.account_key
    and judged_so.metric = stood_so.metric
    and judged_so.measured_on = stood_so.measured_on
where
    judged_so.account_key is null
    or stood_so.account_key is null
{% endmacro %}
