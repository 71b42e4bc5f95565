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
    where weekly_growth is not null

),

-- who is nearest in size is near in place; the organization itself takes up one place and is nobody's peer
matched as (

    select
        ours.window_id,
        ours.organization_id,
        theirs.organization_id as peer_id,
        theirs.log_change,
        theirs.weekly_value_before,
        theirs.weekly_value,
        coalesce(theirs.weekly_value_before, 1) as weight

    from changes as ours
    inner join changes as theirs
        on ours.window_id = theirs.window_id
        and theirs.place >= ours.place - {{ peers + 1 }}
        and theirs.place <= ours.place + {{ peers + 1 }}
        and ours.place <> theirs.place
    where
        not theirs.is_treated
        and ours.obstacle is null
    qualify
        row_number() over (
            partition by ours.window_id, ours.organization_id
            order by abs(ours.log_size - theirs.log_size), abs(ours.place - theirs.place), theirs.organization_id
        ) <= {{ peers }}

),

-- of an activity what the peers did together: the mean of logarithms is too low where many did little
expected as (

    select
        window_id,
        organization_id,
        count(*) as peers_matched,
        case
            when sum(weekly_value) > 0 then ln(sum(weekly_value)) - ln(sum(weekly_value_before))
            when sum(weekly_value) is null then avg(log_change)
        end as log_change

    from matched
    group by window_id, organization_id

),

misfits as (

    select
        ours.window_id,
        ours.organization_id,
        ours.point,
        max(ours.weekly_growth)
        - sum(matched.weight * theirs.weekly_growth) / sum(matched.weight) as misfit

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

),

effects as (

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
        changes.obstacle

    from changes
    left join expected
        on changes.window_id = expected.window_id
        and changes.organization_id = expected.organization_id
    left join fits
        on changes.window_id = fits.window_id
        and changes.organization_id = fits.organization_id

)

select
    *,
    case when pre_rmse > 0 then abs(effect) / pre_rmse end as effect_in_misfits

from effects
where
    is_treated
    or (pre_rmse > 0 and effect is not null)
