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
