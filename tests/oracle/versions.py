"""The observations as they must be: each telling of a figure in order, and a version wherever it is told otherwise."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .expected import Row, Rows, account_key, naive, which_counts
from .record import ACCOUNT_METRICS, POST_METRICS, Record, Said, native_name

GRAIN = ("platform", "account_id", "post_id", "metric", "measured_on", "version")


def observations(record: Record) -> Rows:
    """Every version of every figure and reason."""
    told: dict[tuple[Any, ...], list[Said]] = defaultdict(list)
    for said in record.said:
        for metric in (said.metric,) if said.metric else _metrics(said):
            told[said.platform, said.account_id, said.post_id, metric, said.day].append(said)
    rows: Rows = {}
    for key, tellings in told.items():
        for number, version in enumerate(_versions(tellings), start=1):
            rows[*key, number] = _row(key, number, version, which_counts(tellings))
    return rows


def _metrics(said: Said) -> dict[str, str]:
    return dict((POST_METRICS if said.post_id else ACCOUNT_METRICS)[said.platform])


def _versions(tellings: list[Said]) -> list[list[Said]]:
    """In the order in which they were told, those that say the same one after the other are one version."""
    versions: list[list[Said]] = []
    for said in sorted(tellings, key=_place):
        if versions and _told(versions[-1][-1]) == _told(said):
            versions[-1].append(said)
        else:
            versions.append([said])
    return versions


def _place(said: Said) -> tuple[Any, ...]:
    return said.at, said.run_id, said.source is None, said.source or "", said.value is None, said.value or 0


def _told(said: Said) -> tuple[Any, ...]:
    return said.value, said.reason, said.source, said.precision


def _row(key: tuple[Any, ...], number: int, version: list[Said], counting: Said) -> Row:
    platform, account_id, post_id, metric, day = key
    first, last = version[0], version[-1]
    return {
        "account_key": account_key(platform, account_id),
        "platform": platform,
        "account_id": account_id,
        "post_id": post_id,
        "metric": metric,
        "native_metric": None if first.is_imported else native_name(platform, post_id, metric),
        "measured_on": day,
        "version": number,
        "value": first.value,
        "reason": first.reason,
        "first_seen_at": naive(first.at),
        "last_seen_at": naive(last.at),
        "is_current": any(one is counting for one in version),
        "run_id": first.run_id,
        "source": first.source,
        "precision": first.precision,
        "date_precision": first.date_precision if first.is_imported else None,
    }
