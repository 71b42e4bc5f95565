"""The Graph API: Pages, their posts, a single post, and batches of these."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qsl, urlencode

from socialmetrics.sandbox.wire import Ask, Reply, make_token, page_of
from socialmetrics.sandbox.world import World, WorldAccount, WorldPost

MAX_BATCH = 50
MAX_POSTS = 100
VERSIONS = ("v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0")  # any other is served as the oldest
SUMMARIES: dict[str, dict[str, Any]] = {
    "reactions": {"viewer_reaction": "NONE"},
    "comments": {"order": "ranked", "can_comment": False},
}
DOCS = "https://developers.facebook.com/docs/graph-api"


def _error(status: int, code: int, message: str, kind: str = "OAuthException", **more: Any) -> Reply:
    body = {"message": message, "type": kind, "code": code, **more, "fbtrace_id": "Asandbox"}
    return Reply(status, {"error": body})


_EXPIRED = "Error validating access token: Session has expired on Sunday, 15-Nov-26 08:00:00 PST."
_PERMISSION = "(#10) This endpoint requires the 'pages_read_engagement' permission or Page Public Content Access."
_USAGE = {
    "type": "pages",
    "call_count": 100,
    "total_cputime": 20,
    "total_time": 20,
    "estimated_time_to_regain_access": 30,
}

REFUSALS = {
    "401": _error(400, 190, _EXPIRED, error_subcode=463),
    "403": _error(403, 10, _PERMISSION),
    "404": _error(400, 100, "Unsupported get request.", "GraphMethodException", error_subcode=33),
    "429": _error(403, 4, "(#4) Application request limit reached", is_transient=True),
    "quota": replace(
        _error(400, 80001, "(#80001) There have been too many calls to this Page account. Wait a bit and try again."),
        headers={"x-business-use-case-usage": json.dumps({"1": [_USAGE]})},
    ),
    "token-limit": _error(400, 17, "(#17) User request limit reached"),
    "insight": _error(400, 100, "(#100) The value must be a valid insights metric"),
    "field": _error(400, 100, "(#100) Tried accessing nonexisting field (status_type) on node type (Post)"),
    "ids": _error(500, 100, "(#100) The ids query parameter is deprecated in v26.0+"),
    "syntax": _error(400, 2500, "Syntax error"),
    "reduce": _error(500, 1, "Please reduce the amount of data you're asking for, then retry your request"),
    "blocked": _error(400, 368, "The action attempted has been deemed abusive or is otherwise disallowed"),
    "500": _error(500, 1, "An unknown error has occurred."),
    "503": _error(503, 2, "Service temporarily unavailable", is_transient=True),
}


def token(ask: Ask) -> str | None:
    return ask.params.get("access_token") or ask.bearer()


def refuse(kind: str, ask: Ask, seconds: float) -> Reply:
    return REFUSALS[kind]


def rows(body: Any) -> list[Any]:
    """A batch, an edge, or the posts of a page."""
    found: list[Any] = body if isinstance(body, list) else body.get("data", body.get("posts", {}).get("data", []))
    return found


def repeat(ask: Ask, body: Any) -> None:
    edge = body if "data" in body else body.get("posts", {})
    after = ask.params.get("after") or make_token(0)
    edge["paging"] = {"cursors": {"before": after, "after": after}, "next": f"{ask.base}/{ask.path}?after={after}"}


def answer(world: World, ask: Ask) -> Reply:
    version, path = _versioned(ask.path)
    reply = _answer(world, ask, version, path)
    return replace(reply, headers={"facebook-api-version": version, **reply.headers})


def _answer(world: World, ask: Ask, version: str, path: str) -> Reply:
    if ask.method == "POST" and not path:
        return _batch(ask)
    if not token(ask):
        return _error(400, 104, "An access token is required to request this resource.")
    if "ids" in ask.params:
        return _error(500, 100, "(#100) The ids query parameter is deprecated in v26.0+")
    name, _, edge = path.partition("/")
    try:
        if edge in ("posts", "published_posts") and (page := _page(world, name, ask)):
            fields = _fields(ask.params.get("fields") or "created_time,message")
            return Reply(200, _posts(world, page, ask, Field(edge, dict(ask.params), fields)))
        if not edge and (page := _page(world, name, ask)):
            return Reply(200, _page_node(world, page, ask, _fields(ask.params.get("fields") or "name")))
        post = world.post("facebook", name)
        if not edge and post and world.post_status(post, ask.instant) == "public":
            return Reply(200, _post_node(world, post, ask, _fields(ask.params.get("fields") or "created_time,message")))
    except ValueError as error:
        return _error(400, 100, f"(#100) {error}")
    message = f"Unsupported get request. Object with ID '{name}' does not exist, cannot be loaded due to missing "
    message += f"permissions, or does not support this operation. Please read the Graph API documentation at {DOCS}"
    return _error(400, 100, message, "GraphMethodException", error_subcode=33)


def _batch(ask: Ask) -> Reply:
    """Each item is answered as a request of its own, with its own token or the batch's."""
    try:
        items = json.loads(ask.params.get("batch", ""))
    except ValueError:
        return _error(400, 100, "(#100) batch must be a JSON array of requests")
    if len(items) > MAX_BATCH:
        return _error(400, 100, f"(#100) Too many requests in batch message. Maximum batch size is {MAX_BATCH}.")
    shared = token(ask)
    if not shared and not all("access_token" in item for item in items):
        return _error(400, 104, "An access token is required to request this resource.")
    return Reply(200, [_item(ask, item, shared) for item in items])


