"""Facebook Graph API v26: Pages and their posts, fifty to a batch, each with the token its directory row names.

One call per Page returns its counts and its newest posts together; each item of a batch counts as one call.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import requests
from more_itertools import chunked
from pydantic import SecretStr

from socialmetrics.errors import Denied, SocialmetricsError, Throttled, Unavailable, Unexpected
from socialmetrics.platforms.answers import Node
from socialmetrics.platforms.session import Session
from socialmetrics.records import Account, Answer, Call, Found, Reason, Record, Response, Subject, Tracked, TrackedPost
from socialmetrics.settings import Access

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # facebook-sdk 3.1 does not compile without a warning
    import facebook

TITLE = "Facebook"
EXTRAS: tuple[str, ...] = ("app_secret",)
QUOTA_ZONE = "UTC"

VENDOR_BASE = "https://graph.facebook.com"
VERSION = "v26.0"  # 2026-07-29; older ones end on the dates in docs/access.md
BATCH = 50
WITH_PAGE = 50  # posts that come along with a Page's call
PAGE_SIZE = 100
PAGES = 5
FIRST_LOOK = timedelta(days=28)
OVERLAP = timedelta(hours=1)
ASKED_AGAIN = 2

PAGE, RESOLVE, MORE_POSTS, POST = "page", "page by name", "page/posts", "post"
COUNTS = "shares,reactions.limit(0).summary(true),comments.limit(0).summary(true)"
POST_FIELDS = f"id,created_time,permalink_url,{COUNTS}"
OWN_POST_FIELDS = f"message,{POST_FIELDS}"
PAGE_FIELDS = "id,name,username,followers_count,fan_count"
ACCOUNT_METRICS = ("followers_count", "fan_count")

_POST_PATHS = (
    "id",
    "created_time",
    "permalink_url",
    "message",
    "shares.count",
    "reactions.summary.total_count",
    "comments.summary.total_count",
)
_ERROR_PATHS = ("code", "error_subcode", "type", "is_transient")
KEEP = frozenset(
    {"items.asked", "items.code"}
    | {f"items.body.{path}" for path in PAGE_FIELDS.split(",")}
    | {f"items.body.{path}" for path in _POST_PATHS}
    | {f"items.body.posts.data.{path}" for path in _POST_PATHS}
    | {f"items.body.data.{path}" for path in _POST_PATHS}
    | {f"items.body.error.{path}" for path in _ERROR_PATHS}
)

DENIED_CODES = {102, 190}
THROTTLED_CODES = {4, 17, 32, 341, 368, 613} | set(range(80000, 80015))
TRANSIENT_CODES = {1, 2}
FORBIDDEN_CODES = {3, 10} | set(range(200, 300))


@dataclass(frozen=True)
class _Client:
    graph: Any
    tokens: dict[str, SecretStr]
    app_secret: SecretStr | None


def connect(access: Access) -> _Client:
    """One client; the platform's token travels as a header, a named credential's inside the batch's body."""
    session = Session(VENDOR_BASE, access.url)
    default = access.tokens.get("") or next(iter(access.tokens.values()))
    session.headers["Authorization"] = f"Bearer {default.get_secret_value()}"
    graph = facebook.GraphAPI(session=session)
    graph.version = VERSION  # the constructor of facebook-sdk 3.1 refuses every version after 3.1
    return _Client(graph, access.tokens, access.extras.get("app_secret"))


