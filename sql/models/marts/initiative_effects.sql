{%- set farthest = "ln(" ~ var("effect_factor_at_most") ~ ")" -%}

with

windows as (

    select * from {{ ref('int_effect_windows') }}
    where trial = 'initiative'

),

trials as (

    select * from {{ ref('int_effect_trials') }}

),

treated as (

    select * from trials
    where is_treated

),

placebos as (

    select * from trials
    where not is_treated

),

ranked as (

    select
        treated.window_id,
        count(*) as placebo_n,
        case
            when treated.effect_in_misfits is not null
                then 1 + count(case when placebos.effect_in_misfits >= treated.effect_in_misfits then 1 end)
        end as placebo_rank

    from treated
    inner join placebos on treated.window_id = placebos.window_id
    where treated.obstacle is null
    group by treated.window_id, treated.effect_in_misfits

),

-- one in twenty, the organization counted among them, may lie further out; with fewer than 19 placebos none can
bounds as (

    select
        window_id,
        effect_in_misfits as bound

    from placebos
    qualify
        row_number() over (partition by window_id order by effect_in_misfits)
        = 1 + count(*) over (partition by window_id) - floor((1 + count(*) over (partition by window_id)) / 20.0)

),

measured as (

    select
        treated.window_id,
        treated.accounts,
        treated.end_value,
        treated.peers_matched,
        treated.pre_weeks,
        treated.pre_rmse,
        ranked.placebo_n,
        ranked.placebo_rank,
        treated.effect,
        treated.obstacle,
        case when treated.pre_rmse > 0 then bounds.bound * treated.pre_rmse end as margin

    from treated
    left join ranked on treated.window_id = ranked.window_id
    left join bounds on treated.window_id = bounds.window_id

),

-- what is beyond the factor is no figure, and an interval that reaches there says nothing
estimated as (

    select
        *,
        case when abs(effect) <= {{ farthest }} then effect end as told_effect,
        case when abs(effect) + margin <= {{ farthest }} then effect - margin end as effect_low,
        case when abs(effect) + margin <= {{ farthest }} then effect + margin end as effect_high

    from measured

),

before as (

    select
        trials_before.initiative_id,
        trials_before.platform,
        estimated.effect,
        estimated.placebo_n,
        estimated.placebo_rank

    from {{ ref('int_effect_windows') }} as trials_before
    inner join estimated on trials_before.window_id = estimated.window_id
    where
        trials_before.trial = 'before'
        and estimated.effect_low is not null

),

others as (

    select
        windows.window_id,
        count(*) as other_initiatives

    from windows
    inner join {{ ref('int_initiatives') }} as initiatives
        on windows.organization_id = initiatives.organization_id
        and windows.platform = coalesce(initiatives.platform, windows.platform)
        and windows.initiative_id <> initiatives.initiative_id
        and windows.end_on >= initiatives.started_on
        and {{ days_before('windows.start_on', 7 * (var('effect_pre_weeks') | int) + 6) }}
        <= coalesce(initiatives.ended_on, windows.end_on)
    group by windows.window_id

),

registry as (

    select * from {{ ref('metrics') }}
    where subject = 'account'

),

named as (

    select
        windows.*,
        coalesce(
            registry.display_name,
            concat(upper(substr(windows.metric, 1, 1)), replace(substr(windows.metric, 2), '_', ' '))
        ) as display_name

    from windows
    left join registry
        on windows.platform = registry.platform
        and windows.metric = registry.metric

),

