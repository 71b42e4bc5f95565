"""X API v2: accounts and their posts, with an app's bearer token.

Every read costs money: $0.010 a user, $0.005 a post, once per resource and UTC day (docs.x.com, pricing, 2026-08-22).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import tweepy
from more_itertools import chunked, map_reduce

from socialmetrics import clock
from socialmetrics.errors import Denied, Exhausted, SocialmetricsError, Throttled, Unavailable, Unexpected
from socialmetrics.platforms.answers import Node
from socialmetrics.platforms.session import Session
from socialmetrics.records import (
    Account,
    Answer,
    Call,
    Found,
    Observation,
    Profile,
    Reason,
    Record,
    Response,
    Subject,
    Tracked,
    TrackedPost,
)
from socialmetrics.settings import Access

TITLE = "X"
EXTRAS: tuple[str, ...] = ()
QUOTA_ZONE = "UTC"
IS_RENEWED_DAILY = False
POST_WORDS = frozenset({"text"})

VENDOR_BASE = "https://api.twitter.com"  # what tweepy 4.17 has fixed
USER_DOLLARS, POST_DOLLARS = Decimal("0.010"), Decimal("0.005")
BATCH = 100
PAGES = 5  # of 100 posts each: the most that one account's discovery pays for in a day
MOST_NEW_POSTS = BATCH * PAGES
FIRST_LOOK = timedelta(days=7)
_HANDLE = re.compile(r"@?[A-Za-z0-9_]{1,15}")  # any other makes X refuse the whole batch

USERS, RESOLVE, TIMELINE, POSTS = "users", "users/by", "users/tweets", "tweets"

# Each metric with its spellings: two are live since OpenAPI 2.167 (2026-08-07), the registry's and the new one.
ACCOUNT_METRICS = {
    "followers_count": ("followers_count",),
    "following_count": ("following_count",),
    "tweet_count": ("tweet_count", "post_count"),
    "listed_count": ("listed_count",),
    "like_count": ("like_count",),
    "media_count": ("media_count",),
}
POST_METRICS = {
    "public_metrics.impression_count": ("impression_count",),
    "public_metrics.like_count": ("like_count",),
    "public_metrics.reply_count": ("reply_count",),
    "public_metrics.retweet_count": ("retweet_count", "repost_count"),
    "public_metrics.quote_count": ("quote_count",),
    "public_metrics.bookmark_count": ("bookmark_count",),
}
TIMELINE_FIELDS = "created_at,public_metrics,referenced_tweets,attachments"  # fields are free, expansions are not
# An account's likes and media are nullable in OpenAPI 2.167, and null for some.
_UNSAID = dict.fromkeys((*ACCOUNT_METRICS, *POST_METRICS), Reason.UNAVAILABLE) | dict.fromkeys(
    ("like_count", "media_count"), Reason.RETIRED
)

_ERRORS = frozenset(f"errors.{name}" for name in ("resource_id", "value", "title", "type", "resource_type"))
KEEP_USERS = (
    frozenset(f"data.public_metrics.{name}" for names in ACCOUNT_METRICS.values() for name in names)
    | frozenset(f"data.{name}" for name in ("id", "name", "username", "created_at", "protected"))
    | _ERRORS
)
KEEP_POSTS = (
    frozenset(f"data.public_metrics.{name}" for names in POST_METRICS.values() for name in names)
    | frozenset({"data.id", "data.created_at", "meta.next_token", "meta.result_count"})
    | frozenset({"data.referenced_tweets.type", "data.referenced_posts.type", "data.attachments.media_keys"})
    | _ERRORS
)
KEEP_OWN_POSTS = KEEP_POSTS | {"data.text"}


def connect(access: Access) -> Any:
    """A client per credential; the token travels in the Authorization header."""
    logging.getLogger("tweepy").setLevel(logging.INFO)  # below it, tweepy logs the headers and each whole answer
    clients = {}
    for name, token in access.tokens.items():
        client = tweepy.Client(bearer_token=token.get_secret_value(), return_type=dict, wait_on_rate_limit=False)
        client.session = Session(VENDOR_BASE, access)
        clients[name] = client
    return clients


def plan(accounts: Sequence[Account], tracked: Tracked, found: Found | None) -> list[Call]:
    """Users by 100, one timeline each from the newest known post on, and the posts whose ladder is due by 100."""
    named = [a for a in accounts if not a.account_id and _HANDLE.fullmatch(a.handle)]
    first = [_users(batch, RESOLVE) for batch in chunked(named, BATCH)]
    known = [a for a in accounts if a.account_id]
    for credential in dict.fromkeys(a.credential for a in known):
        members = [a for a in known if a.credential == credential]
        first += [_users(batch, USERS) for batch in chunked(members, BATCH)]
    own = {a.account_id for a in known if a.is_own}
    due = sorted(tracked.posts, key=lambda post: (post.account_id not in own, *post.turn))
    if found is None:
        return first + [_timeline(account, tracked, None) for account in known] + _lookups(due, known)
    if not found.calls.issuperset(first):
        return first
    timelines = [
        _timeline(account, tracked, profile)
        for account in tracked.in_turn(known)
        if account.account_id not in tracked.searched
        and (profile := found.profiles.get(account.account_id or ""))
        and profile.status == "public"
    ]
    if not found.calls.issuperset(timelines):
        return first + timelines
    done = found.values.keys() | found.asked(POSTS)
    return first + timelines + _lookups([p for p in due if Subject(p.account_id, p.post_id) not in done], known)


def fetch(client: Any, call: Call, came: Sequence[Answer] = ()) -> Iterator[Answer]:
    api = client[call.credential]
    ids = [subject.post_id or subject.account_id for subject in call.subjects]
    fields = ["created_at", "protected", "public_metrics"]
    if call.endpoint == USERS:
        yield _charged(api.get_users(ids=ids, user_fields=fields), USER_DOLLARS)
    elif call.endpoint == RESOLVE:
        yield _charged(api.get_users(usernames=[name.lstrip("@") for name in ids], user_fields=fields), USER_DOLLARS)
    elif call.endpoint == POSTS:
        yield _charged(api.get_tweets(ids, tweet_fields=["created_at", "public_metrics"]), POST_DOLLARS)
    else:
        yield from _pages(api, call, came)


def parse(response: Response) -> Iterator[Record]:
    body = Node(response.body)
    if response.endpoint in (USERS, RESOLVE):
        yield from _parse_users(response, body)
    else:
        yield from _parse_posts(response, body)
    yield from _parse_refusals(response, body)


def explain(error: Exception) -> SocialmetricsError | None:
    """By problem type and status (docs.x.com): out of credit is 402, a monthly cap 429 without a reset."""
    if isinstance(error, SocialmetricsError):
        return error
    if isinstance(error, tweepy.HTTPException):
        status, problem = error.response.status_code, _problem(error)
        said = f"X answered {status} {problem}".rstrip()
        if status == 402 or problem in ("credits", "usage-capped") or "SpendCap" in problem:
            return Exhausted(
                f"{said}: the credit or the month's cap is spent. Top up or raise it in the developer console."
            )
        if isinstance(error, tweepy.TooManyRequests):
            reset = error.response.headers.get("x-rate-limit-reset")
            wait = max(1.0, float(reset) - _present(error) + 1) if reset and reset.isdigit() else None
            return Throttled(f"{said}: too many calls in 15 minutes. Wait for the reset and run again.", wait)
        if status in (401, 403):
            return Denied(
                f"{said}: the bearer token is refused. Correct SOCIALMETRICS_X_TOKEN and run `socialmetrics check`."
            )
        if status >= 500:
            return Unavailable(f"{said}. Run again later.")
        return Unexpected(f"{said}: the call was not understood. Report it with the response file.")
    if isinstance(error, (requests.RequestException, tweepy.TweepyException, OSError, ValueError, RecursionError)):
        return Unavailable(
            f"X could not be reached or gave no JSON ({type(error).__name__}). Check the network and run again."
        )
    if isinstance(error, AttributeError) and error.name == "get":  # tweepy, on an error body that is no object
        return Unavailable("X answered an error without an explanation. Run again later.")
    return None


def _users(accounts: list[Account], endpoint: str) -> Call:
    dollars = USER_DOLLARS * len(accounts)
    return Call(
        endpoint,
        tuple(Subject(a.account_id or a.handle) for a in accounts),
        KEEP_USERS,
        credential=accounts[0].credential,
        dollars=dollars,
        usual_dollars=dollars,
        observes=endpoint != RESOLVE,
    )


def _lookups(posts: list[TrackedPost], accounts: list[Account]) -> list[Call]:
    """Each with its account's token, so that one that must wait or is refused leaves the others' posts alone."""
    calls, tokens = [], {a.account_id: a.credential for a in accounts}
    default = accounts[0].credential if accounts else ""
    for credential, members in map_reduce(posts, lambda post: tokens.get(post.account_id, default)).items():
        for batch in chunked(members, BATCH):
            subjects, dollars = tuple(Subject(p.account_id, p.post_id) for p in batch), POST_DOLLARS * len(batch)
            calls.append(Call(POSTS, subjects, KEEP_POSTS, (), credential, dollars=dollars, usual_dollars=dollars))
    return calls


def _timeline(account: Account, tracked: Tracked, profile: Profile | None) -> Call:
    key = account.account_id or ""
    start = tracked.discovered_at.get(key) or (profile.fetched_at - FIRST_LOOK if profile else None)
    params: tuple[tuple[str, Any], ...] = (("tweet_fields", TIMELINE_FIELDS),)
    if newest := tracked.newest.get(key):
        params += (("since_id", newest),)
    elif start:
        params += (("start_time", start.replace(microsecond=0).isoformat()),)
    usual = Decimal(str(round(tracked.expected_posts(account), 2)))
    return Call(
        TIMELINE,
        (Subject(key),),
        KEEP_OWN_POSTS if account.is_own else KEEP_POSTS,
        params,
        account.credential,
        requests=PAGES,
        units=PAGES,
        dollars=POST_DOLLARS * BATCH * PAGES,
        usual_dollars=POST_DOLLARS * usual,
        pages=PAGES,
        is_own=account.is_own,
        is_discovery=True,
        observes=False,
    )


def _pages(api: Any, call: Call, came: Sequence[Answer]) -> Iterator[Answer]:
    params = dict(call.params)
    start = params.get("start_time")
    token = came[-1].body["meta"]["next_token"] if came else None
    for number in range(len(came) + 1, call.pages + 1):
        body = api.get_users_tweets(
            call.subjects[0].account_id,
            max_results=BATCH,
            exclude=["retweets", "replies"],
            tweet_fields=params["tweet_fields"],
            since_id=params.get("since_id"),
            start_time=datetime.fromisoformat(start) if start else None,
            pagination_token=token,
        )
        answer = _charged(body, POST_DOLLARS)
        meta = body.get("meta")
        following = meta.get("next_token") if isinstance(meta, dict) else None
        yield replace(answer, is_cut=bool(following) and number == call.pages)
        if not following:
            return
        if following == token:
            raise Unexpected("A page token repeats. Run again later.", "$.meta.next_token")
        token = following


def _charged(body: Any, price: Decimal) -> Answer:
    if not isinstance(body, dict):
        raise Unavailable("X answered with something that is no JSON object. Run again later.")
    returned = body.get("data")
    return Answer(body, dollars=price * (len(returned) if isinstance(returned, list) else 0))


def _parse_users(response: Response, body: Node) -> Iterator[Record]:
    for item in body.items("data"):
        account_id, protected = item["id"].identifier(), item.get("protected")
        created = item.get("created_at")
        yield response.profile(
            account_id,
            item["username"].text(),
            item["name"].text(),
            f"https://x.com/{item['username'].text()}",
            created.instant() if created else None,
            "forbidden" if protected is not None and protected.value is True else "public",
        )
        if response.endpoint == USERS:
            yield from _counts(response, Subject(account_id), item["public_metrics"], ACCOUNT_METRICS)


def _parse_posts(response: Response, body: Node) -> Iterator[Record]:
    accounts = {s.post_id: s.account_id for s in response.subjects}
    for item in body.items("data"):
        post_id, text = item["id"].identifier(), item.get("text")
        account_id = response.subjects[0].account_id if response.endpoint == TIMELINE else accounts.get(post_id)
        if account_id is None:
            raise Unexpected(f"X answered for a post that was not asked about at {item.path}.id.", f"{item.path}.id")
        subject = Subject(account_id, post_id)
        if response.endpoint == TIMELINE:
            title, url = text.text() if text else None, f"https://x.com/i/status/{post_id}"
            yield response.post(subject, item["created_at"].instant(), _kind(response, item), title, url)
        yield from _counts(response, subject, item["public_metrics"], POST_METRICS)


def _kind(response: Response, item: Node) -> str:
    """A quote, else with media or text, links among it; an answer to who did not ask for these fields tells neither."""
    if "attachments" not in str(response.params.get("tweet_fields")):
        return "post"
    references = [*item.items("referenced_tweets"), *item.items("referenced_posts")]
    if any(kind.value == "quoted" for reference in references if (kind := reference.get("type"))):
        return "quote"
    attachments = item.get("attachments")
    return "media" if attachments and any(attachments.items("media_keys")) else "text"


def _counts(
    response: Response, subject: Subject, metrics: Node, spelled: Mapping[str, tuple[str, ...]]
) -> list[Observation]:
    return [response.observation(subject, name, value, _UNSAID[name]) for name, value in metrics.counts(spelled)]


def _parse_refusals(response: Response, body: Node) -> Iterator[Observation]:
    """Partial errors name a subject each; what is neither in `data` nor in `errors` is not found."""
    if response.endpoint not in (USERS, POSTS):
        return
    answered = {str(item.value["id"]) for item in body.items("data")}
    refused = {}
    for error in body.items("errors"):
        named = error.get("resource_id") or error.get("value")
        if named:
            refused[named.identifier()] = _refusal(error)
    for subject in response.subjects:
        key = subject.post_id or subject.account_id
        if key not in answered:
            yield response.observation(subject, None, None, refused.get(key, Reason.NOT_FOUND))


def _refusal(error: Node) -> Reason:
    title, kind = error.get("title"), error.get("type")
    said = str(title.value if title else "")
    if said == "Forbidden":
        return Reason.SUSPENDED
    if said == "Authorization Error" or str(kind.value if kind else "").endswith("not-authorized-for-resource"):
        return Reason.FORBIDDEN
    return Reason.NOT_FOUND


def _problem(error: tweepy.HTTPException) -> str:
    """The end of the problem's `type`, whose host differs between older and newer answers, else its title."""
    try:
        said = error.response.json()
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    kind = str(said.get("type", ""))
    found = re.search(r"/problems/([\w-]+)", kind)
    said_so = found.group(1) if found else str(said.get("title", ""))
    return said_so if re.fullmatch(r"[\w -]{1,60}", said_so) else ""


def _present(error: tweepy.HTTPException) -> float:
    """The answer's own Date, so that two clocks that differ do not make a wait too short."""
    try:
        return float(parsedate_to_datetime(error.response.headers["date"]).timestamp())
    except (KeyError, ValueError):
        return clock.now().timestamp()
