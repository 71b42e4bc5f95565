"""When a platform that gave no usable answer is asked again: twice soon, then each hour until its day is over.

The day's own run does the first; it must end, so that the others' counts are built and published the same evening.
The hourly run goes on from there, and asks nobody where nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from socialmetrics import clock

HOURLY_AT = 45  # the minute; counted from 22:00, the last one is a quarter of an hour before the day's 24 are over
LONGEST_WAIT = timedelta(hours=1)  # in the day's own run


def wait_after(attempt: int, first: timedelta) -> timedelta:
    """How long the day's run waits after its nth attempt."""
    return min(first * float(2 ** (attempt - 1)), LONGEST_WAIT)


def attempts(scheduled_at: datetime, first: timedelta, again: int) -> Iterator[datetime]:
    """The instants at which a platform that stays silent is asked for a day; `again`: retries of the day's own run."""
    instant = scheduled_at
    yield instant
    for attempt in range(1, again + 1):
        instant += wait_after(attempt, first)
        yield instant
    hour = instant.replace(minute=HOURLY_AT, second=0, microsecond=0)
    if hour <= instant:
        hour += timedelta(hours=1)
    while hour <= scheduled_at + clock.FILLABLE_FOR:
        yield hour
        hour += timedelta(hours=1)
