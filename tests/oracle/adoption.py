"""`platform_adoption` as it must be, worked out a second time in pandas, organization by organization."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import pandas as pd

from .expected import Expected, Row, Rows
from .record import Record, last_of_days
from .things import GONE

Began = dict[tuple[str, str, date | None], date | None]

DIRECTORY = "the directory"


def platform_adoption(expected: Expected) -> Rows:
    """By platform, month, basis and metric."""
    rows = [*_by_the_directory(expected), *_imported(expected.record)]
    return {(row["platform"], row["month_start_on"], row["basis"], row["metric"]): row for row in rows}


def _by_the_directory(expected: Expected) -> Iterator[Row]:
    record = expected.record
    horizon = max(record.horizon, max(snapshot.day for snapshot in record.snapshots))
    for basis in ("directory", "observed"):
        began = _beginnings(expected, basis)
        told_from = _told_from(record, began, basis)
        ends = pd.date_range(min(told_from.values()).replace(day=1), horizon, freq="MS") + pd.offsets.MonthEnd(0)
        days = [min(end.date(), horizon) for end in ends]
        present: dict[tuple[str, date], int] = {}
        for day in days:
            gone = _gone(expected, day) if basis == "observed" else set()
            names = _present(record, began, gone, day)
            present |= {
                (platform, day): len(names.get(platform, ())) for platform, first in told_from.items() if first <= day
            }
        for platform, day in present:
            number = days.index(day)
            before = days[number - 12] if number >= 12 and (platform, days[number - 12]) in present else None
            listed = len(_in_force(record.organizations, day).organizations)
            yield _row(
                platform, basis, "organizations", day, "day", listed, present[platform, day],
                before, present[platform, before] if before else None, DIRECTORY, None,
            )  # fmt: skip


def _beginnings(expected: Expected, basis: str) -> Began:
    """By platform, handle and opening day: from when on the account exists, as far as the basis knows."""
    record = expected.record
    observed: dict[tuple[str, str], date] = {}
    for day in expected.days.values():
        if day["value"] is not None and not day["is_imported"]:
            key = (day["platform"], day["account_id"])
            observed[key] = min(day["measured_on"], observed.get(key, day["measured_on"]))
    named: dict[tuple[str, str], date] = {}
    for snapshot in last_of_days(record.snapshots):
        for account in snapshot.accounts:
            for name in filter(None, (account.handle, account.account_id)):
                key = (account.platform, name)
                named[key] = min(snapshot.day, named.get(key, snapshot.day))
    found: Began = {}
    for snapshot in last_of_days(record.snapshots):
        for account in snapshot.accounts:
            key = (account.platform, account.handle, account.opened_on)
            names = [named[account.platform, name] for name in (account.handle, account.account_id) if name]
            if basis == "directory":
                found[key] = account.opened_on or min(names)
            else:
                found[key] = observed.get((account.platform, account.account_id or ""))
    return found


def _gone(expected: Expected, day: date) -> set[tuple[str, str]]:
    """Who was said to be gone by `day`, and not seen since."""
    last: dict[tuple[str, str], tuple[date, bool]] = {}
    for row in expected.days.values():
        is_seen = row["value"] is not None and not row["is_imported"]
        if row["measured_on"] <= day and (is_seen or row["reason"] in GONE):
            key = (row["platform"], row["account_id"])
            last[key] = max(last.get(key, (date.min, False)), (row["measured_on"], is_seen))
    return {key for key, (_, is_seen) in last.items() if not is_seen}


def _told_from(record: Record, began: Began, basis: str) -> dict[str, date]:
    """By platform, from when on a number tells of organizations, not of how far a directory or the runs had come."""
    firsts: dict[str, date] = {}
    for (platform, _, _), since in began.items():
        if since is not None:
            firsts[platform] = min(since, firsts.get(platform, since))
    settled = {platform: first + timedelta(days=7) for platform, first in firsts.items()}
    if basis == "directory":
        written = _in_force(record.snapshots, date.min)
        settled = {account.platform: written.day for account in written.accounts if account.opened_on is None}
    told_from = {platform: max(first, settled.get(platform, first)) for platform, first in firsts.items()}
    return told_from | {"all": max([min(firsts.values()), *settled.values()])}


def _present(record: Record, began: Began, gone: set[tuple[str, str]], day: date) -> dict[str, set[str]]:
    present: dict[str, set[str]] = {}
    for account in _in_force(record.snapshots, day).accounts:
        since = began[account.platform, account.handle, account.opened_on]
        if (account.platform, account.account_id) in gone:
            continue
        if since is not None and since <= day and (account.closed_on is None or day < account.closed_on):
            for platform in (account.platform, "all"):
                present.setdefault(platform, set()).add(account.organization_id)
    return present


def _in_force(snapshots: Iterable[Any], day: date) -> Any:
    """The last snapshot by `day`, else the last one of the first day that has any."""
    everything = sorted(snapshots, key=lambda snapshot: (snapshot.day, snapshot.at))
    earlier = [snapshot for snapshot in everything if snapshot.day <= day]
    return (earlier or [s for s in everything if s.day == everything[0].day])[-1]


def _imported(record: Record) -> Iterator[Row]:
    if not record.totals:
        return
    told = pd.DataFrame([vars_of(total) for total in record.totals]).sort_values(["at"])
    told = told.drop_duplicates(["platform", "metric", "day"], keep="last").sort_values("day")
    population = told[told["metric"] == "population"]
    for (platform, metric), totals in told[told["metric"] != "population"].groupby(["platform", "metric"]):
        base: Any = None
        rows = []
        for _, total in totals.iterrows():
            is_precise = total["date_precision"] == "day" and total["precision"] in ("exact", "rounded")
            earlier = population[population["day"] <= total["day"]]
            among = (earlier.iloc[-1] if len(earlier) else population.iloc[0]) if len(population) else None
            listed = len(_in_force(record.organizations, total["day"]).organizations)
            rows.append(
                _row(
                    platform,
                    "imported",
                    metric,
                    total["day"],
                    total["date_precision"],
                    listed if among is None else int(among["value"]),
                    int(total["value"]),
                    base["day"] if is_precise and base is not None else None,
                    int(base["value"]) if is_precise and base is not None else None,
                    DIRECTORY if among is None else among["source"],
                    total["source"],
                    total["precision"],
                    "exact" if among is None else among["precision"],
                )
            )
            base = total if is_precise else base
        yield from {row["month"]: row for row in rows}.values()


def vars_of(total: Any) -> dict[str, Any]:
    return {name: getattr(total, name) for name in total.__dataclass_fields__}


def _row(
    platform: str, basis: str, metric: str, day: date, date_precision: str, organizations: int, present: int,
    before: date | None, earlier: int | None, organizations_source: str, source: str | None,
    precision: str = "exact", organizations_precision: str = "exact",
) -> Row:  # fmt: skip
    is_growing = bool(before and earlier and present > earlier)
    is_share = present <= organizations and (platform, metric) != ("all", "accounts")
    low, high = _between(present, precision)
    fewest, most = _between(organizations, organizations_precision)
    doubling = None
    if is_growing and before and earlier:
        doubling = (day - before).days / math.log2(present / earlier)
    return {
        "platform": platform,
        "basis": basis,
        "metric": metric,
        "month": f"{day:%Y-%m}",
        "month_start_on": day.replace(day=1),
        "measured_on": day,
        "date_precision": date_precision,
        "organizations": organizations,
        "organizations_low": fewest,
        "organizations_high": most,
        "present": present,
        "present_low": low,
        "present_high": high,
        "precision": precision,
        "share_rate": present / organizations if is_share else None,
        "share_rate_low": low / most if is_share and low is not None and most is not None else None,
        "share_rate_high": min(high / fewest, 1.0) if is_share and high is not None and fewest is not None else None,
        "doubling_days": doubling,
        "doubling_from_on": before if is_growing else None,
        "doubling_to_on": day if is_growing else None,
        "organizations_source": organizations_source,
        "source": source,
    }


def _between(value: int, precision: str) -> tuple[int | None, int | None]:
    """What a number stands for: a rounded one is within half a unit of its last digit that is not 0."""
    if precision == "rounded":
        half = 10 ** (len(str(value)) - len(str(value).rstrip("0"))) // 2
        return value - half, value + max(half - 1, 0)
    return None if precision == "nearly" else value, None if precision == "more_than" else value
