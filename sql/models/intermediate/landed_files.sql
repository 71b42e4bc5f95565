{{ config(materialized='incremental') }}

{#- Loads go on counting through a rebuild by hand: one that stops halfway leaves no model ahead of the files. -#}
{%- set before = highest_load_of(this) -%}

with

files as (

    select
        file,
        split_part(substr(file, length('{{ landing_root() }}') + 2), '/', 1) as kind

    from {{ landing_files() }}
    where
        file not like '%/columns.parquet'
        and {{ file_landed_by('file') }}
        {%- if landed_until() %}
        and split_part(split_part(file, '/fetched_on=', 2), '/', 1) <= '{{ landed_until() }}'
        {%- endif %}

)

select
    files.file,
    files.kind,
    cast({{ before }} + 1 as integer) as load_id

from files
{% if is_incremental() -%}
where files.file not in (select known.file from {{ this }} as known)
{%- endif %}
