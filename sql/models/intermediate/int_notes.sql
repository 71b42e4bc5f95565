-- what a person wrote twice is one note
select
    noted_on,
    platform,
    post_id,
    text,
    bool_or(hide_post) as hide_post

from {{ ref('stg_notes') }}
where file = {{ newest_file('notes') }}
group by noted_on, platform, post_id, text
