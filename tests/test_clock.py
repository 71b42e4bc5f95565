"""The one clock: days end at 22:00 local, on every day of the year, and a held clock does not wait."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from socialmetrics import clock, pipeline
from socialmetrics.errors import Misconfigured, TooLate
from socialmetrics.settings import Settings

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 7, 1), datetime(2026, 7, 2, 3, tzinfo=UTC)),  # summer: UTC-5
        (date(2026, 12, 1), datetime(2026, 12, 2, 4, tzinfo=UTC)),  # winter: UTC-6
        (date(2026, 3, 7), datetime(2026, 3, 8, 4, tzinfo=UTC)),  # the day before the clocks go forward
        (date(2026, 3, 8), datetime(2026, 3, 9, 3, tzinfo=UTC)),  # 23 hours later
        (date(2026, 10, 31), datetime(2026, 11, 1, 3, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 2, 4, tzinfo=UTC)),  # 25 hours later
        (date(2028, 2, 29), datetime(2028, 3, 1, 4, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2027, 1, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_22_local(day: date, expected: datetime) -> None:
    assert clock.scheduled_instant(day, CHICAGO) == expected
    assert clock.last_scheduled_day(expected, CHICAGO) == day
    assert clock.last_scheduled_day(expected - timedelta(microseconds=1), CHICAGO) == day - timedelta(days=1)


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata"])
def test_every_day_of_a_year_has_one_run_of_its_own(zone: str) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(366)]
    instants = [clock.scheduled_instant(day, ZoneInfo(zone)) for day in days]
    assert instants == sorted(set(instants))
    assert all(timedelta(hours=23) <= b - a <= timedelta(hours=25) for a, b in pairwise(instants))
    assert [clock.last_scheduled_day(instant, ZoneInfo(zone)) for instant in instants] == days


def test_a_run_belongs_to_the_day_of_the_instant_it_was_scheduled_for() -> None:
    settings = Settings(timezone="America/Chicago")
    late = datetime(2026, 11, 2, 4, tzinfo=UTC)
    assert pipeline.day_of(settings, scheduled_at=late).date == date(2026, 11, 1)
    assert pipeline.day_of(settings, date(2026, 11, 1)).scheduled_at == late
    with clock.still(late + timedelta(hours=3)):
        assert pipeline.day_of(settings).date == date(2026, 11, 1)
    with clock.still(late - timedelta(seconds=1)):
        assert pipeline.day_of(settings).date == date(2026, 10, 31)


@pytest.mark.parametrize("on", [date(2026, 3, 7), date(2026, 3, 8), date(2026, 10, 31), date(2026, 11, 1)])
def test_a_day_may_be_filled_for_24_hours(on: date) -> None:
    day = pipeline.day_of(Settings(timezone="America/Chicago"), on)
    for hours in (0, 6, 23.99, 24):
        with clock.still(day.scheduled_at + timedelta(hours=hours)):
            day.check_fillable()
    with clock.still(day.scheduled_at + timedelta(hours=24, seconds=1)), pytest.raises(TooLate, match=f"{on} could be"):
        day.check_fillable()
    with clock.still(day.scheduled_at - timedelta(seconds=1)), pytest.raises(Misconfigured, match=f"{on} ends at"):
        day.check_fillable()


def test_a_held_clock_neither_moves_nor_sleeps() -> None:
    instant = datetime(2026, 11, 22, 16, tzinfo=CHICAGO)
    began = time.monotonic()
    with clock.still(instant):
        clock.sleep(3600)
        assert clock.now() == instant
        assert clock.now().tzinfo is UTC
        with clock.still(instant + timedelta(days=1)):
            assert clock.now() == instant + timedelta(days=1)
        assert clock.now() == instant
    assert time.monotonic() - began < 1
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5


def test_a_clock_held_is_let_go_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), clock.still(datetime(2020, 1, 1, tzinfo=UTC)):
        raise ZeroDivisionError
    assert clock.now().year > 2020


def test_durations_are_monotonic_under_a_held_clock() -> None:
    with clock.still(datetime(2020, 1, 1, tzinfo=UTC)):
        began = clock.stopwatch()
        assert clock.stopwatch() >= began


def test_stamps(tmp_path: Path) -> None:
    assert clock.stamp(datetime(2026, 11, 22, 22, tzinfo=UTC)) == "20261122T220000Z"
    assert clock.stamp(datetime(2026, 11, 22, 16, tzinfo=CHICAGO)) == "20261122T220000Z"
    assert clock.stamp(datetime(2026, 11, 22, 22, 0, 0, 5, tzinfo=UTC)) == "20261122T220000000005Z"


@pytest.mark.parametrize(
    ("instant", "week"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "2026-W47"),  # Monday morning
        (datetime(2026, 11, 23, 3, 59, tzinfo=UTC), "2026-W46"),  # Sunday 21:59 in Chicago
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), "2026-W47"),
        (datetime(2026, 11, 29, 12, tzinfo=UTC), "2026-W47"),
        (datetime(2027, 1, 4, 12, tzinfo=UTC), "2026-W53"),
    ],
)
def test_the_week_before(instant: datetime, week: str) -> None:
    assert pipeline.week_before(Settings(timezone="America/Chicago"), instant) == week
