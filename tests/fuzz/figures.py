"""Which numbers an answer gives to whom: read a second time, by plain steps that share nothing with `parse`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Figure = tuple[str | None, str, int]  # the account's or post's own id, the metric, the number

RENAMED = {"post_count": "tweet_count", "repost_count": "retweet_count"}


def figures(platform: str, body: Any) -> set[Figure]:
    """Every number that stands under a metric's path, with the id that stands beside it."""
    return {(str(key), metric, number) for key, metric, number in _all(platform, body)}


def _all(platform: str, body: Any) -> Iterator[tuple[Any, str, int]]:
    if platform == "youtube":
        for item in _list(body, "items"):
            for name, value in _dict(item, "statistics").items():
                for metric in (name, f"statistics.{name}"):
                    yield from _number(item.get("id"), metric, value)
    elif platform == "x":
        for item in _list(body, "data"):
            for name, value in _dict(item, "public_metrics").items():
                spelled = RENAMED.get(name, name)
                for metric in (spelled, f"public_metrics.{spelled}"):
                    yield from _number(item.get("id"), metric, value)
    else:
        for item in _list(body, "items"):
            page = _dict(item, "body")
            for metric in ("followers_count", "fan_count"):
                yield from _number(page.get("id"), metric, page.get(metric))
            for post in [page, *_list(_dict(page, "posts"), "data"), *_list(page, "data")]:
                shares = post.get("shares")
                yield from _number(post.get("id"), "shares.count", 0 if shares is None else _of(shares, "count"))
                for edge in ("reactions", "comments"):
                    count = _dict(_dict(post, edge), "summary").get("total_count")
                    yield from _number(post.get("id"), f"{edge}.summary.total_count", count)


def _number(key: Any, metric: str, value: Any) -> Iterator[tuple[Any, str, int]]:
    if isinstance(value, int) and not isinstance(value, bool):
        yield key, metric, value
    elif isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        yield key, metric, int(value)


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _list(value: Any, key: str) -> list[dict[str, Any]]:
    found = _of(value, key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _dict(value: Any, key: str) -> dict[str, Any]:
    found = _of(value, key)
    return found if isinstance(found, dict) else {}
