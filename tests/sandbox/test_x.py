from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
import tweepy

from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import DAY, World, WorldAccount, noon
from socialmetrics.sandbox.x import POST_METRICS, USER_METRICS

Client = Callable[..., tweepy.Client]


def accounts(world: World) -> list[WorldAccount]:
    return [a for a in world.accounts if a.platform == "x"]


def of(world: World, organization_id: str) -> WorldAccount:
    return next(a for a in accounts(world) if a.organization_id == organization_id)


def test_users_by_id(world: World, x: Client, sandbox: Sandbox, at: datetime) -> None:
    ids = [a.account_id for a in accounts(world)]
    client = x()
    body: Any = client.get_users(ids=[*ids, "1"], user_fields=["public_metrics", "created_at"])
    there = [a for a in accounts(world) if world.status(a, at) == "public"]
    assert [user["id"] for user in body["data"]] == [a.account_id for a in there]
    for user, account in zip(body["data"], there, strict=True):
        assert user["public_metrics"] == {m: world.value(account, m, at) for m in USER_METRICS}
        assert user["username"] == account.handle_at(at)
    assert {user["public_metrics"]["media_count"] is None for user in body["data"]} == {True, False}
    problems = {e["resource_id"]: (e["title"], e["type"].rpartition("/")[2]) for e in body["errors"]}
    assert problems == {
        of(world, "h0001").account_id: ("Forbidden", "resource-not-found"),
        of(world, "h0003").account_id: ("Authorization Error", "not-authorized-for-resource"),
        "1": ("Not Found Error", "resource-not-found"),
    }
    headers = client.session.last.headers
    assert headers["x-rate-limit-limit"]
    assert 0 < int(headers["x-rate-limit-reset"]) - at.timestamp() <= 900
    assert len(sandbox.requests) == 1
    assert sandbox.requests[0].has_authorization
    assert "token" not in sandbox.requests[0].query


def test_users_by_name(world: World, x: Client) -> None:
    body: Any = x().get_users(usernames=["lakesidehealth", "LakesideJobs", "LakesideCareers"])
    assert [set(user) for user in body["data"]] == [{"id", "name", "username"}] * 2
    assert [user["username"] for user in body["data"]] == ["LakesideHealth", "LakesideCareers"]
    assert [(e["value"], e["parameter"]) for e in body["errors"]] == [("LakesideJobs", "usernames")]
    nobody: Any = x().get_users(usernames=["nobody"])
    assert set(nobody) == {"errors"}


