"""Facebook Graph API v26: Pages and their posts, fifty to a batch, a batch for each token that a directory row names.

One call per Page returns its counts and its newest posts together; each item of a batch counts as one call.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import requests
from more_itertools import chunked, map_reduce
from pydantic import SecretStr

from socialmetrics.errors import Denied, SocialmetricsError, Throttled, Unavailable, Unexpected
from socialmetrics.platforms.answers import Node
from socialmetrics.platforms.retired import refused
from socialmetrics.platforms.session import Session
from socialmetrics.records import Account, Answer, Call, Found, Reason, Record, Response, Subject, Tracked, TrackedPost
from socialmetrics.settings import Access

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # facebook-sdk 3.1 does not compile without a warning
    import facebook

TITLE = "Facebook"
EXTRAS: tuple[str, ...] = ("app_secret",)
QUOTA_ZONE = "UTC"
IS_RENEWED_DAILY = False
POST_WORDS = frozenset({"message", "permalink_url"})

VENDOR_BASE = "https://graph.facebook.com"
VERSION = "v26.0"  # 2026-07-29; older ones end on the dates in docs/access.md
BATCH = 50
WITH_PAGE = 50  # posts that come along with a Page's call
PAGE_SIZE = 100
PAGES = 5
MOST_NEW_POSTS = WITH_PAGE + PAGE_SIZE * PAGES
FIRST_LOOK = timedelta(days=28)
OVERLAP = timedelta(hours=1)
ASKED_AGAIN = 2
SEARCHED = 8  # the most questions that find which of five fields are retired

PAGE, RESOLVE, MORE_POSTS, POST = "page", "page by name", "page/posts", "post"
COUNTS = "shares,reactions.limit(0).summary(true),comments.limit(0).summary(true)"
POST_FIELDS = f"id,created_time,permalink_url,status_type,{COUNTS}"
OWN_POST_FIELDS = f"message,{POST_FIELDS}"
PAGE_FIELDS = "id,name,username,followers_count,fan_count"
ACCOUNT_METRICS = ("followers_count", "fan_count")
POST_METRICS = {
    "reactions": "reactions.summary.total_count",
    "comments": "comments.summary.total_count",
    "shares": "shares.count",
}
# How a Page published a post, in our words (docs/graph-api/reference/page-post); whatever else comes is a post.
KINDS = {
    "added_photos": "photo",
    "added_video": "video",
    "mobile_status_update": "text",
    "shared_story": "share",  # a link, or what somebody else posted: Facebook has one word for both
    "created_event": "event",
}

_POST_PATHS = (
    "id",
    "created_time",
    "permalink_url",
    "status_type",
    "message",
    "shares.count",
    "reactions.summary.total_count",
    "comments.summary.total_count",
)
_ERROR_PATHS = ("code", "error_subcode", "type", "is_transient")
KEEP = frozenset(
    {"items.asked", "items.code", "items.limit", "items.retired"}
    | {f"items.body.{path}" for path in PAGE_FIELDS.split(",")}
    | {f"items.body.{path}" for path in _POST_PATHS}
    | {f"items.body.posts.data.{path}" for path in _POST_PATHS}
    | {f"items.body.data.{path}" for path in _POST_PATHS}
    | {f"items.body.error.{path}" for path in _ERROR_PATHS}
)

DENIED_CODES = {102, 190}
BLOCKED_CODE = 368
PAGE_THROTTLED_CODES = {32} | set(range(80000, 80015))  # these count by Page; the others by token
THROTTLED_CODES = {4, 17, 341, 613} | PAGE_THROTTLED_CODES
TRANSIENT_CODES = {1, 2}
FORBIDDEN_CODES = {3, 10} | set(range(200, 300))
WAIT_SECONDS = 3600  # for a throttled token, where Facebook does not say

_TOO_MUCH = re.compile(r"reduce the amount of data")
_NO_SUCH_FIELD = re.compile(r"nonexisting field|valid insights metric|field is deprecated")
_NO_KIND = re.compile(r"status_type")


@dataclass(frozen=True)
class _Client:
    """One token's; `retired`: fields that Facebook has refused to it in this run."""

    graph: Any
    token: SecretStr | None = None
    app_secret: SecretStr | None = None
    retired: set[str] = field(default_factory=set)


