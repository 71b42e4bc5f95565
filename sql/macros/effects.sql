{# What the models of effects share. #}


{# A condition that a column is one of the dates a query finds, told as literals so that only their days are read. #}
{% macro is_one_of_the_days(column, query) -%}
    {%- if not execute or model.resource_type == 'unit_test' -%}
        true
    {%- else -%}
        {%- set days = run_query(query).columns[0].values() -%}
        {%- if days -%}
            {{ column }} in ({% for day in days %}date '{{ day }}'{{ ', ' if not loop.last }}{% endfor %})
        {%- else -%}
            false
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# A share as percent with one decimal, for a sentence. #}
{% macro percent(share) -%}
    cast(100 * ({{ share }}) as decimal(18, 1)), ' %'
{%- endmacro %}