def plan(accounts: Sequence[Account], tracked: Tracked, found: Found | None) -> list[Call]:
    """One item per Page with its newest posts, more where fifty were not enough, then posts that are due alone."""
    first = [_batch(RESOLVE, batch, _resolving) for batch in chunked([a for a in accounts if not a.account_id], BATCH)]
    known = [a for a in accounts if a.account_id]
    by_id = {a.account_id or "": a for a in known}
    first += [_batch(PAGE, batch, _page, is_discovery=True) for batch in chunked(known, BATCH)]
    if found is None:
        due = [post for post in tracked.posts if post.account_id in by_id]
        alone, along = [p for p in due if p.newer >= WITH_PAGE], [p for p in due if p.newer < WITH_PAGE]
        unlikely = [replace(call, usual_requests=0, usual_units=0) for call in _due_posts(along, by_id)]
        return first + [_more_bound(a) for a in known] + _due_posts(alone, by_id) + unlikely
    if not found.calls.issuperset(first):
        return first
    more = [call for account in known if (call := _more(account, tracked, found))]
    if not found.calls.issuperset(more):
        return first + more
    done = found.values.keys() | found.asked(POST)
    due = [p for p in tracked.posts if p.account_id in found.profiles and Subject(p.account_id, p.post_id) not in done]
    return first + more + _due_posts(due, by_id)


def fetch(client: _Client, call: Call) -> Iterator[Answer]:
    """The batch; items that timed out or failed for the moment are asked again, alone."""
    items: list[dict[str, Any]] = []
    waiting = dict(zip((s.post_id or s.account_id for s in call.subjects), dict(call.params)["items"], strict=True))
    for _ in range(1 + ASKED_AGAIN):
        answers = _post(client, list(waiting.values()))
        items = [{"asked": asked, **_decoded(answer)} for asked, answer in zip(waiting, answers, strict=True)]
        yield Answer({"items": items}, units=len(items))
        waiting = {item["asked"]: waiting[item["asked"]] for item in items if _may_pass(item)}
        if not waiting:
            break
    if not call.observes and (waiting or (call.endpoint == MORE_POSTS and _failed(items[0]))):
        raise Unavailable(f"Facebook gave no usable answer to {call.endpoint}. Run again later.")


def parse(response: Response) -> Iterator[Record]:
    subjects = {s.post_id or s.account_id: s for s in response.subjects}
    for item in Node(response.body).items("items"):
        asked = item["asked"].text()
        if asked not in subjects:
            raise Unexpected(f"Facebook answered what was not asked about at {item.path}.asked.", f"{item.path}.asked")
        subject = subjects[asked]
        body, error = item.get("body"), _error(item)
        if error is not None or body is None:
            if response.endpoint not in (RESOLVE, MORE_POSTS):
                yield response.observation(subject, None, None, error or Reason.UNAVAILABLE)
        elif response.endpoint in (PAGE, RESOLVE):
            yield from _parse_page(response, asked, body)
        elif response.endpoint == MORE_POSTS:
            for post in body.items("data"):
                yield from _parse_post(response, subject.account_id, post)
        else:
            yield from _parse_counts(response, subject, body)


def explain(error: Exception) -> SocialmetricsError | None:
    """By `error.code`, never by HTTP status (docs/graph-api/guides/error-handling)."""
    if isinstance(error, SocialmetricsError):
        return error
    if isinstance(error, facebook.GraphAPIError):
        said = error.result.get("error") if isinstance(error.result, dict) else None
        code = _code(said)
        told = f"Facebook answered error {code}" if code else "Facebook answered with something that is no JSON"
        if code in DENIED_CODES:
            return Denied(
                f"{told}: the token is refused. Make a new one, set SOCIALMETRICS_FACEBOOK_TOKEN and run "
                "`socialmetrics check`."
            )
        if code in THROTTLED_CODES:
            return Throttled(f"{told}: too many calls for this token. Wait an hour and run again.", 3600)
        if code in FORBIDDEN_CODES:
            return Denied(
                f"{told}: the token lacks a permission. docs/access.md says which; then run `socialmetrics check`."
            )
        if code is None or code in TRANSIENT_CODES:
            return Unavailable(f"{told}. Run again later.")
        return Unexpected(f"{told}: the call was not understood. Report it with the response file.")
    if isinstance(error, (requests.RequestException, OSError, ValueError, RecursionError)):
        said = type(error).__name__
        return Unavailable(f"Facebook could not be reached or gave no JSON ({said}). Check the network and run again.")
    if isinstance(error, KeyError) and error.args == ("content-type",):  # facebook-sdk, on an answer without one
        return Unavailable("Facebook answered without a content type. Run again later.")
    return None