def connect(access: Access) -> dict[str, _Client]:
    """A client per credential; the token travels as a header."""
    clients = {}
    for name, token in access.tokens.items():
        session = Session(VENDOR_BASE, access)
        session.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        graph = facebook.GraphAPI(session=session)
        graph.version = VERSION  # the constructor of facebook-sdk 3.1 refuses every version after 3.1
        clients[name] = _Client(graph, token, access.extras.get("app_secret"))
    return clients


def plan(accounts: Sequence[Account], tracked: Tracked, found: Found | None) -> list[Call]:
    """One item per Page with its newest posts, more where fifty were not enough, then posts that are due alone."""
    first = [_batch(RESOLVE, batch, _resolving) for batch in _batches([a for a in accounts if not a.account_id])]
    known = [a for a in accounts if a.account_id]
    by_id = {a.account_id or "": a for a in known}
    first += [_batch(PAGE, batch, _page, is_discovery=True) for batch in _batches(known)]
    if found is None:
        due = [post for post in tracked.posts if post.account_id in by_id]
        newest = {p.post_id for p in due if p.newer + tracked.expected_posts(by_id[p.account_id]) < WITH_PAGE}
        alone, along = [p for p in due if p.post_id not in newest], [p for p in due if p.post_id in newest]
        unlikely = [replace(call, usual_requests=0, usual_units=0) for call in _due_posts(along, by_id)]
        return first + [_more_bound(a) for a in known] + _due_posts(alone, by_id) + unlikely
    if not found.calls.issuperset(first):
        return first
    more = [call for account in known if (call := _more(account, tracked, found))]
    if not found.calls.issuperset(more):
        return first + more
    done = found.values.keys() | found.asked(POST)
    due = [p for p in tracked.posts if p.account_id in found.profiles and Subject(p.account_id, p.post_id) not in done]
    due.sort(key=lambda post: post.turn)
    return first + more + _due_posts(due, by_id)


def fetch(clients: Mapping[str, _Client], call: Call, came: Sequence[Answer] = ()) -> Iterator[Answer]:
    """The batch; items that timed out or failed for the moment are asked again, alone.

    One that is too much is asked with half the posts, and a field that Facebook no longer has is found and left out.
    """
    client, asked = clients[call.credential], [s.post_id or s.account_id for s in call.subjects]
    answered = {item["asked"] for answer in came for item in answer.body["items"]}
    waiting = {name: path for name, path in zip(asked, dict(call.params)["items"], strict=True) if name not in answered}
    was_searched = False
    for is_last in [False] * ASKED_AGAIN + [True]:
        if not waiting:
            return
        items, size = _ask(client, waiting), len(waiting)
        lacking = next((item for item in items if _says(item, _NO_SUCH_FIELD)), None)
        if lacking and _says(lacking, _NO_KIND) and "status_type" not in client.retired:
            client.retired.add("status_type")  # a field of a post is refused by its name
        elif lacking and not was_searched:
            was_searched = True
            client.retired.update((yield from _search(client, waiting[lacking["asked"]])))
        again = [
            item
            for item in items
            if not is_last and (_may_pass(item) or (_says(item, _NO_SUCH_FIELD) and client.retired))
        ]
        held = [item for item in items if _meaning(_error_of(item), None)]
        # what looks for posts or ids leaves no reason behind: its failure is told as one, and asked again
        lost = [item for item in items if item not in again + held and _is_lost(call, item)]
        yield Answer({"items": [item for item in items if item not in again + held + lost]}, units=size)
        if held:
            raise next(p for item in held if (p := _meaning(_error_of(item), item["wait"])))
        if lost:
            raise Unavailable(f"Facebook gave no usable answer to {call.endpoint}. Run again later.")
        waiting = {
            item["asked"]: _smaller(waiting[item["asked"]]) if _says(item, _TOO_MUCH) else waiting[item["asked"]]
            for item in again
        }


