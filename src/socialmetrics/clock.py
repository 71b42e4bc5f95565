"""The one clock: everything that needs the present asks it, and it can be held still for replays and tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

DAY_ENDS_AT = time_of_day(22, 0)
FILLABLE_FOR = timedelta(hours=24)

_held: datetime | None = None


def hold(instant: datetime | None) -> None:
    """Stop the clock at `instant` (aware; taken to UTC), or let it run again with None."""
    global _held
    _held = instant.astimezone(UTC) if instant else None


@contextmanager
def still(instant: datetime) -> Iterator[None]:
    """Hold the clock for the length of a block."""
    before = _held
    hold(instant)
    try:
        yield
    finally:
        hold(before)


def now() -> datetime:
    """The present instant, aware, UTC."""
    return _held or datetime.now(UTC)


def sleep(seconds: float) -> None:
    """Wait, unless the clock stands still: a replay does not sit through a wait."""
    if _held is None:
        time.sleep(seconds)


def stopwatch() -> float:
    """Seconds of a monotonic clock, for durations only."""
    return time.monotonic()


def since(began: float) -> float:
    """Seconds since a `stopwatch`; none while the clock stands still, so that a replay lands the same bytes."""
    return 0.0 if _held else stopwatch() - began


def stamp(instant: datetime) -> str:
    """`20261122T220000Z`: an instant as base URLs and run ids spell it, with a fraction only where there is one."""
    utc = instant.astimezone(UTC)
    fraction = f"{utc.microsecond:06d}" if utc.microsecond else ""
    return f"{utc:%Y%m%dT%H%M%S}{fraction}Z"


def instant_of(name: str) -> datetime:
    """The instant with which a run's name begins. Raises ValueError where it begins with none."""
    head = name.partition("Z")[0].ljust(21, "0")
    return datetime.strptime(head, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)


def scheduled_instant(day: date, timezone: ZoneInfo) -> datetime:
    """The instant (UTC) a day's run is scheduled for: 22:00 local, so that Sunday's number is Sunday's."""
    return datetime.combine(day, DAY_ENDS_AT, timezone).astimezone(UTC)


def last_scheduled_day(instant: datetime, timezone: ZoneInfo) -> date:
    """The day of the latest 22:00 local at or before `instant`."""
    today = instant.astimezone(timezone).date()
    return today if scheduled_instant(today, timezone) <= instant else today - timedelta(days=1)
