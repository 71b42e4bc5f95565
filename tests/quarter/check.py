"""The warehouse after days in bad weather, against what could be had."""

from __future__ import annotations

import time
from datetime import UTC
from pathlib import Path
from typing import Any

from home import Home
from socialmetrics import pipeline, platforms, warehouse
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.weather import Weather
from socialmetrics.sandbox.world import World

from .days import network, spend
from .expected import could, metrics

PEERS = 8


def compared(folder: Path, days: int, seed: int) -> dict[str, Any]:
    """The differences, which should be none, and the figures of the weather."""
    world, weather, began = World(peers=PEERS, events=()), Weather(seed), time.monotonic()
    directory = network(world)
    with Sandbox(world) as sandbox:
        home = Home(folder / "home", sandbox)
        home.write_directory(list(world.organizations), directory)
        counted = spend(home, sandbox, weather, days)
        pulled = time.monotonic() - began
        pipeline.model(home.settings)
        pipeline.publish(home.settings)
    expected = could(home, world, weather, directory, days)
    accounts, values = _accounts(home, world)
    posts = _posts(home)
    return {
        "differences": [
            *_differences("account", expected.accounts, accounts),
            *_differences("post", expected.posts, posts),
            *values,
            *_twice(home),
        ],
        "days": days,
        "calls": counted.asked,
        "faulty": counted.met / counted.asked,
        "kinds": counted.kinds,
        "account_days": len(expected.accounts),
        "account_days_had": sum(reason is None for reason in expected.accounts.values()),
        "post_days": len(expected.posts),
        "post_days_had": sum(reason is None for reason in expected.posts.values()),
        "silent_days": len(expected.silent),
        "late_days": expected.late,
        "seconds": {"pulled": round(pulled), "in all": round(time.monotonic() - began)},
    }


def _differences(kind: str, expected: dict[Any, Any], found: dict[Any, Any]) -> list[tuple[Any, ...]]:
    keys = sorted(expected.keys() | found.keys())
    return [
        (kind, *key, "expected", expected.get(key, "no row"), "found", found.get(key, "no row"))
        for key in keys
        if expected.get(key, "no row") != found.get(key, "no row")
    ]


def _accounts(home: Home, world: World) -> tuple[dict[Any, Any], list[tuple[Any, ...]]]:
    """By account and day the reason, or None where every metric has the number of the world at that instant."""
    told: dict[Any, set[Any]] = {}
    wrong = []
    natives = {name: dict(metrics(name)) for name in platforms.NAMES}
    sql = "select platform, account_id, metric, measured_on, value, reason, fetched_at from account_metric_days"
    for name, account_id, metric, on, value, reason, fetched_at in warehouse.query(home.settings, sql)[1]:
        told.setdefault((name, account_id, on), set()).add((metric, reason))
        account = world.account(name, account_id)
        if value is not None and account:
            held = world.value(account, natives[name][metric], fetched_at.replace(tzinfo=UTC))
            if value != held:
                wrong.append(("value", name, account_id, metric, on, value, held))
    found = {}
    for (name, account_id, on), rows in told.items():
        reasons = {reason for _, reason in rows}
        whole = {metric for metric, _ in rows} == set(natives[name]) and len(rows) == len(natives[name])
        found[name, account_id, on] = reasons.pop() if whole and len(reasons) == 1 else f"{sorted(map(str, rows))}"
    return found, wrong


def _posts(home: Home) -> dict[Any, Any]:
    sql = (
        "select platform, post_id, measured_on, reason, "
        "coalesce(views, impressions, likes, comments, reactions, shares) is not null from post_days"
    )
    _, rows = warehouse.query(home.settings, sql)
    return {(name, post_id, on): None if has else reason or "?" for name, post_id, on, reason, has in rows}


def _twice(home: Home) -> list[tuple[Any, ...]]:
    """Rows that stand twice."""
    found = []
    for mart, key in (
        ("account_metric_days", "platform, account_id, metric, measured_on"),
        ("post_days", "platform, post_id, measured_on"),
        ("coverage_days", "platform, measured_on"),
    ):
        sql = f"select {key} from {mart} group by all having count(*) > 1"
        found += [("twice", mart, *row) for row in warehouse.query(home.settings, sql)[1]]
    return found
