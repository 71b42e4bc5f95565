{%- set mart = ref('account_months') -%}

-- A month's figure less its change is the figure of the month before.
with

before as (

    select * from {{ mart }}
    where month_start_on >= {{ tested_from(mart, 'month_start_on', 31) }}

)

select
    this_month.account_key,
    this_month.metric,
    this_month.month_start_on,
    this_month.value,
    this_month.change,
    before.value as value_before

from {{ mart }} as this_month
left join before
    on this_month.account_key = before.account_key
    and this_month.metric = before.metric
    and {{ periods_before('this_month.month_start_on', 1, 'month') }} = before.month_start_on
where
    this_month.load_id > {{ tested_load() }}
    and this_month.change is not null
    and this_month.value - this_month.change is distinct from before.value
