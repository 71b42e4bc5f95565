{# Everything that DuckDB and another engine spell differently; each is dispatched. #}


{# The folder that holds landing. #}
{% macro landing_root() %}{{ return(env_var('SOCIALMETRICS_LANDING')) }}{% endmacro %}


{# The rows of one kind of landing file, with the `file` each came from. A filter on `file` opens only those files. #}
{% macro landing(source) %}
    {{ return(source if model.resource_type == 'unit_test' else adapter.dispatch('landing')(source)) }}
{% endmacro %}

{% macro duckdb__landing(source) -%}
    read_parquet(
        '{{ landing_root() }}/{{ source.identifier }}/**/*.parquet',
        filename = 'file', hive_partitioning = false, union_by_name = false
    )
{%- endmacro %}

{% macro spark__landing(source) -%}
    (
        select *, {{ spark_file() }} as file
        from parquet.`{{ landing_root() }}/{{ source.identifier }}/{*,*/*,*/*/*}.parquet`
    )
{%- endmacro %}

{% macro spark_file() %}regexp_replace(_metadata.file_path, '^file:/+', '/'){% endmacro %}


{# The names of all landing files. #}
{% macro landing_files() %}{{ return(adapter.dispatch('landing_files')()) }}{% endmacro %}

{% macro duckdb__landing_files() -%}
    glob('{{ landing_root() }}/*/**/*.parquet')
{%- endmacro %}

{% macro spark__landing_files() -%}
    (
        select {{ spark_file() }} as file
        from binaryfile.`{{ landing_root() }}/*/{*,*/*,*/*/*}.parquet`
    )
{%- endmacro %}


{# A deterministic whole number from a text: 60 bits of its md5. #}
{% macro hash_key(text) %}{{ return(adapter.dispatch('hash_key')(text)) }}{% endmacro %}

{% macro duckdb__hash_key(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}

{% macro spark__hash_key(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}


{# An instant (naive UTC) on the clock of a time zone. #}
{% macro local_time(instant, timezone) %}{{ return(adapter.dispatch('local_time')(instant, timezone)) }}{% endmacro %}

{% macro duckdb__local_time(instant, timezone) -%}
    {%- if timezone == 'UTC' -%}
    {{ instant }}
    {%- else -%}
    ({{ instant }} at time zone 'UTC') at time zone '{{ timezone }}'
    {%- endif -%}
{%- endmacro %}

{% macro spark__local_time(instant, timezone) -%}
    convert_timezone('UTC', '{{ timezone }}', {{ instant }})
{%- endmacro %}


{# One row per member of a list, in a select list. #}
{% macro each_of(list) %}{{ return(adapter.dispatch('each_of')(list)) }}{% endmacro %}

{% macro duckdb__each_of(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__each_of(list) -%}
    explode({{ list }})
{%- endmacro %}


{# The median of a window with an order; Spark's own `median` takes none. #}
{% macro median_over(figure, named) %}{{ return(adapter.dispatch('median_over')(figure, named)) }}{% endmacro %}

{% macro duckdb__median_over(figure, named) -%}
    median({{ figure }}) over {{ named }}
{%- endmacro %}

{% macro spark__median_over(figure, named) -%}
    percentile({{ figure }}, 0.5) over {{ named }}
{%- endmacro %}


{# A seed's rows. dbt-spark would put a text between quotes as it stands; ours may hold an apostrophe. #}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- call statement() -%}
    insert into {{ this }} values
    {%- for row in agate_table.rows %}
    (
        {%- for name, text in row.items() -%}
        cast(
            {%- if text is none %}null{% else %}'{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'{% endif %} as {{ model.config.column_types[name] -}}
        ){{ ', ' if not loop.last }}
        {%- endfor -%}
    ){{ ',' if not loop.last }}
    {%- endfor %}
    {%- endcall -%}
{% endmacro %}