def _item(ask: Ask, item: dict[str, Any], shared: str | None) -> dict[str, Any] | None:
    path, _, query = str(item.get("relative_url", "")).lstrip("/").partition("?")
    params = {"access_token": item.get("access_token") or shared or "", **dict(parse_qsl(query))}
    part = replace(ask, method=item.get("method", "GET"), path=path, params=params, headers={}, is_part=True)
    reply = ask.respond(part)
    if reply.status == 0:
        return None
    body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    headers = [{"name": name, "value": value} for name, value in reply.headers.items()]
    wanted = {"headers": headers} if ask.params.get("include_headers", "true") != "false" else {}
    return {"code": reply.status, **wanted, "body": body}


def _page(world: World, name: str, ask: Ask) -> WorldAccount | None:
    page = world.account("facebook", name) or world.by_handle("facebook", name, ask.instant)
    return page if page and world.status(page, ask.instant) == "public" else None


def _page_node(world: World, page: WorldAccount, ask: Ask, fields: list[Field]) -> dict[str, Any]:
    node: dict[str, Any] = {}
    handle = page.handle_at(ask.instant)
    plain = {
        "id": page.account_id,
        "name": page.name,
        "username": handle,
        "link": f"https://www.facebook.com/{handle}",
        "verification_status": "not_verified",
    }
    for each in fields:
        if each.name in plain:
            node[each.name] = plain[each.name]
        elif each.name in ("followers_count", "fan_count"):
            node[each.name] = world.value(page, each.name, ask.instant)
        elif each.name in ("posts", "published_posts"):
            edge = _posts(world, page, ask, each)
            if edge["data"]:  # an edge without data is left out of its node
                node[each.name] = edge
        else:
            raise ValueError(f"Tried accessing nonexisting field ({each.name}) on node type (Page)")
    return {**node, "id": page.account_id}


