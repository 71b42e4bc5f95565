"""A record that no world would make: everything that can happen to a series, thrown together from a seed, and landed.

Sixteen months of history and nineteen weeks of runs, a few accounts, boundaries met exactly. No platform is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from socialmetrics.records import COLUMNS, Account, Organization

from . import slips, zeros
from .coverage import dollars
from .expected import WEEK
from .landed import look
from .record import (
    ACCOUNT_METRICS,
    POST_METRICS,
    Organizations,
    Record,
    Said,
    Snapshot,
    Total,
    Visit,
    Wire,
    each_day,
    imported,
    is_due,
    native_name,
)

FIRST, LAST = date(2026, 5, 4), date(2026, 9, 13)
SET_UP_WITHIN = {  # what a day's last run says holds
    20: ((0, "not_set_up"), (5, "well")),
    30: ((0, "well"), (5, "not_set_up")),
    77: ((0, "well"), (5, "well")),
}
HISTORY_FROM = date(2025, 1, 5)
ROWLESS = range(40, 44)  # days from FIRST on which nothing ran at all
GONE = (2026, 34)  # the week in which one account is suspended and then gone
TOLD_LATE = "told late"
LATE_LOOK = date(2024, 3, 12)
LATER_FROM = date(2026, 6, 22)
LATER_READINGS = (
    date(2022, 2, 14),
    date(2023, 3, 5),
    date(2025, 3, 9),
    date(2025, 5, 25),
    date(2025, 6, 1),
    date(2025, 10, 5),
    date(2025, 10, 19),
)
IMPORTED_AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
BESIDE_THE_USUAL = {  # by Page: days since the first, comments, other engagements
    "H": (
        *((0, 0, 90), (1, 0, 95), (2, 0, 100), (3, 0, 105), (4, 0, 110)),
        (5, 0, 300),  # three times the usual
        *((90, 0, 100), (91, 0, 100), (92, 0, 100), (93, 0, 500)),
        (95, 0, 900),  # the fifth before it is just recent enough
    ),
    "I": ((0, 0, 1), (1, 0, 10), (2, 0, 100), (3, 0, 1000), (4, 0, 10000), (5, 0, 300)),  # within the spread
    "J": (*((day, 0, 3) for day in range(5)), (5, 0, 9), (6, 0, 10)),  # few, then just enough
    "K": (
        *((0, 5, 4), (1, 4, 4), (2, 4, 4), (3, 4, 4), (4, 4, 4)),
        *((5, 11, 3), (6, 12, 3)),  # three times as many comments for each reaction, then more
        *((7, 9, 0), (8, 10, 0)),  # few, then just enough
    ),
    "L": tuple((0, 0, 10 + number) for number in range(6)),  # all of one day
}

KINDS = ("photo", "text", "a kind of its own", None)  # of a quarter of all posts nobody tells it
REGIONED = date(2026, 7, 27)  # only the organizations change, and that is told late
OPENED = (*(date(2025, month, 1) for month in (5, 6, 6, 8)), None, date(2026, 5, 31), *(date(2026, 5, 1),) * 3)
CROWD = 9  # peers on each of two platforms

TIMEZONE, FISCAL_YEAR_START = "America/Chicago", 10
HEADLINE = ("followers", "views", "connections", "impressions")
VARS = {"timezone": TIMEZONE, "fiscal_year_starts_in": FISCAL_YEAR_START, "headline_metrics": HEADLINE}

# of a Page's impressions, what is not told yet, what never will be, and of which day nothing is known
NOT_SETTLED = {
    **dict.fromkeys((date(2025, 11, 29), date(2025, 11, 30)), "pending"),  # one week of the same meaning before it
    **dict.fromkeys((date(2026, 1, 3), date(2026, 1, 4)), "pending"),  # six
    date(2026, 2, 14): "unavailable",
    date(2026, 2, 15): "pending",
    **dict.fromkeys((date(2026, 5, 9), date(2026, 5, 10)), "pending"),  # more than twelve
    **dict.fromkeys((date(2026, 5, 11), date(2026, 5, 12)), "pending"),  # a week of which nothing is known
}
NO_IMPRESSIONS = date(2025, 10, 3), date(2026, 3, 24)
QUIET, BUSY = date(2026, 1, 19), date(2026, 5, 4)  # Mondays: the thirteenth comparable week, and the one beside it
OTHER_PAGE_PENDING = date(2026, 5, 8)  # while the organization's other Page has its figure

Row = dict[str, Any]
Post = tuple[str, str, str]  # platform, account_id, post_id


def account(platform: str, account_id: str, cadence: str = "daily", weekday: int | None = None, **more: Any) -> Account:
    is_own = more.pop("is_own", cadence == "daily")
    return Account(
        "ours" if is_own else "theirs", platform, account_id.lower(), account_id, cadence=cadence, weekday=weekday,
        is_own=is_own, **more
    )  # fmt: skip


FIRST_ACCOUNTS = (
    account("youtube", "A"),
    account("youtube", "B", "weekly", 7),
    account("x", "C"),
    account("x", "D", "weekly", 3),
    account("x", "E", opened_on=date(2026, 5, 20)),
    account("facebook", "F", opened_on=date(2025, 2, 1)),
    account("facebook", "G", "never", opened_on=date(2026, 6, 1)),
    account("facebook", "U", "never", opened_on=date(2026, 6, 1), is_own=True),
    Account("theirs", "x", "not-resolved-yet", cadence="daily"),
    Account("third", "facebook", "z", "Z", cadence="never", opened_on=date(2026, 1, 1)),
    Account("ours", "facebook", "r", "R", cadence="never", opened_on=date(2025, 2, 1), is_own=True),
)
CROWDED = tuple(
    Account(
        f"p{number}",
        platform,
        f"{platform}-p{number}",
        f"P{platform[0]}{number}",
        cadence="weekly",
        weekday=7,
        account_group="careers" if number == 8 else None,
        opened_on=OPENED[number],
    )
    for platform in ("youtube", "x")
    for number in range(CROWD)
)
CHANGES: dict[date, dict[str, dict[str, Any]]] = {
    date(2026, 7, 6): {"D": {"cadence": "daily", "weekday": None}, "F": {"cadence": "weekly", "weekday": 5}},
    date(2026, 8, 17): {
        "E": {"closed_on": date(2026, 9, 4)},
        "Px2": {"closed_on": date(2026, 8, 31)},
        "F": {"cadence": "daily", "weekday": None},
        "Px7": {"account_group": "careers"},
    },
}
EDITED_TWICE = date(2026, 7, 20)  # for the day's first run one account is weekly, for the next daily again
BRIEFLY_WEEKLY = {"E": {"cadence": "weekly", "weekday": 1}}
LISTED_BY_MISTAKE = account("facebook", "Q")  # in a day's first snapshot, and not in the one that corrects it
NAMED_BY_MISTAKE = Organization("third", "Third", False, region="north")
START = {"A": 98_700, "B": 940, "C": 5_200, "D": 14, "E": 9, "F": 61_000, "G": 300}
SIZES = {"views": 160.0, "posts": 0.02, "following": 0.1, "listed": 0.01, "likes_given": 0.3, "media": 0.05}


def chaos(seed: int = 1886) -> Record:
    """The record of a seed, always the same."""
    record, dice = Record(ZoneInfo(TIMEZONE)), Random(seed)
    walks = {
        (a.platform, a.account_id or "", metric): Walk(dice, START[a.account_id or ""] * SIZES.get(metric, 1.0))
        for a in FIRST_ACCOUNTS
        if a.account_id in START
        for metric in ACCOUNT_METRICS[a.platform]
    }
    posts = list(_posts(dice))
    record.published |= {post[:3]: post[3] for post in posts}
    accounts: tuple[Account, ...] = FIRST_ACCOUNTS
    crowd = CROWDED
    for number, day in enumerate(each_day(FIRST, LAST)):
        if day == max(CHANGES):
            record.use_directory(day, _before_the_runs(record, day), (*accounts, *crowd, LISTED_BY_MISTAKE))
        accounts, crowd = (_changed(some, CHANGES.get(day, {})) for some in (accounts, crowd))
        for platform in ACCOUNT_METRICS:
            for visit in _visits(dice, platform, day, number, record):
                is_brief = platform == "youtube" and visit.instant == record.scheduled_at(EDITED_TWICE)
                listed = _changed(accounts, BRIEFLY_WEEKLY) if is_brief else accounts
                record.use_directory(visit.day, visit.instant, (*listed, *crowd))
                record.visits.append(visit)
                if visit.answers != "not_set_up":
                    _answer(dice, record, visit, listed, walks)
                    _answer_posts(dice, record, visit, posts)
                    _look_for_posts(record, visit, (*listed, *crowd))
    record.use_organizations(FIRST, record.scheduled_at(FIRST), _organizations(FIRST))
    mistaken = (*_organizations(FIRST), NAMED_BY_MISTAKE)
    record.use_organizations(REGIONED, _before_the_runs(record, REGIONED), mistaken)
    record.use_organizations(REGIONED, record.scheduled_at(REGIONED), _organizations(REGIONED))
    record.totals += _totals()
    record.said += _crowd(Random(seed + 1), record)
    record.said += _history(dice, walks)
    record.said += _boundaries(record)
    record.said += [*_impressions(record), *_of_months_and_years(), *_around_a_month(), *_every_reason(record)]
    record.said += _seen_on_tuesdays(record)
    record.said += _told_by_its_owner(record)
    record.said += _a_look_told_late(record)
    record.said += [*_known_earlier_than_was_told(record), *_a_post_of_which_nothing_was_heard(record)]
    record.said += [*_a_channel_in_thousands(record), *_long_before_it_is_described(record)]
    record.said += _named_for_an_hour(record)
    record.said += _a_post_told_late(record)
    record.said += _a_first_look_told_late(record)
    record.said += _posts_beside_the_usual(record)
    record.said += _gone_for_a_while(record)
    record.said += _not_looked_at_to_the_end(record)
    record.said += slips.slips(record)
    record.said += zeros.zeros(record)
    record.kinds |= {post: kind for post in record.published if (kind := KINDS[crc32("|".join(post).encode()) % 4])}
    for visit in dict.fromkeys((*record.visits, *record.looked)):
        calls = 0 if visit.answers == "not_set_up" else 5 if visit in record.looked else 1
        record.wire[visit] = Wire(calls, calls)
    return record


def _changed(accounts: tuple[Account, ...], changes: dict[str, dict[str, Any]]) -> tuple[Account, ...]:
    return tuple(replace(one, **changes.get(one.account_id or "", {})) for one in accounts)


class Walk:
    """A series that mostly grows, sometimes falls, is sometimes 0."""

    def __init__(self, dice: Random, size: float) -> None:
        self.dice, self.size = dice, size
        self.pace = 1 + dice.random() / 200
        self.streams = [dice.random() for _ in range(700)]

    def at(self, day: date) -> int:
        number = (day - HISTORY_FROM).days
        return max(int(self.size * self.pace**number * (0.97 + 0.05 * self.streams[number % 700])), 0)


def _visits(dice: Random, platform: str, day: date, number: int, record: Record) -> Iterator[Visit]:
    if number in SET_UP_WITHIN:
        for hours, answers in SET_UP_WITHIN[number]:
            yield Visit(platform, day, record.scheduled_at(day) + timedelta(hours=hours), answers)
        return
    if number in ROWLESS or (platform == "facebook" and number < 3) or dice.random() < 0.06:
        return
    if (platform == "youtube" and number < 4) or (platform == "facebook" and 60 <= number < 63):
        yield Visit(platform, day, record.scheduled_at(day), "not_set_up")
        return
    for hours in dice.choice([(0,), (0,), (0,), (0,), (6,), (7,), (0, 5), (0, 9), (1, 2, 3)]):
        yield Visit(platform, day, record.scheduled_at(day) + timedelta(hours=hours))


def _said(record: Record, visit: Visit, account_id: str, post_id: str | None, metric: str | None) -> Said:
    run_id, at = _run_id(visit), record.scheduled_at(visit.day)
    return Said(visit.platform, account_id, post_id, metric, visit.day, None, "unavailable", visit.instant, run_id, at)


def _answer(
    dice: Random, record: Record, visit: Visit, accounts: Sequence[Account], walks: dict[tuple[str, str, str], Walk]
) -> None:
    for one in accounts:
        if one.platform != visit.platform or not is_due(one, visit.day) or dice.random() < 0.04:
            continue
        nothing = _said(record, visit, one.account_id or "", None, None)
        if one.account_id == "C" and visit.day.isocalendar()[:2] == GONE:
            reason = "suspended" if visit.day.isoweekday() < 4 else "not_found"
            record.said.append(replace(nothing, reason=reason))
            continue
        if dice.random() < 0.05:
            record.said.append(replace(nothing, reason=dice.choice(["suspended", "not_found", "unavailable"])))
            continue
        for metric in ACCOUNT_METRICS[visit.platform]:
            value: int | None = walks[visit.platform, one.account_id or "", metric].at(visit.day)
            chance = dice.random()
            if chance < 0.03:
                value = 0
            elif chance < 0.05:
                value = None
            elif chance < 0.08:
                continue  # nothing is said of this one metric
            restated = (value or 0) + visit.instant.hour % 5 if value else value
            if (visit.platform, metric) == ("youtube", "followers") and restated:
                restated -= restated % 10 ** max(len(str(restated)) - 3, 0)
            missing = "hidden" if restated is None else None
            record.said.append(replace(nothing, metric=metric, value=restated, reason=missing))


def _posts(dice: Random) -> Iterator[tuple[str, str, str, datetime]]:
    for one in FIRST_ACCOUNTS:
        for number in range(14 if one.account_id and one.cadence != "never" else 0):
            hours = 24 * (number * 9 - 10) + dice.randrange(24 * 9)
            published_at = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(hours=hours)
            yield one.platform, one.account_id or "", f"{one.account_id}{number}", published_at


def _answer_posts(dice: Random, record: Record, visit: Visit, posts: Sequence[tuple[str, str, str, datetime]]) -> None:
    for platform, account_id, post_id, published_at in posts:
        age = (visit.day - published_at.date()).days
        if platform != visit.platform or not -1 <= age < 40 or dice.random() < 0.6:
            continue
        nothing = _said(record, visit, account_id, post_id, None)
        if dice.random() < 0.1:
            record.said.append(replace(nothing, reason="not_found"))
            continue
        for metric in POST_METRICS[platform]:
            value = None if dice.random() < 0.1 else max(age + 2, 1) * dice.randrange(30)
            record.said.append(replace(nothing, metric=metric, value=value, reason="hidden" if value is None else None))


def _look_for_posts(record: Record, visit: Visit, accounts: Sequence[Account]) -> None:
    """Not at each visit; one account is not looked at for long at a time, another never."""
    for one in accounts:
        is_long = one.account_id == "D" and visit.day.month % 2
        if one.platform != visit.platform or not is_due(one, visit.day) or one.account_id == "E" or is_long:
            continue
        if one.cadence == "weekly" or _one_in(3, one.account_id, _run_id(visit)):
            record.looked.setdefault(visit, []).append(one.account_id or "")


def _a_look_told_late(record: Record) -> Iterator[Said]:
    """A Page that no directory names, looked at twice: the second look, which completes the first week, lands last."""
    for day in (date(2024, 3, 6), LATE_LOOK):
        visit = Visit("facebook", day, record.scheduled_at(day))
        record.looked[visit] = ["M"]
        run_id = TOLD_LATE if day == LATE_LOOK else "told in time"
        yield Said("facebook", "M", None, "followers", day, 500, None, visit.instant, run_id, visit.instant)


def _known_earlier_than_was_told(record: Record) -> Iterator[Said]:
    """A Page that no directory names: that it was seen in March lands last, and makes its August whole."""
    for day in (date(2024, 3, 20), date(2024, 8, 20), date(2024, 8, 31)):
        visit = Visit("facebook", day, record.scheduled_at(day))
        run_id = TOLD_LATE if day.month == 3 else "told in time"
        if day.month == 8:
            record.looked[visit] = ["H0"]
        yield Said("facebook", "H0", None, "followers", day, 500, None, visit.instant, run_id, visit.instant)


def _a_post_of_which_nothing_was_heard(record: Record) -> Iterator[Said]:
    """A Page that no directory names, in a week in which the last answer about one of its posts was not usable.

    Its other post is of the day on which the Page was first seen.
    """
    visit = Visit("facebook", date(2024, 4, 17), record.scheduled_at(date(2024, 4, 17)))
    record.looked[visit] = ["L0"]
    for day in (date(2024, 4, 14), date(2024, 4, 17)):
        at = record.scheduled_at(day)
        yield Said("facebook", "L0", None, "followers", day, 500, None, at, "told in time", at)
    for number, day, value in ((1, 16, 3), (1, 18, 8), (2, 16, 5), (2, 17, None)):
        post = ("facebook", "L0", f"L{number}")
        record.published[post] = datetime(2024, 4, 13 + number, 12, tzinfo=UTC)
        at, reason = record.scheduled_at(date(2024, 4, day)), None if value else "unavailable"
        for metric in POST_METRICS["facebook"]:
            yield Said(*post, metric, date(2024, 4, day), value, reason, at, "told in time", at)


def _a_channel_in_thousands(record: Record) -> Iterator[Said]:
    """A channel that no directory names: it stands for nine weeks, and falls by one step of its rounding."""
    channel = account("youtube", "H1", "weekly", 7)
    for number in range(10):
        day = date(2022, 10, 2) + timedelta(weeks=number)
        yield _seen(record, channel, "followers", day, 121_000 if number == 9 else 122_000)


def _long_before_it_is_described(record: Record) -> Iterator[Said]:
    """A figure in a week that nothing else touches, of an account whose organization is described last."""
    at = record.scheduled_at(date(2026, 3, 29))
    yield Said("x", f"Px{CROWD - 1}", None, "followers", date(2026, 3, 29), 7_000, None, at, "told in time", at)


def _before_the_runs(record: Record, day: date) -> datetime:
    """When the directory is first edited on a day on which it is edited twice."""
    return record.scheduled_at(day) - timedelta(hours=1)


def _named_for_an_hour(record: Record) -> Iterator[Said]:
    """Figures and a post, in weeks that nothing else touches, of those that the directory named by mistake."""
    post = ("facebook", "Q", "Q0")
    record.published[post] = datetime(2024, 5, 7, 15, tzinfo=UTC)
    for account_id, day in (("Q", date(2024, 5, 5)), ("Q", date(2024, 5, 12)), ("Z", date(2026, 3, 15))):
        at = record.scheduled_at(day)
        yield Said("facebook", account_id, None, "followers", day, 400 + day.day, None, at, "told in time", at)
    at = record.scheduled_at(date(2024, 5, 14))
    for metric in POST_METRICS["facebook"]:
        yield Said(*post, metric, date(2024, 5, 14), 5, None, at, "told in time", at)


def _organizations(day: date) -> Iterator[Organization]:
    """One of the crowd moves to another region, one has no stratum at first, one is not named at first."""
    yield Organization("ours", "Ours", True, region="north", bed_size="small", teaching="yes")
    yield Organization("theirs", "Theirs", False)
    for number in range(CROWD if day >= REGIONED else CROWD - 1):
        region = "north" if number < 6 or (number == 6 and day >= REGIONED) else "south"
        setting = "urban" if number or day >= REGIONED else None
        yield Organization(f"p{number}", f"P{number}", False, region=region, bed_size="small", setting=setting)


def _crowd(dice: Random, record: Record) -> Iterator[Said]:
    """Few sizes for many accounts, so that they tie; some about the floor, some silent, some only read about."""
    for visit in [v for v in record.visits if v.answers == "well" and v.day.isoweekday() == 7]:
        for one in CROWDED:
            number = int((one.account_id or "")[2:])
            if one.platform != visit.platform or dice.random() < 0.05:
                continue
            nothing = _said(record, visit, one.account_id or "", None, None)
            week = (visit.day - FIRST).days // 7
            for metric in ("followers", "posts"):
                value = (99, 100, 5_030, 5_030, 5_040, 61_200, 61_290, 7_000, 990)[number] + number % 3 * week * 10
                if dice.random() < 0.1:
                    yield replace(nothing, metric=metric, reason="hidden")
                else:
                    rounded = value - value % 10 ** max(len(str(value)) - 3, 0)
                    is_rounded = (one.platform, metric) == ("youtube", "followers")
                    yield replace(nothing, metric=metric, value=rounded if is_rounded else value, reason=None)
    sundays = [day for day in each_day(FIRST, LAST) if day.isoweekday() == 7]
    for one, day in zip(CROWDED, sundays, strict=False):
        yield imported(one, "followers", day + timedelta(days=-1), 6_000, "exact", IMPORTED_AT)
        yield imported(one, "followers", day, 6_100, "exact", IMPORTED_AT)


def _totals() -> Iterator[Total]:
    for day, value, date_precision, precision in (
        (date(2024, 4, 4), 132, "day", "exact"),
        (date(2024, 9, 1), 253, "year", "exact"),
        (date(2024, 10, 4), 284, "day", "exact"),
        (date(2024, 12, 1), 300, "day", "more_than"),
        (date(2025, 2, 15), 430, "day", "rounded"),
    ):
        yield Total("x", "accounts", day, value, IMPORTED_AT, date_precision, precision)
    yield Total("all", "population", date(2024, 8, 1), 500, IMPORTED_AT, "day", "rounded")
    yield Total("all", "population", date(2025, 2, 15), 510, IMPORTED_AT, "day", "rounded")


def _history(dice: Random, walks: dict[tuple[str, str, str], Walk]) -> Iterator[Said]:
    """A reading a week until the runs begin, and a few after; one account has nothing else."""
    by_id = {one.account_id: one for one in FIRST_ACCOUNTS}
    for account_id, metric in (
        ("A", "views"), ("A", "followers"), ("C", "followers"), ("F", "connections"), ("G", "followers")
    ):  # fmt: skip
        one = by_id[account_id]
        day = HISTORY_FROM
        while day <= (LAST if account_id == "G" else date(2026, 6, 14)):
            precision = dice.choice(["exact"] * 6 + ["rounded", "more_than", "nearly"])
            value = walks[one.platform, account_id, metric].at(day)
            if precision == "rounded":
                value = round(value, -dice.choice([0, 1, 2, 3]))
            if dice.random() > 0.08:
                yield imported(one, metric, day, value, precision, IMPORTED_AT)
            if dice.random() < 0.05:
                yield imported(one, metric, day, value + 7, "exact", IMPORTED_AT + timedelta(days=1))
            day += timedelta(days=dice.choice([7, 7, 7, 7, 7, 7, 6, 8]) if account_id == "C" else 7)


def _boundaries(record: Record) -> Iterator[Said]:
    """Series that meet each rule exactly on its edge."""
    by_id = {one.account_id: one for one in FIRST_ACCOUNTS}
    a, c, e, f, g = (by_id[name] for name in "ACEFG")
    for metric, floor, days in (("likes_given", 10, 28), ("listed", 9, 28), ("media", 500, 29), ("following", 500, 28)):
        yield imported(c, metric, date(2025, 10, 19), floor, "exact", IMPORTED_AT)
        yield _seen(record, c, metric, date(2025, 10, 19) + timedelta(days=days), 0)
    for day, value in ((date(2025, 11, 2), 500), (date(2025, 11, 12), 5)):
        yield imported(e, "likes_given", day, value, "exact", IMPORTED_AT)
    yield _seen(record, e, "likes_given", date(2025, 11, 22), 0)
    # a platform's first week, over the end of a month
    yield _seen(record, by_id["B"], "posts", date(2026, 4, 28), 18)
    # what a page tells is not judged
    yield imported(e, "following", date(2025, 11, 2), 500, "exact", IMPORTED_AT)
    yield imported(e, "following", date(2025, 11, 9), 0, "exact", IMPORTED_AT)
    # a reading on a day with a reason, one with nothing, and one with a value of the platform's own
    seen = [said for said in record.said if said.account_id == "F" and said.metric == "followers"]
    yield imported(f, "followers", seen[5].day, 1, "exact", IMPORTED_AT + timedelta(days=3))
    yield imported(f, "followers", FIRST + timedelta(days=ROWLESS[0]), 60_000, "rounded", IMPORTED_AT)
    refused = [said for said in record.said if said.account_id == "F" and said.post_id is None and said.reason]
    yield imported(f, "followers", refused[0].day, 61_234, "exact", IMPORTED_AT)
    # over the day on which views came to mean something else, exactly
    for day, value in ((date(2025, 3, 30), 1_000), (date(2025, 3, 31), 2_000), (date(2025, 4, 1), 2_100)):
        yield imported(a, "views", day, value * 1_000_000, "exact", IMPORTED_AT + timedelta(hours=1))
    # equal to the highest and to the lowest of the usual: steps of 10, then 10 again
    for number in range(9):
        day = date(2026, 1, 4) + timedelta(weeks=number)
        yield imported(g, "connections", day, 100 + 10 * number, "exact", IMPORTED_AT)
    # a week that is whole and has its change, but a false zero in it
    for number in range(10):
        value = 100 + 10 * number + (500 if number == 4 else 0)
        yield imported(e, "media", date(2026, 1, 4) + timedelta(weeks=number), value, "exact", IMPORTED_AT)
    yield _seen(record, e, "media", date(2026, 1, 28), 0)
    # one change that stands out, told late, among few: it is usual for half a year
    for number in range(34):
        day = date(2025, 4, 13) + timedelta(weeks=number)
        if number % 3 < 2:
            value = 100 + 10 * number + (300 if day in LATER_READINGS else 0)
            yield imported(e, "listed", day, value, "exact", IMPORTED_AT)
    for day in (date(2023, 3, 5), date(2024, 3, 3)):  # 52 weeks apart, and far from all else
        yield imported(e, "listed", day, 70, "exact", IMPORTED_AT)


def _seen(record: Record, account: Account, metric: str, day: date, value: int) -> Said:
    at = record.scheduled_at(day)
    return Said(account.platform, account.account_id or "", None, metric, day, value, None, at, "seen", at)


def _of_months_and_years() -> Iterator[Said]:
    """Readings whose day nobody knows: in place of a known one, between two, a counter's fall, two in a row."""
    by_id = {one.account_id: one for one in FIRST_ACCOUNTS}
    a, f, g = (by_id[name] for name in "AFG")
    later = IMPORTED_AT + timedelta(days=2)
    for one, metric, day, value, date_precision in (
        (g, "followers", date(2025, 6, 1), 320, "month"),
        (g, "followers", date(2025, 7, 1), 330, "year"),
        (g, "followers", date(2025, 9, 30), 340, "month"),
        (a, "views", date(2025, 5, 15), 1, "month"),
        (f, "connections", date(2026, 6, 15), 70_000, "month"),
        (f, "impressions", date(2025, 8, 20), 7, "month"),
        *((f, "reach", date(2026, 7, 13) + timedelta(days=number), 300 + number, "day") for number in range(7)),
        (f, "impressions", date(2026, 3, 10), 7, "month"),
        (g, "connections", date(2025, 2, 1), 10, "month"),
        (g, "connections", date(2025, 3, 1), 20, "month"),
        (g, "connections", date(2025, 3, 8), 30, "day"),
    ):
        said = imported(one, metric, day, value, "exact", later)
        yield replace(said, date_precision=date_precision)


