"""`peer_weeks` as it must be, worked out a second time in pandas: every place by comparing each with each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pandas as pd

from socialmetrics.records import Account, Organization

from .expected import REACH, Expected, Row, Rows
from .record import ACCOUNT_METRICS, Key, Record, last_of_days

STRATA = ("region", "bed_size", "ownership", "teaching", "setting")
ACTIVITY = ("posts_published", "engagements", "post_engagements")
LOOKED_FOR = ("posts_published", "post_engagements")
VOICES = ("posts_published", "engagements")
FLOOR, AT_LEAST = 100, 5
PEERS = ["platform", "account_group", "metric", "week_start_on", "stratum", "stratum_value"]
PLAIN = (
    "account_key", "platform", "account_id", "organization_id", "account_group", "metric", "week", "week_start_on",
    "stratum", "stratum_value", "value", "low", "high", "growth_rate", "is_below_floor",
)  # fmt: skip


def peer_weeks(expected: Expected) -> Rows:
    """By platform, account, metric, week and stratum."""
    figures = pd.DataFrame(list(_in_strata(expected))).astype(object)
    rows: Rows = {}
    for _, peers in figures.groupby(PEERS):
        for row in _compared(peers):
            rows[row["platform"], row["account_id"], row["metric"], row["week_start_on"], row["stratum"]] = row
    return rows


def _in_strata(expected: Expected) -> Iterator[Row]:
    for (platform, account_id, metric, start), week in expected.weeks.items():
        is_awaited = metric in LOOKED_FOR and _is_awaited(expected, (platform, account_id), start, week)
        if not is_awaited and not _is_comparable(expected, platform, account_id, metric, week):
            continue
        sunday = start + timedelta(days=6)
        account = _account(expected.record, (platform, account_id), sunday)
        followers = expected.weeks.get((platform, account_id, "followers", start))
        is_known = followers is not None and _is_comparable(expected, platform, account_id, "followers", followers)
        row = week | {
            "account_group": (account.account_group if account else None) or "main",
            "growth_rate": week["weekly_growth_rate"] if week["change"] is not None else None,
            "is_below_floor": bool(is_known and followers and followers["value"] < FLOOR),
            "is_awaited": is_awaited,
        }
        yield row | {"stratum": "all", "stratum_value": "all"}
        organization = _organization(expected.record, week["organization_id"], sunday)
        for stratum in STRATA:
            if value := getattr(organization, stratum, None):
                yield row | {"stratum": stratum, "stratum_value": value}


def _is_awaited(expected: Expected, key: Key, start: date, week: Row) -> bool:
    """Whether a look at the week's end, or in the fortnight after, may still make the figure a whole one."""
    sunday, published = start + timedelta(days=6), expected.weeks[*key, "posts_published", start]
    if week["value"] is None or published["value"] is None or published["days_observed"] < published["days_expected"]:
        return False
    until = sunday + REACH
    return expected.record.horizon <= until and not any(sunday <= on <= until for on in expected.looks[key])


def _is_comparable(expected: Expected, platform: str, account_id: str, metric: str, week: Row) -> bool:
    """Whether a week's figure is the platform's own and anyone may see it."""
    if week["value"] is None:
        return False
    if week["kind"] == "flow":
        return metric in ACTIVITY and bool(week["is_complete"])
    is_imported = expected.days[platform, account_id, metric, week["end_on"]]["is_imported"]
    return metric in ACCOUNT_METRICS[platform] and not is_imported


def _account(record: Record, key: Key, day: date) -> Account | None:
    """The account's line of the latest snapshot by `day` that has one, else of the first that has one."""
    lines = {
        snapshot.day: found
        for snapshot in last_of_days(record.snapshots)
        for found in snapshot.accounts
        if (found.platform, found.account_id) == key
    }
    return _by(lines, day)


def _organization(record: Record, organization_id: str | None, day: date) -> Organization | None:
    lines = {
        snapshot.day: found
        for snapshot in last_of_days(record.organizations)
        for found in snapshot.organizations
        if found.organization_id == organization_id
    }
    return _by(lines, day)


def _by(lines: dict[date, Any], day: date) -> Any:
    earlier = [on for on in lines if on <= day]
    return lines[max(earlier) if earlier else min(lines)] if lines else None


def _compared(everyone: pd.DataFrame) -> Iterator[Row]:
    metric = everyone["metric"].iloc[0]
    peers = everyone[everyone["is_awaited"] == False]  # noqa: E712
    is_pending = len(peers) < len(everyone)
    compared = peers[peers["is_below_floor"] == False]  # noqa: E712
    n, values = len(compared), compared["value"].astype(float)
    growing = compared[compared["growth_rate"].notna()]
    rates = growing["growth_rate"].astype(float)
    is_vague = bool((growing["low"] != growing["high"]).any())
    total = int(peers["value"].clip(lower=0).sum())
    for _, one in peers.iterrows():
        row: Row = {name: _plain(one[name]) for name in PLAIN}
        row |= {"n": n, "growth_n": len(growing), "is_suppressed": n < AT_LEAST, "is_pending": is_pending}
        row |= dict.fromkeys(("rank_from", "rank_to", "percentile", "median", "lower_quartile", "upper_quartile"))
        row |= dict.fromkeys(("growth_rank_from", "growth_rank_to", "growth_percentile", "growth_median"))
        row["share_of_voice_rate"] = None
        if n >= AT_LEAST and not is_pending and metric in VOICES and total > 0:
            row["share_of_voice_rate"] = max(row["value"], 0) / total
        if n >= AT_LEAST and not is_pending and not row["is_below_floor"]:
            larger, smaller = int((compared["low"] > row["high"]).sum()), int((compared["high"] < row["low"]).sum())
            row["rank_from"], row["rank_to"] = 1 + larger, n - smaller
            row["percentile"] = _percentile(n, larger, smaller)
            row["median"] = float(values.median())
            row["lower_quartile"], row["upper_quartile"] = float(values.quantile(0.25)), float(values.quantile(0.75))
        if len(growing) >= AT_LEAST and not row["is_below_floor"]:
            row["growth_median"] = float(rates.median())
            if row["growth_rate"] is not None and not is_vague:
                faster, slower = int((rates > row["growth_rate"]).sum()), int((rates < row["growth_rate"]).sum())
                row["growth_rank_from"], row["growth_rank_to"] = 1 + faster, len(growing) - slower
                row["growth_percentile"] = _percentile(len(growing), faster, slower)
        yield row


def _percentile(n: int, larger: int, smaller: int) -> float:
    """The share of the others that are smaller, the undecided counting half."""
    undecided = n - 1 - larger - smaller
    return 100 * (smaller + undecided / 2) / (n - 1)


def _plain(value: Any) -> Any:
    return None if value is None or value != value else value
