"""Answers to mutate: hand-written ones, and the sandbox's to the calls that a day makes."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

from platforms.test_parsing import INSTANT, SAMPLES
from socialmetrics.platforms import facebook, x, youtube
from socialmetrics.records import Subject
from socialmetrics.sandbox import facebook as sandbox_facebook
from socialmetrics.sandbox import x as sandbox_x
from socialmetrics.sandbox import youtube as sandbox_youtube
from socialmetrics.sandbox.wire import Ask, Reply
from socialmetrics.sandbox.world import World

Sample = tuple[str, str, frozenset[str], tuple[Subject, ...], dict[str, Any], Any]


@cache
def samples() -> list[Sample]:
    """Platform, endpoint, what is kept, who was asked about, the call's parameters, and the answer."""
    written = [(name, endpoint, *sample) for (name, endpoint), sample in SAMPLES.items()]
    world = World(peers=3)
    return [*written, *_youtube(world), *_x(world), *_facebook(world)]


def _answer(module: ModuleType, world: World, path: str, **params: str) -> Any:
    headers = {"authorization": "Bearer token", "x-goog-api-key": "token"}

    def respond(part: Ask) -> Reply:
        reply: Reply = module.answer(world, part)
        return reply

    return module.answer(world, Ask("GET", path, params, headers, INSTANT, "", respond)).body


def _subjects(world: World, platform: str) -> tuple[list[str], list[Subject]]:
    accounts = [account for account in world.accounts if account.platform == platform][:3]
    posts = [post for a in accounts for post in world.posts(a, INSTANT - timedelta(days=9), INSTANT)][:4]
    return [a.account_id for a in accounts], [Subject(p.account_id, p.post_id) for p in posts]


def _youtube(world: World) -> list[Sample]:
    ids, posts = _subjects(world, "youtube")
    videos = ",".join(post.post_id or "" for post in posts)
    account = world.account("youtube", ids[0])
    playlist = account.uploads if account else ""
    parts = "snippet,statistics,contentDetails"
    whole = tuple(Subject(each) for each in ids)
    ask = "youtube/v3/"
    uploads = _answer(
        sandbox_youtube, world, f"{ask}playlistItems", part="contentDetails", playlistId=playlist, maxResults="3"
    )
    since = {"playlist": playlist, "since": "2026-01-01T00:00:00Z"}
    channels = _answer(sandbox_youtube, world, f"{ask}channels", part=parts, id=",".join(ids))
    stats = _answer(sandbox_youtube, world, f"{ask}videos:batchGetStats", part="id,statistics", id=videos)
    titles = _answer(sandbox_youtube, world, f"{ask}videos", part="snippet", id=videos)
    return [
        ("youtube", youtube.CHANNELS, youtube.KEEP_CHANNELS, whole, {}, channels),
        ("youtube", youtube.UPLOADS, youtube.KEEP_UPLOADS, whole[:1], since, uploads),
        ("youtube", youtube.STATS, youtube.KEEP_STATS, tuple(posts), {}, stats),
        ("youtube", youtube.VIDEOS, youtube.KEEP_VIDEOS, tuple(posts), {}, titles),
    ]


def _x(world: World) -> list[Sample]:
    ids, posts = _subjects(world, "x")
    fields = {"user.fields": "created_at,protected,public_metrics"}
    of_posts = {"tweet.fields": "created_at,public_metrics"}
    tweets = ",".join(post.post_id or "" for post in posts)
    users = _answer(sandbox_x, world, "2/users", ids=",".join([*ids, "999"]), **fields)
    timeline = _answer(sandbox_x, world, f"2/users/{ids[0]}/tweets", max_results="5", **of_posts)
    lookup = _answer(sandbox_x, world, "2/tweets", ids=f"{tweets},999", **of_posts)
    everyone = tuple(Subject(each) for each in [*ids, "999"])
    return [
        ("x", x.USERS, x.KEEP_USERS, everyone, {}, users),
        ("x", x.TIMELINE, x.KEEP_POSTS, everyone[:1], {}, timeline),
        ("x", x.POSTS, x.KEEP_POSTS, (*posts, Subject(ids[0], "999")), {}, lookup),
    ]


def _facebook(world: World) -> list[Sample]:
    ids, posts = _subjects(world, "facebook")
    page = f"{facebook.PAGE_FIELDS},posts.limit(3){{{facebook.POST_FIELDS}}}"
    pages = [_item(world, each, page) for each in [*ids, "999"]]
    single = [_item(world, post.post_id or "", f"id,{facebook.COUNTS}") for post in posts]
    more = [_item(world, f"{ids[0]}/posts", facebook.POST_FIELDS) | {"asked": ids[0]}]
    whole = tuple(Subject(each) for each in [*ids, "999"])
    return [
        ("facebook", facebook.PAGE, facebook.KEEP, whole, {}, {"items": pages}),
        ("facebook", facebook.MORE_POSTS, facebook.KEEP, whole[:1], {}, {"items": more}),
        ("facebook", facebook.POST, facebook.KEEP, tuple(posts), {}, {"items": single}),
    ]


def _item(world: World, name: str, fields: str) -> dict[str, Any]:
    body = _answer(sandbox_facebook, world, f"v26.0/{name}", fields=fields, access_token="token")
    return {"asked": name, "limit": 3, "code": 200, "body": json.loads(json.dumps(body)), "wait": None}