def _around_a_month() -> Iterator[Said]:
    """Readings of a Page that no directory names: days around months; the second day lands last, far from all else."""
    page = account("facebook", "V", "never")
    for metric, day, value, precision, date_precision in (
        ("followers", date(2021, 1, 15), 900, "exact", "month"),
        ("followers", date(2021, 7, 27), 60_000, "more_than", "day"),
        ("followers", date(2021, 8, 15), 66_000, "nearly", "month"),
        ("followers", date(2021, 8, 20), 66_500, "exact", "year"),
        ("followers", date(2021, 11, 29), 530_000, "rounded", "day"),
        ("connections", date(2022, 1, 10), 400, "exact", "day"),
        ("connections", date(2022, 2, 14), 500, "exact", "day"),
        ("connections", date(2022, 3, 2), 520, "exact", "month"),
        ("connections", date(2022, 5, 4), 700, "exact", "day"),
    ):
        yield replace(imported(page, metric, day, value, precision, IMPORTED_AT), date_precision=date_precision)


def _seen_on_tuesdays(record: Record) -> Iterator[Said]:
    """An account that no directory names: seen each Tuesday, and read about on two days after one of them."""
    one = account("x", "T", "weekly", 2)
    for number in range(4):
        yield _seen(record, one, "followers", date(2023, 9, 5) + timedelta(weeks=number), 1_000 + 10 * number)
    yield imported(one, "followers", date(2023, 9, 15), 1_313, "exact", IMPORTED_AT)
    yield imported(one, "followers", date(2023, 9, 30), 1_414, "exact", IMPORTED_AT)


