{# As of a past instant the program looks only at what had landed by then: row by row, so that it does not matter
   into which file compaction has put a row since. #}


{# A condition that a row had landed: the instant is the row's own. Always true for the present. #}
{% macro landed_by(instant) -%}
    {%- if var('as_of') -%}
        {{ instant }} <= cast('{{ var('as_of') }}' as timestamp)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{# A condition that a file had landed, by the instant its name begins with; a month's file is judged by its rows. #}
{% macro file_landed_by(file) -%}
    {%- if var('as_of') -%}
        rpad(regexp_extract({{ file }}, '([0-9]{8}T[0-9]+)Z[^/]*$', 1), 21, '0')
        <= '{{ modules.datetime.datetime.fromisoformat(var('as_of')).strftime('%Y%m%dT%H%M%S%f') }}'
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
