"""Mutated answers: each is read as valid records, or refused with the JSON path; never another exception."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialmetrics import platforms
from socialmetrics.errors import SocialmetricsError, Unexpected
from socialmetrics.landing import response_line
from socialmetrics.platforms import facebook, x, youtube
from socialmetrics.platforms.answers import LARGEST, Node, kept, shape
from socialmetrics.records import (
    COLUMNS,
    Account,
    Call,
    Found,
    Observation,
    Post,
    Profile,
    Reason,
    Record,
    Response,
    Subject,
    Tracked,
    TrackedPost,
    table,
)

INSTANT = datetime(2026, 9, 14, 22, tzinfo=UTC)
VIDEO, TWEET, PAGE_POST = "abcdefghij0", "1990000000000000001", "1001_9"
COUNTS = {"impression_count": 1, "like_count": 2, "reply_count": 3, "retweet_count": 4, "quote_count": 5}
POST = {
    "id": PAGE_POST,
    "created_time": "2026-09-10T10:00:00+0000",
    "permalink_url": "https://www.facebook.com/1001/posts/9",
    "status_type": "added_photos",
    "shares": {"count": 4},
    "reactions": {"data": [], "summary": {"total_count": 87}},
    "comments": {"data": [], "summary": {"total_count": 12, "can_comment": False}},
}
SAMPLES: dict[tuple[str, str], tuple[frozenset[str], tuple[Subject, ...], dict[str, Any], Any]] = {
    ("youtube", youtube.CHANNELS): (
        youtube.KEEP_CHANNELS,
        (Subject("UCa"), Subject("UCb")),
        {},
        {
            "kind": "youtube#channelListResponse",
            "items": [
                {
                    "id": "UCa",
                    "snippet": {"title": "Demo", "customUrl": "@demo", "publishedAt": "2019-03-01T00:00:00Z"},
                    "statistics": {
                        "viewCount": "48211007",
                        "subscriberCount": "123000",
                        "hiddenSubscriberCount": False,
                        "videoCount": "412",
                    },
                    "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": "UUa"}},
                }
            ],
        },
    ),
    ("youtube", youtube.UPLOADS): (
        youtube.KEEP_UPLOADS,
        (Subject("UCa"),),
        {"playlist": "UUa", "since": "2026-09-01T00:00:00Z"},
        {"items": [{"contentDetails": {"videoId": VIDEO, "videoPublishedAt": "2026-09-02T00:00:00Z"}}]},
    ),
    ("youtube", youtube.STATS): (
        youtube.KEEP_STATS,
        (Subject("UCa", VIDEO), Subject("UCa", "gone")),
        {"published": ["2026-09-02T00:00:00Z", ""]},
        {
            "items": [
                {
                    "id": VIDEO,
                    "statistics": {"viewCount": "9012", "likeCount": "310", "commentCount": "12"},
                    "contentDetails": {"duration": "200s"},
                }
            ]
        },
    ),
    ("youtube", youtube.VIDEOS): (
        youtube.KEEP_VIDEOS,
        (Subject("UCa", VIDEO),),
        {},
        {
            "items": [
                {
                    "id": VIDEO,
                    "snippet": {"title": "Hi", "publishedAt": "2026-09-02T00:00:00Z", "channelId": "UCa"},
                    "contentDetails": {"duration": "PT3M20S"},
                }
            ]
        },
    ),
    ("x", x.USERS): (
        x.KEEP_USERS,
        (Subject("1"), Subject("2")),
        {},
        {
            "data": [
                {
                    "id": "1",
                    "name": "X Dev",
                    "username": "XDev",
                    "created_at": "2013-12-14T04:35:55.000Z",
                    "protected": False,
                    "public_metrics": {"followers_count": 5, "following_count": 2, "tweet_count": 1, "listed_count": 7},
                }
            ],
            "errors": [
                {"resource_id": "2", "title": "Forbidden", "type": "https://api.x.com/2/problems/resource-not-found"}
            ],
        },
    ),
    ("x", x.TIMELINE): (
        x.KEEP_POSTS,
        (Subject("1"),),
        {"since_id": "1", "tweet_fields": x.TIMELINE_FIELDS},
        {
            "data": [
                {
                    "id": TWEET,
                    "text": "..",
                    "created_at": "2026-09-10T10:00:00.000Z",
                    "public_metrics": COUNTS,
                    "referenced_tweets": [{"type": "quoted", "id": "1"}],
                    "attachments": {"media_keys": ["3_1"]},
                }
            ],
            "meta": {"result_count": 1, "newest_id": TWEET},
        },
    ),
    ("x", x.POSTS): (
        x.KEEP_POSTS,
        (Subject("1", TWEET), Subject("1", "2")),
        {},
        {"data": [{"id": TWEET, "public_metrics": COUNTS}], "errors": [{"value": "2", "title": "Not Found Error"}]},
    ),
    ("facebook", facebook.PAGE): (
        facebook.KEEP,
        (Subject("1001"), Subject("1002")),
        {},
        {
            "items": [
                {
                    "asked": "1001",
                    "code": 200,
                    "body": {
                        "id": "1001",
                        "name": "Demo Page",
                        "username": "demo",
                        "followers_count": 52110,
                        "fan_count": 50987,
                        "posts": {"data": [POST], "paging": {"next": "https://graph.facebook.com/next"}},
                    },
                },
                {
                    "asked": "1002",
                    "code": 400,
                    "body": {"error": {"message": "gone", "code": 100, "error_subcode": 33, "type": "OAuthException"}},
                },
            ]
        },
    ),
    ("facebook", facebook.POST): (
        facebook.KEEP,
        (Subject("1001", PAGE_POST),),
        {},
        {"items": [{"asked": PAGE_POST, "code": 200, "body": POST}]},
    ),
}


def response_to(case: tuple[str, str], body: Any) -> Response:
    keep, subjects, params, _ = SAMPLES[case]
    return Response(case[0], case[1], subjects, date(2026, 9, 14), INSTANT, "run", 1, params, kept(body, keep))


def read(case: tuple[str, str], body: Any) -> list[Record]:
    return list(platforms.interpret(platforms.load(case[0]), response_to(case, body)))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "0", "-1", "1e3", "007", "9" * 19, "9" * 5000, "٣", "0001-01-01T00:00:00+14:00", "\ud800"]),
    st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none() | st.integers(), max_size=2),
)


@st.composite
def mutated(draw: st.DrawFn, sample: Any) -> Any:
    body = copy.deepcopy(sample)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(body))))
        if not path:
            if draw(st.booleans()):
                return draw(JUNK)
            continue
        holder = body
        for key in path[:-1]:
            holder = holder[key]
        action = draw(st.sampled_from(["drop", "replace", "repeat"]))
        if action == "drop":
            del holder[path[-1]]
        elif action == "repeat" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[path[-1]]))
        else:
            holder[path[-1]] = draw(JUNK)
    return body


@pytest.mark.parametrize("case", SAMPLES, ids=lambda case: " ".join(case))
def test_a_sample_is_read(case: tuple[str, str]) -> None:
    records = read(case, SAMPLES[case][3])
    assert records
    asked = {s.post_id or s.account_id for s in SAMPLES[case][1]}
    if case not in (("youtube", youtube.UPLOADS), ("x", x.TIMELINE)):
        assert asked <= {r.post_id or r.account_id if not isinstance(r, Profile) else r.account_id for r in records}


@pytest.mark.parametrize("case", SAMPLES, ids=lambda case: " ".join(case))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_mutated_answer_is_read_or_refused(case: tuple[str, str], data: st.DataObject) -> None:
    body = data.draw(mutated(SAMPLES[case][3]))
    try:
        records = read(case, body)
    except Unexpected as refusal:
        assert refusal.path.startswith("$")  # noqa: PT017
        assert str(refusal).endswith(".")  # noqa: PT017
    else:
        check_valid(case, records)
    assert response_line(response_to(case, body)).count(b"\n") == 1


def check_valid(case: tuple[str, str], records: list[Record]) -> None:
    accounts = {subject.account_id for subject in SAMPLES[case][1]}
    seen = set()
    for record in records:
        assert record.platform == case[0]
        if isinstance(record, Observation):
            assert (record.value is None) != (record.reason is None)
            assert record.value is None or (type(record.value) is int and 0 <= record.value <= LARGEST)
            assert record.account_id in accounts
            key = (record.account_id, record.post_id, record.metric)
            assert key not in seen
            seen.add(key)
        elif isinstance(record, Post):
            assert record.account_id in accounts
            assert record.published_at.tzinfo is UTC
    for kind, kinds in (("observations", Observation), ("profiles", Profile), ("posts", Post)):
        landed = table([r for r in records if isinstance(r, kinds)], COLUMNS[kind])
        assert landed.num_rows == sum(isinstance(r, kinds) for r in records)


COUNTED = [
    (("youtube", youtube.CHANNELS), ("items", 0, "statistics", "subscriberCount"), "subscriberCount"),
    (("youtube", youtube.STATS), ("items", 0, "statistics", "likeCount"), "statistics.likeCount"),
    (("x", x.USERS), ("data", 0, "public_metrics", "followers_count"), "followers_count"),
    (("x", x.POSTS), ("data", 0, "public_metrics", "like_count"), "public_metrics.like_count"),
    (("facebook", facebook.PAGE), ("items", 0, "body", "fan_count"), "fan_count"),
    (("facebook", facebook.POST), ("items", 0, "body", "shares", "count"), "shares.count"),
]


def with_value(case: tuple[str, str], path: tuple[Any, ...], value: Any) -> Any:
    body = copy.deepcopy(SAMPLES[case][3])
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return body


@pytest.mark.parametrize(("case", "path", "metric"), COUNTED, ids=lambda each: each if isinstance(each, str) else "")
class TestCounts:
    @pytest.mark.parametrize(
        ("value", "expected"), [("123", 123), (123, 123), (0, 0), ("0", 0), (LARGEST, LARGEST), (str(LARGEST), LARGEST)]
    )
    def test_are_read(
        self, case: tuple[str, str], path: tuple[Any, ...], metric: str, value: Any, expected: int
    ) -> None:
        found = {r.metric: r.value for r in read(case, with_value(case, path, value)) if isinstance(r, Observation)}
        assert found[metric] == expected

    @pytest.mark.parametrize(
        "value",
        [-1, "-1", 2**63, str(2**63), "1e3", 1e3, 12.0, True, False, "", " 5", "5 ", "1,000", "٣", "9" * 5000, [], {}],
    )
    def test_are_refused_with_their_place(
        self, case: tuple[str, str], path: tuple[Any, ...], metric: str, value: Any
    ) -> None:
        with pytest.raises(Unexpected) as caught:
            read(case, with_value(case, path, value))
        place = "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
        assert caught.value.path == place

    def test_that_are_missing_have_a_reason(self, case: tuple[str, str], path: tuple[Any, ...], metric: str) -> None:
        if metric == "shares.count":
            with pytest.raises(Unexpected):  # Facebook leaves out the shares, not their count
                read(case, with_value(case, path, None))
            return
        found = {r.metric: r.reason for r in read(case, with_value(case, path, None)) if isinstance(r, Observation)}
        expected = {"subscriberCount": Reason.HIDDEN, "statistics.likeCount": Reason.HIDDEN}
        assert found[metric] == expected.get(metric, Reason.UNAVAILABLE)


def test_hidden_subscribers_are_hidden_whatever_is_sent() -> None:
    case = ("youtube", youtube.CHANNELS)
    for shown in ("0", "123", None):
        body = with_value(case, ("items", 0, "statistics", "subscriberCount"), shown)
        body["items"][0]["statistics"]["hiddenSubscriberCount"] = True
        found = {r.metric: (r.value, r.reason) for r in read(case, body) if isinstance(r, Observation)}
        assert found["subscriberCount"] == (None, Reason.HIDDEN)
        assert found["viewCount"] == (48211007, None)


def test_both_vocabularies_of_x_are_one() -> None:
    case = ("x", x.USERS)
    body = copy.deepcopy(SAMPLES[case][3])
    metrics = body["data"][0]["public_metrics"]
    metrics["post_count"] = metrics.pop("tweet_count")
    assert read(case, body) == read(case, SAMPLES[case][3])
    case = ("x", x.POSTS)
    body = copy.deepcopy(SAMPLES[case][3])
    metrics = body["data"][0]["public_metrics"]
    metrics["repost_count"] = metrics.pop("retweet_count")
    assert read(case, body) == read(case, SAMPLES[case][3])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"title": "Not Found Error", "type": "https://api.twitter.com/2/problems/resource-not-found"}, "not_found"),
        ({"title": "Forbidden", "type": "https://api.x.com/2/problems/resource-not-found"}, "suspended"),
        ({"title": "Authorization Error", "type": "about:blank"}, "forbidden"),
        ({"title": "?", "type": "https://api.x.com/2/problems/not-authorized-for-resource"}, "forbidden"),
        ({}, "not_found"),
    ],
)
def test_x_says_why_someone_is_missing(error: dict[str, str], reason: str) -> None:
    body = {"data": [], "errors": [{**error, "resource_id": "2"}]}
    found = {r.account_id: r.reason for r in read(("x", x.USERS), body) if isinstance(r, Observation)}
    assert found == {"1": "not_found", "2": reason}
    del body["data"]
    assert {r.account_id: r.reason for r in read(("x", x.USERS), body) if isinstance(r, Observation)} == found


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": 190, "error_subcode": 463}, "denied"),
        ({"code": 102}, "denied"),
        ({"code": 10}, "forbidden"),
        ({"code": 200}, "forbidden"),
        ({"code": 3}, "forbidden"),
        ({"code": 4, "is_transient": True}, "unavailable"),
        ({"code": 80001}, "unavailable"),
        ({"code": 2}, "unavailable"),
        ({"code": 100, "error_subcode": 33}, "not_found"),
        ({"code": 100}, "unreadable"),
        ({"code": 31337}, "unreadable"),
        ({"code": [1]}, "unreadable"),
        ({}, "unreadable"),
    ],
)
def test_facebook_errors_are_told_by_their_code(error: dict[str, Any], reason: str) -> None:
    body = {"items": [{"asked": "1001", "code": 400, "body": {"error": error}}]}
    found = [
        (r.account_id, r.metric, r.reason)
        for r in read(("facebook", facebook.PAGE), body)
        if isinstance(r, Observation)
    ]
    assert found == [("1001", None, reason)]


@pytest.mark.parametrize("case", [("youtube", youtube.STATS), ("x", x.POSTS), ("facebook", facebook.PAGE)])
def test_an_answer_about_someone_else_is_refused(case: tuple[str, str]) -> None:
    text = (
        json.dumps(SAMPLES[case][3])
        .replace(VIDEO, "stranger000")
        .replace(TWEET, "77")
        .replace('"id": "1001"', '"id": "77"')
    )
    with pytest.raises(Unexpected):
        read(case, json.loads(text))


@pytest.mark.parametrize("name", platforms.NAMES)
@pytest.mark.parametrize("body", [None, [], "text", 5, {}, {"items": None, "data": None}, {"items": {}, "data": {}}])
def test_fetch_meets_any_json(name: str, body: Any) -> None:
    """What the vendor's client hands over is passed on, or one of our errors."""

    class Anything:
        """A client whose every method gives the same answer."""

        def __getattr__(self, name: str) -> Any:
            return lambda *args, **kwargs: body if name in ("execute", "request") or "get_" in name else self

    module = platforms.load(name)
    client: Any = {"": Anything()}
    if name != "x":
        client = {"": {"facebook": facebook, "youtube": youtube}[name]._Client(Anything())}
    for endpoint, call in calls_of(name):
        try:
            pages = list(module.fetch(client, call))
        except Exception as error:
            assert isinstance(module.explain(error), SocialmetricsError), f"{endpoint}: {error!r}"  # noqa: PT017
        else:
            for page in pages:
                response = Response(
                    name, endpoint, call.subjects, date(2026, 9, 14), INSTANT, "run", 1, dict(call.params)
                )
                try:
                    list(module.parse(Response(**{**as_dict(response), "body": kept(page.body, call.keep)})))
                except Unexpected as refusal:
                    assert refusal.path.startswith("$")  # noqa: PT017