def _told_by_its_owner(record: Record) -> Iterator[Said]:
    """A Page of ours: what anyone sees, and what the export of its owner says; the third day is any of its month."""
    page = next(one for one in FIRST_ACCOUNTS if one.account_id == "U")
    first, later = date(2023, 5, 6), IMPORTED_AT + timedelta(days=1)
    for number in range(3):
        yield _seen(record, page, "followers", first + timedelta(days=number), 900 + number)
    yield imported(page, "followers", first, 912, "exact", IMPORTED_AT)
    yield imported(page, "followers", first, 900, "rounded", later)
    for value, at in ((913, IMPORTED_AT), (914, later)):
        yield imported(page, "followers", first + timedelta(days=1), value, "exact", at)
    of_may = imported(page, "followers", first + timedelta(days=2), 920, "exact", IMPORTED_AT)
    yield replace(of_may, date_precision="month")
    yield imported(page, "followers", first + timedelta(days=3), 925, "exact", IMPORTED_AT)


def _impressions(record: Record) -> Iterator[Said]:
    """A Page's days from an old report: they came to mean something else on the last day but one of a week.

    The owner's own figures of a few days are not there; of one week another Page has figures, too.
    """
    page, other = (next(one for one in FIRST_ACCOUNTS if one.account_id == name) for name in "FR")
    days = [*each_day(date(2025, 8, 4), date(2026, 5, 12)), *each_day(date(2026, 8, 3), date(2026, 8, 9))]
    for number, day in enumerate(days):
        value = 0 if number == 30 else 400 + 37 * number % 210 + (900 if day >= date(2025, 11, 15) else 0)
        value += {QUIET: -200, BUSY: 500}.get(WEEK.start(day), 0)
        precision = {40: "more_than", 41: "rounded"}.get(number, "exact")
        if day in NOT_SETTLED:
            yield _no_impressions(record, page, day, NOT_SETTLED[day])
        elif day not in NO_IMPRESSIONS:
            yield imported(page, "impressions", day, value, precision, IMPORTED_AT)
    for day in each_day(BUSY, OTHER_PAGE_PENDING - timedelta(days=1)):
        yield imported(other, "impressions", day, 30, "exact", IMPORTED_AT)
    yield _no_impressions(record, other, OTHER_PAGE_PENDING, "pending")


