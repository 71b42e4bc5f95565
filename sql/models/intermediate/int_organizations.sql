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
last_of_the_day as (

    select distinct
        measured_on,
        landed_at,
        run_id,
        max(load_id) over (partition by measured_on, landed_at, run_id) as load_id

    from rows_landed
    qualify dense_rank() over (partition by measured_on order by landed_at desc, run_id desc) = 1

),

-- the first snapshot also speaks for the time before it
snapshots as (

    select
        *,
        case
            when lag(measured_on) over (order by measured_on) is null then date '0001-01-01'
            else measured_on
        end as listed_from_on,
        coalesce(lead(measured_on) over (order by measured_on), date '9999-12-31') as listed_until_on

    from last_of_the_day

),

-- what the last one of its day does not hold any more was listed on no day
named as (

    select
        rows_landed.*,
        rows_landed.landed_at = snapshots.landed_at and rows_landed.run_id = snapshots.run_id as is_listed,
        snapshots.listed_from_on,
        snapshots.listed_until_on,
        snapshots.load_id as settled_load_id

    from rows_landed
    inner join snapshots on rows_landed.measured_on = snapshots.measured_on
    qualify
        rank() over (
            partition by rows_landed.organization_id, rows_landed.measured_on
            order by rows_landed.landed_at desc, rows_landed.run_id desc
        ) = 1

),

in_order as (

    select
        *,
        max(case when is_listed then measured_on end) over (
            partition by organization_id
            order by measured_on
            rows between unbounded preceding and 1 preceding
        ) as earlier_on,
        min(case when is_listed then measured_on end) over (
            partition by organization_id
            order by measured_on
            rows between 1 following and unbounded following
        ) as later_on

    from named

)

-- before its first snapshot an organization is described by that one, after its last by that; what was taken back
-- before anything else named it stays for no day, so that a build knows whose past is described no more
select
    organization_id,
    region,
    bed_size,
    ownership,
    teaching,
    setting,
    measured_on as in_force_on,
    settled_load_id as load_id,
    case when is_listed then listed_from_on else measured_on end as listed_from_on,
    case when is_listed then listed_until_on else measured_on end as listed_until_on,
    earlier_on is null as is_first,
    case when earlier_on is null then date '0001-01-01' else measured_on end as described_from_on,
    case when is_listed then coalesce(later_on, date '9999-12-31') else date '0001-01-01' end as described_until_on

from in_order
where is_listed or earlier_on is null