def as_dict(response: Response) -> dict[str, Any]:
    return {name: getattr(response, name) for name in Response.__slots__}


def calls_of(name: str) -> Iterator[tuple[str, Any]]:
    module = platforms.load(name)
    account = Account("o", name, "handle", "1001", is_own=True)
    tracked = Tracked(posts=(TrackedPost("1001", "1001_9", INSTANT, None),))
    for call in module.plan([account, Account("o", name, "handle")], tracked, None):
        if not (name == "facebook" and not call.params) and call.endpoint != youtube.UPLOADS:
            yield call.endpoint, call
    if name == "youtube":
        params = (("playlist", "UU"), ("since", "2026-09-01T00:00:00Z"))
        yield youtube.UPLOADS, Call(youtube.UPLOADS, (Subject("1001"),), youtube.KEEP_UPLOADS, params)


def test_a_shape_holds_keys_and_kinds_alone() -> None:
    assert shape({"a": "secret", "b": [1, 2, 3, 4], "c": None}) == {"a": "str", "b": ["int"] * 3, "c": "NoneType"}
    assert shape({"likes_by": {"jane.doe@example.org": 1, "9007199": 1}}) == {"likes_by": {"*": "int"}}


def test_what_is_not_listed_is_not_kept() -> None:
    body = {"items": [{"id": "1", "author": {"name": "a person"}, "title": "a name"}], "other": "x"}
    assert kept(body, frozenset({"items.id"})) == {"items": [{"id": "1"}]}
    assert kept(body, frozenset({"items.author"})) == {"items": [{"author": {"name": "str"}}]}
    assert kept({"items": "a person"}, frozenset({"items.id"})) == {"items": "str"}
    assert kept(None, frozenset({"items.id"})) is None


