"""Organizations, accounts, their days and their posts as they must be: what the directory and the world last said.

And initiatives and notes as they were last written, metrics and their breaks as the seeds have them.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import asdict
from datetime import date
from pathlib import Path

from socialmetrics.records import Account

from .expected import Expected, Row, Rows, account_key, naive
from .record import Key

SEEDS = Path(__file__).parents[2] / "sql" / "seeds"
GONE = ("not_found", "suspended", "forbidden")


def organizations(expected: Expected) -> Rows:
    latest = expected.record.organizations[-1].organizations
    return {(one.organization_id,): asdict(one) for one in latest}


def accounts(expected: Expected) -> Rows:
    days: dict[Key, list[Row]] = defaultdict(list)
    for row in expected.days.values():
        days[row["platform"], row["account_id"]].append(row)
    listed = {
        (a.platform, a.account_id or ""): a for s in expected.record.snapshots for a in s.accounts if a.account_id
    }
    return {key: _account(expected, key, listed.get(key), days[key]) for key in days.keys() | listed.keys()}


def _account(expected: Expected, key: Key, line: Account | None, days: list[Row]) -> Row:
    platform, account_id = key
    seen = [row["measured_on"] for row in days if row["value"] is not None and not row["is_imported"]]
    at, shown = expected.record.shown.get(key, (None, None))
    handle = shown.handle_at(at) if at and shown else None
    urls = {
        "youtube": f"https://www.youtube.com/channel/{account_id}",
        "x": f"https://x.com/{handle}",
        "facebook": f"https://www.facebook.com/{account_id}",
    }
    return {
        "account_key": account_key(platform, account_id),
        "platform": platform,
        "account_id": account_id,
        "organization_id": line.organization_id if line else None,
        "handle": handle or (line.handle if line else None),
        "name": shown.name if shown else None,
        "url": urls[platform] if shown else None,
        "label": line.label if line else None,
        "account_group": line.account_group if line else None,
        "is_own": bool(line and line.is_own),
        "cadence": line.cadence if line else None,
        "opened_on": line.opened_on if line else None,
        "closed_on": line.closed_on if line else None,
        "status": _status(days, seen, "public" if shown else None),
        "first_observed_on": min(seen, default=None),
        "last_observed_on": max(seen, default=None),
    }


def _status(days: list[Row], seen: list[date], otherwise: str | None) -> str | None:
    """What the platform last said: the account's absence where that came after its last figure."""
    gone = {row["measured_on"]: row["reason"] for row in days if row["reason"] in GONE}
    last = max(gone, default=None)
    return gone[last] if last and last > max(seen, default=date.min) else otherwise


def initiatives(expected: Expected) -> Rows:
    return {
        (one.initiative_id,): asdict(one)
        | {"duration_days": (one.ended_on - one.started_on).days + 1 if one.ended_on else None}
        for one in expected.record.initiatives
    }


NOTE = ("noted_on", "platform", "post_id", "text")


def notes(expected: Expected) -> Rows:
    """One that is written twice hides its post where either does."""
    rows: Rows = {}
    for note in expected.record.notes:
        row = asdict(note)
        key = tuple(row[name] for name in NOTE)
        rows[key] = row | {"hide_post": row["hide_post"] or bool(rows.get(key, {}).get("hide_post"))}
    return rows


def metrics() -> Rows:
    typed = {"is_public": _flag, "counts_as_engagement": _flag, "settles_after_days": int}
    return {
        (row["platform"], row["subject"], row["native_metric"]): {
            name: typed.get(name, str)(text) if text else None for name, text in row.items()
        }
        for row in seed("metrics")
    }


def metric_breaks() -> Rows:
    """With the house name and the subject of the metric that changed."""
    named = {(row["platform"], row["native_metric"]): row for row in seed("metrics")}
    rows: Rows = {}
    for row in seed("metric_breaks"):
        meaning = named.get((row["platform"], row["native_metric"]), {})
        effective_on = date.fromisoformat(row["effective_on"])
        rows[row["platform"], row["native_metric"], effective_on] = row | {
            "metric": meaning.get("metric"),
            "subject": meaning.get("subject"),
            "effective_on": effective_on,
            "is_comparable": _flag(row["is_comparable"]),
        }
    return rows


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text]


WIDE = ("followers", "views", "connections", "posts")


def account_days(expected: Expected) -> Rows:
    rows: Rows = {}
    for (platform, account_id, metric, day), of_metric in expected.days.items():
        row = rows.setdefault((platform, account_id, day), _blank(of_metric))
        if metric == "followers":
            row |= {f"followers{end}": of_metric[end.strip("_") or "value"] for end in ("", "_low", "_high")}
        elif metric in WIDE:
            row[metric] = of_metric["value"]
        row["has_anomaly"] |= of_metric["is_anomaly"] and metric in WIDE
    for (platform, account_id, _, day), of_post in expected.post_days.items():
        found = rows.get((platform, account_id, day))
        if found and of_post["engagements_change"] is not None:
            found["engagements"] = (found["engagements"] or 0) + of_post["engagements_change"]
    for post in expected.record.published:
        published = rows.get((*post[:2], expected.record.published_on(post)))
        if published:
            published["posts_published"] = (published["posts_published"] or 0) + 1
    for (platform, account_id), days in expected.looks.items():
        for day in days:
            looked = rows.get((platform, account_id, day))
            if looked and looked["posts_published"] is None:
                looked["posts_published"] = 0
    return rows


def _blank(row: Row) -> Row:
    kept = ("account_key", "platform", "account_id", "organization_id", "measured_on")
    figures = (
        "followers",
        "followers_low",
        "followers_high",
        "views",
        "connections",
        "posts",
        "engagements",
        "posts_published",
    )
    return {name: row[name] for name in kept} | dict.fromkeys(figures) | {"has_anomaly": False}


def posts(expected: Expected) -> Rows:
    """A title is told of own posts, as long as they stand."""
    by_post: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for (platform, account_id, post_id, _), row in expected.post_days.items():
        by_post[platform, account_id, post_id].append(row)
    rows: Rows = {}
    for key, (first_seen_at, post) in expected.record.discovered.items():
        platform, account_id, post_id = key
        days = by_post[key]
        status = _status(days, [row["measured_on"] for row in days if not row["reason"]], "public")
        line = expected.record.first((platform, account_id))
        urls = {
            "youtube": f"https://www.youtube.com/watch?v={post_id}",
            "x": f"https://x.com/i/status/{post_id}",
            "facebook": f"https://www.facebook.com/{post_id.replace('_', '/posts/')}",
        }
        rows[key] = {
            "account_key": account_key(platform, account_id),
            "platform": platform,
            "account_id": account_id,
            "post_id": post_id,
            "published_at": naive(post.published_at),
            "published_on": expected.record.published_on(key),
            "kind": expected.record.kinds[key],
            "title": post.title if line and line.is_own and status == "public" else None,
            "url": urls[platform],
            "status": status,
            "first_seen_at": naive(first_seen_at),
        }
    return rows
