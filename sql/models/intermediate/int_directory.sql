with

files as (

    select * from {{ ref('landed_files') }}
    where kind = 'accounts'

),

rows_landed as (

    select
        accounts.*,
        files.load_id

    from {{ ref('stg_accounts') }} as accounts
    inner join files on accounts.file = files.file

),

-- a snapshot is the whole directory: the last one of a day is in force until the next day that has one
last_of_the_day as (

    select distinct
        measured_on,
        landed_at,
        run_id,
        max(load_id) over (partition by measured_on, landed_at, run_id) as load_id

    from rows_landed
    qualify dense_rank() over (partition by measured_on order by landed_at desc, run_id desc) = 1

),

snapshots as (

    select
        *,
        lead(measured_on) over (order by measured_on) as replaced_on

    from last_of_the_day

),

-- what the last one of its day does not hold any more was in force on no day
named as (

    select
        rows_landed.*,
        rows_landed.landed_at = snapshots.landed_at and rows_landed.run_id = snapshots.run_id as is_in_force,
        snapshots.replaced_on,
        snapshots.load_id as settled_load_id

    from rows_landed
    inner join snapshots on rows_landed.measured_on = snapshots.measured_on
    where rows_landed.account_id is not null
    qualify
        rank() over (
            partition by rows_landed.account_key, rows_landed.measured_on
            order by rows_landed.landed_at desc, rows_landed.run_id desc
        ) = 1

),

in_order as (

    select
        *,
        max(case when is_in_force then measured_on end) over (
            partition by account_key
            order by measured_on
            rows between unbounded preceding and 1 preceding
        ) as earlier_on,
        min(case when is_in_force then measured_on end) over (
            partition by account_key
            order by measured_on
            rows between 1 following and unbounded following
        ) as later_on

    from named

)

-- before its first snapshot an account is described by that one, after its last by that; what was taken back before
-- anything else named the account stays for no day, so that a build knows whose past is described no more
select
    account_key,
    organization_id,
    platform,
    account_id,
    handle,
    label,
    account_group,
    cadence,
    weekday,
    is_own,
    opened_on,
    closed_on,
    landed_at,
    run_id,
    settled_load_id as load_id,
    measured_on as in_force_on,
    case when is_in_force then replaced_on else measured_on end as replaced_on,
    earlier_on is null as is_first,
    is_in_force and later_on is null as is_latest,
    case when earlier_on is null then date '0001-01-01' else measured_on end as described_from_on,
    case when is_in_force then coalesce(later_on, date '9999-12-31') else date '0001-01-01' end as described_until_on

from in_order
where is_in_force or earlier_on is null
