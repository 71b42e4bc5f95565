"""What could be had in bad weather, from the weather, the world, the directory and the ladder alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from home import Home
from socialmetrics import platforms
from socialmetrics.records import Account
from socialmetrics.sandbox.weather import Weather
from socialmetrics.sandbox.world import World
from test_pipeline import Expected

from .days import FIRST, instants

REASONS = {"401": "denied", "quota": "not_collected"}  # of what else keeps a platform silent: unavailable
MINUTE = timedelta(minutes=1)
SEEDS = Path(__file__).parents[2] / "sql" / "seeds"


@dataclass
class Could:
    """By day: of each account that is due, and of each post, None where it could be had, else why not."""

    accounts: dict[tuple[str, str, date], str | None] = field(default_factory=dict)
    posts: dict[tuple[str, str, date], str | None] = field(default_factory=dict)
    silent: list[tuple[str, date]] = field(default_factory=list)
    late: int = 0


def could(home: Home, world: World, weather: Weather, directory: list[Account], days: int) -> Could:
    found = Could()
    for name in platforms.NAMES:
        expected = Expected(world, name, directory)
        for number in range(days):
            _day(found, expected, home, weather, FIRST + timedelta(days=number))
    return found


def _day(found: Could, expected: Expected, home: Home, weather: Weather, on: date) -> None:
    name, day = expected.platform, home.day(on)
    due = [a for a in expected.directory if a.platform == name and a.is_due(on)]
    at = next((instant for instant in instants(day) if not weather.storm(name, instant)), None)
    # a correct call at any minute of the 24 hours would have been answered: then one of ours was
    minutes = (day.scheduled_at + n * MINUTE for n in range(24 * 60))
    assert (at is not None) == any(weather.storm(name, minute) is None for minute in minutes)
    reason = None
    if at is None:
        storm = weather.storm(name, instants(day)[-1])
        assert storm
        reason = REASONS.get(storm[0], "unavailable")
        found.silent.append((name, on))
    elif at > day.scheduled_at:
        found.late += 1
    for account in due:
        found.accounts[name, account.account_id or "", on] = reason
    ids = {account.account_id for account in due}
    if at is None:
        left = [p for p in expected.posts.values() if expected.is_due(p, on)]
        for post in left:
            if name != "facebook" or post.account_id in ids:
                found.posts[name, post.post_id, on] = reason
        return
    expected.day(on, at)
    for post_id, seen_on in expected.seen_on.items():
        if seen_on == on:
            status = expected.world.post_status(expected.posts[post_id], at)
            found.posts[name, post_id, on] = None if status == "public" else status


def metrics(platform: str) -> Iterator[tuple[str, str]]:
    """The house names of what anyone may see of an account, with the platform's own."""
    with (SEEDS / "metrics.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if (row["platform"], row["subject"], row["is_public"]) == (platform, "account", "true"):
                yield row["metric"], row["native_metric"]