def test_posts_lookup(world: World, x: Client, at: datetime) -> None:
    posts = [p for a in accounts(world) for p in world.posts(a, at - 4 * DAY, at)][:97]
    posts += world.posts(of(world, "lakeside"), noon(10, 6), noon(10, 7))[:1]
    body: Any = x().get_tweets([p.post_id for p in posts], tweet_fields=["public_metrics", "created_at"])
    public = [p for p in posts if world.post_status(p, at) == "public"]
    assert [tweet["id"] for tweet in body["data"]] == [p.post_id for p in public]
    assert len(body["errors"]) == len(posts) - len(public) > 0
    for tweet, post in zip(body["data"], public, strict=True):
        values = {m: world.post_value(post, f"public_metrics.{m}", at) for m in POST_METRICS}
        assert tweet["public_metrics"] == values
        assert tweet["text"] == post.title
        assert datetime.fromisoformat(tweet["created_at"]) == post.published_at
    body = x().get_tweets([p.post_id for p in public], tweet_fields=["referenced_tweets", "attachments"])
    for tweet, post in zip(body["data"], public, strict=True):
        assert ("attachments" in tweet) == post.has_media
        kinds = [reference["type"] for reference in tweet.get("referenced_tweets", [])]
        told = {"reply": ["replied_to"], "quote": ["quoted"], "retweet": ["retweeted"]}
        assert kinds == told.get(post.kind, [])
    assert {post.has_media for post in public} == {True, False}
    bare: Any = x().get_tweets([public[0].post_id])
    assert set(bare["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    new: Any = x().get_tweets([public[0].post_id], **{"post.fields": "public_metrics"})
    assert "repost_count" in new["data"][0]["public_metrics"]
    assert "edit_history_post_ids" in new["data"][0]


def test_a_timeline_page_by_page(world: World, x: Client, sandbox: Sandbox, at: datetime) -> None:
    account = accounts(world)[0]
    pages: list[Any] = list(tweepy.Paginator(x().get_users_tweets, account.account_id, max_results=100, limit=3))
    ids = [tweet["id"] for page in pages for tweet in page["data"]]
    assert ids == [p.post_id for p in world.newest_first(account, at)][:300]
    assert [page["meta"]["result_count"] for page in pages] == [100, 100, 100]
    assert pages[0]["meta"]["newest_id"] == ids[0]
    assert pages[0]["meta"]["oldest_id"] == ids[99]
    assert len(sandbox.requests) == 3


def test_a_part_of_a_timeline(world: World, x: Client, at: datetime) -> None:
    account = accounts(world)[0]
    newest = list(world.newest_first(account, at))[:60]

    def ids(**options: Any) -> list[str]:
        body: Any = x().get_users_tweets(account.account_id, max_results=100, **options)
        return [tweet["id"] for tweet in body.get("data", [])]

    assert ids(since_id=newest[20].post_id) == [p.post_id for p in newest[:20]]
    assert ids(since_id=newest[20].post_id, until_id=newest[5].post_id) == [p.post_id for p in newest[6:20]]
    assert ids(start_time=newest[20].published_at) == [p.post_id for p in newest[:21]]
    assert ids(start_time=newest[20].published_at, end_time=newest[0].published_at) == [p.post_id for p in newest[1:21]]
    plain = [p.post_id for p in newest if p.kind in ("post", "quote")]
    assert 0 < len(plain) < 60
    assert ids(exclude=["replies", "retweets"])[: len(plain)] == plain
    empty: Any = x().get_users_tweets(account.account_id, since_id=newest[0].post_id)
    assert empty == {"meta": {"result_count": 0}}


def test_a_timeline_reaches_back_so_far(world: World, x: Client) -> None:
    account = max(accounts(world), key=lambda a: a.posts_per_day)
    pages: list[Any] = list(
        tweepy.Paginator(x().get_users_tweets, account.account_id, max_results=100, exclude=["replies"])
    )
    assert sum(page["meta"]["result_count"] for page in pages) <= 800


def test_timelines_of_accounts_that_are_not_public(world: World, x: Client) -> None:
    for organization_id, title in (("h0001", "Forbidden"), ("h0003", "Authorization Error")):
        body: Any = x().get_users_tweets(of(world, organization_id).account_id)
        assert set(body) == {"errors"}
        assert body["errors"][0]["title"] == title
    unknown: Any = x().get_users_tweets("1")
    assert unknown["errors"][0]["title"] == "Not Found Error"


def test_wrong_questions(world: World, x: Client) -> None:
    account_id = accounts(world)[0].account_id
    for ask in (
        lambda: x().get_users(ids=[str(n) for n in range(1, 102)]),
        lambda: x().get_users(ids=["abc"]),
        lambda: x().get_users(usernames=["much_too_long_a_name"]),
        lambda: x().get_users_tweets(account_id, max_results=4),
        lambda: x().get_users_tweets(account_id, max_results=101),
        lambda: x().get_users_tweets(account_id, pagination_token="no"),
    ):
        with pytest.raises(tweepy.BadRequest):
            ask()
    with pytest.raises(tweepy.NotFound):
        x().get_me(user_auth=False)


@pytest.mark.parametrize(
    ("token", "error", "status", "title"),
    [
        ("fail-401", tweepy.Unauthorized, 401, "Unauthorized"),
        ("fail-403", tweepy.Forbidden, 403, "Client Forbidden"),
        ("fail-429", tweepy.TooManyRequests, 429, "Too Many Requests"),
        ("fail-cap", tweepy.TooManyRequests, 429, "UsageCapExceeded"),
        ("fail-quota", tweepy.HTTPException, 402, "CreditsDepleted"),
        ("fail-spend", tweepy.Forbidden, 403, "SpendCapReached"),
        ("fail-500", tweepy.TwitterServerError, 500, "Internal Server Error"),
        ("fail-503", tweepy.TwitterServerError, 503, "Service Unavailable"),
    ],
)
def test_refusals(x: Client, token: str, error: type[tweepy.HTTPException], status: int, title: str) -> None:
    with pytest.raises(error) as caught:
        x(token).get_users(ids=["1"])
    assert caught.value.response.status_code == status
    assert caught.value.response.json()["title"] == title


def test_a_rate_limit_says_when_it_ends_and_a_cap_does_not(x: Client, sandbox: Sandbox, at: datetime) -> None:
    sandbox.script([Fault("x", "2/users", 1, "429", seconds=30), Fault("x", "2/users", 2, "429-code")])
    for _ in range(2):
        with pytest.raises(tweepy.TooManyRequests) as caught:
            x().get_users(ids=["1"])
        assert caught.value.reset_time in (int((at + timedelta(seconds=30)).timestamp()), int(at.timestamp()) + 1)
    with pytest.raises(tweepy.TooManyRequests) as caught:
        x("fail-cap").get_users(ids=["1"])
    assert caught.value.reset_time is None


def test_no_token_and_no_json(x: Client, sandbox: Sandbox, at: datetime) -> None:
    session = requests.Session()
    session.trust_env = False
    answer = session.get(sandbox.url("x", at) + "/2/users?ids=1", timeout=5)
    assert answer.status_code == 401
    with pytest.raises(requests.JSONDecodeError):
        x("fail-html").get_users(ids=["1"])


def test_bent_answers(world: World, x: Client, sandbox: Sandbox) -> None:
    ids = [a.account_id for a in accounts(world)[:3]]
    sandbox.script([Fault("x", "2/users", 1, "missing_items"), Fault("x", "/tweets", None, "repeat_token")])
    body: Any = x().get_users(ids=ids)
    assert [user["id"] for user in body["data"]] == ids[1:]
    pages: list[Any] = list(tweepy.Paginator(x().get_users_tweets, ids[0], limit=4))
    assert len({page["meta"]["next_token"] for page in pages}) == 1
