with

directory as (

    select * from {{ ref('int_directory') }}
    where is_latest

),

profiles as (

    select * from {{ ref('int_profiles') }}

),

observed as (

    select
        account_key,
        platform,
        account_id,
        min(first_observed_on) as first_observed_on,
        max(last_observed_on) as last_observed_on,
        max(gone_on) as gone_on,
        max_by(gone_as, gone_on) filter (where gone_on is not null) as gone_as

    from {{ ref('int_sightings') }}
    group by account_key, platform, account_id

),

known as (

    select
        account_key,
        platform,
        account_id

    from directory

    union

    select
        account_key,
        platform,
        account_id

    from observed

)

select
    known.account_key,
    known.platform,
    known.account_id,
    directory.organization_id,
    coalesce(profiles.handle, directory.handle) as handle,
    profiles.name,
    profiles.url,
    directory.label,
    directory.account_group,
    coalesce(directory.is_own, false) as is_own,
    directory.cadence,
    directory.opened_on,
    directory.closed_on,
    case
        when observed.gone_on > coalesce(observed.last_observed_on, date '0001-01-01') then observed.gone_as
        else profiles.status
    end as status,
    observed.first_observed_on,
    observed.last_observed_on

from known
left join directory on known.account_key = directory.account_key
left join profiles on known.account_key = profiles.account_key
left join observed on known.account_key = observed.account_key
