{%- set mart = ref('account_weeks') -%}

-- A week's figure less its change is the figure of the week before.
with

before as (

    select * from {{ mart }}
    where week_start_on >= {{ tested_from(mart, 'week_start_on', 7) }}

)

select
    this_week.account_key,
    this_week.metric,
    this_week.week_start_on,
    this_week.value,
    this_week.change,
    before.value as value_before

from {{ mart }} as this_week
left join before
    on this_week.account_key = before.account_key
    and this_week.metric = before.metric
    and {{ periods_before('this_week.week_start_on', 1, 'week') }} = before.week_start_on
where
    this_week.load_id > {{ tested_load() }}
    and this_week.change is not null
    and this_week.value - this_week.change is distinct from before.value
