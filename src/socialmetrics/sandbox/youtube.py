"""The YouTube Data API v3: channels, playlistItems, videos, videos:batchGetStats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socialmetrics.sandbox.wire import Ask, Reply, make_token, page_of, split
from socialmetrics.sandbox.world import World, WorldAccount, WorldPost

MAX_IDS = 50


def _error(code: int, reason: str, message: str, domain: str = "youtube.parameter", **more: Any) -> Reply:
    errors = [{"message": message, "domain": domain, "reason": reason}]
    return Reply(code, {"error": {"code": code, "message": message, "errors": errors, **more}})


def _info(reason: str, **metadata: str) -> list[dict[str, Any]]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return [{"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}]


def _exhausted(limit: str) -> Reply:
    return _error(
        429,
        "rateLimitExceeded",
        f"Quota exceeded for quota metric 'Queries' and limit '{limit}' of service 'youtube.googleapis.com'.",
        "global",
        status="RESOURCE_EXHAUSTED",
        details=_info("RATE_LIMIT_EXCEEDED", quota_limit=limit, service="youtube.googleapis.com"),
    )


_BAD_KEY = "API key not valid. Please pass a valid API key."
_OVER_QUOTA = "The request cannot be completed because you have exceeded your quota."
_DISABLED = "YouTube Data API v3 has not been used in this project before or it is disabled."
_PRIVATE = "The request is not properly authorized to retrieve the specified playlist."
_NO_PLAYLIST = "The playlist identified with the request's playlistId parameter cannot be found."

REFUSALS = {
    "400": _error(400, "badRequest", _BAD_KEY, "global", status="INVALID_ARGUMENT", details=_info("API_KEY_INVALID")),
    "401": _error(401, "authError", "Invalid Credentials", "global", status="UNAUTHENTICATED"),
    "403": _error(
        403,
        "accessNotConfigured",
        _DISABLED,
        "usageLimits",
        status="PERMISSION_DENIED",
        details=_info("SERVICE_DISABLED"),
    ),
    "403-rate": _error(403, "userRateLimitExceeded", "User Rate Limit Exceeded", "usageLimits"),
    "key": _error(400, "keyInvalid", "Bad Request", "usageLimits"),
    "private": _error(403, "playlistItemsNotAccessible", _PRIVATE, "youtube.playlistItem"),
    "page-token": _error(400, "invalidPageToken", "The request specifies an invalid page token."),
    "404": _error(404, "playlistNotFound", _NO_PLAYLIST, "youtube.playlistItem"),
    "429": _exhausted("defaultPerMinutePerProject"),
    "quota": _error(403, "quotaExceeded", _OVER_QUOTA, "youtube.quota"),
    "quota-429": _exhausted("defaultPerDayPerProject"),
    "500": _error(500, "backendError", "Backend Error", "global", status="INTERNAL"),
    "503": _error(503, "backendError", "The service is currently unavailable.", "global", status="UNAVAILABLE"),
}


def token(ask: Ask) -> str | None:
    return ask.headers.get("x-goog-api-key") or ask.params.get("key") or ask.bearer()


def refuse(kind: str, ask: Ask, seconds: float) -> Reply:
    return REFUSALS[kind]


def rows(body: Any) -> list[Any]:
    found: list[Any] = body.get("items", [])
    return found


def repeat(ask: Ask, body: Any) -> None:
    body["nextPageToken"] = ask.params.get("pageToken") or make_token(0)


def answer(world: World, ask: Ask) -> Reply:
    if not token(ask):
        message = "Method doesn't allow unregistered callers (callers without established identity)."
        return _error(403, "forbidden", message, "global", status="PERMISSION_DENIED")
    if not (found := METHODS.get(ask.path)):
        return Reply(404, "<html><title>Error 404 (Not Found)!!1</title></html>")
    method, parts = found
    if "part" not in ask.params:
        return _error(400, "required", "Required parameter: part", "global")
    if unknown := [part for part in split(ask.params["part"]) if part not in parts]:
        return _error(400, "unknownPart", f"'{unknown[0]}'", "youtube.part")
    return method(world, ask)


def _channels(world: World, ask: Ask) -> Reply:
    if "forHandle" in ask.params:
        accounts = [world.by_handle("youtube", ask.params["forHandle"], ask.instant)]
    elif (ids := _ids(ask)) is None:
        return _no_filter("id, forHandle, mine")
    else:
        accounts = [world.account("youtube", each) for each in ids]
    items = [_channel(world, a, ask) for a in accounts if a and world.status(a, ask.instant) == "public"]
    return _list("youtube#channelListResponse", items)


def _channel(world: World, account: WorldAccount, ask: Ask) -> dict[str, Any]:
    views, subscribers, videos = (
        world.value(account, metric, ask.instant) for metric in ("viewCount", "subscriberCount", "videoCount")
    )
    # Where the owner hides the subscribers, some channels send "0" and some send nothing.
    shown = {"subscriberCount": str(subscribers or 0)} if subscribers is not None or account.number % 2 else {}
    return {
        "kind": "youtube#channel",
        "etag": f"c-{account.account_id}",
        "id": account.account_id,
        **_parts(
            ask,
            snippet={
                "title": account.name,
                "description": "",
                "customUrl": f"@{account.handle_at(ask.instant)}",
                "publishedAt": _utc(account.created_at),
                "thumbnails": {},
                "localized": {"title": account.name, "description": ""},
                "country": "US",
            },
            statistics={
                "viewCount": str(views),
                **shown,
                "hiddenSubscriberCount": subscribers is None,
                "videoCount": str(videos),
            },
            contentDetails={"relatedPlaylists": {"likes": "", "uploads": account.uploads}},
            status={"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "longUploadsUnspecified"},
        ),
    }


def _playlist_items(world: World, ask: Ask) -> Reply:
    if "playlistId" not in ask.params:
        return _no_filter("id, playlistId")
    account = world.by_uploads(ask.params["playlistId"])
    if not account or world.status(account, ask.instant) != "public":
        return REFUSALS["404"]
    size = ask.params.get("maxResults", "5")
    if not size.isdecimal() or int(size) > MAX_IDS:
        return _error(
            400, "invalidValue", f"Invalid value '{size}'. Values must be within the range: [0, 50]", "global"
        )
    try:
        posts, following = page_of(world.newest_first(account, ask.instant), ask.params.get("pageToken"), int(size))
    except ValueError:
        return _error(400, "invalidPageToken", "The request specifies an invalid page token.")
    items = [
        {
            "kind": "youtube#playlistItem",
            "etag": f"p-{post.post_id}",
            "id": f"{account.uploads}.{post.post_id}",
            **_parts(
                ask,
                snippet={
                    "publishedAt": _utc(post.published_at),
                    "channelId": account.account_id,
                    "title": post.title,
                    "description": "",
                    "thumbnails": {},
                    "channelTitle": account.name,
                    "playlistId": account.uploads,
                    "resourceId": {"kind": "youtube#video", "videoId": post.post_id},
                },
                contentDetails={"videoId": post.post_id, "videoPublishedAt": _utc(post.published_at)},
                status={"privacyStatus": "public"},
            ),
        }
        for post in posts
    ]
    total = world.exact(account, "videoCount", ask.instant)
    body = {
        "kind": "youtube#playlistItemListResponse",
        "etag": f"l-{account.uploads}",
        "items": items,
        "pageInfo": {"totalResults": total, "resultsPerPage": int(size)},
    }
    return Reply(200, {**body, **({"nextPageToken": following} if following else {})})


def _videos(world: World, ask: Ask) -> Reply:
    if (ids := _ids(ask)) is None:
        return _no_filter("id, chart, myRating")
    return _list("youtube#videoListResponse", [_video(world, post, ask) for post in _public(world, ids, ask)])


def _video(world: World, post: WorldPost, ask: Ask) -> dict[str, Any]:
    account = world.account("youtube", post.account_id)
    return {
        "kind": "youtube#video",
        "etag": f"v-{post.post_id}",
        "id": post.post_id,
        **_parts(
            ask,
            snippet={
                "publishedAt": _utc(post.published_at),
                "channelId": post.account_id,
                "title": post.title,
                "description": "",
                "thumbnails": {},
                "channelTitle": account.name if account else "",
                "categoryId": "27",
                "liveBroadcastContent": "none",
                "localized": {"title": post.title, "description": ""},
            },
            contentDetails={
                "duration": _duration(post.seconds),
                "dimension": "2d",
                "definition": "hd",
                "caption": "false",
                "licensedContent": False,
                "contentRating": {},
                "projection": "rectangular",
            },
            statistics={**_statistics(world, post, ask), "favoriteCount": "0"},
            status={
                "uploadStatus": "processed",
                "privacyStatus": "public",
                "license": "youtube",
                "embeddable": True,
                "publicStatsViewable": True,
                "madeForKids": False,
            },
        ),
    }


def _batch_get_stats(world: World, ask: Ask) -> Reply:
    if (ids := _ids(ask)) is None:
        return _no_filter("id")
    items = [
        {
            "kind": "youtube#videoStats",
            "etag": f"s-{post.post_id}",
            "id": post.post_id,
            **_parts(
                ask,
                snippet={"publishTime": _utc(post.published_at)},
                statistics=_statistics(world, post, ask),
                contentDetails={"duration": f"{post.seconds}s"},  # google-duration, as the schema has it
            ),
        }
        for post in _public(world, ids, ask)
    ]
    return Reply(200, {"kind": "youtube#batchGetStatsResponse", "etag": "b", **({"items": items} if items else {})})


METHODS: dict[str, tuple[Callable[[World, Ask], Reply], tuple[str, ...]]] = {
    "youtube/v3/channels": (_channels, ("id", "snippet", "statistics", "contentDetails", "status")),
    "youtube/v3/playlistItems": (_playlist_items, ("id", "snippet", "contentDetails", "status")),
    "youtube/v3/videos": (_videos, ("id", "snippet", "statistics", "contentDetails", "status")),
    "youtube/v3/videos:batchGetStats": (_batch_get_stats, ("id", "snippet", "statistics", "contentDetails")),
}


def _ids(ask: Ask) -> list[str] | None:
    """The ids asked for; too many are no ids at all."""
    ids = split(ask.params.get("id"))
    return ids if 0 < len(ids) <= MAX_IDS else None


def _public(world: World, ids: list[str], ask: Ask) -> list[WorldPost]:
    """Whatever is deleted, private or unknown is left out without a word."""
    posts = (world.post("youtube", each) for each in ids)
    return [post for post in posts if post and world.post_status(post, ask.instant) == "public"]


def _statistics(world: World, post: WorldPost, ask: Ask) -> dict[str, str]:
    names = ("viewCount", "likeCount", "commentCount")
    counts = {name: world.post_value(post, f"statistics.{name}", ask.instant) for name in names}
    return {name: str(count) for name, count in counts.items() if count is not None}


def _parts(ask: Ask, **parts: Mapping[str, Any]) -> dict[str, Any]:
    wanted = split(ask.params["part"])
    return {name: part for name, part in parts.items() if name in wanted}


def _list(kind: str, items: list[dict[str, Any]]) -> Reply:
    info = {"totalResults": len(items), "resultsPerPage": 5}
    return Reply(200, {"kind": kind, "etag": "l", "pageInfo": info, **({"items": items} if items else {})})


def _no_filter(names: str) -> Reply:
    message = f"No filter selected. Expected one of: {names}; at most {MAX_IDS} ids."
    return _error(400, "missingRequiredParameter", message)


def _utc(instant: Any) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return "PT" + (f"{minutes}M" if minutes else "") + (f"{rest}S" if rest or not minutes else "")