def parse(response: Response) -> Iterator[Record]:
    subjects = {s.post_id or s.account_id: s for s in response.subjects}
    for item in Node(response.body).items("items"):
        asked = item["asked"].text()
        if asked not in subjects:
            raise Unexpected(f"Facebook answered what was not asked about at {item.path}.asked.", f"{item.path}.asked")
        subject = subjects[asked]
        body, error = item.get("body"), _error(item)
        retired = {name.text() for name in item.items("retired")}
        if error is not None or body is None:
            if response.endpoint not in (RESOLVE, MORE_POSTS):
                yield response.observation(subject, None, None, error or Reason.UNAVAILABLE)
        elif response.endpoint in (PAGE, RESOLVE):
            yield from _parse_page(response, asked, body, retired)
        elif response.endpoint == MORE_POSTS:
            for post in body.items("data"):
                yield from _parse_post(response, subject.account_id, post, retired)
        elif body["id"].text() != asked:
            raise Unexpected(
                f"Facebook answered for another post than was asked about at {body.path}.id.", f"{body.path}.id"
            )
        else:
            yield from _parse_counts(response, subject, body, retired)


def explain(error: Exception) -> SocialmetricsError | None:
    """By `error.code`, never by HTTP status (docs/graph-api/guides/error-handling)."""
    if isinstance(error, SocialmetricsError):
        return error
    if isinstance(error, facebook.GraphAPIError):
        said = error.result.get("error") if isinstance(error.result, dict) else None
        if problem := _meaning(said, None):
            return problem
        code = _code(said)
        is_transient = isinstance(said, dict) and said.get("is_transient") is True
        told = f"Facebook answered error {code}" if code else "Facebook answered with something that is no JSON"
        if code in DENIED_CODES:
            return Denied(
                f"{told}: the token is refused. Make a new one, set SOCIALMETRICS_FACEBOOK_TOKEN and run "
                "`socialmetrics check`."
            )
        if code in FORBIDDEN_CODES:
            return Denied(
                f"{told}: the token lacks a permission. docs/access.md says which; then run `socialmetrics check`."
            )
        if code is None or code in TRANSIENT_CODES or is_transient:
            return Unavailable(f"{told}. Run again later.")
        return Unexpected(f"{told}: the call was not understood. Report it with the response file.")
    if isinstance(error, (requests.RequestException, OSError, ValueError, RecursionError)):
        said = type(error).__name__
        return Unavailable(f"Facebook could not be reached or gave no JSON ({said}). Check the network and run again.")
    if isinstance(error, KeyError) and error.args == ("content-type",):  # facebook-sdk, on an answer without one
        return Unavailable("Facebook answered without a content type. Run again later.")
    return None


def _batches(accounts: list[Account]) -> Iterator[list[Account]]:
    """By token, so that one that is refused or must wait leaves the others' Pages alone."""
    for members in map_reduce(accounts, lambda account: account.credential).values():
        yield from chunked(members, BATCH)


def _batch(endpoint: str, accounts: list[Account], path: Callable[[Account], str], is_discovery: bool = False) -> Call:
    return _bounded(
        Call(
            endpoint,
            tuple(Subject(a.account_id or a.handle) for a in accounts),
            KEEP,
            (("items", tuple(path(a) for a in accounts)),),
            accounts[0].credential,
            is_own=any(a.is_own for a in accounts),
            is_discovery=is_discovery,
            observes=endpoint != RESOLVE,
        )
    )