def _no_impressions(record: Record, page: Account, day: date, reason: str) -> Said:
    at, account_id = record.scheduled_at(day), page.account_id or ""
    return Said("facebook", account_id, None, "impressions", day, None, reason, at, "told in time", at)


def _every_reason(record: Record) -> Iterator[Said]:
    """A day of each reason that no platform gives elsewhere."""
    for number, reason in enumerate(("forbidden", "denied", "retired", "unreadable", "purged")):
        day = date(2026, 5, 25) + timedelta(days=number)
        at = record.scheduled_at(day)
        yield Said("facebook", "Z", None, None, day, None, reason, at, "told in time", at)


def _a_post_told_late(record: Record) -> Iterator[Said]:
    """Three days of one post far apart, of which the middle one lands last; and one without a figure after it."""
    post = ("facebook", "F", "F00")
    record.published[post] = datetime(2026, 6, 1, 15, tzinfo=UTC)
    at = record.scheduled_at(date(2026, 6, 14))
    yield Said(*post, None, date(2026, 6, 14), None, "unavailable", at, "told in time", at)
    for day, value in ((date(2026, 6, 3), 10), (date(2026, 6, 9), 25), (date(2026, 6, 17), 31)):
        at, run_id = record.scheduled_at(day), TOLD_LATE if day.day == 9 else "told in time"
        for metric in POST_METRICS["facebook"]:
            yield Said(*post, metric, day, value, None, at, run_id, at)


