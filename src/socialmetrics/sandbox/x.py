"""The X API v2: users by id and by name, posts lookup, a user's timeline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Any

from socialmetrics.sandbox.wire import Ask, Reply, make_token, page_of, split
from socialmetrics.sandbox.world import World, WorldAccount, WorldPost

MAX_IDS = 100
REACH, REACH_WITHOUT_REPLIES = 3200, 800  # how far back a timeline goes, in posts
PROBLEMS = "https://api.twitter.com/2/problems/"
USER_METRICS = ("followers_count", "following_count", "tweet_count", "listed_count", "like_count", "media_count")
POST_METRICS = ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")


def _problem(status: int, title: str, detail: str, kind: str = "", **more: Any) -> Reply:
    body = {"title": title, "detail": detail, "type": PROBLEMS + kind if kind else "about:blank", "status": status}
    return Reply(status, {**body, **more})


_UNENROLLED = "When authenticating requests to the X API v2 endpoints, you must use keys from an enrolled project."
_NO_CREDIT = "Your enrolled account [1] does not have any credits to fulfill this request."

REFUSALS = {
    "400": _problem(400, "Invalid Request", "One or more parameters was invalid.", "invalid-request"),
    "401": _problem(401, "Unauthorized", "Unauthorized"),
    "402": _problem(402, "CreditsDepleted", _NO_CREDIT, "credits"),
    "403": _problem(403, "Client Forbidden", _UNENROLLED, "client-forbidden", reason="client-not-enrolled"),
    "404": _problem(404, "Not Found", "Not Found"),
    "429": _problem(429, "Too Many Requests", "Too Many Requests"),
    "429-unsaid": _problem(429, "Too Many Requests", "Too Many Requests"),
    "429-code": Reply(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}),
    "cap": _problem(
        429,
        "UsageCapExceeded",
        "Usage cap exceeded: Monthly product cap",
        "usage-capped",
        period="Monthly",
        scope="Product",
    ),
    "quota": _problem(402, "CreditsDepleted", _NO_CREDIT, "credits"),
    "spend": _problem(403, "SpendCapReached", "The spending limit of this billing cycle is reached.", "credits"),
    "500": _problem(500, "Internal Server Error", "Something is broken."),
    "503": _problem(503, "Service Unavailable", "Service Unavailable"),
}


def token(ask: Ask) -> str | None:
    return ask.bearer()


def refuse(kind: str, ask: Ask, seconds: float) -> Reply:
    """A rate limit says when it ends, `seconds` from now; a spent cap does not."""
    headers = {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "0", "api-version": "2.167"}
    if kind in ("429", "429-code"):
        headers["x-rate-limit-reset"] = str(int(ask.instant.timestamp() + seconds))
    return Reply(REFUSALS[kind].status, REFUSALS[kind].body, headers)


def rows(body: Any) -> list[Any]:
    found: list[Any] = body.get("data", [])
    return found


def repeat(ask: Ask, body: Any) -> None:
    body.setdefault("meta", {})["next_token"] = ask.params.get("pagination_token") or make_token(0)


def answer(world: World, ask: Ask) -> Reply:
    if not token(ask):
        return REFUSALS["401"]
    if ask.path == "2/users":
        reply = _users(world, ask, "ids", r"\d{1,19}")
    elif ask.path == "2/users/by":
        reply = _users(world, ask, "usernames", r"[A-Za-z0-9_]{1,15}")
    elif ask.path == "2/tweets":
        reply = _posts(world, ask)
    elif match := re.fullmatch(r"2/users/(\d{1,19})/tweets", ask.path):
        reply = _timeline(world, ask, match[1])
    else:
        return REFUSALS["404"]
    quarter = int(ask.instant.timestamp()) // 900 * 900 + 900
    limits = {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "299", "x-rate-limit-reset": str(quarter)}
    return Reply(reply.status, reply.body, {**limits, "api-version": "2.167"})


def _users(world: World, ask: Ask, parameter: str, pattern: str) -> Reply:
    names = split(ask.params.get(parameter))
    if (wrong := _wrong(parameter, names, pattern)) is not None:
        return wrong
    data, errors = [], []
    for name in names:
        account = world.account("x", name) if parameter == "ids" else world.by_handle("x", name, ask.instant)
        status = world.status(account, ask.instant) if account else "not_found"
        if account and status == "public":
            data.append(_user(world, account, ask))
        else:
            errors.append(_partial(status, "user", parameter, name))
    return _together(data, errors)


def _user(world: World, account: WorldAccount, ask: Ask) -> dict[str, Any]:
    handle = account.handle_at(ask.instant)
    fields = {
        "created_at": _utc(account.created_at),
        "description": "",
        "protected": False,
        "public_metrics": {name: world.value(account, name, ask.instant) for name in USER_METRICS},
        "url": "",
        "verified": account.number % 3 == 0,
    }
    wanted = split(ask.params.get("user.fields"))
    user = {"id": account.account_id, "name": account.name, "username": handle}
    return user | {name: value for name, value in fields.items() if name in wanted}


def _posts(world: World, ask: Ask) -> Reply:
    ids = split(ask.params.get("ids"))
    if (wrong := _wrong("ids", ids, r"\d{1,19}")) is not None:
        return wrong
    data, errors = [], []
    for each in ids:
        post = world.post("x", each)
        status = world.post_status(post, ask.instant) if post else "not_found"
        if post and status == "public":
            data.append(_post(world, post, ask))
        else:
            errors.append(_partial(status, "tweet", "ids", each))
    return _together(data, errors)


def _post(world: World, post: WorldPost, ask: Ask) -> dict[str, Any]:
    """`post.fields` asks in the vocabulary of 2026, in which a retweet is a repost."""
    is_new = "post.fields" in ask.params
    metrics = {name: world.post_value(post, f"public_metrics.{name}", ask.instant) for name in POST_METRICS}
    fields: dict[str, Any] = {
        "author_id": post.account_id,
        "created_at": _utc(post.published_at),
        "lang": "en",
        "public_metrics": {k.replace("retweet", "repost") if is_new else k: v for k, v in metrics.items()},
    }
    if post.kind != "post":
        kind = {"reply": "replied_to", "quote": "quoted", "retweet": "retweeted"}[post.kind]
        fields["referenced_posts" if is_new else "referenced_tweets"] = [{"type": kind, "id": "1"}]
    if post.has_media:
        fields["attachments"] = {"media_keys": [f"3_{post.post_id}"]}
    wanted = split(ask.params.get("post.fields" if is_new else "tweet.fields"))
    history = "edit_history_post_ids" if is_new else "edit_history_tweet_ids"
    body = {"id": post.post_id, "text": post.title, history: [post.post_id]}
    return body | {name: value for name, value in fields.items() if name in wanted}


def _timeline(world: World, ask: Ask, account_id: str) -> Reply:
    size = ask.params.get("max_results", "10")
    if not size.isdecimal() or not 5 <= int(size) <= 100:
        return _invalid(
            "max_results", size, f"The `max_results` query parameter value [{size}] is not between 5 and 100"
        )
    account = world.account("x", account_id)
    status = world.status(account, ask.instant) if account else "not_found"
    if not account or status != "public":
        return Reply(200, {"errors": [_partial(status, "user", "id", account_id)]})
    try:
        posts, following = page_of(_reachable(world, account, ask), ask.params.get("pagination_token"), int(size))
    except ValueError:
        wrong = ask.params.get("pagination_token", "")
        return _invalid(
            "pagination_token", wrong, f"The `pagination_token` query parameter value [{wrong}] is not valid"
        )
    if not posts:
        return Reply(200, {"meta": {"result_count": 0}})
    meta = {"result_count": len(posts), "newest_id": posts[0].post_id, "oldest_id": posts[-1].post_id}
    if following:
        meta["next_token"] = following
    return Reply(200, {"data": [_post(world, post, ask) for post in posts], "meta": meta})


def _reachable(world: World, account: WorldAccount, ask: Ask) -> Iterator[WorldPost]:
    """Newest first, between the ids and instants asked for: newer than `since_id`, older than `until_id`."""
    unwanted = {"replies": "reply", "retweets": "retweet"}
    excluded = {unwanted.get(word, "") for word in split(ask.params.get("exclude"))}
    after = int(ask.params.get("since_id", 0))
    before = int(ask.params.get("until_id", 1 << 63))
    start, end = _instant(ask.params.get("start_time")), _instant(ask.params.get("end_time"))
    reach = REACH_WITHOUT_REPLIES if "reply" in excluded else REACH
    newest = islice(world.newest_first(account, ask.instant), reach)
    for post in takewhile(lambda p: int(p.post_id) > after and (not start or p.published_at >= start), newest):
        if int(post.post_id) < before and (not end or post.published_at < end) and post.kind not in excluded:
            yield post


def _wrong(parameter: str, values: list[str], pattern: str) -> Reply | None:
    if not 1 <= len(values) <= MAX_IDS:
        message = (
            f"The number of values in the `{parameter}` query parameter list [{len(values)}] is not between 1 and 100"
        )
        return _invalid(parameter, ",".join(values), message)
    for value in values:
        if not re.fullmatch(pattern, value):
            return _invalid(
                parameter, value, f"The `{parameter}` query parameter value [{value}] does not match ^{pattern}$"
            )
    return None


def _invalid(parameter: str, value: str, message: str) -> Reply:
    errors = [{"parameters": {parameter: [value]}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    return _problem(400, "Invalid Request", detail, "invalid-request", errors=errors)


def _partial(status: str, resource: str, parameter: str, value: str) -> dict[str, str]:
    """What a 200 says of the one it does not give. A suspended user has the type of one that never was."""
    title, detail, kind = {
        "not_found": (
            "Not Found Error",
            f"Could not find {resource} with {parameter}: [{value}].",
            "resource-not-found",
        ),
        "suspended": ("Forbidden", f"User has been suspended: [{value}].", "resource-not-found"),
        "forbidden": (
            "Authorization Error",
            f"Sorry, you are not authorized to see the {resource} with {parameter}: [{value}].",
            "not-authorized-for-resource",
        ),
    }[status]
    return {
        "value": value,
        "detail": detail,
        "title": title,
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + kind,
    }


def _together(data: list[dict[str, Any]], errors: list[dict[str, str]]) -> Reply:
    return Reply(200, ({"data": data} if data else {}) | ({"errors": errors} if errors else {}))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.000Z"
