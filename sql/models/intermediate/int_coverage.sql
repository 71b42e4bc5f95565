{{ config(materialized='incremental', unique_key='measured_on') }}

{%- set days = days_replaced([ref('int_account_values')]) -%}

select
    platform,
    measured_on,
    count(*) as expected,
    count(value) as observed,
    count(reason) as missing,
    {% for reason in reasons() %}
    count(case when reason = '{{ reason }}' then 1 end) as missing_{{ reason }},
    {% endfor %}
    count(distinct account_key) as accounts_expected,
    count(distinct case when value is not null then account_key end) as accounts_observed,
    cast({{ this_load() }} as integer) as load_id

from {{ ref('int_account_values') }}
where
    not is_imported
    and {{ is_among('measured_on', days) }}
group by platform, measured_on