def _a_first_look_told_late(record: Record) -> Iterator[Said]:
    """A Page that no directory names: its first figure lands last, and makes a gain of what its post drew."""
    post = ("facebook", "N", "N0")
    record.published[post] = datetime(2026, 6, 12, 15, tzinfo=UTC)
    for day in (date(2026, 6, 11), date(2026, 6, 13)):
        at, run_id = record.scheduled_at(day), TOLD_LATE if day.day == 11 else "told in time"
        yield Said("facebook", "N", None, "followers", day, 500, None, at, run_id, at)
    at = record.scheduled_at(date(2026, 6, 15))
    for metric in POST_METRICS["facebook"]:
        yield Said(*post, metric, date(2026, 6, 15), 12, None, at, "told in time", at)


def _posts_beside_the_usual(record: Record) -> Iterator[Said]:
    """Posts of Pages that no directory names, each on an edge of what is far above usual or mostly comments.

    Each is seen once, a week old; one of them is told late, so that what was usual after it is not any more.
    """
    first = datetime(2026, 5, 20, 12, tzinfo=UTC)
    for account_id, posts in BESIDE_THE_USUAL.items():
        for number, (days, comments, others) in enumerate(posts):
            post = ("facebook", account_id, f"{account_id}{number}")
            record.published[post] = first + timedelta(days=days)
            day = record.published_on(post) + timedelta(days=7)
            at, run_id = record.scheduled_at(day), TOLD_LATE if post[2] == "J1" else "told in time"
            for metric, value in (("comments", comments), ("reactions", others), ("shares", 0)):
                yield Said(*post, metric, day, value, None, at, run_id, at)


