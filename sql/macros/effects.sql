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


{# Whether an account was neither gone from the directory nor closed on the day an initiative began. #}
{% macro was_there(directory, started_on) -%}
    {{ started_on }} < coalesce({{ directory }}.replaced_on, date '9999-12-31')
    and {{ started_on }} < coalesce({{ directory }}.closed_on, date '9999-12-31')
{%- endmacro %}


{# A share as percent with one decimal, for a sentence. #}
{% macro percent(share) -%}
    cast(100 * ({{ share }}) as decimal(18, 1)), ' %'
{%- endmacro %}
