"""Series with zeros in them: some are the platform's slips, some are what came of the audience.

Their accounts are in no directory, so that they are due on no day. `FALSE` says, by hand, which zeros are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from .record import Record, Said

START = date(2019, 3, 4)  # far from all else
TOLD_LATER = "zeros told later"
Figures = Mapping[int, int | None]  # by days from START; None: our token was refused

SERIES: Mapping[tuple[str, str, str], Figures] = {
    # thirty days of nothing between a crowd and its like, and five weeks of refusals before one zero
    ("x", "AA", "followers"): {0: 144_000, 1: 144_100, **dict.fromkeys(range(2, 32), 0), 32: 143_000, 33: 143_050},
    ("x", "AA", "following"): {0: 144_000, **dict.fromkeys(range(1, 36)), 36: 0, 37: 143_000},
    # nothing before: the very first figure
    ("x", "AA", "posts"): {0: 0, 3: 143_000},
    # a fall that stays is real from its beginning; one day earlier nobody can know
    ("x", "AA", "listed"): {0: 500, **dict.fromkeys(range(1, 30), 0)},
    ("x", "AA", "likes_given"): {0: 500, **dict.fromkeys(range(1, 29), 0)},
    # half of them come back, and almost half
    ("x", "AA", "media"): {0: 1_000, **dict.fromkeys(range(1, 31), 0), 31: 500},
    ("x", "W", "followers"): {0: 1_000, **dict.fromkeys(range(1, 31), 0), 31: 499},
    # after eight weeks, and after a day more
    ("x", "W", "following"): {0: 1_000, **dict.fromkeys(range(1, 56), 0), 56: 1_000},
    ("x", "W", "posts"): {0: 1_000, **dict.fromkeys(range(1, 57), 0), 57: 1_000},
    # nothing before: four weeks and a hundred, a day more, one less
    ("x", "W", "listed"): {**dict.fromkeys(range(28), 0), 28: 100},
    ("x", "W", "likes_given"): {**dict.fromkeys(range(29), 0), 29: 100},
    ("x", "W", "media"): {0: 0, 1: 99},
    # nine are no crowd: what comes back must be a hundred
    ("x", "Y", "followers"): {0: 9, 1: 0, 2: 99},
    ("x", "Y", "following"): {0: 9, 1: 0, 2: 100},
    # what was told more than eight weeks before says nothing; what was told within four weeks to eight does
    ("x", "Y", "posts"): {0: 500, 60: 0, 61: 100},
    ("x", "Y", "listed"): {0: 500, 32: 0, 60: 0, 61: 100},
    ("x", "Y", "likes_given"): {0: 500, 33: 0, 60: 0, 61: 100},
    # it comes back by steps
    ("facebook", "AA", "followers"): {0: 144_000, **dict.fromkeys(range(1, 31), 0), 31: 5, 40: 100_000},
    # nothing before, and it comes by steps: an account that begins
    ("facebook", "AA", "connections"): {0: 0, 1: 20, 2: 150},
    # a page tells of it, the platform does not
    ("facebook", "W", "followers"): {0: 500, **dict.fromkeys(range(1, 31), 0)},
    ("facebook", "W", "connections"): {0: 0, 2: 500},
    # its return, six weeks later, lands last
    ("facebook", "Y", "connections"): {200: 1_000, **dict.fromkeys(range(201, 241), 0), 241: 1_000},
    # the crowd before lands last
    ("facebook", "Y", "followers"): {10: 700, 11: 0, 12: 0},
}  # fmt: skip
LATER: Mapping[tuple[str, str, str], range] = {
    ("x", "AA", "followers"): range(32, 34),
    ("x", "AA", "following"): range(37, 38),
    ("x", "AA", "posts"): range(3, 4),
    ("x", "AA", "listed"): range(29, 30),
    ("facebook", "Y", "connections"): range(241, 242),
    ("facebook", "Y", "followers"): range(10, 11),
}
FROM_PAGES = ((("facebook", "W", "followers"), 31, 500), (("facebook", "W", "connections"), 1, 120))
FALSE: Mapping[tuple[str, str, str], set[int]] = {
    ("x", "AA", "followers"): set(range(2, 32)),
    ("x", "AA", "following"): {36},
    ("x", "AA", "posts"): {0},
    ("x", "AA", "likes_given"): set(range(1, 29)),
    ("x", "AA", "media"): set(range(1, 31)),
    ("x", "W", "following"): set(range(1, 56)),
    ("x", "W", "listed"): set(range(28)),
    ("x", "Y", "following"): {1},
    ("x", "Y", "posts"): {60},
    ("x", "Y", "likes_given"): {33, 60},
    ("facebook", "AA", "followers"): set(range(1, 31)),
    ("facebook", "Y", "connections"): set(range(201, 241)),
    ("facebook", "Y", "followers"): {11, 12},
}


def zeros(record: Record) -> Iterator[Said]:
    """What the platforms said, day by day, in time."""
    for (platform, account_id, metric), figures in SERIES.items():
        for number, value in figures.items():
            day = START + timedelta(days=number)
            is_later = number in LATER.get((platform, account_id, metric), ())
            at, run_id = record.scheduled_at(day), TOLD_LATER if is_later else "zeros"
            reason = "denied" if value is None else None
            yield Said(platform, account_id, None, metric, day, value, reason, at, run_id, at)
    for (platform, account_id, metric), number, value in FROM_PAGES:
        day = START + timedelta(days=number)
        at = record.scheduled_at(day)
        yield Said(platform, account_id, None, metric, day, value, None, at, "import", None, "exact", "a page")


def days(series: tuple[str, str, str]) -> set[date]:
    """The days whose zeros are false."""
    return {START + timedelta(days=number) for number in FALSE.get(series, ())}
