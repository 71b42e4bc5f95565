{# Days, weeks and months, each said once; `period` is 'week' or 'month'. A week is known by its Monday, a month by its first. #}


{# The days of 1970 to 2099, one row each, to be joined by those on which something holds. #}
{% macro calendar() -%}
    (select date '1970-01-01' + cast(days.i as integer) as measured_on from range(47482) as days (i))
{%- endmacro %}


{% macro period_start(day, period) -%}
    {%- if period == 'week' %}{{ week_start(day) }}{% else %}cast(date_trunc('month', {{ day }}) as date){% endif -%}
{%- endmacro %}


{% macro period_end(start, period) -%}
    {%- if period == 'week' -%}
        {{ days_after(start, 6) }}
    {%- else -%}
        cast({{ start }} + interval 1 month - interval 1 day as date)
    {%- endif -%}
{%- endmacro %}


{% macro days_in(start, period) -%}
    1 + {{ days_between(start, period_end(start, period)) }}
{%- endmacro %}


{% macro periods_before(start, periods, period) -%}
    {%- if period == 'week' -%}
        {{ days_before(start, 7 * periods) }}
    {%- else -%}
        cast({{ start }} - interval {{ periods }} month as date)
    {%- endif -%}
{%- endmacro %}


{# Whether a metric came to mean something else between an earlier period's figure and this one's; a flow's is of all its days. #}
{% macro is_across_break(this, earlier, period) -%}
    coalesce(
        {{ this }}.break_on
        > case when {{ this }}.kind = 'flow' then {{ earlier }}.{{ period }}_start_on else {{ earlier }}.end_on end,
        false
    )
{%- endmacro %}


{# Whether a period and one so many periods before it have figures of the same meaning that stand for as much of them: of a
   flow both whole, of a level or counter as many weeks apart, or both near their month's end. #}
{% macro are_alike(this, earlier, periods, period) -%}
    not {{ is_across_break(this, earlier, period) }}
    and case
        when {{ this }}.kind = 'flow' then {{ this }}.is_complete and {{ earlier }}.is_complete
        {% if period == 'week' -%}
        else {{ days_between(earlier ~ '.end_on', this ~ '.end_on') }} = {{ 7 * periods }}
        {%- else -%}
        else {{ this }}.is_at_end and {{ earlier }}.is_at_end
        {%- endif %}
    end
{%- endmacro %}


{# `2026-11`, of any date. #}
{% macro calendar_month(day) -%}
    substr(cast({{ day }} as string), 1, 7)
{%- endmacro %}


{# The year in which the fiscal year of this date ends. #}
{% macro fiscal_year(day) -%}
    {%- set first = var('fiscal_year_starts_in') | int -%}
    extract(year from {{ day }})
    {%- if first > 1 %} + case when extract(month from {{ day }}) >= {{ first }} then 1 else 0 end{% endif -%}
{%- endmacro %}


{% macro fiscal_quarter(day) -%}
    1 + floor(((extract(month from {{ day }}) + 12 - {{ var('fiscal_year_starts_in') | int }}) % 12) / 3)
{%- endmacro %}


{# The first days of the periods in which these days lie; days are literals. #}
{% macro starts_of(days, period) %}
    {%- set found = [] -%}
    {%- for day in days -%}
        {%- set on = modules.datetime.date.fromisoformat(day[6:16]) -%}
        {%- set back = on.weekday() if period == 'week' else on.day - 1 -%}
        {%- do found.append("date '" ~ (on - modules.datetime.timedelta(days=back)) ~ "'") -%}
    {%- endfor -%}
    {{ return(found | unique | list) }}
{% endmacro %}


{# Each of these first days moved by each of these numbers of periods. #}
{% macro starts_moved(starts, offsets, period) %}
    {%- set moved = [] -%}
    {%- for start in starts -%}
        {%- set on = modules.datetime.date.fromisoformat(start[6:16]) -%}
        {%- for offset in offsets -%}
            {%- set month = on.year * 12 + on.month - 1 + offset -%}
            {%- set to -%}
                {%- if period == 'week' -%}
                    {{ on + modules.datetime.timedelta(days=7 * offset) }}
                {%- else -%}
                    {{ modules.datetime.date(month // 12, month % 12 + 1, 1) }}
                {%- endif -%}
            {%- endset -%}
            {%- do moved.append("date '" ~ to ~ "'") -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(moved | unique | list) }}
{% endmacro %}


{# Every day of the periods that start so. #}
{% macro days_of(starts, period) %}
    {%- set days = [] -%}
    {%- for day in days_moved(starts, range(7 if period == 'week' else 31)) -%}
        {%- if starts_of([day], period)[0] in starts -%}
            {%- do days.append(day) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(days) }}
{% endmacro %}