def _batch(endpoint: str, accounts: list[Account], path: Callable[[Account], str], is_discovery: bool = False) -> Call:
    size = len(accounts)
    return Call(
        endpoint,
        tuple(Subject(a.account_id or a.handle) for a in accounts),
        KEEP,
        (("items", tuple((path(a), a.credential) for a in accounts)),),
        units=size,
        usual_units=size,
        is_own=any(a.is_own for a in accounts),
        is_discovery=is_discovery,
        observes=endpoint != RESOLVE,
    )


def _resolving(account: Account) -> str:
    return f"{VERSION}/{account.handle.lstrip('@')}?fields={PAGE_FIELDS}"


def _page(account: Account) -> str:
    return f"{VERSION}/{account.account_id}?fields={PAGE_FIELDS},posts.limit({WITH_PAGE}){{{_fields(account)}}}"


def _fields(account: Account) -> str:
    return OWN_POST_FIELDS if account.is_own else POST_FIELDS


def _more(account: Account, tracked: Tracked, found: Found) -> Call | None:
    """The next older posts of a Page, where all that came are newer than its last discovery."""
    key = account.account_id or ""
    profile = found.profiles.get(key)
    made = [call for call in found.calls if call.endpoint == MORE_POSTS and call.subjects == (Subject(key),)]
    if profile is None or len(made) >= PAGES:
        return None
    since = tracked.discovered_at.get(key, profile.fetched_at - FIRST_LOOK)
    came = [post.published_at for post in found.posts.values() if post.account_id == key]
    if len(came) < WITH_PAGE or min(came) <= since:
        return None
    return _more_call(account, since, min(came))


def _more_call(account: Account, since: datetime, until: datetime) -> Call:
    window = f"since={int(since.timestamp())}&until={int(until.timestamp())}&limit={PAGE_SIZE}"
    path = f"{VERSION}/{account.account_id}/posts?fields={_fields(account)}&{window}"
    subject = Subject(account.account_id or "")
    return Call(
        MORE_POSTS,
        (subject,),
        KEEP,
        (("items", ((path, account.credential),)),),
        is_own=account.is_own,
        is_discovery=True,
        observes=False,
    )


def _more_bound(account: Account) -> Call:
    """Hardly any Page publishes more than fifty posts between two looks."""
    return Call(
        MORE_POSTS,
        (Subject(account.account_id or ""),),
        KEEP,
        requests=PAGES,
        units=PAGES,
        usual_requests=0,
        usual_units=0,
        is_discovery=True,
    )


def _due_posts(posts: list[TrackedPost], accounts: dict[str, Account]) -> list[Call]:
    """A tracked post without its account in this run is left for the day its account is asked about."""
    calls = []
    for batch in chunked(posts, BATCH):
        items = tuple(
            (f"{VERSION}/{post.post_id}?fields=id,{COUNTS}", _credential(accounts, post.account_id)) for post in batch
        )
        subjects = tuple(Subject(post.account_id, post.post_id) for post in batch)
        calls.append(Call(POST, subjects, KEEP, (("items", items),), units=len(items), usual_units=len(items)))
    return calls


def _credential(accounts: dict[str, Account], account_id: str) -> str:
    return accounts[account_id].credential if account_id in accounts else ""


def _post(client: _Client, items: list[tuple[str, str]]) -> list[Any]:
    batch = []
    for path, credential in items:
        token = client.tokens.get(credential) if credential else None
        proof = _proof(client, token or client.tokens.get(""))
        item = {"method": "GET", "relative_url": path + (f"&appsecret_proof={proof}" if proof else "")}
        batch.append(item | ({"access_token": token.get_secret_value()} if token else {}))
    arguments = {"batch": json.dumps(batch), "include_headers": "false"}
    if proof := _proof(client, client.tokens.get("")):
        arguments["appsecret_proof"] = proof
    answers = client.graph.request("", post_args=arguments, method="POST")
    if not isinstance(answers, list) or len(answers) != len(items):
        raise Unexpected("Facebook answered a batch with another number of items than was asked for.", "$")
    return answers