found as (

    select
        windows.initiative_id,
        initiatives.name,
        windows.organization_id,
        windows.platform,
        windows.metric,
        windows.kind,
        initiatives.started_on,
        initiatives.ended_on,
        windows.end_on as measured_until_on,
        windows.is_ongoing,
        estimated.accounts,
        windows.accounts_there,
        coalesce(estimated.peers_matched, 0) as peers_matched,
        coalesce(estimated.placebo_n, 0) as placebo_n,
        estimated.effect,
        exp(estimated.told_effect) - 1 as effect_rate,
        exp(estimated.effect_low) - 1 as effect_rate_low,
        exp(estimated.effect_high) - 1 as effect_rate_high,
        cast(round(estimated.end_value * (1 - exp(-estimated.told_effect))) as bigint) as gained,
        cast(round(estimated.end_value * (1 - exp(-estimated.effect_low))) as bigint) as gained_low,
        cast(round(estimated.end_value * (1 - exp(-estimated.effect_high))) as bigint) as gained_high,
        initiatives.cost_usd,
        count(*) over (partition by windows.initiative_id) = 1 as is_all_it_cost,
        estimated.placebo_rank,
        estimated.placebo_rank / (1.0 + estimated.placebo_n) as p_value,
        estimated.pre_weeks,
        estimated.pre_rmse,
        exp(before.effect) - 1 as time_placebo_effect_rate,
        before.placebo_n as time_placebo_n,
        before.placebo_rank as time_placebo_rank,
        coalesce(others.other_initiatives, 0) as other_initiatives,
        case
            when estimated.effect_low > 0 then 'more than expected'
            when estimated.effect_high < 0 then 'less than expected'
            when estimated.effect_low is not null then 'no difference seen'
            else 'cannot tell'
        end as finding,
        case
            when windows.obstacle is not null then windows.obstacle
            when estimated.window_id is null and windows.kind = 'flow'
                then concat(
                    'no account has ', {{ var('effect_pre_weeks_at_least') }},
                    ' complete weeks before the beginning and half of those within'
                )
            when estimated.window_id is null
                then concat(
                    'the accounts with most ', lower(windows.display_name), ' were not observed from ',
                    {{ var('effect_pre_weeks_at_least') }}, ' weeks before the beginning to the end'
                )
            when estimated.obstacle is not null then estimated.obstacle
            when estimated.peers_matched > 0 and estimated.effect is null
                then 'what its peers were counted for in the weeks within comes to nothing'
            when estimated.peers_matched > 0 and coalesce(estimated.pre_rmse, 0) = 0
                then 'no week before the beginning shows how far it strays from its peers by chance'
            when estimated.margin is null
                then concat(
                    'only ', coalesce(estimated.placebo_n, 0), ' organizations can be compared, and it takes 19'
                )
            when estimated.effect_low is null
                then concat('the 95 % interval goes beyond a factor of ', {{ var('effect_factor_at_most') }})
        end as obstacle,
        windows.display_name

    from named as windows
    inner join {{ ref('int_initiatives') }} as initiatives on windows.initiative_id = initiatives.initiative_id
    left join estimated on windows.window_id = estimated.window_id
    left join before
        on windows.initiative_id = before.initiative_id
        and windows.platform = before.platform
        and estimated.window_id is not null
        and estimated.obstacle is null
    left join others on windows.window_id = others.window_id

),

-- what it cost is set against what it gained only where it surely gained, and where one row holds all of it
costed as (

    select
        *,
        case when finding = 'more than expected' and is_all_it_cost and gained_low > 0 then cost_usd end as cost_of_gain

    from found

),

worded as (

    select
        *,
        case
            when finding = 'cannot tell' then concat('Cannot tell: ', obstacle, '.')
            else concat(
                case when is_ongoing then concat('So far ', lower(display_name)) else display_name end,
                case
                    when accounts < accounts_there then concat(' of ', accounts, ' of ', accounts_there, ' accounts')
                    else ''
                end,
                ' came out ', {{ percent('abs(effect_rate)') }},
                case when effect_rate < 0 then ' below' else ' above' end,
                ' what ', peers_matched, ' organizations of similar size would suggest',
                case when finding = 'no difference seen' then ', within what chance brings' else '' end,
                ' (95 % interval ', {{ percent('effect_rate_low') }}, ' to ', {{ percent('effect_rate_high') }}, ').',
                case
                    when other_initiatives = 1 then ' Another initiative of the organization ran at the time.'
                    when other_initiatives > 1
                        then concat(' ', other_initiatives, ' other initiatives of the organization ran at the time.')
                    else ''
                end
            )
        end as finding_text

    from costed

)

select
    initiative_id,
    name,
    organization_id,
    platform,
    metric,
    kind,
    started_on,
    ended_on,
    measured_until_on,
    is_ongoing,
    cast(accounts as integer) as accounts,
    cast(accounts_there as integer) as accounts_there,
    cast(peers_matched as integer) as peers_matched,
    cast(placebo_n as integer) as placebo_n,
    effect,
    effect_rate,
    effect_rate_low,
    effect_rate_high,
    gained,
    gained_low,
    gained_high,
    cost_usd,
    cast(cost_of_gain as double) / gained as cost_per_gained_usd,
    cast(cost_of_gain as double) / gained_high as cost_per_gained_usd_low,
    cast(cost_of_gain as double) / gained_low as cost_per_gained_usd_high,
    cast(placebo_rank as integer) as placebo_rank,
    cast(p_value as double) as p_value,
    cast(pre_weeks as integer) as pre_weeks,
    pre_rmse,
    time_placebo_effect_rate,
    cast(time_placebo_n as integer) as time_placebo_n,
    cast(time_placebo_rank as integer) as time_placebo_rank,
    cast(other_initiatives as integer) as other_initiatives,
    finding,
    finding_text

from worded
