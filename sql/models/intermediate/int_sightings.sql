{{ config(materialized='incremental', unique_key='month_start_on') }}

{%- set values = ref('int_account_values') -%}
{%- set days = days_of(starts_of(days_replaced([values]), 'month'), 'month') -%}

select
    account_key,
    platform,
    account_id,
    {{ period_start('measured_on', 'month') }} as month_start_on,
    min(case when value is not null and not is_imported then measured_on end) as first_observed_on,
    max(case when value is not null and not is_imported then measured_on end) as last_observed_on,
    max(case when {{ is_gone('reason') }} then measured_on end) as gone_on,
    max_by(reason, measured_on) filter (where {{ is_gone('reason') }}) as gone_as,
    cast({{ this_load() }} as integer) as load_id

from {{ values }}
where {{ is_among('measured_on', days) }}
group by account_key, platform, account_id, {{ period_start('measured_on', 'month') }}
