"""The marts as they must be, worked out a second time in plain Python from what was said.

Each table is a dictionary of rows by their grain. Figures are exact whole numbers, rates floats, instants naive UTC.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from itertools import combinations
from statistics import median
from typing import Any

from .record import ACCOUNT_METRICS, POST_METRICS, Key, Record, Said, each_day, is_due

Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]
Series = tuple[str, str, str]  # platform, account_id, metric
Post = tuple[str, str, str]  # platform, account_id, post_id

BREAKS = {  # none of them comparable
    ("youtube", "views"): (date(2025, 3, 31), date(2026, 8, 24)),
    ("facebook", "impressions"): (date(2025, 11, 15),),
}
ROUNDED_DOWN = {("youtube", "followers")}
COUNTERS = {("youtube", "views")}
FLOWS = {("facebook", "impressions")}
PEOPLE = {("facebook", "reach")}  # flows of people, who are the same on several days
ENGAGEMENTS = {
    "youtube": ("likes", "comments"),
    "x": ("likes", "comments", "reposts", "quotes"),
    "facebook": ("reactions", "comments", "shares"),
}
POST_COLUMNS = (
    "views", "impressions", "likes", "comments", "reposts", "quotes", "shares", "reactions", "bookmarks"
)  # fmt: skip
SPANS = (1, 7, 28, 365)
LATE = timedelta(hours=6)
FOUR_WEEKS = timedelta(days=28)
REACH = timedelta(days=14)  # so late a look for posts may still complete a period
GAINED_WITHIN = 10  # days between two looks at a post, for what it gained to belong to a period
FIRST_LOOK = timedelta(days=7)  # so far back posts are looked for when an account is asked first
FAILED = {"denied", "unavailable", "unreadable", "not_collected"}  # nobody knows what there was
CADENCE_DAYS = {"daily": 1, "weekly": 7}
USUAL_PERIODS, USUAL_AT_LEAST, USUAL_WITHIN = 12, 6, 26
TREND_WEEKS, TREND_WEEKS_AT_LEAST = 8, 5


class Period:
    """Weeks or months: where one starts and ends, and what it is called."""

    name = "week"
    in_a_year = 52

    @property
    def column(self) -> str:
        return f"{self.name}_start_on"

    def start(self, day: date) -> date:
        return day - timedelta(days=day.weekday())

    def moved(self, start: date, number: int) -> date:
        return start + timedelta(days=7 * number)

    def end(self, start: date) -> date:
        return self.moved(start, 1) - timedelta(days=1)

    def names(self, start: date) -> Row:
        year, week, _ = start.isocalendar()
        return {"week": f"{year}-W{week:02d}", "week_start_on": start}


class Month(Period):
    """Calendar months, with the fiscal year that starts in the month `fiscal_year_start`."""

    name = "month"
    in_a_year = 12

    def __init__(self, fiscal_year_start: int = 1) -> None:
        self.first = fiscal_year_start

    def start(self, day: date) -> date:
        return day.replace(day=1)

    def moved(self, start: date, number: int) -> date:
        return date(start.year + (start.month - 1 + number) // 12, (start.month - 1 + number) % 12 + 1, 1)

    def names(self, start: date) -> Row:
        past = (start.month - self.first) % 12  # whole months of the fiscal year before this one
        ends = self.moved(start, 11 - past)
        fiscal = {"fiscal_year": ends.year, "fiscal_quarter": past // 3 + 1}
        return {"month": f"{start:%Y-%m}", "month_start_on": start, **fiscal}


WEEK, MONTH = Period(), Month()


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and what it can be; an open end is None."""

    value: int
    low: int | None
    high: int | None

    def since(self, base: Interval) -> tuple[int, int | None, int | None]:
        """The change from `base`, at least, at most."""
        return self.value - base.value, less(self.low, base.high), less(self.high, base.low)


