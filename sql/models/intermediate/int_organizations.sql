with

files as (

    select * from {{ ref('landed_files') }}
    where kind = 'organizations'

),

rows_landed as (

    select
        organizations.*,
        files.load_id

    from {{ ref('stg_organizations') }} as organizations
    inner join files on organizations.file = files.file

),

-- the last snapshot of a day counts
of_the_days as (

    select
        organization_id,
        region,
        bed_size,
        ownership,
        teaching,
        setting,
        measured_on as in_force_on,
        load_id

    from rows_landed
    qualify dense_rank() over (partition by measured_on order by landed_at desc, run_id desc) = 1

),

-- the first snapshot also speaks for the time before it
snapshots as (

    select
        in_force_on,
        case
            when lag(in_force_on) over (order by in_force_on) is null then date '0001-01-01'
            else in_force_on
        end as listed_from_on,
        coalesce(lead(in_force_on) over (order by in_force_on), date '9999-12-31') as listed_until_on

    from (select distinct in_force_on from of_the_days) as days

),

-- before its first snapshot an organization is described by that one, after its last by that
described as (

    select
        of_the_days.*,
        snapshots.listed_from_on,
        snapshots.listed_until_on,
        lag(of_the_days.in_force_on) over organization is null as is_first,
        case
            when lag(of_the_days.in_force_on) over organization is null then date '0001-01-01'
            else of_the_days.in_force_on
        end as described_from_on,
        coalesce(lead(of_the_days.in_force_on) over organization, date '9999-12-31') as described_until_on

    from of_the_days
    inner join snapshots on of_the_days.in_force_on = snapshots.in_force_on
    window organization as (partition by of_the_days.organization_id order by of_the_days.in_force_on)

)

select * from described
