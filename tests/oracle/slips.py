"""Series that rise and fall: of some the platform slipped, of others the audience came or went.

Their account is in no directory, so that it is due on no day. `SLIPS` says, by hand, which figures stand apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from .record import Record, Said

START = date(2025, 7, 1)
TOLD_LATER = "slips told later"
Figures = Mapping[int, int]  # by days from START


def _steady(size: int, days: range, **instead: int) -> Figures:
    """A little more each day, but on some days as told: `on_20=7` is 7 on the 20th."""
    return {day: instead.get(f"on_{day}", size + size * (day - days[0]) // 1000) for day in days}


def _then(size: int, since: int, until: int, times: float) -> Figures:
    """As steady, and from one day on so many times as much."""
    return {day: int(size * (times if day >= since else 1)) + day % 3 for day in range(until)}


NOISE = (1.0, 1.2, 0.85, 1.15, 0.8, 1.1, 0.9)
EDGES = {0: 500, **dict.fromkeys((29, 30, 31, 32, 33), 500)}  # six, of which one is 28 days from day 28

SERIES: Mapping[tuple[str, str, str], Figures] = {
    # up for a day, half for two days, nothing for one; each comes back
    ("x", "S", "followers"): _steady(5_000, range(60), on_20=8_000, on_30=2_500, on_31=2_510, on_40=0),
    ("x", "S", "following"): _then(5_000, 30, 60, 0.4),
    ("x", "S", "posts"): _then(900, 30, 60, 3),
    ("x", "S", "listed"): _then(900, 57, 60, 3),
    # the first day and the newest: nothing on one side
    ("x", "S", "likes_given"): _steady(700, range(30), on_0=2_000, on_29=2_000),
    # a small account jumps, and one of 100 does not
    ("x", "S", "media"): _steady(60, range(50), on_10=99, on_20=100, on_30=20),
    # among figures that vary, twice as much is nothing, six times is
    ("x", "N", "followers"): {
        day: int(1_000 * (2 if day == 20 else 6 if day == 30 else NOISE[day % 7])) for day in range(50)
    },
    # a large one that is almost gone for a day; it is large by its neighbours
    ("x", "N", "following"): _steady(100, range(30), on_15=9),
    # seven days suffice, six do not
    ("x", "N", "posts"): _steady(300, range(7), on_3=600) | _steady(300, range(60, 66), on_63=600),
    # one neighbour before, one after, as far away as may be; and one before a day further
    ("x", "N", "listed"): EDGES | {28: 900},
    ("x", "N", "likes_given"): {61 - day: value for day, value in (EDGES | {28: 900}).items()},
    ("x", "N", "media"): EDGES | {29: 900, 34: 500, 35: 500},
    # the day before views came to mean something else, and five days before it
    ("youtube", "S", "views"): {day - 113: 4_000 + day for day in range(42)} | {15 - 113: 6_500, 20 - 113: 6_500},
    # a slip on the newest day shows a day later; and what looked like one stays for good, and what lay between is one
    ("facebook", "S", "followers"): _steady(2_000, range(12), on_10=3_000),
    ("facebook", "S", "connections"): _steady(2_000, range(4)) | dict.fromkeys(range(4, 6), 3_000)
    | _steady(2_000, range(6, 10)) | dict.fromkeys(range(10, 30), 3_000),
}  # fmt: skip
LATER: Mapping[tuple[str, str, str], range] = {
    ("facebook", "S", "followers"): range(11, 12),
    ("facebook", "S", "connections"): range(10, 30),
}
FROM_A_PAGE = ("x", "N", "posts"), 66, 300  # a seventh day beside six, which is no neighbour
SLIPS: Mapping[tuple[str, str, str], set[int]] = {
    ("x", "S", "followers"): {20, 30, 31, 40},
    ("x", "S", "media"): {20},
    ("x", "N", "followers"): {30},
    ("x", "N", "following"): {15},
    ("x", "N", "posts"): {3},
    ("x", "N", "listed"): {28},
    ("x", "N", "likes_given"): {33},
    ("youtube", "S", "views"): {15 - 113},
    ("facebook", "S", "followers"): {10},
    ("facebook", "S", "connections"): {6, 7, 8, 9},
}


def slips(record: Record) -> Iterator[Said]:
    """What the platforms said, day by day, in time."""
    for (platform, account_id, metric), figures in SERIES.items():
        for number, value in figures.items():
            day = START + timedelta(days=number)
            is_later = number in LATER.get((platform, account_id, metric), ())
            at, run_id = record.scheduled_at(day), TOLD_LATER if is_later else "slips"
            yield Said(platform, account_id, None, metric, day, value, None, at, run_id, at)
    series, number, value = FROM_A_PAGE
    platform, account_id, metric = series
    day = START + timedelta(days=number)
    at = record.scheduled_at(day)
    yield Said(platform, account_id, None, metric, day, value, None, at, "import", None, "exact", "a page")


def days(series: tuple[str, str, str]) -> set[date]:
    """The days whose figures stand apart."""
    return {START + timedelta(days=number) for number in SLIPS.get(series, ())}
