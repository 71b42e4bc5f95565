"""A post's kind: one of our words, from a field that comes free with what is asked anyway."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from home import Home
from oracle.record import kind_of
from socialmetrics import pipeline, platforms
from socialmetrics.platforms import facebook, x, youtube
from socialmetrics.platforms.answers import kept
from socialmetrics.records import Account, Found, Post, Response, Subject, Tracked, TrackedPost
from socialmetrics.sandbox.server import Fault
from socialmetrics.sandbox.world import World

INSTANT = datetime(2026, 9, 14, 22, tzinfo=UTC)
FIRST = date(2026, 9, 14)
PUBLISHED = "2026-09-10T10:00:00Z"


def kinds(
    platform: str, endpoint: str, keep: frozenset[str], body: Any, subject: Subject, **params: Any
) -> list[str | None]:
    response = Response(platform, endpoint, (subject,), FIRST, INSTANT, "run", 1, params, kept(body, keep))
    return [r.kind for r in platforms.interpret(platforms.load(platform), response) if isinstance(r, Post)]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("added_photos", "photo"),
        ("added_video", "video"),
        ("mobile_status_update", "text"),
        ("shared_story", "share"),
        ("created_event", "event"),
        ("something_new", "post"),
        (["added_photos"], "post"),
        (None, "post"),
    ],
)
def test_a_page_s_post_is_of_the_kind_that_its_status_type_tells(told: Any, kind: str) -> None:
    post = {"id": "1_9", "created_time": "2026-09-10T10:00:00+0000"} | ({"status_type": told} if told else {})
    page = {"id": "1", "name": "n", "posts": {"data": [post]}}
    body = {"items": [{"asked": "1", "code": 200, "body": page}]}
    assert kinds("facebook", facebook.PAGE, facebook.KEEP, body, Subject("1")) == [kind]
    body["items"][0]["body"] = {"data": [post]}
    assert kinds("facebook", facebook.MORE_POSTS, facebook.KEEP, body, Subject("1")) == [kind]


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "text"),
        ({"attachments": {"media_keys": ["3_1"]}}, "media"),
        ({"attachments": {"poll_ids": ["1"]}}, "text"),
        ({"referenced_tweets": [{"type": "quoted", "id": "7"}]}, "quote"),
        ({"referenced_posts": [{"type": "quoted", "id": "7"}], "attachments": {"media_keys": ["3_1"]}}, "quote"),
        ({"referenced_tweets": [{"type": "replied_to", "id": "7"}]}, "text"),
    ],
)
def test_a_post_of_x_is_a_quote_or_has_media_or_is_text(more: dict[str, Any], kind: str) -> None:
    counts = dict.fromkeys(("impression_count", "like_count", "reply_count", "retweet_count", "quote_count"), 1)
    body = {"data": [{"id": "9", "created_at": PUBLISHED, "public_metrics": counts} | more]}
    asked = {"tweet_fields": x.TIMELINE_FIELDS}
    assert kinds("x", x.TIMELINE, x.KEEP_POSTS, body, Subject("1"), **asked) == [kind]
    assert kinds("x", x.TIMELINE, x.KEEP_POSTS, body, Subject("1")) == ["post"], "who did not ask does not know"


LENGTHS = [
    ("PT20S", "short video"),
    ("PT3M", "short video"),
    ("PT3M1S", "long video"),
    ("PT1H", "long video"),
    ("P1DT2H3M4S", "long video"),
    ("180s", "short video"),
    ("180.5s", "long video"),
    ("3600s", "long video"),
    ("P0D", "video"),  # a broadcast that is not over
    ("0s", "video"),
    ("three minutes", "video"),
    (["PT3M"], "video"),
    (None, "video"),
]


@pytest.mark.parametrize(("told", "kind"), LENGTHS)
def test_a_video_is_short_up_to_three_minutes(told: Any, kind: str) -> None:
    subject, details = Subject("UC", "v"), {"contentDetails": {"duration": told}} if told else {}
    body = {"items": [{"id": "v", "statistics": {"viewCount": "1"}} | details]}
    published = {"published": [PUBLISHED]}
    assert kinds("youtube", youtube.STATS, youtube.KEEP_STATS, body, subject, **published) == [kind]
    snippet = {"title": "t", "publishedAt": PUBLISHED, "channelId": "UC"}
    body = {"items": [{"id": "v", "snippet": snippet} | details]}
    assert kinds("youtube", youtube.VIDEOS, youtube.KEEP_VIDEOS, body, subject, **published) == [kind]
    assert kinds("youtube", youtube.VIDEOS, youtube.KEEP_VIDEOS, body, subject) == [kind]


def test_statistics_tell_the_kind_of_videos_of_which_it_is_not_known_alone() -> None:
    body = {"items": [{"id": "v", "statistics": {"viewCount": "1"}, "contentDetails": {"duration": "PT3M"}}]}
    assert kinds("youtube", youtube.STATS, youtube.KEEP_STATS, body, Subject("UC", "v")) == []
    assert kinds("youtube", youtube.STATS, youtube.KEEP_STATS, body, Subject("UC", "v"), published=[""]) == []
    posts = (TrackedPost("UC", "a", INSTANT, None), TrackedPost("UC", "b", INSTANT, None, kind="long video"))
    calls = youtube.plan([Account("o", "youtube", "h", "UC")], Tracked(posts=posts), None)
    (call,) = [call for call in calls if call.endpoint == youtube.STATS and not call.is_discovery]
    told = dict(zip(call.subjects, dict(call.params)["published"], strict=True))
    assert told == {Subject("UC", "a"): "2026-09-14T22:00:00Z", Subject("UC", "b"): ""}
    assert dict(call.cut(1).params)["published"] == dict(call.params)["published"][:1]


def test_a_list_of_uploads_tells_no_kind() -> None:
    body = {"items": [{"contentDetails": {"videoId": "v", "videoPublishedAt": PUBLISHED}}]}
    asked = {"playlist": "UU", "since": "2026-09-01T00:00:00Z"}
    assert kinds("youtube", youtube.UPLOADS, youtube.KEEP_UPLOADS, body, Subject("UC"), **asked) == [None]


def test_asking_for_statistics_again_is_planned_as_the_same_call() -> None:
    """What an answer tells of a video must not make its call look like one that is still to be made."""
    account = Account("o", "youtube", "h", "UC", is_own=True)
    found = Found()
    subject = Subject("UC", "v")
    response = Response("youtube", youtube.CHANNELS, (Subject("UC"),), FIRST, INSTANT, "run")
    found.add([response.profile("UC", "h", "n", "u", None)])
    found.add([response.post(subject, datetime(2026, 9, 10, 10, tzinfo=UTC), None, None, "u")])
    found.calls.update(youtube.plan([account], Tracked(), found))
    asked = [call for call in youtube.plan([account], Tracked(), found) if call not in found.calls]
    assert {call.endpoint for call in asked} == {youtube.STATS, youtube.VIDEOS}
    found.calls.update(asked)
    snippet = {"title": "t", "publishedAt": "2026-09-10T10:00:09Z", "channelId": "UC"}
    body = {"items": [{"id": "v", "snippet": snippet, "contentDetails": {"duration": "PT9M"}}]}
    (videos,) = [call for call in asked if call.endpoint == youtube.VIDEOS]
    answer = Response("youtube", youtube.VIDEOS, (subject,), FIRST, INSTANT, "run", 1, dict(videos.params), body)
    found.add(youtube.parse(answer))
    assert found.posts["v"].kind == "long video"
    assert [call for call in youtube.plan([account], Tracked(), found) if call not in found.calls] == []


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_every_post_lands_once_with_the_kind_that_it_has(home: Home, world: World, platform: str) -> None:
    for number in range(2):
        home.pull(FIRST + timedelta(days=number), platform)
    rows = home.rows("posts", platform)
    assert len({row["post_id"] for row in rows}) == len(rows)
    wanted = {}
    for row in rows:
        post = world.post(platform, row["post_id"])
        assert post
        wanted[row["post_id"]] = kind_of(post)
    assert {row["post_id"]: row["kind"] for row in rows} == wanted
    expected = {
        "youtube": {"short video", "long video"},
        "x": {"text", "media", "quote"},
        "facebook": {"photo", "video", "share", "text", "event", "post"},
    }
    assert set(wanted.values()) == expected[platform]


def test_a_kind_that_did_not_come_on_the_first_day_lands_when_it_comes(home: Home, world: World) -> None:
    home.sandbox.script([Fault("youtube", kind, None, "500") for kind in ("batchGetStats", "v3/videos?")])
    home.pull(FIRST, "youtube")
    before = home.rows("posts", "youtube")
    assert before
    assert {row["kind"] for row in before} == {None}
    home.sandbox.script([])
    home.pull(FIRST + timedelta(days=1), "youtube")
    later = home.rows("posts", "youtube")[len(before) :]
    again = [row for row in later if row["post_id"] in {row["post_id"] for row in before}]
    assert again
    published = {row["post_id"]: row["published_at"] for row in before}
    for row in again:
        post = world.post("youtube", row["post_id"])
        assert post
        assert (row["kind"], row["published_at"]) == (kind_of(post), published[row["post_id"]])
    home.pull(FIRST + timedelta(days=2), "youtube")
    known = {row["post_id"] for row in again}
    assert [row for row in home.rows("posts", "youtube")[len(before) + len(later) :] if row["post_id"] in known] == []


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_run_that_is_read_again_has_the_same_posts(home: Home, platform: str) -> None:
    home.sandbox.script([Fault("youtube", "batchGetStats", None, "500")])
    home.pull(FIRST, platform)
    home.sandbox.script([])
    home.pull(FIRST + timedelta(days=1), platform)
    before = home.rows("posts", platform)
    for run_id in home.landing.run_ids(platform):
        assert pipeline.reparse(home.settings, platform, run_id)
    assert home.rows("posts", platform) == before


def test_a_status_type_that_is_retired_costs_no_count(home: Home) -> None:
    home.sandbox.script([Fault("facebook", "status_type", None, "field")])
    assert home.pull(FIRST, "facebook")["facebook"].run.status == "complete"
    assert {row["kind"] for row in home.rows("posts", "facebook")} == {"post"}
    counts = [row for row in home.rows("observations", "facebook") if row["metric"]]
    assert {row["reason"] for row in counts} == {None}


def test_what_an_earlier_program_asked_is_read_as_it_was() -> None:
    """A kept answer to a question without these fields says no more than it did."""
    counts = {"public_metrics": {"like_count": 1}, "created_at": PUBLISHED}
    body = {"data": [{"id": "9"} | counts]}
    assert kinds("x", x.TIMELINE, x.KEEP_POSTS, body, Subject("1"), since_id="1") == ["post"]
    body = {"items": [{"id": "v", "statistics": {"viewCount": "1"}}]}
    assert kinds("youtube", youtube.STATS, youtube.KEEP_STATS, body, Subject("UC", "v")) == []