def less(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b


def share(part: float | None, base: int | None) -> float | None:
    """How much more `part` is than `base`, as a share of it; None where that has no meaning."""
    return None if part is None or base is None or base <= 0 else part / base - 1


def weekly(value: int, base: int, days: int) -> float | None:
    """Compound growth a week."""
    return float((value / base) ** (7.0 / days) - 1) if value > 0 and base > 0 else None


def weekly_growth(name: str, figure: Interval, base: Interval, days: int) -> Row:
    """The compound growth a week, at least, at most."""
    ends = ("", figure.value, base.value), ("_low", figure.low, base.high), ("_high", figure.high, base.low)
    return {f"{name}{end}": None if a is None or b is None else weekly(a, b, days) for end, a, b in ends}


def ends(name: str) -> Row:
    return dict.fromkeys((name, f"{name}_low", f"{name}_high"))


def interval(platform: str, metric: str, said: Said) -> Interval:
    """What a figure stands for: a platform or a person may have rounded it."""
    value = said.value or 0
    if said.precision == "more_than":
        return Interval(value, value, None)
    if said.precision == "nearly":
        return Interval(value, None, value)
    if said.precision == "rounded":
        step = 1
        while value and value % (step * 10) == 0:
            step *= 10
        return Interval(value, value - step // 2, value + max(step // 2 - 1, 0))
    if not said.is_imported and (platform, metric) in ROUNDED_DOWN and value >= 1000:
        return Interval(value, value, value + 10 ** (len(str(value)) - 3) - 1)
    return Interval(value, value, value)


def breaks_between(platform: str, metric: str, after: date, until: date) -> bool:
    """Whether the metric came to mean something else in (after, until]."""
    return any(after < on <= until for on in BREAKS.get((platform, metric), ()))


def break_on(platform: str, metric: str, day: date) -> date | None:
    """The day since which the metric has meant what it means on `day`; None where it has always done."""
    return max((on for on in BREAKS.get((platform, metric), ()) if on <= day), default=None)


def account_key(platform: str, account_id: str) -> int:
    return int(md5(f"{platform}|{account_id}".encode()).hexdigest()[:15], 16)


def naive(instant: datetime | None) -> datetime | None:
    return instant.astimezone(UTC).replace(tzinfo=None) if instant else None


def which_counts(said: Iterable[Said]) -> Said:
    """A value beats a reason, an observation a reading of the same day; then the latest counts."""
    everything = list(said)
    values = [one for one in everything if one.value is not None]
    return max(values or everything, key=lambda one: (not one.is_imported, one.at, one.run_id))


@dataclass(frozen=True, slots=True)
class Drawn:
    """What an account did in a period; `silence`: why posts have no figure, where they do not."""

    value: int | None
    is_whole: bool
    silence: str = ""


class Expected:
    """All these tables of one record."""

    def __init__(self, record: Record, months: Month = MONTH) -> None:
        self.record = record
        self.due = self._due()
        self.series = self._series()
        self.exact = self._exact()
        self.days = self._account_metric_days()
        self.began = self._began()
        self.looks: dict[Key, set[date]] = defaultdict(set)
        for visit, account_ids in record.looked.items():
            for account_id in account_ids:
                if any(
                    (row := self.days.get((visit.platform, account_id, metric, visit.day)))
                    and row["value"] is not None
                    and not row["is_imported"]
                    for metric in ACCOUNT_METRICS[visit.platform]
                ):
                    self.looks[visit.platform, account_id].add(visit.day)
        self.post_days = self._post_days()
        self._by_account: dict[Key, list[Row]] = defaultdict(list)
        for row in self.post_days.values():
            self._by_account[row["platform"], row["account_id"]].append(row)
        self.weeks = self._account_periods(WEEK)
        self.months = self._account_periods(months)
        self.organization_weeks = _organizations(WEEK, self.weeks)
        self.organization_months = _organizations(months, self.months)

    def _due(self) -> dict[Key, set[date]]:
        """The days on which each account is to be observed."""
        due: dict[Key, set[date]] = defaultdict(set)
        first = min(snapshot.day for snapshot in self.record.snapshots)
        keys = {(a.platform, a.account_id) for s in self.record.snapshots for a in s.accounts if a.account_id}
        for day in each_day(first, self.record.horizon):
            set_up = {platform for platform in ACCOUNT_METRICS if self.record.is_set_up(platform, day)}
            for platform, account_id in keys:
                account = self.record.in_force((platform, account_id or ""), day)
                if account and platform in set_up and is_due(account, day):
                    due[platform, account_id or ""].add(day)
        return due

    # account_metric_days

    def _series(self) -> dict[Series, dict[date, Said | None]]:
        """What counts for each account, metric and day; None where the day was due and nobody asked."""
        found: dict[Series, dict[date, list[Said]]] = defaultdict(lambda: defaultdict(list))
        for said in self.record.said:
            if said.post_id is None:
                for metric in (said.metric,) if said.metric else ACCOUNT_METRICS[said.platform]:
                    found[said.platform, said.account_id, metric][said.day].append(said)
        series: dict[Series, dict[date, Said | None]] = {
            key: {day: which_counts(said) for day, said in days.items()} for key, days in found.items()
        }
        for (platform, account_id), days in self.due.items():
            for metric in ACCOUNT_METRICS[platform]:
                for day in days:
                    series.setdefault((platform, account_id, metric), {}).setdefault(day, None)
        return {key: dict(sorted(days.items())) for key, days in series.items()}

    def _exact(self) -> dict[tuple[str, str, str, date], int]:
        """The latest figure from elsewhere that is known exactly and of a known day."""
        told = [said for said in self.record.said if said.precision == "exact" and said.date_precision == "day"]
        told.sort(key=lambda said: (said.at, said.run_id))
        return {(s.platform, s.account_id, s.metric, s.day): s.value for s in told if s.metric and s.value is not None}

    def _account_metric_days(self) -> Rows:
        rows: Rows = {}
        for (platform, account_id, metric), days in self.series.items():
            for row in self._days_of(platform, account_id, metric, days):
                rows[platform, account_id, metric, row["measured_on"]] = row
        return rows

    def _days_of(self, platform: str, account_id: str, metric: str, days: Mapping[date, Said | None]) -> Iterable[Row]:
        usable: dict[date, Interval] = {}
        late: set[date] = set()
        vague = {day for day, said in days.items() if said and said.date_precision != "day"}
        false_zeros = set() if (platform, metric) in FLOWS else set(_false_zeros(days))
        for day, said in days.items():
            account = self.record.in_force((platform, account_id), day) or self.record.first((platform, account_id))
            row = self._plain(platform, account_id, metric, day, said)
            row["organization_id"] = account.organization_id if account else None
            is_own = account is not None and account.is_own
            row["owner_value"] = self.exact.get((platform, account_id, metric, day)) if is_own else None
            row["is_anomaly"] = day in false_zeros or _stands_apart(platform, metric, day, days)
            if row["is_late"]:
                late.add(day)
            row |= _compared(None, day, usable, late, vague, platform, metric)
            if said and said.value is not None and not row["is_anomaly"]:
                figure = interval(platform, metric, said)
                row |= _compared(figure, day, usable, late, vague, platform, metric)
                previous_on = row["previous_on"]
                far = CADENCE_DAYS.get(account.cadence if account else "", 10**6)
                row["is_baseline"] = previous_on is None
                row["is_gap"] = previous_on is not None and (day - previous_on).days > far
                row["is_break"] = previous_on is not None and breaks_between(platform, metric, previous_on, day)
                lost = row["change_since_previous_high"]
                is_sure = lost is not None and lost < 0 and day not in vague
                row["is_decrease"] = (platform, metric) in COUNTERS and is_sure
                usable[day] = figure
            yield row

    def _plain(self, platform: str, account_id: str, metric: str, day: date, said: Said | None) -> Row:
        row: Row = {
            "account_key": account_key(platform, account_id),
            "platform": platform,
            "account_id": account_id,
            "metric": metric,
            "measured_on": day,
            "value": said.value if said else None,
            "low": None,
            "high": None,
            "precision": None,
            "date_precision": said.date_precision if said else "day",
            "is_imported": bool(said and said.is_imported),
            "reason": said.reason if said else "not_collected",
            "fetched_at": naive(said.at) if said else None,
            "is_late": bool(said and said.scheduled_at and said.at > said.scheduled_at + LATE),
            "is_baseline": False,
            "is_gap": False,
            "is_break": False,
            "is_decrease": False,
        }
        if said and said.value is not None:
            figure = interval(platform, metric, said)
            rounded = "rounded" if figure.low != figure.high else "exact"
            row |= {"low": figure.low, "high": figure.high, "precision": said.precision or rounded}
        return row

    def _began(self) -> dict[Key, date]:
        """The day on which each account was first seen with a figure."""
        began: dict[Key, date] = {}
        for (platform, account_id, _, day), row in self.days.items():
            if row["value"] is not None and not row["is_imported"]:
                began[platform, account_id] = min(day, began.get((platform, account_id), day))
        return began

    # post_days

    def _post_days(self) -> Rows:
        found: dict[Post, dict[date, list[Said]]] = defaultdict(lambda: defaultdict(list))
        for said in self.record.said:
            if said.post_id is not None:
                found[said.platform, said.account_id, said.post_id][said.day].append(said)
        rows: Rows = {}
        for post, days in found.items():
            before: Row | None = None
            for day in sorted(days):
                row = self._post_day(post, day, days[day], before)
                rows[*post, day] = row
                before = row if row["engagements"] is not None else before
        return rows

    def _post_day(self, post: Post, day: date, said: list[Said], before: Row | None) -> Row:
        platform, account_id, post_id = post
        current = {}
        for metric in POST_METRICS[platform]:
            about = [one for one in said if one.metric in (metric, None)]
            if about:
                current[metric] = which_counts(about)
        values = {metric: one.value for metric, one in current.items() if one.value is not None}
        engaging = {metric: values[metric] for metric in ENGAGEMENTS[platform] if metric in values}
        engagements = sum(engaging.values()) if engaging else None
        age = (day - self.record.published_on(post)).days
        gained = less(engagements, before["engagements"] if before else 0)
        if before:
            is_near = (day - before["measured_on"]).days <= GAINED_WITHIN
            is_comparable = is_near and len(engaging) == before["engagement_metrics"]
        else:
            began = self.began.get((platform, account_id))
            is_comparable = age <= 7 and began is not None and began <= self.record.published_on(post)
        reasons = [one.reason for one in current.values()]
        return {
            "account_key": account_key(platform, account_id),
            "platform": platform,
            "account_id": account_id,
            "post_id": post_id,
            "measured_on": day,
            "age_days": age,
            **{metric: values.get(metric) for metric in POST_COLUMNS},
            "engagements": engagements,
            "engagement_metrics": len(engaging),
            "previous_on": before["measured_on"] if before and engagements is not None else None,
            "engagements_change": gained if is_comparable else None,
            "engagements_uncompared": None if is_comparable else gained,
            "reason": None if values else reasons[0],
            "fetched_at": naive(max(one.at for one in current.values())),
        }

    # account_weeks and account_months

    def _account_periods(self, period: Period) -> Rows:
        table: Rows = {}
        by_period: dict[tuple[str, str, str, date], list[Row]] = defaultdict(list)
        for (platform, account_id, metric, day), row in self.days.items():
            if row["date_precision"] == "day" and (platform, metric) not in PEOPLE:
                by_period[platform, account_id, metric, period.start(day)].append(row)
        for (platform, account_id, metric, start), rows in sorted(by_period.items()):
            table[platform, account_id, metric, start] = self._measured(
                period, platform, account_id, metric, start, rows
            )
        by_account: dict[tuple[str, str, date], list[Row]] = defaultdict(list)
        for (platform, account_id, _, start), rows in by_period.items():
            by_account[platform, account_id, start] += rows
        for (platform, account_id, start), of_account in sorted(by_account.items()):
            if any(not row["is_imported"] for row in of_account):
                for metric, drawn in self._activity(platform, account_id, start, period.end(start)).items():
                    table[platform, account_id, metric, start] = self._drawn(
                        period, platform, account_id, metric, start, drawn, of_account
                    )
        for key, row in table.items():
            _compare_periods(period, key, row, table)
        for key, row in table.items():
            _judge_period(period, key, row, table)
        if period is WEEK:
            for key, row in table.items():
                _slope(key, row, table)
        return {key: {name: row[name] for name in row if not name.startswith("_")} for key, row in table.items()}

    def _period(self, period: Period, platform: str, account_id: str, metric: str, start: date) -> Row:
        days = set(each_day(start, period.end(start)))
        return {
            "account_key": account_key(platform, account_id),
            "platform": platform,
            "account_id": account_id,
            "metric": metric,
            **period.names(start),
            "_due": len(self.due.get((platform, account_id), set()) & days),
            "_is_over": period.end(start) <= self.record.horizon,
        }

    def _measured(
        self, period: Period, platform: str, account_id: str, metric: str, start: date, rows: list[Row]
    ) -> Row:
        rows = sorted(rows, key=lambda row: row["measured_on"])
        usable = [row for row in rows if row["value"] is not None and not row["is_anomaly"]]
        told = [row for row in usable if not row["is_imported"]] or usable  # a reading ends what has nothing else
        last = told[-1] if told else None
        reasons = [row["reason"] for row in rows if row["reason"]]
        row = self._period(period, platform, account_id, metric, start)
        is_imported = all(row["is_imported"] for row in rows)
        found = {
            "organization_id": rows[-1]["organization_id"],
            "kind": "counter" if (platform, metric) in COUNTERS else "level",
            "end_on": last["measured_on"] if last else None,
            "value": last["value"] if last else None,
            "low": last["low"] if last else None,
            "high": last["high"] if last else None,
            "reason": reasons[-1] if reasons and not last else None,
            "days_expected": 1 if is_imported else row["_due"],
            "days_observed": len(usable),
            "has_anomaly": any(row["is_anomaly"] for row in rows),
            "_cadence": self._cadence(platform, account_id, last["measured_on"]) if last else 1,
            "break_on": break_on(platform, metric, (last or rows[-1])["measured_on"]),
        }
        if (platform, metric) in FLOWS:
            found |= {"kind": "flow", "end_on": period.end(start)}
            found |= {name: _total([row[name] for row in usable]) for name in ("value", "low", "high")}
            found["days_expected"] = len(list(each_day(start, period.end(start))))
        return row | found

    def _cadence(self, platform: str, account_id: str, day: date) -> int:
        """In how many days the account is looked at, as its line of the directory then says; 1 where it does not."""
        key = (platform, account_id)
        account = self.record.in_force(key, day) or self.record.first(key)
        return CADENCE_DAYS.get(account.cadence if account else "", 1)

    def _drawn(
        self,
        period: Period,
        platform: str,
        account_id: str,
        metric: str,
        start: date,
        drawn: Drawn,
        rows: list[Row],
    ) -> Row:
        observed = {
            row["measured_on"]
            for row in rows
            if row["value"] is not None and not row["is_anomaly"] and not row["is_imported"]
        }
        row = self._period(period, platform, account_id, metric, start)
        of_account = min((row["reason"] for row in rows if row["reason"]), default=None)
        silence = drawn.silence or (not observed and of_account) or "not_collected"
        return row | {
            "organization_id": max(rows, key=lambda row: row["measured_on"])["organization_id"],
            "kind": "flow",
            "end_on": period.end(start),
            "value": drawn.value,
            "low": drawn.value,
            "high": drawn.value,
            "reason": silence if drawn.value is None else None,
            "days_expected": row["_due"],
            "days_observed": len(observed),
            "_is_whole": drawn.is_whole,
            "has_anomaly": False,
            "_cadence": 1,
            "break_on": None,
        }

    def _activity(self, platform: str, account_id: str, start: date, end: date) -> dict[str, Drawn]:
        """What the account published from `start` to `end` and what that and older posts drew.

        Where posts were looked for and none had anything to tell, nothing is said of what was drawn.
        """
        published = {
            post for post in self._posts_of(platform, account_id) if start <= self.record.published_on(post) <= end
        }
        rows = [row for row in self._by_account[platform, account_id] if start <= row["measured_on"] <= end]
        last = {row["post_id"]: row for row in sorted(rows, key=lambda row: row["measured_on"])}
        engagements = _sum(row["engagements_change"] for row in rows)
        lifetimes = [
            max(seen, key=lambda row: row["measured_on"])["engagements"]
            for post in published
            if (seen := [row for row in rows if row["post_id"] == post[2] and row["engagements"] is not None])
        ]
        looks = [on for on in self.looks[platform, account_id] if start <= on <= end + REACH]
        is_known = any(on <= end for on in looks)
        began = self.began.get((platform, account_id))
        is_whole = is_known and any(on >= end for on in looks) and bool(began and began - FIRST_LOOK <= start)
        silence = min((row["reason"] for row in rows if row["reason"]), default="")
        is_seen = len(lifetimes) == len(published)
        is_heard = not any(row["reason"] in FAILED for row in last.values())
        drawn = {
            "posts_published": Drawn(len(published) if is_known else None, is_whole),
            "post_engagements": Drawn(
                (_sum(lifetimes) if published else 0) if is_known else None, is_whole and is_seen, silence
            ),
        }
        if engagements is None and is_known and not silence:
            return drawn
        is_whole = engagements is not None and is_heard and self._was_observed_before(platform, account_id, start)
        return drawn | {"engagements": Drawn(engagements, is_whole, silence)}

    def _was_observed_before(self, platform: str, account_id: str, start: date) -> bool:
        """On the last of the days of the week before `start` on which the account was asked for."""
        for day in (start - timedelta(days=number) for number in range(1, 8)):
            found = [self.days.get((platform, account_id, metric, day)) for metric in ACCOUNT_METRICS[platform]]
            rows = [row for row in found if row and not row["is_imported"]]
            if rows:
                return any(row["value"] is not None and not row["is_anomaly"] for row in rows)
        return False

    def _posts_of(self, platform: str, account_id: str) -> list[Post]:
        return [post for post in self.record.published if post[:2] == (platform, account_id)]


def _sum(numbers: Iterable[int | None]) -> int | None:
    there = [number for number in numbers if number is not None]
    return sum(there) if there else None


def _total(numbers: list[int | None]) -> int | None:
    """Their sum, known only where each is."""
    return None if None in numbers or not numbers else _sum(numbers)


def _false_zeros(days: Mapping[date, Said | None]) -> Iterator[date]:
    """Days of a platform's zeros that are none; of zeros with nothing above zero between them all or none are.

    Beside the last figure above zero before them, as long as it is no more than four weeks old; and where what comes
    back within eight weeks of it is half of it, or where it was under ten, a hundred. Where nothing was told for four
    weeks before them: where the first figure above zero, within four weeks, is a hundred.
    """
    told = {day: said for day, said in days.items() if said is not None and said.value is not None}
    crowds = {day: said.value or 0 for day, said in told.items() if said.value}
    own = {day: value for day, value in crowds.items() if not told[day].is_imported}
    for start in [None, *crowds]:
        end = min((day for day in crowds if start is None or day > start), default=date.max)
        run = [day for day in told if (start is None or day > start) and day < end]
        slips = [day for day in run if not told[day].is_imported]
        if start:
            wanted = crowds[start] / 2 if crowds[start] >= 10 else 100
            stays = any(FOUR_WEEKS < day - start <= 2 * FOUR_WEEKS for day in run)
            if any(start < day <= start + 2 * FOUR_WEEKS and value >= wanted for day, value in own.items()):
                yield from slips
            elif crowds[start] >= 10 and not stays:
                yield from (day for day in slips if day - start <= FOUR_WEEKS)
        before = {day for day in told if end - 2 * FOUR_WEEKS <= day < end}
        if own.get(end, 0) >= 100 and before and end - min(before) <= FOUR_WEEKS and not before & crowds.keys():
            yield from (day for day in slips if day in before)


def _stands_apart(platform: str, metric: str, day: date, days: Mapping[date, Said | None]) -> bool:
    """A figure far from the median of four weeks before and after, to which others before and after it are near."""
    own = days[day]
    if own is None or own.is_imported or not own.value:
        return False
    sizes = {
        on: math.log(other.value)
        for on in each_day(day - timedelta(days=28), day + timedelta(days=28))
        if (other := days.get(on)) and not other.is_imported and other.value
        if not breaks_between(platform, metric, min(on, day), max(on, day))
    }
    size = sizes.pop(day)
    if len(sizes) < 6:
        return False
    center = median(sizes.values())
    spread = median(abs(other - center) for other in sizes.values())
    far = max(5 * 1.4826 * spread, 0.25)
    near = [on for on, other in sizes.items() if abs(other - center) <= far]
    is_large = own.value >= 100 or center >= math.log(100)
    return is_large and abs(size - center) > far and bool(near) and min(near) < day < max(near)


def _compared(
    figure: Interval | None,
    day: date,
    usable: Mapping[date, Interval],
    late: set[date],
    vague: set[date],
    platform: str,
    metric: str,
) -> Row:
    """How a figure compares with earlier ones; all empty where there is no figure. A known day looks for another."""
    earlier = [on for on in usable if day in vague or on not in vague]
    previous_on = max(earlier, default=None) if figure else None
    base = usable[previous_on] if previous_on else None
    row: Row = {"previous_on": previous_on}
    row |= _change("change_since_previous", "", figure, base, previous_on, day, platform, metric)
    row |= ends("weekly_growth_rate_since_previous")
    is_apart = day in vague or (previous_on and _is_no_day(previous_on, day, late))
    if figure and base and previous_on and not is_apart and not breaks_between(platform, metric, previous_on, day):
        row |= weekly_growth("weekly_growth_rate_since_previous", figure, base, (day - previous_on).days)
    for span in SPANS:
        base_on = day - timedelta(days=span)
        base = None if vague & {day, base_on} or _is_no_day(base_on, day, late) else usable.get(base_on)
        row |= _change(f"change_{span}d", f"growth_{span}d_rate", figure, base, base_on, day, platform, metric)
    return row


def _is_no_day(base_on: date, day: date, late: set[date]) -> bool:
    """Whether two figures are a day apart by date, and by the clock some hours less or more."""
    return (day - base_on).days == 1 and bool(late & {day, base_on})


def _change(
    name: str,
    rate: str,
    figure: Interval | None,
    base: Interval | None,
    base_on: date | None,
    day: date,
    platform: str,
    metric: str,
) -> Row:
    is_there = figure and base and base_on and not breaks_between(platform, metric, base_on, day)
    change, low, high = figure.since(base) if is_there and figure and base else (None, None, None)
    row: Row = {name: change, f"{name}_low": low, f"{name}_high": high}
    if rate:
        figures = (figure.value, figure.low, figure.high) if is_there and figure else (None, None, None)
        bases = (base.value, base.high, base.low) if is_there and base else (None, None, None)
        rates = [share(part, whole) for part, whole in zip(figures, bases, strict=True)]
        row |= dict(zip((rate, f"{rate}_low", f"{rate}_high"), rates, strict=True))
    return row


def _compare_periods(period: Period, key: tuple[Any, ...], row: Row, table: Rows) -> None:
    """Completeness and the changes since the week or month before."""
    platform, account_id, metric, start = key
    row["is_complete"] = _is_complete(row)
    row |= ends("change") | ends("growth_rate") | ends("weekly_growth_rate")
    before = table.get((platform, account_id, metric, period.moved(start, -1)))
    if before is None or before["value"] is None or row["value"] is None:
        return
    figure, base = (Interval(each["value"], each["low"], each["high"]) for each in (row, before))
    if row["kind"] != "flow" and not _is_across_a_break(period, row, before):
        row |= weekly_growth("weekly_growth_rate", figure, base, (row["end_on"] - before["end_on"]).days)
    if _are_alike(period, row, before, 1):
        row["change"], row["change_low"], row["change_high"] = figure.since(base)
        row |= _growth(row, base.value, base.low, base.high)


def _are_alike(period: Period, row: Row, before: Row, periods: int) -> bool:
    """Whether a period and one so many before it have figures of the same meaning that stand for as much of them."""
    if before["value"] is None or row["value"] is None or _is_across_a_break(period, row, before):
        return False
    if row["kind"] == "flow":
        return _is_complete(row) and _is_complete(before)
    if period is WEEK:
        return bool((row["end_on"] - before["end_on"]).days == 7 * periods)
    return _is_near_the_end(period, row) and _is_near_the_end(period, before)


def _growth(changed: Row, value: int | None, low: int | None, high: int | None) -> Row:
    """A change and its ends as shares of what it is a change of: at least it is one of the most that this can be."""
    bases = {"": value, "_low": high, "_high": low}
    return {
        f"growth_rate{end}": change / base
        if (change := changed[f"change{end}"]) is not None and base and base > 0
        else None
        for end, base in bases.items()
    }


def _is_across_a_break(period: Period, row: Row, before: Row) -> bool:
    """What adds up its days is of one meaning only where all of them are."""
    since = before[period.column] if row["kind"] == "flow" else before["end_on"]
    return breaks_between(row["platform"], row["metric"], since, row["end_on"])


def _is_complete(row: Row) -> bool:
    return bool(row["_is_over"] and row.get("_is_whole", True) and row["days_observed"] >= row["days_expected"])


def _is_near_the_end(period: Period, row: Row) -> bool:
    """On the last day, of a weekly account in the last seven."""
    return bool((period.end(row[period.column]) - row["end_on"]).days < row["_cadence"])


def _judge_period(period: Period, key: tuple[Any, ...], row: Row, table: Rows) -> None:
    """The usual range, the reading, and the same week or month a year before."""
    platform, account_id, metric, start = key
    earlier = [
        table.get((platform, account_id, metric, period.moved(start, -number))) for number in range(1, USUAL_WITHIN + 1)
    ]
    row |= usual_range(period, row, earlier)
    year_ago = table.get((platform, account_id, metric, period.moved(start, -period.in_a_year)))
    row["last_year_value"] = year_ago["value"] if year_ago else None
    row["last_year_change"] = year_ago["change"] if year_ago else None
    row |= ends("change_since_last_year")
    if year_ago and _are_alike(period, row, year_ago, period.in_a_year):
        figure, base = (Interval(each["value"], each["low"], each["high"]) for each in (row, year_ago))
        row |= dict(zip(ends("change_since_last_year"), figure.since(base), strict=True))


def usual_range(period: Period, row: Row, earlier: Iterable[Row | None]) -> Row:
    """What the comparable periods before, the latest first, can have been at the least and the most, and what they
    make of this one.
    """
    low, high = ("low", "high") if row["kind"] == "flow" else ("change_low", "change_high")
    usual = [
        (one[low], one[high])
        for one in earlier
        if one and one["is_complete"] and not one["has_anomaly"]
        if one["value" if row["kind"] == "flow" else "change"] is not None
        if one["break_on"] == row["break_on"]
        if row["kind"] != "flow" or one["break_on"] is None or one["break_on"] <= one[period.column]
    ][:USUAL_PERIODS]
    lows, highs = zip(*usual, strict=True) if len(usual) >= USUAL_AT_LEAST else ((None,), (None,))
    found: Row = {
        "usual_low": None if None in lows else min(lows),
        "usual_high": None if None in highs else max(highs),
    }
    of_it = (row[low], row[high]) if row["kind"] != "flow" or row["is_complete"] else (None, None)
    return found | {f"usual_{period.name}s": len(usual), "reading": _reading(*of_it, *found.values())}


def _slope(key: tuple[Any, ...], row: Row, weeks: Rows) -> None:
    """Theil and Sen's slope of the logarithm over eight weeks."""
    platform, account_id, metric, start = key
    row["trend_weekly_rate"], row["trend_weeks"] = None, 0
    if row["kind"] == "flow" or not row["value"]:
        return
    points = [
        (week["end_on"], math.log(week["value"]))
        for number in range(TREND_WEEKS)
        if (week := weeks.get((platform, account_id, metric, WEEK.moved(start, -number))))
        and (week["value"] or 0) > 0
        and not breaks_between(platform, metric, week["end_on"], row["end_on"])
    ]
    slopes = [
        (later - earlier) / ((on - before).days / 7)
        for (before, earlier), (on, later) in combinations(sorted(points), 2)
    ]
    row["trend_weeks"] = len(points)
    if len(points) >= TREND_WEEKS_AT_LEAST:
        row["trend_weekly_rate"] = math.exp(median(slopes)) - 1


def _reading(low: int | None, high: int | None, usual_low: int | None, usual_high: int | None) -> str:
    """Where a figure surely lies; an end that is not known is open."""
    if low is not None and usual_high is not None and low > usual_high:
        return "higher than usual"
    if high is not None and usual_low is not None and high < usual_low:
        return "lower than usual"
    known = low is not None and high is not None and usual_low is not None and usual_high is not None
    return "usual" if known and usual_low <= low and high <= usual_high else "cannot tell"


_SUMMED = (
    "value", "low", "high", "change", "change_low", "change_high",
    "last_year_value", "last_year_change",
    "change_since_last_year", "change_since_last_year_low", "change_since_last_year_high",
)  # fmt: skip


def _organizations(period: Period, accounts: Rows) -> Rows:
    """Sums over the accounts that an organization has on a platform."""
    of: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in accounts.values():
        if row["organization_id"] is not None:
            of[row["organization_id"], row["platform"], row["metric"], row[period.column]].append(row)
    table = {key: _summed(period, key, rows) for key, rows in of.items()}
    for (*series, start), row in table.items():
        earlier = [table.get((*series, period.moved(start, -number))) for number in range(1, USUAL_WITHIN + 1)]
        row |= usual_range(period, row, earlier)
    return table


def _summed(period: Period, key: tuple[Any, ...], rows: list[Row]) -> Row:
    organization_id, platform, metric, start = key
    total: Row = {"organization_id": organization_id, "platform": platform, "metric": metric, **period.names(start)}
    for figure in _SUMMED:
        figures = [row[figure] for row in rows]
        total[figure] = None if None in figures else sum(figures)
    value, low, high = (
        less(total[now], total[change])
        for now, change in (("value", "change"), ("high", "change_high"), ("low", "change_low"))
    )  # of the period before; the least change is from the most it can have been
    return total | {
        "kind": rows[0]["kind"],
        "accounts": len(rows),
        **_growth(total, value, low, high),
        "reason": min((row["reason"] for row in rows if row["reason"]), default=None),
        "is_complete": all(row["is_complete"] for row in rows),
        "has_anomaly": any(row["has_anomaly"] for row in rows),
        "is_rounded": any(row["value"] is not None and row["low"] != row["high"] for row in rows),
        "break_on": max((row["break_on"] for row in rows if row["break_on"]), default=None),
    }
