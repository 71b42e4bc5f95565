{# From the lowest to the highest that the figures of the last comparable weeks or months before each can have been, as CTEs.
   `periods`: a CTE with the keys, week_start_on or month_start_on, break_on, the comparable_figures and is_wanted. What meant
   something else before a break is not comparable after it. Ends in the CTE `usual`. #}
{% macro usual_range(periods, keys, period='week') %}
{%- set start = period ~ '_start_on' -%}
{{ periods }}_in_order as (

    select
        *,
        count(figure) over (
            partition by {% for key in keys %}{{ key }}, {% endfor %}break_on
            order by {{ start }}
            rows between unbounded preceding and 1 preceding
        ) as comparable_before

    from {{ periods }}
    where is_wanted or figure is not null

),

usual as (

    select
        {% for key in keys %}this_period.{{ key }}, {% endfor %}
        this_period.{{ start }},
        case
            when count(earlier.figure_low) = count(*) and count(*) >= {{ var('usual_at_least') }} then min(earlier.figure_low)
        end as usual_low,
        case
            when count(earlier.figure_high) = count(*) and count(*) >= {{ var('usual_at_least') }} then max(earlier.figure_high)
        end as usual_high,
        count(*) as usual_{{ period }}s

    from {{ periods }}_in_order as this_period
    inner join {{ periods }}_in_order as earlier
        on {% for key in keys %}this_period.{{ key }} = earlier.{{ key }} and {% endfor %}
        this_period.break_on is not distinct from earlier.break_on
        and this_period.comparable_before > earlier.comparable_before
        and this_period.comparable_before - {{ var('usual_periods') }} <= earlier.comparable_before
        and {{ periods_before('this_period.' ~ start, var('usual_within') | int, period) }} <= earlier.{{ start }}
    where
        this_period.is_wanted
        and earlier.figure is not null
    group by {% for key in keys %}this_period.{{ key }}, {% endfor %}this_period.{{ start }}

)
{% endmacro %}


{# What leadership reads: where a figure surely lies beside the usual range. #}
{% macro reading(low, high) -%}
    case
        when {{ low }} > usual_high then 'higher than usual'
        when {{ high }} < usual_low then 'lower than usual'
        when {{ low }} >= usual_low and {{ high }} <= usual_high then 'usual'
        else 'cannot tell'
    end
{%- endmacro %}


{# What of a period is compared with others': of a flow the figure itself unless a break lies within, of a level or counter
   its change; with the least and the most that it can be. Null where the period is not comparable. #}
{% macro comparable_figures(period) -%}
    {% for figure, of_flow, of_level in [
        ('figure', 'value', 'change'), ('figure_low', 'low', 'change_low'), ('figure_high', 'high', 'change_high')
    ] %}
    case
        when kind = 'flow' and is_complete and coalesce(break_on <= {{ period }}_start_on, true) then {{ of_flow }}
        when coalesce(kind, 'level') <> 'flow' and is_complete and not has_anomaly then {{ of_level }}
    end as {{ figure }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{% macro reading_of_period() -%}
    case
        when coalesce(kind, 'level') <> 'flow' then {{ reading('change_low', 'change_high') }}
        when is_complete then {{ reading('low', 'high') }}
        else 'cannot tell'
    end
{%- endmacro %}
