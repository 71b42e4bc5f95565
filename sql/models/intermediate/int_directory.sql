with

files as (

    select * from {{ ref('landed_files') }}
    where kind = 'accounts'

),

rows_landed as (

    select
        accounts.account_key,
        accounts.organization_id,
        accounts.platform,
        accounts.account_id,
        accounts.handle,
        accounts.label,
        accounts.account_group,
        accounts.cadence,
        accounts.weekday,
        accounts.is_own,
        accounts.opened_on,
        accounts.closed_on,
        accounts.measured_on,
        accounts.landed_at,
        accounts.run_id,
        files.load_id

    from {{ ref('stg_accounts') }} as accounts
    inner join files on accounts.file = files.file

),

-- a snapshot is the whole directory: the last one of a day is in force until the next day that has one
last_of_the_day as (

    select distinct
        measured_on,
        landed_at,
        run_id

    from rows_landed
    qualify dense_rank() over (partition by measured_on order by landed_at desc, run_id desc) = 1

),

snapshots as (

    select
        measured_on,
        landed_at,
        run_id,
        lead(measured_on) over (order by measured_on) as replaced_on

    from last_of_the_day

),

in_force as (

    select
        rows_landed.account_key,
        rows_landed.organization_id,
        rows_landed.platform,
        rows_landed.account_id,
        rows_landed.handle,
        rows_landed.label,
        rows_landed.account_group,
        rows_landed.cadence,
        rows_landed.weekday,
        rows_landed.is_own,
        rows_landed.opened_on,
        rows_landed.closed_on,
        rows_landed.landed_at,
        rows_landed.run_id,
        rows_landed.load_id,
        rows_landed.measured_on as in_force_on,
        snapshots.replaced_on

    from rows_landed
    inner join snapshots
        on rows_landed.measured_on = snapshots.measured_on
        and rows_landed.landed_at = snapshots.landed_at
        and rows_landed.run_id = snapshots.run_id
    where rows_landed.account_id is not null

),

-- before its first snapshot an account is described by that one, after its last by that
described as (

    select
        *,
        lag(in_force_on) over account is null as is_first,
        lead(in_force_on) over account is null as is_latest,
        case
            when lag(in_force_on) over account is null then date '0001-01-01'
            else in_force_on
        end as described_from_on,
        coalesce(lead(in_force_on) over account, date '9999-12-31') as described_until_on

    from in_force
    window account as (partition by account_key order by in_force_on)

)

select * from described
