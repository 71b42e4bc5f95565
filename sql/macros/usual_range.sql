{# The lowest and highest figure of the last comparable weeks or months before each, as CTEs.
   `periods`: a CTE with the keys, week_start_on or month_start_on, break_on, figure (null where the period is not comparable)
   and is_wanted. What meant something else before a break is not comparable after it. Ends in the CTE `usual`. #}
{% macro usual_range(periods, keys, period='week') %}
{%- set start = period ~ '_start_on' -%}
earlier_periods as (

    select
        {% for key in keys %}{{ periods }}.{{ key }}, {% endfor %}
        {{ periods }}.{{ start }},
        earlier.figure

    from {{ periods }}
    inner join {{ periods }} as earlier
        on {% for key in keys %}{{ periods }}.{{ key }} = earlier.{{ key }} and {% endfor %}
        {{ periods }}.break_on is not distinct from earlier.break_on
        and earlier.{{ start }} < {{ periods }}.{{ start }}
        and earlier.{{ start }} >= {{ periods_before(periods ~ '.' ~ start, var('usual_within') | int, period) }}
    where
        {{ periods }}.is_wanted
        and earlier.figure is not null
    qualify
        row_number() over (
            partition by {% for key in keys %}{{ periods }}.{{ key }}, {% endfor %}{{ periods }}.{{ start }}
            order by earlier.{{ start }} desc
        ) <= {{ var('usual_periods') }}

),

usual as (

    select
        {% for key in keys %}{{ key }}, {% endfor %}
        {{ start }},
        case when count(*) >= {{ var('usual_at_least') }} then min(figure) end as usual_low,
        case when count(*) >= {{ var('usual_at_least') }} then max(figure) end as usual_high,
        count(*) as usual_{{ period }}s

    from earlier_periods
    group by {% for key in keys %}{{ key }}, {% endfor %}{{ start }}

)
{% endmacro %}


{# What leadership reads: a figure with its interval beside the usual range. #}
{% macro reading(figure, low, high) -%}
    case
        when {{ low }} > usual_high then 'higher than usual'
        when {{ high }} < usual_low then 'lower than usual'
        when {{ figure }} between usual_low and usual_high then 'usual'
        else 'cannot tell'
    end
{%- endmacro %}


{# What of a period is compared with others': of a flow the figure itself unless a break lies within, of a level or counter
   its change. #}
{% macro comparable_figure(period) -%}
    case
        when kind = 'flow' and is_complete and coalesce(break_on <= {{ period }}_start_on, true) then value
        when coalesce(kind, 'level') <> 'flow' and is_complete and not has_anomaly then change
    end
{%- endmacro %}


{% macro reading_of_period() -%}
    case
        when coalesce(kind, 'level') <> 'flow' then {{ reading('change', 'change_low', 'change_high') }}
        when is_complete then {{ reading('value', 'low', 'high') }}
        else 'cannot tell'
    end
{%- endmacro %}