def _gone_for_a_while(record: Record) -> Iterator[Said]:
    """An account that is there at the end of June, gone at those of July and August, and there again."""
    for day, reason in ((6, 10), None), ((7, 15), "suspended"), ((7, 31), "not_found"), ((9, 2), None):
        at = record.scheduled_at(date(2026, *day))
        said = Said("facebook", "Z", None, None, date(2026, *day), None, reason, at, "told in time", at)
        yield said if reason else replace(said, metric="followers", value=900)


def _not_looked_at_to_the_end(record: Record) -> Iterator[Said]:
    """Pages that no directory names, looked at on the Sundays of two weeks, but for one each time on a Wednesday.

    On the record's last day the fortnight after the first week is over, that after the second is not.
    """
    for number, sunday in enumerate((date(2026, 8, 23), LAST - timedelta(days=14))):
        wednesday = sunday - timedelta(days=4)
        for page, day in (*((page, sunday) for page in range(5)), (5 + number, wednesday)):
            account_id, at = f"Q{page}", record.scheduled_at(day)
            post = ("facebook", account_id, f"Q{number}")
            record.published[post] = at - timedelta(days=1)
            record.looked.setdefault(Visit("facebook", day, at), []).append(account_id)
            yield Said("facebook", account_id, None, "followers", day, 800 + page, None, at, "told in time", at)
            for metric in POST_METRICS["facebook"]:
                yield Said(*post, metric, day, 4 + page // 2, None, at, "told in time", at)


def is_later(thing: Said | Visit | Snapshot | Organizations | Post) -> bool:
    """Whether it lands in the second part: a few runs, readings and posts, and the last directory.

    They are few, so that what must follow from them lies on days that are not touched anyway.
    """
    if isinstance(thing, Snapshot):
        return thing.day == max(CHANGES) and LISTED_BY_MISTAKE not in thing.accounts
    if isinstance(thing, Organizations):
        return thing.day == REGIONED and NAMED_BY_MISTAKE not in thing.organizations
    if isinstance(thing, Visit):
        return thing.day == LATE_LOOK or (thing.day >= LATER_FROM and _one_in(25, thing.platform, _run_id(thing)))
    if isinstance(thing, Said) and thing.is_imported:
        return thing.day in LATER_READINGS
    if isinstance(thing, Said):
        is_late = thing.run_id in (TOLD_LATE, slips.TOLD_LATER, zeros.TOLD_LATER)
        return is_late or (thing.day >= LATER_FROM and _one_in(25, thing.platform, thing.run_id))
    return int(thing[2][1:]) >= 8 and _one_in(3, *thing)


def land(record: Record, root: Path, part: str) -> None:
    """Write the `first` or the `second` part of a record as landing files."""

    def wanted(thing: Said | Visit | Snapshot | Organizations | Post) -> bool:
        return is_later(thing) == (part == "second")

    said = list(filter(wanted, record.said))
    snapshots = list(filter(wanted, record.snapshots))
    tables: dict[str, list[Row]] = {
        "observations": [_row_of(one) for one in said if not one.is_imported],
        "readings": [
            *(_row_of(one) for one in said if one.is_imported),
            *(_row_of_total(one) for one in record.totals if part == "first"),
        ],
        "calls": [
            call
            for visit in filter(wanted, record.wire)
            if record.wire[visit].calls
            for call in _calls_of(record, visit)
        ],
        "runs": [_run_of(record, visit) for visit in filter(wanted, record.visits)],
        "posts": [_post_of(record, post) for post in filter(wanted, record.published)],
        "accounts": [asdict(one) | _stamp(snapshot) for snapshot in snapshots for one in snapshot.accounts],
        "organizations": [
            asdict(one) | _stamp(snapshot)
            for snapshot in filter(wanted, record.organizations)
            for one in snapshot.organizations
        ],
    }
    for kind in COLUMNS:
        _write(root / kind / "columns.parquet", kind, [])
        if rows := tables.get(kind):
            _write(root / kind / f"landed={part}" / f"{part}.parquet", kind, rows)


def _one_in(many: int, *words: object) -> bool:
    return crc32("|".join(map(str, words)).encode()) % many == 0


def _run_id(visit: Visit) -> str:
    return f"{visit.instant:%Y%m%dT%H%M%SZ}"


def _stamp(snapshot: Snapshot | Organizations) -> Row:
    return {"measured_on": snapshot.day, "landed_at": snapshot.at.replace(tzinfo=None), "run_id": "r"}


def _post_of(record: Record, post: Post) -> Row:
    at = record.published[post].replace(tzinfo=None)
    seen = {"published_at": at, "fetched_at": at, "run_id": "r", "status": "public", "kind": record.kinds.get(post)}
    return dict(zip(("platform", "account_id", "post_id"), post, strict=True)) | seen


def _row_of(said: Said) -> Row:
    row = {"platform": said.platform, "account_id": said.account_id, "measured_on": said.day, "value": said.value}
    at, run_id = said.at.replace(tzinfo=None), said.run_id
    if said.is_imported:
        told = {"precision": said.precision, "source": said.source, "date_precision": said.date_precision}
        return row | told | {"metric": said.metric, "imported_at": at, "run_id": run_id}
    native = native_name(said.platform, said.post_id, said.metric) if said.metric else None
    return row | {"post_id": said.post_id, "metric": native, "reason": said.reason, "fetched_at": at, "run_id": run_id}


def _row_of_total(total: Total) -> Row:
    told = {"measured_on": total.day, "imported_at": total.at.replace(tzinfo=None), "run_id": "import"}
    return asdict(total) | told


def _run_of(record: Record, visit: Visit) -> Row:
    status = {"well": "complete", "nothing": "failed", "not_set_up": "not_set_up"}[visit.answers]
    return {
        "run_id": _run_id(visit),
        "platform": visit.platform,
        "measured_on": visit.day,
        "scheduled_at": record.scheduled_at(visit.day).replace(tzinfo=None),
        "started_at": visit.instant.replace(tzinfo=None),
        "status": status,
    }


def _calls_of(record: Record, visit: Visit) -> Iterator[Row]:
    """One call that pays for the counts. Where posts were looked for, one about several accounts or one about each;
    and calls after which nothing is known of E's posts."""
    yield look(visit, []) | {"is_discovery": False, "dollars": dollars(record, visit)}
    if looked := record.looked.get(visit):
        yield look(visit, looked) | {"is_last": len(looked) == 1}
        yield look(visit, ["E"]) | {"is_last": False}
        yield look(visit, ["E"]) | {"is_discovery": False}
        yield look(visit, ["E"]) | {"outcome": "unavailable"}


def _write(path: Path, kind: str, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    full = [{name: row.get(name) for name in COLUMNS[kind].names} for row in rows]
    pq.write_table(pa.Table.from_pylist(full, COLUMNS[kind]), path)
