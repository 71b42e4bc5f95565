{%- set peers = var('effect_peers') | int -%}

with

changes as (

    select
        *,
        row_number() over (partition by window_id order by log_size, organization_id) as place

    from {{ ref('int_effect_changes') }}

),

weeks as (

    select * from {{ ref('int_effect_weeks') }}
    where weekly_log_growth is not null

),

-- who is nearest in size is near in place; the organization itself takes up one place and is nobody's peer
matched as (

    select
        ours.window_id,
        ours.organization_id,
        theirs.organization_id as peer_id,
        theirs.log_change

    from changes as ours
    inner join changes as theirs
        on ours.window_id = theirs.window_id
        and theirs.place >= ours.place - {{ peers + 1 }}
        and theirs.place <= ours.place + {{ peers + 1 }}
        and ours.place <> theirs.place
    where not theirs.is_treated
    qualify
        row_number() over (
            partition by ours.window_id, ours.organization_id
            order by abs(ours.log_size - theirs.log_size), abs(ours.place - theirs.place), theirs.organization_id
        ) <= {{ peers }}

),

expected as (

    select
        window_id,
        organization_id,
        count(*) as peers_matched,
        avg(log_change) as log_change

    from matched
    group by window_id, organization_id

),

misfits as (

    select
        ours.window_id,
        ours.organization_id,
        ours.point,
        max(ours.weekly_log_growth) - avg(theirs.weekly_log_growth) as misfit

    from weeks as ours
    inner join matched
        on ours.window_id = matched.window_id
        and ours.organization_id = matched.organization_id
    inner join weeks as theirs
        on matched.window_id = theirs.window_id
        and matched.peer_id = theirs.organization_id
        and ours.point = theirs.point
    group by ours.window_id, ours.organization_id, ours.point

),

fits as (

    select
        window_id,
        organization_id,
        count(*) as pre_weeks,
        sqrt(avg(misfit * misfit)) as pre_rmse

    from misfits
    group by window_id, organization_id

)

select
    changes.window_id,
    changes.organization_id,
    changes.is_treated,
    changes.accounts,
    changes.end_value,
    expected.peers_matched,
    changes.log_change - expected.log_change as effect,
    fits.pre_weeks,
    fits.pre_rmse,
    case
        when fits.pre_rmse > 0 then abs(changes.log_change - expected.log_change) / fits.pre_rmse
    end as effect_in_misfits

from changes
left join expected
    on changes.window_id = expected.window_id
    and changes.organization_id = expected.organization_id
left join fits
    on changes.window_id = fits.window_id
    and changes.organization_id = fits.organization_id
where
    changes.is_treated
    or fits.pre_rmse > 0
