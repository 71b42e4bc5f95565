"""Withdrawn posts: their tombstones in landing, and how text, title and link are taken out of what lands and landed.

    landing/forgotten.jsonl     one line a post: platform, post_id, forgotten_at

The post's id and its counts stay. Whatever lands passes by the tombstones, so that neither a later answer nor `reparse`
brings the words back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa

from socialmetrics import platforms
from socialmetrics.landed import Landed
from socialmetrics.landing import Landing
from socialmetrics.records import Note, Post, Response

STATUS = "withdrawn"
NOTE = "The post was withdrawn."  # in place of what was noted about it


@dataclass(frozen=True)
class Withdrawn:
    """Every post that is forgotten, by platform."""

    posts: Mapping[str, frozenset[str]]

    def holds(self, platform: str | None, post_id: str | None) -> bool:
        """Whether a post is forgotten; without a platform, whether one of any platform is."""
        names = [platform] if platform else list(self.posts)
        return any(post_id in self.posts.get(name, ()) for name in names)

    def body(self, platform: str, body: Any) -> Any:
        """An answer in which a withdrawn post has no words; each text stays a text, so that it is read as before."""
        ids = self.posts.get(platform)
        return _silent(body, ids, words_of(platform)) if ids else body

    def response(self, response: Response) -> Response:
        return replace(response, body=self.body(response.platform, response.body))

    def post(self, post: Post) -> Post:
        return replace(post, title=None, url=None, status=STATUS) if self.holds(post.platform, post.post_id) else post

    def note(self, note: Note) -> Note:
        return replace(note, text=NOTE) if self.holds(note.platform, note.post_id) else note

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """A landed post's or note's row as it would have landed."""
        if not self.holds(row["platform"], row["post_id"]):
            return row
        bare: dict[str, Any] = {"text": NOTE} if "text" in row else {"title": None, "url": None, "status": STATUS}
        return row | bare


@cache
def words_of(platform: str) -> frozenset[str]:
    return platforms.load(platform).POST_WORDS


def read(landing: Landed) -> Withdrawn:
    """The tombstones that stand."""
    posts: dict[str, set[str]] = {}
    for line in landing.tombstones():
        told = json.loads(line)
        posts.setdefault(told["platform"], set()).add(told["post_id"])
    return Withdrawn({platform: frozenset(ids) for platform, ids in posts.items()})


def bury(landing: Landing, platform: str, post_id: str, instant: datetime) -> None:
    """Put up a tombstone; one that stands keeps its instant."""
    if not read(landing).holds(platform, post_id):
        told = {"platform": platform, "post_id": post_id, "forgotten_at": instant.isoformat()}
        landing.write_tombstones([*landing.tombstones(), json.dumps(told) + "\n"])


def sweep(landing: Landing, withdrawn: Withdrawn) -> int:
    """Take the words of every withdrawn post out of all that landed, each file whole. Returns the files changed."""
    changed = landing.rewrite_parquet("posts", lambda table: _bare(table, withdrawn))
    changed += landing.rewrite_parquet("notes", lambda table: _bare(table, withdrawn))
    for platform, ids in withdrawn.posts.items():
        changed += landing.rewrite_responses(platform, ids, withdrawn.response)
    return changed


def _bare(table: pa.Table, withdrawn: Withdrawn) -> pa.Table:
    ids = {post_id for posts in withdrawn.posts.values() for post_id in posts}
    if ids.isdisjoint(table.column("post_id").unique().to_pylist()):
        return table
    return pa.Table.from_pylist([withdrawn.row(row) for row in table.to_pylist()], table.schema)


def _silent(value: Any, ids: Iterable[str], words: frozenset[str]) -> Any:
    """The same, with the words taken out of every object whose id is among these."""
    if isinstance(value, list):
        return [_silent(element, ids, words) for element in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("id")) in ids:
        return _wordless(value, words)
    return {key: _silent(member, ids, words) for key, member in value.items()}


def _wordless(value: Any, words: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_wordless(element, words) for element in value]
    if isinstance(value, dict):
        return {
            key: STATUS if key in words and isinstance(member, str) else _wordless(member, words)
            for key, member in value.items()
        }
    return value
