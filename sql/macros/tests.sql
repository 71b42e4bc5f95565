{# Tests of our own, and which rows tests look at. #}


{# The load up to which every test has passed; 0 when all rows are to be tested. #}
{% macro tested_load() %}
    {{ return(env_var('SOCIALMETRICS_TESTED_LOAD', '0') | int if execute else 0) }}
{% endmacro %}


{# A test of an incremental model looks at the rows written since the last build whose tests all passed, one of staging
   at those in files that landed since. #}
{% macro get_where_subquery(relation) %}
    {%- set files = ref('landed_files') -%}
    {%- set rows = [config.get('where')] if config.get('where') else [] -%}
    {%- if execute and tested_load() -%}
        {%- set materialized = graph.nodes[model.attached_node].config.materialized -%}
        {%- if materialized == 'incremental' -%}
            {%- do rows.append('load_id > ' ~ tested_load()) -%}
        {%- elif materialized == 'view' -%}
            {%- do rows.append(is_in_file_since(files, tested_load(), relation.identifier.split('_')[1])) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if rows -%}
        {{ return('(select * from ' ~ relation ~ ' where ' ~ rows | join(' and ') ~ ') as tested') }}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}


{# The grain: these columns together name one row, and none is null but those that may be. #}
{% test unique_together(model, columns, may_be_null=[]) %}
    select {{ columns | join(', ') }}, count(*) as rows_found
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns if column not in may_be_null %} or {{ column }} is null{% endfor %}
{% endtest %}


{# An invariant: no row may break it; unknown counts as kept. #}
{% test holds(model, condition) %}
    select *
    from {{ model }}
    where not ({{ condition }})
{% endtest %}


{# Every value of a column is one of these, or null. #}
{% test one_of(model, column_name, allowed) %}
    select distinct {{ column_name }}
    from {{ model }}
    where {{ column_name }} not in ({% for one in allowed %}'{{ one }}'{{ ', ' if not loop.last }}{% endfor %})
{% endtest %}


{# The first of the days that tests look at, so many days earlier, as a literal: what rows are held against lies from it on. #}
{% macro tested_from(relation, day, days=0) %}
    {%- if not tested_load() -%}
        {{ return("date '0001-01-01'") }}
    {%- endif -%}
    {%- set query = 'select min(' ~ days_before(day, days) ~ ') from ' ~ relation ~ ' where load_id > ' ~ tested_load() -%}
    {{ return("date '" ~ (run_query(query).columns[0].values()[0] or '9999-12-31') ~ "'") }}
{% endmacro %}


{# What an organization has in a week or month that its accounts do not have together, where all of them have it. #}
{% macro sums_that_differ(period) %}
{%- set mart = ref('organization_' ~ period ~ 's') -%}
{%- set start = period ~ '_start_on' -%}
{%- set figures = ['value', 'low', 'high', 'change'] -%}

with

of_accounts as (

    select
        organization_id,
        platform,
        metric,
        {{ start }},
        {% for figure in figures %}
        sum({{ figure }}) as {{ figure }},
        {% endfor %}
        count(*) as accounts

    from {{ ref('account_' ~ period ~ 's') }}
    where {{ start }} >= {{ tested_from(mart, start) }}
    group by organization_id, platform, metric, {{ start }}

)

select
    organizations.organization_id,
    organizations.platform,
    organizations.metric,
    organizations.{{ start }}

from {{ mart }} as organizations
left join of_accounts
    on organizations.organization_id = of_accounts.organization_id
    and organizations.platform = of_accounts.platform
    and organizations.metric = of_accounts.metric
    and organizations.{{ start }} = of_accounts.{{ start }}
where
    organizations.load_id > {{ tested_load() }}
    and (
        organizations.accounts is distinct from of_accounts.accounts
        {% for figure in figures %}
        or organizations.{{ figure }} <> of_accounts.{{ figure }}
        {% endfor %}
    )
{% endmacro %}


{# Figures of a week or month that less their change are not the figure of the one before. #}
{% macro changes_that_differ(period) %}
{%- set mart = ref('account_' ~ period ~ 's') -%}
{%- set start = period ~ '_start_on' -%}

with

before as (

    select * from {{ mart }}
    where {{ start }} >= {{ tested_from(mart, start, 31) }}

)

select
    this_period.account_key,
    this_period.metric,
    this_period.{{ start }},
    this_period.value,
    this_period.change,
    before.value as value_before

from {{ mart }} as this_period
left join before
    on this_period.account_key = before.account_key
    and this_period.metric = before.metric
    and {{ periods_before('this_period.' ~ start, 1, period) }} = before.{{ start }}
where
    this_period.load_id > {{ tested_load() }}
    and this_period.change is not null
    and this_period.value - this_period.change is distinct from before.value
{% endmacro %}