def _posts(world: World, page: WorldAccount, ask: Ask, edge: Field) -> dict[str, Any]:
    limit = edge.arguments.get("limit", "25")
    if not limit.isdecimal() or not 1 <= int(limit) <= MAX_POSTS:
        raise ValueError(f"Param limit must be a number between 1 and {MAX_POSTS}")
    since, until = _instant(edge.arguments.get("since")), _instant(edge.arguments.get("until"))
    after = edge.arguments.get("after")
    posts, following = page_of(_between(world, page, ask, since, until), after, int(limit))
    body: dict[str, Any] = {"data": [_post_node(world, post, ask, edge.fields) for post in posts]}
    if posts:
        cursors = {"before": after or make_token(0), "after": following or make_token(10**6)}
        body["paging"] = {"cursors": cursors}
        if following:
            known = {k: v for k, v in edge.arguments.items() if k in ("limit", "since", "until", "fields")}
            known |= {k: v for k, v in ask.params.items() if k == "access_token"}
            query = urlencode({**known, "after": following})
            body["paging"]["next"] = f"{ask.base}/{_versioned(ask.path)[0]}/{page.account_id}/{edge.name}?{query}"
    return body


def _between(
    world: World, page: WorldAccount, ask: Ask, since: datetime | None, until: datetime | None
) -> Iterator[WorldPost]:
    newest = world.newest_first(page, ask.instant)
    for post in takewhile(lambda p: not since or p.published_at >= since, newest):
        if not until or post.published_at <= until:
            yield post


def _post_node(world: World, post: WorldPost, ask: Ask, fields: list[Field]) -> dict[str, Any]:
    node: dict[str, Any] = {}
    plain = {
        "id": post.post_id,
        "created_time": f"{post.published_at:%Y-%m-%dT%H:%M:%S}+0000",
        "message": post.title,
        "permalink_url": f"https://www.facebook.com/{post.post_id.replace('_', '/posts/')}",
        "status_type": post.kind,
    }
    for each in fields or [Field("created_time"), Field("message")]:
        if each.name in plain:
            node |= {each.name: plain[each.name]} if plain[each.name] else {}
        elif each.name == "shares":
            count = world.post_value(post, "shares.count", ask.instant)
            if count:  # absent where it is 0
                node["shares"] = {"count": count}
        elif each.name in ("reactions", "comments"):
            count = world.post_value(post, f"{each.name}.summary.total_count", ask.instant)
            node[each.name] = {"data": []}  # the sandbox has no people in it
            if each.arguments.get("summary") == "true":
                node[each.name]["summary"] = {"total_count": count, **SUMMARIES[each.name]}
        else:
            raise ValueError(f"Tried accessing nonexisting field ({each.name}) on node type (Post)")
    return {**node, "id": post.post_id}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a `fields` parameter: `posts.limit(50).since(1790000000){id,shares}`."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)


def _fields(text: str) -> list[Field]:
    """The fields asked for, with what is nested in them. Raises ValueError where the text is no such list."""
    fields, rest = _read_fields(text)
    if rest:
        raise ValueError(f"Syntax error, unexpected {rest[:10]!r} in fields")
    return fields


def _read_fields(text: str) -> tuple[list[Field], str]:
    fields: list[Field] = []
    while match := re.match(r"\s*(\w+)((?:\.\w+\([^()]*\))*)\s*", text):
        arguments = dict(re.findall(r"\.(\w+)\(([^()]*)\)", match[2]))
        nested: list[Field] = []
        text = text[match.end() :]
        if text.startswith("{"):
            nested, text = _read_fields(text[1:])
            if not text.startswith("}"):
                raise ValueError("Syntax error, expected '}' in fields")
            text = text[1:].lstrip()
        fields.append(Field(match[1], arguments, nested))
        if not text.startswith(","):
            break
        text = text[1:]
    return fields, text


def _versioned(path: str) -> tuple[str, str]:
    """The version a path is served as, and the path without it."""
    head, _, rest = path.strip("/").partition("/")
    if re.fullmatch(r"v\d+\.\d+", head):
        return (head if head in VERSIONS else VERSIONS[0]), rest
    return VERSIONS[0], path.strip("/")


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    if text.isdecimal():
        return datetime.fromtimestamp(int(text), UTC)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
