{# The lowest and highest figure of the last comparable weeks before each week, as CTEs.
   `weeks`: a CTE with the keys, week_start_on, figure (null where the week is not comparable) and is_wanted. Ends in the CTE `usual`. #}
{% macro usual_range(weeks, keys) %}
weeks_before as (

    select
        {% for key in keys %}{{ weeks }}.{{ key }}, {% endfor %}
        {{ weeks }}.week_start_on,
        earlier.figure

    from {{ weeks }}
    inner join {{ weeks }} as earlier
        on {% for key in keys %}{{ weeks }}.{{ key }} = earlier.{{ key }} and {% endfor %}
        earlier.week_start_on < {{ weeks }}.week_start_on
        and earlier.week_start_on >= {{ days_before(weeks ~ '.week_start_on', 7 * var('usual_weeks_within')) }}
    where
        {{ weeks }}.is_wanted
        and earlier.figure is not null
    qualify
        row_number() over (
            partition by {% for key in keys %}{{ weeks }}.{{ key }}, {% endfor %}{{ weeks }}.week_start_on
            order by earlier.week_start_on desc
        ) <= {{ var('usual_weeks') }}

),

usual as (

    select
        {% for key in keys %}{{ key }}, {% endfor %}
        week_start_on,
        case when count(*) >= {{ var('usual_weeks_at_least') }} then min(figure) end as usual_low,
        case when count(*) >= {{ var('usual_weeks_at_least') }} then max(figure) end as usual_high,
        count(*) as usual_weeks

    from weeks_before
    group by {% for key in keys %}{{ key }}, {% endfor %}week_start_on

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