@pytest.mark.parametrize(
    "text", ["", "today", "2026-09-14", "2026-09-14T22:00:00", "0001-01-01T00:00:00+14:00", 5, None]
)
def test_an_instant_needs_an_offset(text: Any) -> None:
    with pytest.raises(Unexpected):
        Node({"at": text})["at"].instant()


def test_instants_are_utc() -> None:
    for text in (
        "2026-09-14T22:00:00Z",
        "2026-09-14T22:00:00+0000",
        "2026-09-14T17:00:00-05:00",
        "2026-09-14T22:00:00.000Z",
    ):
        assert Node(text).instant() == INSTANT


def test_what_comes_twice_in_an_answer_counts_once_unless_it_differs() -> None:
    case = ("facebook", facebook.PAGE)
    body = copy.deepcopy(SAMPLES[case][3])
    posts = body["items"][0]["body"]["posts"]["data"]
    posts.append(copy.deepcopy(posts[0]))
    assert read(case, body) == read(case, SAMPLES[case][3])
    posts[1]["shares"]["count"] = 5
    with pytest.raises(Unexpected, match="twice, and differently"):
        read(case, body)


def test_more_posts_of_a_page_are_asked_for_up_to_a_bound() -> None:
    account = Account("o", "facebook", "handle", "1001")
    found = Found()
    while todo := [c for c in facebook.plan([account], Tracked(), found) if c not in found.calls]:
        for call in todo:
            found.calls.add(call)
            found.profiles["1001"] = Profile("facebook", "1001", "h", "n", "u", None, "public", INSTANT, "run")
            for _ in range(facebook.WITH_PAGE if call.endpoint == facebook.PAGE else facebook.PAGE_SIZE):
                number = len(found.posts)
                published = INSTANT - timedelta(minutes=number)
                found.posts[str(number)] = Post(
                    "facebook", "1001", str(number), published, "post", None, None, "public", INSTANT, "run"
                )
    made = [call for call in found.calls if call.endpoint == facebook.MORE_POSTS]
    assert len(made) == facebook.PAGES


def test_posts_of_a_page_that_is_not_asked_about_are_not_planned() -> None:
    posts = (TrackedPost("1001", "1001_1", INSTANT, None), TrackedPost("7", "7_1", INSTANT, None))
    planned = facebook.plan([Account("o", "facebook", "handle", "1001")], Tracked(posts=posts), None)
    assert [call.subjects for call in planned if call.endpoint == facebook.POST] == [(Subject("1001", "1001_1"),)]


def test_posts_that_are_gone_are_asked_about_once() -> None:
    account = Account("o", "facebook", "handle", "1001")
    for name, endpoint in (("facebook", facebook.POST), ("x", x.POSTS)):
        module, tracked, found = (
            platforms.load(name),
            Tracked(posts=(TrackedPost("1001", "9", INSTANT, None),)),
            Found(),
        )
        asked: list[Call] = []
        for _ in range(6):
            todo = [c for c in module.plan([account], tracked, found) if c not in found.calls]
            found.calls.update(todo)
            found.profiles["1001"] = Profile(name, "1001", "h", "n", "u", None, "public", INSTANT, "run")
            asked += [c for c in todo if c.endpoint == endpoint]
        assert len(asked) == 1
