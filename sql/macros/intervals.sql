{# The interval a figure stands for. A platform that rounds down to three figures hides what follows them;
   an imported figure that was rounded lies within half a unit of its last digit that is not zero. #}


{% macro hidden_by_three_figures(value) -%}
    cast(pow(10, length(cast({{ value }} as string)) - 3) as bigint) - 1
{%- endmacro %}


{% macro half_a_unit(value) -%}
    cast(pow(10, length(cast({{ value }} as string)) - length(trim(trailing '0' from cast({{ value }} as string)))) / 2 as bigint)
{%- endmacro %}


{% macro lowest(value, precision, rounding, is_imported) -%}
    case
        when {{ is_imported }} and {{ precision }} = 'nearly' then null
        when {{ is_imported }} and {{ precision }} = 'rounded' and {{ value }} % 10 = 0 and {{ value }} <> 0
            then {{ value }} - {{ half_a_unit(value) }}
        else {{ value }}
    end
{%- endmacro %}


{% macro highest(value, precision, rounding, is_imported) -%}
    case
        when {{ is_imported }} and {{ precision }} = 'more_than' then null
        when {{ is_imported }} and {{ precision }} = 'rounded' and {{ value }} % 10 = 0 and {{ value }} <> 0
            then {{ value }} + {{ half_a_unit(value) }} - 1
        when not {{ is_imported }} and {{ rounding }} = 'three_figures_down' and {{ value }} >= 1000
            then {{ value }} + {{ hidden_by_three_figures(value) }}
        else {{ value }}
    end
{%- endmacro %}
