{{ config(materialized='incremental') }}

{#- Loads go on counting through a rebuild by hand, so that one that stops halfway leaves no model ahead of the files. -#}
{%- set before = adapter.get_relation(this.database, this.schema, this.identifier) if execute else none -%}
{%- set known = run_query('select coalesce(max(load_id), 0) from ' ~ before).columns[0].values()[0] if before else 0 -%}
{%- set root = env_var('SOCIALMETRICS_LANDING') -%}

with

files as (

    select
        file,
        split_part(substr(file, length('{{ root }}') + 2), '/', 1) as kind

    from {{ landing_files() }}
    where file not like '%/columns.parquet'

)

select
    files.file,
    files.kind,
    cast({{ known + 1 }} as integer) as load_id

from files

{% if is_incremental() %}
    left join {{ this }} as known on files.file = known.file
    where known.file is null
{% endif %}
