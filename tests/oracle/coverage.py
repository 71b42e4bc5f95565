"""The coverage of each platform and day as it must be: counted from what was said, paid at the wire's other end."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from .expected import Expected, Row, Rows
from .record import Record, Visit, each_day

GRAIN = ("platform", "measured_on")
REASONS = (
    "hidden", "not_found", "suspended", "forbidden", "denied", "retired",
    "pending", "unavailable", "unreadable", "purged", "not_collected",
)  # fmt: skip
TAKEN_AWAY = {"hidden", "not_found", "suspended", "forbidden", "retired"}
STATUS = {"well": "complete", "nothing": "failed"}
USER_DOLLARS, POST_DOLLARS = Decimal("0.010"), Decimal("0.005")


def coverage_days(expected: Expected) -> Rows:
    record, rows = expected.record, Rows()
    told: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for day_row in expected.days.values():
        if not day_row["is_imported"]:
            told[day_row["platform"], day_row["measured_on"]].append(day_row)
    for platform in dict.fromkeys(visit.platform for visit in record.visits):
        complete_through = None
        first = min(visit.day for visit in record.visits if visit.platform == platform)
        for day in each_day(first, record.horizon):
            if not record.is_set_up(platform, day):
                continue
            row = _counted(platform, day, told[platform, day]) | _paid(record, platform, day)
            complete_through = day if row["is_complete"] else complete_through
            rows[platform, day] = row | {"complete_through_on": complete_through}
    return rows


def _counted(platform: str, day: date, of_the_day: list[Row]) -> Row:
    reasons = [row["reason"] for row in of_the_day if row["reason"]]
    return {
        "platform": platform,
        "measured_on": day,
        "expected": len(of_the_day),
        "observed": len(of_the_day) - len(reasons),
        "missing": len(reasons),
        **{f"missing_{reason}": reasons.count(reason) for reason in REASONS},
        "accounts_expected": len({row["account_id"] for row in of_the_day}),
        "accounts_observed": len({row["account_id"] for row in of_the_day if row["value"] is not None}),
        "is_complete": set(reasons) <= TAKEN_AWAY,
    }


def _paid(record: Record, platform: str, day: date) -> Row:
    """`message` is told as far as the world knows it: that something was wrong."""
    visits = [visit for visit in record.visits if (visit.platform, visit.day) == (platform, day)]
    status = STATUS[max(visits, key=lambda visit: visit.instant).answers] if visits else None
    asked = [visit for visit in record.wire if (visit.platform, visit.day) == (platform, day)]
    return {
        "calls": sum(record.wire[visit].calls for visit in asked),
        "units": sum(record.wire[visit].units for visit in asked),
        "dollars": sum((dollars(record, visit) for visit in asked), Decimal(0)),
        "status": status,
        "message": "Run again later." if status == "failed" else None,
    }


def dollars(record: Record, visit: Visit) -> Decimal:
    """X is paid by what it returns: each user and each post that it shows."""
    if visit.platform != "x":
        return Decimal(0)
    shown = {
        (said.account_id, said.post_id)
        for said in record.said
        if said.platform == "x" and said.at == visit.instant and said.metric is not None and not said.is_imported
    }
    users = sum(post_id is None for _, post_id in shown)
    return USER_DOLLARS * users + POST_DOLLARS * (len(shown) - users)
