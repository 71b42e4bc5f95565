{%- set mart = ref('organization_weeks') -%}
{%- set figures = ['value', 'low', 'high', 'change'] -%}

-- What an organization has is what its accounts have together, where all of them have it.
with

of_accounts as (

    select
        organization_id,
        platform,
        metric,
        week_start_on,
        {% for figure in figures %}
        sum({{ figure }}) as {{ figure }},
        {% endfor %}
        count(*) as accounts

    from {{ ref('account_weeks') }}
    where week_start_on >= {{ tested_from(mart, 'week_start_on') }}
    group by organization_id, platform, metric, week_start_on

)

select
    organizations.organization_id,
    organizations.platform,
    organizations.metric,
    organizations.week_start_on

from {{ mart }} as organizations
left join of_accounts
    on organizations.organization_id = of_accounts.organization_id
    and organizations.platform = of_accounts.platform
    and organizations.metric = of_accounts.metric
    and organizations.week_start_on = of_accounts.week_start_on
where
    organizations.load_id > {{ tested_load() }}
    and (
        organizations.accounts is distinct from of_accounts.accounts
        {% for figure in figures %}
        or organizations.{{ figure }} <> of_accounts.{{ figure }}
        {% endfor %}
    )
