{# Keys, dates and weeks, each said once. #}


{# Objects lie in `main` of their database, whoever builds them; Spark has schemas in the place of databases. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ node.config.database or target.schema if target.type == 'spark' else target.schema }}
{%- endmacro %}


{% macro account_key(relation='') -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    {{ hash_key(of ~ "platform || '|' || " ~ of ~ "account_id") }}
{%- endmacro %}


{# Since when each account is known, and by which load. Inline, to be joined. #}
{% macro beginnings() -%}
    (
        select
            account_key,
            min(first_observed_on) as first_observed_on,
            min_by(load_id, month_start_on) filter (where first_observed_on is not null) as load_id

        from {{ ref('int_sightings') }}
        group by account_key
    )
{%- endmacro %}


{% macro week_start(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}


{# `2026-W47`, of any date: a week belongs to the year of its Thursday. #}
{% macro iso_week(day) -%}
    extract(year from {{ days_after(week_start(day), 3) }}) || '-W' || lpad(cast(extract(week from {{ day }}) as string), 2, '0')
{%- endmacro %}


{# The date of an instant (naive UTC) on the clock of a time zone. #}
{% macro local_date(instant, timezone) -%}
    cast({{ local_time(instant, timezone) }} as date)
{%- endmacro %}


{% macro hours_after(instant, hours) -%}
    {{ instant }} + interval {{ hours }} hour
{%- endmacro %}


{% macro days_after(day, days) -%}
    cast({{ day }} + interval {{ days }} day as date)
{%- endmacro %}


{% macro days_before(day, days) -%}
    cast({{ day }} - interval {{ days }} day as date)
{%- endmacro %}


{% macro days_between(first_on, last_on) -%}
    extract(day from cast({{ last_on }} as timestamp) - cast({{ first_on }} as timestamp))
{%- endmacro %}


{# 1 for a Monday to 7 for a Sunday. #}
{% macro weekday(day) -%}
    {{ days_between(week_start(day), day) }} + 1
{%- endmacro %}


{# Among the rows of one subject, metric and day: a value beats a reason, what a platform said beats an imported figure, the latest counts. #}
{% macro which_counts(relation='') -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    case when {{ of }}value is null then 1 else 0 end asc,
    {{ of }}is_imported asc,
    {{ of }}fetched_at desc,
    {{ of }}run_id desc,
    {{ of }}source asc,
    {{ of }}value asc
{%- endmacro %}


{# The metrics leadership reads, as SQL literals. #}
{% macro headline_metrics() -%}
    {% for metric in var('headline_metrics') %}'{{ metric }}'{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}


{# Why there is no number. #}
{% macro reasons() %}
    {{ return([
        'hidden', 'not_found', 'suspended', 'forbidden', 'denied', 'retired',
        'pending', 'unavailable', 'unreadable', 'purged', 'not_collected',
    ]) }}
{% endmacro %}


{# Whether a reason says that the subject itself is not to be seen, as against one of its figures. #}
{% macro is_gone(reason) -%}
    coalesce({{ reason }} in ('not_found', 'suspended', 'forbidden'), false)
{%- endmacro %}


{# What the weeks of an account's posts are counted in; everything else is a level or a counter of the account. #}
{% macro activity_metrics() %}
    {{ return(['posts_published', 'engagements', 'post_engagements']) }}
{% endmacro %}