def _proof(client: _Client, token: SecretStr | None) -> str | None:
    """`appsecret_proof` (docs/facebook-login/security): each token needs its own."""
    if client.app_secret is None or token is None:
        return None
    secret, message = client.app_secret.get_secret_value().encode(), token.get_secret_value().encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _decoded(answer: Any) -> dict[str, Any]:
    """An item's body is JSON inside a string; None and anything else stand for a time-out."""
    if not isinstance(answer, dict):
        return {"code": None, "body": None}
    try:
        return {"code": answer.get("code"), "body": json.loads(answer.get("body") or "null")}
    except (TypeError, ValueError):
        return {"code": answer.get("code"), "body": None}


def _may_pass(item: dict[str, Any]) -> bool:
    body = item["body"]
    error = body.get("error") if isinstance(body, dict) else None
    code = _code(error)
    return body is None or (
        isinstance(error, dict)
        and code not in THROTTLED_CODES
        and (code in TRANSIENT_CODES or error.get("is_transient") is True)
    )


def _failed(item: dict[str, Any]) -> bool:
    return not isinstance(item["body"], dict) or "error" in item["body"]


def _code(error: Any) -> int | None:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else None


def _error(item: Node) -> Reason | None:
    body = item.get("body")
    error = body.get("error") if body else None
    if error is None:
        return None
    number, subcode = _code(error.value), error.get("error_subcode")
    if number in DENIED_CODES:
        return Reason.DENIED
    if number in FORBIDDEN_CODES:
        return Reason.FORBIDDEN
    if number in THROTTLED_CODES | TRANSIENT_CODES:
        return Reason.UNAVAILABLE
    if number == 100 and subcode is not None and subcode.value == 33:
        return Reason.NOT_FOUND
    return Reason.UNREADABLE


def _parse_page(response: Response, asked: str, body: Node) -> Iterator[Record]:
    account_id, username = body["id"].identifier(), body.get("username")
    if response.endpoint == PAGE and account_id != asked:
        raise Unexpected(
            f"Facebook answered for another Page than was asked about at {body.path}.id.", f"{body.path}.id"
        )
    handle = username.text() if username else None
    yield response.profile(
        account_id,
        asked.lstrip("@") if response.endpoint == RESOLVE else handle,
        body["name"].text(),
        f"https://www.facebook.com/{account_id}",
        None,
    )
    if response.endpoint == RESOLVE:
        return
    for metric in ACCOUNT_METRICS:
        count = body.get(metric)
        yield response.observation(Subject(account_id), metric, count.count() if count else None, Reason.UNAVAILABLE)
    posts = body.get("posts")
    for post in posts.items("data") if posts else ():
        yield from _parse_post(response, account_id, post)


def _parse_post(response: Response, account_id: str, body: Node) -> Iterator[Record]:
    subject = Subject(account_id, body["id"].text())
    message, url = body.get("message"), body.get("permalink_url")
    published = body["created_time"].instant()
    yield response.post(subject, published, "post", message.text() if message else None, url.text() if url else None)
    yield from _parse_counts(response, subject, body)


def _parse_counts(response: Response, subject: Subject, body: Node) -> Iterator[Record]:
    for edge in ("reactions", "comments"):
        node = body.get(edge)
        count = node["summary"]["total_count"].count() if node else None
        yield response.observation(subject, f"{edge}.summary.total_count", count, Reason.UNAVAILABLE)
    shares = body.get("shares")  # absent where there are none
    yield response.observation(subject, "shares.count", shares["count"].count() if shares else 0, Reason.UNAVAILABLE)
