{{ config(materialized='incremental') }}

with

files as (

    select * from {{ ref('landed_files') }}
    where load_id > {{ last_load() }}

),

-- of a call about many accounts each has an answer of its own; one about a single account counts when read to its end
looked_for_posts as (

    select
        file,
        platform,
        measured_on,
        {{ each_of('asked') }} as account_id

    from {{ ref('stg_calls') }}
    where
        is_discovery
        and outcome = 'ok'
        and (is_last or cast(asked as string) like '%,%')
        and {{ is_in_new_file('calls') }}

)

select distinct
    {{ account_key('looked_for_posts') }} as account_key,
    looked_for_posts.measured_on,
    files.load_id

from looked_for_posts
inner join files on looked_for_posts.file = files.file
