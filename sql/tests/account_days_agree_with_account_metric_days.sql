{%- set long = ref('account_metric_days') -%}

-- What is wide in the one mart and long in the other is the same.
select
    long.account_key,
    long.metric,
    long.measured_on,
    long.value

from {{ long }} as long
left join {{ ref('account_days') }} as wide
    on long.account_key = wide.account_key
    and long.measured_on = wide.measured_on
    and wide.measured_on >= {{ tested_from(long, 'measured_on') }}
where
    long.load_id > {{ tested_load() }}
    and (
        wide.account_key is null
        or (long.metric = 'followers' and wide.followers is distinct from long.value)
        or (long.metric = 'followers' and wide.followers_low is distinct from long.low)
        or (long.metric = 'followers' and wide.followers_high is distinct from long.high)
        {% for metric in ['views', 'connections', 'posts'] %}
        or (long.metric = '{{ metric }}' and wide.{{ metric }} is distinct from long.value)
        {% endfor %}
    )
