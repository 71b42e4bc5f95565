{# The Theil-Sen slope of the logarithm over each week and those before it, as CTEs: the median of the slopes between all
   pairs of points, so that one odd week does not turn it. `weeks`: a CTE with the keys, week_start_on, end_on, value,
   break_on and is_wanted. A point is a value above zero on the same side of a break. Ends in the CTE `trends`. #}
{% macro robust_slope(weeks, keys) %}
trend_points as (

    select
        {% for key in keys %}{{ weeks }}.{{ key }}, {% endfor %}
        {{ weeks }}.week_start_on,
        point.end_on as point_on,
        ln(point.value) as size

    from {{ weeks }}
    inner join {{ weeks }} as point
        on {% for key in keys %}{{ weeks }}.{{ key }} = point.{{ key }} and {% endfor %}
        {{ weeks }}.break_on is not distinct from point.break_on
        and {{ weeks }}.week_start_on >= point.week_start_on
        and {{ days_before(weeks ~ '.week_start_on', 7 * var('trend_weeks')) }} < point.week_start_on
    where
        {{ weeks }}.is_wanted
        and {{ weeks }}.value > 0
        and point.value > 0

),

trend_counts as (

    select
        {% for key in keys %}{{ key }}, {% endfor %}
        week_start_on,
        count(*) as trend_weeks

    from trend_points
    group by {% for key in keys %}{{ key }}, {% endfor %}week_start_on

),

trend_slopes as (

    select
        {% for key in keys %}earlier.{{ key }}, {% endfor %}
        earlier.week_start_on,
        7 * (later.size - earlier.size) / {{ days_between('earlier.point_on', 'later.point_on') }} as slope

    from trend_points as earlier
    inner join trend_points as later
        on {% for key in keys %}earlier.{{ key }} = later.{{ key }} and {% endfor %}
        earlier.week_start_on = later.week_start_on
        and earlier.point_on < later.point_on

),

trend_medians as (

    select
        {% for key in keys %}{{ key }}, {% endfor %}
        week_start_on,
        median(slope) as slope

    from trend_slopes
    group by {% for key in keys %}{{ key }}, {% endfor %}week_start_on

),

trends as (

    select
        trend_counts.*,
        case
            when trend_counts.trend_weeks >= {{ var('trend_weeks_at_least') }} then exp(trend_medians.slope) - 1
        end as trend_weekly_rate

    from trend_counts
    left join trend_medians
        on {% for key in keys %}trend_counts.{{ key }} = trend_medians.{{ key }} and {% endfor %}
        trend_counts.week_start_on = trend_medians.week_start_on

)
{% endmacro %}
