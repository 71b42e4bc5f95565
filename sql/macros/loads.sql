{# Incremental by files. Every load has a number; a model goes on from its own highest, and replaces whole days. #}


{# The last day of fetching whose files are read now, where a build goes slice by slice; else empty. #}
{% macro landed_until() %}
    {{ return(env_var('SOCIALMETRICS_LANDED_UNTIL', '')) }}
{% endmacro %}


{# The load being built now: the highest in landed_files. #}
{% macro this_load() %}
    {%- set files = ref('landed_files') -%}
    {%- if not execute or model.resource_type == 'unit_test' -%}
        {{ return(1) }}
    {%- endif -%}
    {{ return(run_query('select coalesce(max(load_id), 0) from ' ~ files).columns[0].values()[0]) }}
{% endmacro %}


{# The highest load a table holds; 0 where there is no such table. #}
{% macro highest_load_of(relation) %}
    {%- set table = adapter.get_relation(relation.database, relation.schema, relation.identifier) if execute else none -%}
    {%- if not table -%}
        {{ return(0) }}
    {%- endif -%}
    {{ return(run_query('select coalesce(max(load_id), 0) from ' ~ table).columns[0].values()[0]) }}
{% endmacro %}


{# The highest load this model holds; 0 when it is built from nothing. #}
{% macro last_load() %}
    {{ return(highest_load_of(this) if is_incremental() else 0) }}
{% endmacro %}


{# The one column of a query as a list of SQL literals; empty when the model is built from nothing or `if_any` is empty. #}
{% macro literals(query, if_any=true) %}
    {%- if not is_incremental() or not if_any -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for value in run_query(query).columns[0].values() if value is not none -%}
        {%- if value is string -%}
            {%- do found.append("'" ~ value | replace("'", "''") ~ "'") -%}
        {%- else -%}
            {%- do found.append("date '" ~ value ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# A condition that a row's `file` is one of a kind that landed since a load. #}
{% macro is_in_file_since(landed_files, load, kind) -%}
    {%- set query = 'select file from ' ~ landed_files ~ " where kind = '" ~ kind ~ "' and load_id > " ~ load -%}
    {%- set files = run_query(query).columns[0].values() -%}
    {{ "file in ('" ~ files | join("', '") ~ "')" if files else 'false' }}
{%- endmacro %}


{#
A condition that a row's `file` is one of a kind that this model has not read yet, and no later one than landed_files
knows. Names, not a join: DuckDB would put the side of the rows in memory, as it takes them for one.
#}
{% macro is_in_new_file(kind) -%}
    {%- if execute and model.resource_type != 'unit_test' -%}
        {{ is_in_file_since(ref('landed_files'), last_load(), kind) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{# The newest file of a kind of the directory, as a subquery: it is the whole snapshot, also where it holds no row. #}
{% macro newest_file(kind) -%}
    (
        select max_by(landed.file, replace(landed.file, '.parquet', ''))
        from {{ ref('landed_files') }} as landed
        where landed.kind = '{{ kind }}'
    )
{%- endmacro %}


{# Whether a directory landed that this model has not read yet. #}
{% macro is_directory_new() %}
    {%- if not is_incremental() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set query -%}
        select count(*) from {{ ref('landed_files') }}
        where kind in ('accounts', 'organizations') and load_id > {{ last_load() }}
    {%- endset -%}
    {{ return(run_query(query).columns[0].values()[0] > 0) }}
{% endmacro %}


{# Before a model is filled anew whole, because of a new directory, what it held goes. #}
{% macro forget_if_directory_is_new() %}{{ 'delete from ' ~ this if is_directory_new() }}{% endmacro %}


{# A condition that a column is one of the literals; always true when the model is built from nothing. #}
{% macro is_among(column, values) -%}
    {%- if not is_incremental() -%}
        true
    {%- elif values -%}
        {{ column }} in ({{ values | unique | join(', ') }})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}


{# Each of these days moved by each of these numbers of days; days are literals. #}
{% macro days_moved(days, offsets) %}
    {%- set moved = [] -%}
    {%- for day in days -%}
        {%- set on = modules.datetime.date.fromisoformat(day[6:16]) -%}
        {%- for offset in offsets -%}
            {%- do moved.append("date '" ~ (on + modules.datetime.timedelta(days=offset)) ~ "'") -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(moved | unique | list) }}
{% endmacro %}


{# The Mondays of these days. #}
{% macro mondays(days) %}{{ return(starts_of(days, 'week')) }}{% endmacro %}


{# The days that models replaced since this one's last load, and the days whose rows may have gone. #}
{% macro days_replaced(models) %}
    {%- set last = last_load() -%}
    {%- set queries = [] -%}
    {%- for upstream in [ref('touched_days')] + models -%}
        {%- do queries.append('select measured_on from ' ~ upstream ~ ' where load_id > ' ~ last) -%}
    {%- endfor -%}
    {{ return(literals(queries | join(' union '))) }}
{% endmacro %}


{# The strategy `replace`: what the new rows name goes first, and so do touched days that have no rows any more, and
   the weeks of the model that `meta.weeks_of` names: all of them are filled again, and one may have no row left. #}
{% macro get_incremental_replace_sql(arguments) %}
    {%- set target = arguments['target_relation'] -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    {%- set key = arguments['unique_key'] -%}
    {%- if key is string -%}
    delete from {{ target }}
    where {{ key }} in (
        select {{ key }} from {{ arguments['temp_relation'] }}
        {%- if key in ('measured_on', 'week_start_on', 'month_start_on') %}
        union
        select {{ 'measured_on' if key == 'measured_on' else period_start('measured_on', key.split('_')[0]) }}
        from {{ ref('touched_days') }}
        where load_id > (select coalesce(max(load_id), 0) from {{ target }})
        {%- endif %}
        {%- if config.get('meta', {}).get('weeks_of') %}
        union
        select week_start_on from {{ ref(config.get('meta')['weeks_of']) }}
        where load_id > (select coalesce(max(load_id), 0) from {{ target }})
        {%- endif %}
    );
    {%- elif key -%}
    delete from {{ target }} using {{ arguments['temp_relation'] }} as new_rows
    where {% for column in key %}{{ 'and ' if not loop.first }}new_rows.{{ column }} = {{ target }}.{{ column }} {% endfor %};
    {%- endif %}
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ arguments['temp_relation'] }}
{% endmacro %}


{# Days of publication whose number of posts may have changed: of new posts, and before and after of those that moved. #}
{% macro days_published_anew() -%}
    select published_on from {{ ref('int_post_dates') }}
    where (account_key, post_id) in (
        select account_key, post_id from {{ ref('int_post_dates') }}
        where load_id > {{ last_load() }}
    )
{%- endmacro %}
