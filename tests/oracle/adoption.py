"""`platform_adoption` as it must be, worked out a second time in pandas, organization by organization."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import pandas as pd

from .expected import Expected, Row, Rows
from .record import Record

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
        firsts = [day for day in began.values() if day is not None]
        ends = pd.date_range(min(firsts).replace(day=1), horizon, freq="MS") + pd.offsets.MonthEnd(0)
        present: dict[tuple[str, date], int] = {}
        for end in ends:
            day = min(end.date(), horizon)
            for platform, names in _present(record, began, day).items():
                present[platform, day] = len(names)
        days = [min(end.date(), horizon) for end in ends]
        for platform in sorted({platform for platform, _ in present}):
            for number, day in enumerate(days):
                before = days[number - 12] if number >= 12 else None
                listed = len(_in_force(record.organizations, day).organizations)
                yield _row(
                    platform, basis, "organizations", day, "day", listed, present.get((platform, day), 0),
                    before, present.get((platform, before), 0) if before else None, DIRECTORY, None,
                )  # fmt: skip


def _beginnings(expected: Expected, basis: str) -> dict[tuple[str, str, date | None], date | None]:
    """By platform, handle and opening day: from when on the account exists, as far as the basis knows."""
    record = expected.record
    observed: dict[tuple[str, str], date] = {}
    for day in expected.days.values():
        if day["value"] is not None and not day["is_imported"]:
            key = (day["platform"], day["account_id"])
            observed[key] = min(day["measured_on"], observed.get(key, day["measured_on"]))
    named: dict[tuple[str, str], date] = {}
    for snapshot in record.snapshots:
        for account in snapshot.accounts:
            for name in filter(None, (account.handle, account.account_id)):
                key = (account.platform, name)
                named[key] = min(snapshot.day, named.get(key, snapshot.day))
    found: dict[tuple[str, str, date | None], date | None] = {}
    for snapshot in record.snapshots:
        for account in snapshot.accounts:
            key = (account.platform, account.handle, account.opened_on)
            names = [named[account.platform, name] for name in (account.handle, account.account_id) if name]
            if basis == "directory":
                found[key] = account.opened_on or min(names)
            else:
                found[key] = observed.get((account.platform, account.account_id or ""))
    return found


def _present(record: Record, began: dict[tuple[str, str, date | None], date | None], day: date) -> dict[str, set[str]]:
    present: dict[str, set[str]] = {}
    for account in _in_force(record.snapshots, day).accounts:
        since = began[account.platform, account.handle, account.opened_on]
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
                )
            )
            base = total if is_precise else base
        yield from {row["month"]: row for row in rows}.values()


def vars_of(total: Any) -> dict[str, Any]:
    return {name: getattr(total, name) for name in total.__dataclass_fields__}


def _row(
    platform: str, basis: str, metric: str, day: date, date_precision: str, organizations: int, present: int,
    before: date | None, earlier: int | None, organizations_source: str, source: str | None,
) -> Row:  # fmt: skip
    is_growing = bool(before and earlier and present > earlier)
    is_share = present <= organizations and (platform, metric) != ("all", "accounts")
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
        "present": present,
        "share_rate": present / organizations if is_share else None,
        "doubling_days": doubling,
        "doubling_from_on": before if is_growing else None,
        "doubling_to_on": day if is_growing else None,
        "organizations_source": organizations_source,
        "source": source,
    }
