with

files as (

    select file from {{ ref('landed_files') }}
    where kind = 'accounts'

),

-- the last snapshot of a day counts; a line without an account_id is not resolved yet, and still an account
of_the_days as (

    select
        accounts.organization_id,
        accounts.platform,
        accounts.handle,
        case when accounts.account_id is not null then accounts.account_key end as account_key,
        accounts.opened_on,
        accounts.closed_on,
        accounts.measured_on as in_force_on

    from {{ ref('stg_accounts') }} as accounts
    inner join files on accounts.file = files.file
    qualify
        dense_rank() over (
            partition by accounts.measured_on
            order by accounts.landed_at desc, accounts.run_id desc
        ) = 1

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

)

select
    of_the_days.organization_id,
    of_the_days.platform,
    of_the_days.handle,
    of_the_days.account_key,
    of_the_days.opened_on,
    of_the_days.closed_on,
    of_the_days.in_force_on,
    least(
        min(of_the_days.in_force_on) over (partition by of_the_days.platform, of_the_days.handle),
        case
            when of_the_days.account_key is not null
                then min(of_the_days.in_force_on) over (partition by of_the_days.platform, of_the_days.account_key)
        end
    ) as first_named_on,
    snapshots.listed_from_on,
    snapshots.listed_until_on

from of_the_days
inner join snapshots on of_the_days.in_force_on = snapshots.in_force_on
