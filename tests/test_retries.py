"""The instants at which a silent platform is asked: soon, then hourly, until the day's 24 hours are nearly over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from home import Home
from socialmetrics import clock, pipeline
from socialmetrics.retries import attempts
from socialmetrics.sandbox.server import Fault
from socialmetrics.settings import Settings

FIRST = date(2026, 9, 14)


def schedule(scheduled_at: datetime) -> list[datetime]:
    settings = Settings()
    return list(attempts(scheduled_at, timedelta(seconds=settings.retry_seconds), settings.retries))


@pytest.mark.parametrize("minute", [0, 30])
def test_they_cover_the_day_and_are_at_most_an_hour_apart(minute: int) -> None:
    scheduled_at = datetime(2026, 9, 14, 22, minute, tzinfo=UTC)
    found = schedule(scheduled_at)
    assert found[:3] == [scheduled_at + timedelta(minutes=n) for n in (0, 15, 45)]
    assert all(timedelta(0) < after - before <= timedelta(hours=1) for before, after in pairwise(found))
    assert timedelta(0) <= scheduled_at + timedelta(hours=24) - found[-1] < timedelta(hours=1)


def missing(home: Home, hours: float) -> list[tuple[str, str]]:
    day = home.day(FIRST)
    with clock.still(day.scheduled_at + timedelta(hours=hours)):
        return pipeline.missing(home.settings, day)


@pytest.mark.parametrize(
    ("platform", "kind", "is_passing"),
    [
        ("x", "503", True),
        ("x", "429", True),
        ("x", "html", True),
        ("x", "401", True),
        ("x", "402", False),
        ("youtube", "quota", True),
        ("facebook", "500", True),
        ("facebook", "401", True),
        ("facebook", "syntax", False),
    ],
)
def test_only_what_may_pass_is_asked_again(home: Home, platform: str, kind: str, is_passing: bool) -> None:
    home.settings.patience_seconds = 0
    home.sandbox.script([Fault(platform, "", None, kind)])
    home.pull(FIRST)
    home.sandbox.script([])
    assert missing(home, 2) == ([(platform, "")] if is_passing else [])
    assert missing(home, -0.1) == missing(home, 24.1) == []
    if is_passing:
        home.pull(FIRST, platform, later_hours=12)
        assert missing(home, 13) == []


def test_one_silent_page_and_posts_that_were_not_found_are_missing_too(home: Home) -> None:
    page = next(a for a in home.people.due("facebook", FIRST) if a.is_own)
    home.settings.patience_seconds = 0
    home.sandbox.script(
        [Fault("facebook", f"{page.account_id}?fields=id", None, "500"), Fault("x", "/tweets?max", None, "503")]
    )
    home.pull(FIRST)
    home.sandbox.script([])
    assert missing(home, 2) == [("facebook", ""), ("x", "")]