def _bounded(call: Call) -> Call:
    """With its bound: each item is asked again as often as it may be, and a retired field is looked for."""
    rounds, size = 1 + ASKED_AGAIN, len(call.subjects)
    return replace(
        call,
        requests=rounds + SEARCHED,
        units=rounds * size + SEARCHED,
        units_each=rounds,
        usual_units=size,
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
    if len(came) < _along(key, found) or min(came) <= since:
        return None
    return _more_call(account, since, min(came))


def _along(account_id: str, found: Found) -> int:
    """How many posts were asked for along with a Page: fewer where fifty were too much."""
    pages = [item for r in found.responses if r.endpoint == PAGE and r.reason is None for item in r.body["items"]]
    asked = [item.get("limit") for item in pages if item["asked"] == account_id]
    return asked[-1] or WITH_PAGE if asked else WITH_PAGE


def _more_call(account: Account, since: datetime, until: datetime) -> Call:
    window = f"since={int(since.timestamp())}&until={int(until.timestamp())}&limit={PAGE_SIZE}"
    path = f"{VERSION}/{account.account_id}/posts?fields={_fields(account)}&{window}"
    subject = Subject(account.account_id or "")
    return _bounded(
        Call(
            MORE_POSTS,
            (subject,),
            KEEP,
            (("items", (path,)),),
            account.credential,
            is_own=account.is_own,
            is_discovery=True,
            observes=False,
        )
    )


def _more_bound(account: Account) -> Call:
    """Hardly any Page publishes more than fifty posts between two looks."""
    once = _bounded(Call(MORE_POSTS, (Subject(account.account_id or ""),), KEEP, is_discovery=True))
    return replace(
        once, requests=PAGES * once.requests, units=PAGES * once.units, units_each=0, usual_requests=0, usual_units=0
    )


def _due_posts(posts: list[TrackedPost], accounts: dict[str, Account]) -> list[Call]:
    """A tracked post without its account in this run is left for the day its account is asked about."""
    calls = []
    by_token = map_reduce(posts, lambda p: accounts[p.account_id].credential if p.account_id in accounts else "")
    for credential, members in by_token.items():
        for batch in chunked(members, BATCH):
            items = tuple(f"{VERSION}/{post.post_id}?fields=id,{COUNTS}" for post in batch)
            subjects = tuple(Subject(post.account_id, post.post_id) for post in batch)
            calls.append(_bounded(Call(POST, subjects, KEEP, (("items", items),), credential)))
    return calls


def _ask(client: _Client, paths: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each item's answer with what was asked: the posts at most, and what was left out as retired."""
    items = []
    wanted = {asked: _without(path, client.retired) for asked, path in paths.items()}
    for (asked, path), answer in zip(wanted.items(), _post(client, list(wanted.values())), strict=True):
        item = {"asked": asked, "limit": _limit(path), **_decoded(answer)}
        items.append(item | ({"retired": sorted(client.retired)} if path != paths[asked] else {}))
    return items


def _search(client: _Client, path: str) -> Generator[Answer, None, set[str]]:
    """Which fields of a refused item are no longer there, found by asking for parts of them; costs are counted."""
    names = [name for name in (*ACCOUNT_METRICS, *POST_METRICS) if path != _without(path, {name})]
    names = [name for name in names if name not in client.retired]
    questions, is_answered = refused(names), None
    while True:
        try:
            part = questions.send(is_answered)  # type: ignore[arg-type]  # a generator is begun with None
        except StopIteration as end:
            gone: set[str] = end.value
            return gone if len(gone) < len(names) else set()
        (item,) = _ask(client, {"": _without(path, {name for name in names if name not in part})})
        yield Answer({"items": []})
        is_answered = not _says(item, _NO_SUCH_FIELD)


def _without(path: str, names: set[str]) -> str:
    return re.sub(rf",(?:{'|'.join(sorted(names))})\b(?:\.\w+\([^()]*\))*", "", path) if names else path


def _limit(path: str) -> int | None:
    found = re.search(r"posts\.limit\((\d+)\)", path)
    return int(found.group(1)) if found else None


def _smaller(path: str) -> str:
    """The same with half as many posts."""
    return re.sub(r"(limit[(=])(\d\d+)", lambda found: f"{found[1]}{int(found[2]) // 2}", path)


def _post(client: _Client, paths: list[str]) -> list[Any]:
    proof = _proof(client)
    batch = [{"method": "GET", "relative_url": path + (f"&appsecret_proof={proof}" if proof else "")} for path in paths]
    arguments = {"batch": json.dumps(batch), "include_headers": "true"}
    if proof:
        arguments["appsecret_proof"] = proof
    try:
        answers = client.graph.request("", post_args=arguments, method="POST")
    except facebook.GraphAPIError as error:
        said = error.result.get("error") if isinstance(error.result, dict) else None
        if problem := _meaning(said, _wait(client.graph.session.headers_came)):
            raise problem from None
        raise
    if not isinstance(answers, list) or len(answers) != len(paths):
        raise Unexpected("The batch came back with another number of items than was asked for.", "$")
    return answers


def _proof(client: _Client) -> str | None:
    """`appsecret_proof` (docs/facebook-login/security): each token needs its own."""
    if client.app_secret is None or client.token is None:
        return None
    secret, message = client.app_secret.get_secret_value().encode(), client.token.get_secret_value().encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _decoded(answer: Any) -> dict[str, Any]:
    """An item's body is JSON inside a string; None and anything else stand for a time-out."""
    if not isinstance(answer, dict):
        return {"code": None, "body": None, "wait": None}
    found = {"code": answer.get("code"), "body": None, "wait": _wait(_headers(answer))}
    try:
        return found | {"body": json.loads(answer.get("body") or "null")}
    except (TypeError, ValueError, RecursionError):
        return found


def _headers(answer: dict[str, Any]) -> dict[str, str]:
    listed = answer.get("headers")
    pairs = [pair for pair in listed if isinstance(pair, dict)] if isinstance(listed, list) else []
    return {str(pair.get("name")).lower(): str(pair.get("value")) for pair in pairs}


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until the calls of a Page or an app are answered again, from the usage header."""
    try:
        usage = json.loads(headers.get("x-business-use-case-usage") or "{}")
        minutes = [entry["estimated_time_to_regain_access"] for entries in usage.values() for entry in entries]
        longest = max((float(wait) for wait in minutes), default=0.0)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return 60 * longest if 0 < longest <= 24 * 60 else None


def _meaning(error: Any, wait: float | None) -> SocialmetricsError | None:
    """What an error says about more than the one Page or post that was asked for."""
    code = _code(error)
    told = f"Facebook answered error {code}"
    if code == BLOCKED_CODE:
        return Denied(f"{told}: it has blocked the app for a while. Look at the app's alerts, then run again.")
    if code in PAGE_THROTTLED_CODES:
        return Throttled(f"{told}: too many calls for a Page. Wait and run again.", wait or WAIT_SECONDS, True)
    if code in THROTTLED_CODES:
        return Throttled(f"{told}: too many calls for this token. Wait and run again.", wait or WAIT_SECONDS)
    return None


def _error_of(item: dict[str, Any]) -> Any:
    return item["body"].get("error") if isinstance(item["body"], dict) else None


def _says(item: dict[str, Any], what: re.Pattern[str]) -> bool:
    error = _error_of(item)
    return isinstance(error, dict) and what.search(str(error.get("message"))) is not None


def _may_pass(item: dict[str, Any]) -> bool:
    """Whether an item may be answered if it is asked again at once."""
    error = _error_of(item)
    code = _code(error)
    return item["body"] is None or (
        isinstance(error, dict)
        and code not in THROTTLED_CODES
        and (code in TRANSIENT_CODES or error.get("is_transient") is True)
    )


def _is_lost(call: Call, item: dict[str, Any]) -> bool:
    return not call.observes and _failed(item) and (call.endpoint == MORE_POSTS or _may_pass(item))


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
    if number in DENIED_CODES or number == BLOCKED_CODE:
        return Reason.DENIED
    if number in FORBIDDEN_CODES:
        return Reason.FORBIDDEN
    if number in THROTTLED_CODES | TRANSIENT_CODES:
        return Reason.UNAVAILABLE
    if number == 100 and subcode is not None and subcode.value == 33:
        return Reason.NOT_FOUND
    return Reason.UNREADABLE


def _parse_page(response: Response, asked: str, body: Node, retired: set[str]) -> Iterator[Record]:
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
        count, reason = body.get(metric), Reason.RETIRED if metric in retired else Reason.UNAVAILABLE
        yield response.observation(Subject(account_id), metric, count.count() if count else None, reason)
    posts = body.get("posts")
    for post in posts.items("data") if posts else ():
        yield from _parse_post(response, account_id, post, retired)


def _parse_post(response: Response, account_id: str, body: Node, retired: set[str]) -> Iterator[Record]:
    subject = Subject(account_id, body["id"].text())
    message, url = body.get("message"), body.get("permalink_url")
    published, status_type = body["created_time"].instant(), body.get("status_type")
    kind = KINDS.get(str(status_type.value), "post") if status_type else "post"
    yield response.post(subject, published, kind, message.text() if message else None, url.text() if url else None)
    yield from _parse_counts(response, subject, body, retired)


def _parse_counts(response: Response, subject: Subject, body: Node, retired: set[str]) -> Iterator[Record]:
    for edge, metric in POST_METRICS.items():
        node, is_gone = body.get(edge), edge in retired
        if edge == "shares":  # absent where there are none
            count = node["count"].count() if node else None if is_gone else 0
        else:
            count = node["summary"]["total_count"].count() if node else None
        yield response.observation(subject, metric, count, Reason.RETIRED if is_gone else Reason.UNAVAILABLE)
