{{ config(materialized='incremental') }}

with

files as (

    select * from {{ ref('landed_files') }}
    where load_id > {{ last_load() }}

),

-- a call about one account counts when read to its end; of one about many each has an answer of its own
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

),

keyed as (

    select distinct
        {{ account_key('looked_for_posts') }} as account_key,
        looked_for_posts.measured_on,
        files.load_id

    from looked_for_posts
    inner join files on looked_for_posts.file = files.file

),

answered as (

    select
        account_key,
        measured_on

    from {{ ref('int_observations') }}
    where
        post_id is null
        and value is not null
        and not is_imported
        and {{ is_among('measured_on', days_replaced([])) }}

)

select * from keyed
where (account_key, measured_on) in (
    select
        account_key,
        measured_on

    from answered
)
