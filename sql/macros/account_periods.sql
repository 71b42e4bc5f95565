{# Figures of accounts by week or month, as CTEs and a select: a level or counter at its latest usable day, and what was
   published and drew engagement. `changed` says which periods to replace; the ones before them stand in the table. #}
{% macro account_periods(period) %}
{%- set start = period ~ '_start_on' -%}
{%- set values = ref('int_account_values') -%}
{%- set looks = ref('int_looks') -%}

{#- A look for posts completes the days since the one before it, of the fortnight that it may reach back. -#}
{%- set looked_on = literals('select distinct measured_on from ' ~ looks ~ ' where load_id > ' ~ last_load()) -%}
{%- set completed -%}
    with

    reaches as (

        select
            fresh.account_key,
            coalesce(max(earlier.measured_on), {{ days_before('fresh.measured_on', var('look_reaches_days')) }}) as from_on,
            fresh.measured_on as until_on

        from {{ looks }} as fresh
        left join {{ looks }} as earlier
            on fresh.account_key = earlier.account_key
            and fresh.measured_on > earlier.measured_on
            and {{ days_before('fresh.measured_on', var('look_reaches_days')) }} <= earlier.measured_on
            and {{ is_among('earlier.measured_on', days_moved(looked_on, range(-(var('look_reaches_days') | int), 0))) }}
        where fresh.load_id > {{ last_load() }}
        group by fresh.account_key, fresh.measured_on

    ),

    from_each as (

        select
            until_on,
            min(from_on) as from_on

        from reaches
        group by until_on

    )

    select distinct calendar.measured_on
    from from_each
    inner join {{ calendar() }} as calendar
        on from_each.from_on <= calendar.measured_on
        and from_each.until_on >= calendar.measured_on
{%- endset -%}
{%- set touched = days_replaced([values, ref('post_days')]) -%}

{#- The looks at an account that was seen for the first time ever on a touched day: posts are known from then on. -#}
{%- set looked_since -%}
    select distinct looks.measured_on
    from {{ looks }} as looks
    inner join {{ beginnings() }} as beginnings on looks.account_key = beginnings.account_key
    where {{ is_among('beginnings.first_observed_on', touched) }}
{%- endset -%}
{%- set changed_days = touched + literals(days_published_anew()) + literals(completed) + literals(looked_since, touched) -%}
{%- set changed = starts_of(changed_days, period) -%}
{%- set wanted = starts_moved(changed, [0, 1, 2], period) -%}
{%- set before = starts_moved(wanted, [-1], period) | reject('in', wanted) | list -%}
{%- set days = days_of(wanted, period) -%}
{%- set lead_in = days_moved(wanted, range(-7, 0)) -%}

with

account_days as (

    select
        *,
        {{ period_start('measured_on', period) }} as {{ start }}

    from {{ values }}
    where
        date_precision = 'day'
        and {{ is_among('measured_on', days) }}

),

registry as (

    select * from {{ ref('metrics') }}

),

of_accounts as (

    select
        account_key,
        platform,
        account_id,
        {{ start }},
        max_by(organization_id, measured_on) filter (where organization_id is not null) as organization_id,
        count(distinct case when is_due then measured_on end) as days_due,
        count(distinct case when is_usable and not is_imported then measured_on end) as days_with_any,
        min(reason) as reason,
        bool_or(not is_imported) as is_followed

    from account_days
    group by account_key, platform, account_id, {{ start }}

),

of_metrics as (

    select
        account_key,
        metric,
        {{ start }},
        -- a reading ends the period of what the platform tells nothing of
        coalesce(
            max(case when is_usable and not is_imported then measured_on end),
            max(case when is_usable then measured_on end)
        ) as end_on,
        count(case when is_usable then measured_on end) as days_observed,
        cast(sum(case when is_usable then value end) as bigint) as total,
        case
            when bool_and(low is not null) filter (where is_usable) then cast(sum(case when is_usable then low end) as bigint)
        end as total_low,
        case
            when bool_and(high is not null) filter (where is_usable) then cast(sum(case when is_usable then high end) as bigint)
        end as total_high,
        max_by(reason, measured_on) filter (where reason is not null) as latest_reason,
        max(break_on) as latest_break_on,
        bool_and(is_imported) as is_imported,
        bool_or(is_anomaly) as has_anomaly

    from account_days
    group by account_key, metric, {{ start }}

),

-- a level or counter is what it was on its last usable day, a flow what its days add up to
measured as (

    select
        of_accounts.account_key,
        of_accounts.platform,
        of_accounts.account_id,
        of_accounts.organization_id,
        of_metrics.metric,
        registry.kind,
        of_metrics.{{ start }},
        case
            when registry.kind = 'flow' then {{ period_end('of_metrics.' ~ start, period) }}
            else of_metrics.end_on
        end as end_on,
        case when registry.kind = 'flow' then of_metrics.total else end_days.value end as value,
        case when registry.kind = 'flow' then of_metrics.total_low else end_days.low end as low,
        case when registry.kind = 'flow' then of_metrics.total_high else end_days.high end as high,
        case when of_metrics.end_on is null then of_metrics.latest_reason end as reason,
        case
            when registry.kind = 'flow' then {{ days_in('of_metrics.' ~ start, period) }}
            when of_metrics.is_imported then 1
            else of_accounts.days_due
        end as days_expected,
        of_metrics.days_observed,
        true as is_whole,
        of_metrics.has_anomaly,
        coalesce(end_days.is_imported, false) as is_imported,
        end_days.cadence_days,
        case when of_metrics.end_on is null then of_metrics.latest_break_on else end_days.break_on end as break_on

    from of_metrics
    inner join of_accounts
        on of_metrics.account_key = of_accounts.account_key
        and of_metrics.{{ start }} = of_accounts.{{ start }}
    left join account_days as end_days
        on of_metrics.account_key = end_days.account_key
        and of_metrics.metric = end_days.metric
        and of_metrics.end_on = end_days.measured_on
    left join registry
        on of_accounts.platform = registry.platform
        and of_metrics.metric = registry.metric
        and registry.subject = 'account'
    -- the people of one day are in part those of the next
    where coalesce(registry.kind <> 'flow' or registry.unit <> 'people', true)

),

-- accounts whose platform shows counts of posts have an activity, also in a week without a post
active as (

    select * from of_accounts
    where
        is_followed
        and platform in (select platform from registry where subject = 'post' and is_public)

),

published as (

    select
        account_key,
        post_id,
        {{ period_start('published_on', period) }} as {{ start }}

    from {{ ref('int_posts') }}
    where {{ is_among('published_on', days) }}

),

post_days as (

    select
        *,
        {{ period_start('measured_on', period) }} as {{ start }},
        measured_on = max(measured_on) over (
            partition by account_key, post_id, {{ period_start('measured_on', period) }}
        ) as is_last

    from {{ ref('post_days') }}
    where {{ is_among('measured_on', days) }}

),

published_by_period as (

    select
        account_key,
        {{ start }},
        count(*) as posts_published

    from published
    group by account_key, {{ start }}

),

engaged_by_period as (

    select
        account_key,
        {{ start }},
        cast(sum(engagements_change) as bigint) as engagements

    from post_days
    group by account_key, {{ start }}

),

latest_of_new_posts as (

    select
        published.account_key,
        published.{{ start }},
        seen.engagements

    from published
    inner join post_days as seen
        on published.account_key = seen.account_key
        and published.post_id = seen.post_id
        and published.{{ start }} = seen.{{ start }}
    where seen.engagements is not null
    qualify
        row_number() over (
            partition by published.account_key, published.post_id
            order by seen.measured_on desc
        ) = 1

),

post_engaged_by_period as (

    select
        account_key,
        {{ start }},
        count(*) as posts_seen,
        cast(sum(engagements) as bigint) as post_engagements

    from latest_of_new_posts
    group by account_key, {{ start }}

),

-- why a post has no figure, where that leaves the period without one, or without what it gained at last
silent_by_period as (

    select
        account_key,
        {{ start }},
        min(reason) as reason,
        bool_or(is_last and reason in ('denied', 'unavailable', 'unreadable', 'not_collected')) as is_unheard

    from post_days
    where reason is not null
    group by account_key, {{ start }}

),

-- posts are known from a week before the first look at the account, up to the last look for them: one in the period, and
-- one on its last day or soon after
looked_for as (

    select
        active.account_key,
        active.{{ start }},
        bool_or(looks.measured_on <= {{ period_end('active.' ~ start, period) }}) as is_within,
        bool_or(looks.measured_on >= {{ period_end('active.' ~ start, period) }}) as is_at_the_end,
        bool_or({{ days_before('beginnings.first_observed_on', var('new_post_days')) }} <= active.{{ start }}) as is_at_the_start

    from active
    inner join {{ beginnings() }} as beginnings
        on active.account_key = beginnings.account_key
    inner join {{ looks }} as looks
        on active.account_key = looks.account_key
        and active.{{ start }} <= looks.measured_on
        and {{ days_after(period_end('active.' ~ start, period), var('look_reaches_days')) }} >= looks.measured_on
    where {{ is_among('looks.measured_on', days + days_moved(days, [var('look_reaches_days') | int])) }}
    group by active.account_key, active.{{ start }}

),

-- whether an account was observed when it was last asked for before the period: what posts drew is counted from there
observed_before as (

    select
        account_key,
        {{ period_start(days_after('measured_on', 7), period) }} as {{ start }},
        max(case when is_usable then measured_on end) = max(measured_on) as is_observed

    from {{ values }}
    where
        not is_imported
        and {{ period_start(days_after('measured_on', 7), period) }} > measured_on
        and {{ is_among('measured_on', lead_in) }}
    group by account_key, {{ period_start(days_after('measured_on', 7), period) }}

),

activity as (

    select
        active.*,
        case
            when looked_for.is_within then coalesce(published_by_period.posts_published, 0)
        end as posts_published,
        coalesce(looked_for.is_within, false) as is_looked_for,
        coalesce(looked_for.is_at_the_start and looked_for.is_within and looked_for.is_at_the_end, false)
            as is_posts_published_whole,
        engaged_by_period.engagements,
        engaged_by_period.engagements is not null
        and coalesce(observed_before.is_observed, false)
        and not coalesce(silent_by_period.is_unheard, false) as is_engagements_whole,
        case
            when looked_for.is_within and published_by_period.posts_published is null then 0
            when looked_for.is_within then post_engaged_by_period.post_engagements
        end as post_engagements,
        coalesce(looked_for.is_at_the_start and looked_for.is_within and looked_for.is_at_the_end, false)
        and coalesce(published_by_period.posts_published, 0) = coalesce(post_engaged_by_period.posts_seen, 0)
            as is_post_engagements_whole,
        case when active.days_with_any = 0 and active.reason is not null then active.reason else 'not_collected' end
            as silence,
        silent_by_period.reason as silence_of_posts

    from active
    left join looked_for
        on active.account_key = looked_for.account_key
        and active.{{ start }} = looked_for.{{ start }}
    left join observed_before
        on active.account_key = observed_before.account_key
        and active.{{ start }} = observed_before.{{ start }}
    left join silent_by_period
        on active.account_key = silent_by_period.account_key
        and active.{{ start }} = silent_by_period.{{ start }}
    left join published_by_period
        on active.account_key = published_by_period.account_key
        and active.{{ start }} = published_by_period.{{ start }}
    left join engaged_by_period
        on active.account_key = engaged_by_period.account_key
        and active.{{ start }} = engaged_by_period.{{ start }}
    left join post_engaged_by_period
        on active.account_key = post_engaged_by_period.account_key
        and active.{{ start }} = post_engaged_by_period.{{ start }}

),

flows as (

    {% for metric in activity_metrics() %}
    select
        account_key,
        platform,
        account_id,
        organization_id,
        '{{ metric }}' as metric,
        'flow' as kind,
        {{ start }},
        {{ period_end(start, period) }} as end_on,
        {{ metric }} as value,
        {{ metric }} as low,
        {{ metric }} as high,
        case
            when {{ metric }} is null
                then {{ 'silence' if metric == 'posts_published' else 'coalesce(silence_of_posts, silence)' }}
        end as reason,
        days_due as days_expected,
        days_with_any as days_observed,
        is_{{ metric }}_whole as is_whole,
        false as has_anomaly,
        false as is_imported,
        cast(null as integer) as cadence_days,
        cast(null as date) as break_on

    from activity
    {%- if metric == 'engagements' %}
    -- of what was drawn nothing is said where posts were looked for and none was due to be asked
    where engagements is not null or silence_of_posts is not null or not is_looked_for
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

together as (

    select * from measured
    union all
    select * from flows

),

latest as (

    select max(measured_on) as latest_on from {{ ref('int_platform_days') }}

),

-- what is not over yet is not complete; a month's change needs figures as near its end as the account's cadence allows
judged as (

    select
        together.*,
        together.is_whole
        and together.days_observed >= together.days_expected
        and {{ period_end('together.' ~ start, period) }} <= coalesce(latest.latest_on, date '9999-12-31') as is_complete,
        {{ days_between('together.end_on', period_end('together.' ~ start, period)) }}
        < coalesce(together.cadence_days, 1) as is_at_end

    from together
    cross join latest

),

{% set figures = ['kind', 'end_on', 'value', 'low', 'high', 'is_complete', 'is_at_end', 'break_on'] -%}
earlier as (

    select
        account_key,
        metric,
        {{ start }},
        {{ figures | join(',\n        ') }}

    from judged

    {% if is_incremental() %}
    union all

    select
        account_key,
        metric,
        {{ start }},
        {{ figures | join(',\n        ') }}

    from {{ this }}
    where {{ is_among(start, before) }}

    {% endif %}
),

compared as (

    select
        this_period.*,
        {{ days_between('last_period.end_on', 'this_period.end_on') }} as days_since,
        {{ is_across_break('this_period', 'last_period', period) }} as is_break,
        {{ are_alike('this_period', 'last_period', 1, period) }} as is_change,
        last_period.value as last_value,
        last_period.low as last_low,
        last_period.high as last_high

    from judged as this_period
    left join earlier as last_period
        on this_period.account_key = last_period.account_key
        and this_period.metric = last_period.metric
        and {{ periods_before('this_period.' ~ start, 1, period) }} = last_period.{{ start }}

)

select
    account_key,
    platform,
    account_id,
    organization_id,
    metric,
    kind,
    {{ start }},
    end_on,
    value,
    low,
    high,
    reason,
    case when is_change then value - last_value end as change,
    case when is_change then low - last_high end as change_low,
    case when is_change then high - last_low end as change_high,
    {% for end, figure, base in [('', 'value', 'value'), ('_low', 'low', 'high'), ('_high', 'high', 'low')] %}
    case
        when is_change and last_{{ base }} > 0 then ({{ figure }} - last_{{ base }}) / last_{{ base }}
    end as growth_rate{{ end }},
    case
        when coalesce(kind, 'level') <> 'flow' and not is_break and {{ figure }} > 0 and last_{{ base }} > 0
            then pow({{ figure }} / last_{{ base }}, 7 / days_since) - 1
    end as weekly_growth_rate{{ end }},
    {% endfor %}
    days_expected,
    days_observed,
    is_complete,
    has_anomaly,
    is_imported,
    is_at_end,
    break_on,
    cast({{ this_load() }} as integer) as load_id

from compared
{% endmacro %}
