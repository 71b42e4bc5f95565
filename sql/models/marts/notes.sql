select
    noted_on,
    platform,
    post_id,
    text,
    hide_post

from {{ ref('int_notes') }}
