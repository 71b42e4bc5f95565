"""What may be spent: calls are counted against the quota and the money of the platform's own quota day and month."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from socialmetrics.records import Call


@dataclass(slots=True)
class Budget:
    """What is left of the limits, None where there is none; what is spent goes off it."""

    units: int | None = None
    dollars: Decimal | None = None

    @property
    def is_limited(self) -> bool:
        return self.units is not None or self.dollars is not None

    def allows(self, call: Call) -> bool:
        """Whether even the upper bound of a call is left."""
        return (self.units is None or call.units <= self.units) and (
            self.dollars is None or call.dollars <= self.dollars
        )

    def covers(self, calls: Iterable[Call]) -> bool:
        """Whether the upper bounds of all are left."""
        told = list(calls)
        units, dollars = sum(call.units for call in told), sum((call.dollars for call in told), Decimal(0))
        return self.allows(Call("all", (), frozenset(), units=units, dollars=dollars))

    def fitted(self, call: Call) -> Call | None:
        """As much of a call as is left for: with fewer pages, or its first subjects."""
        if self.allows(call):
            return call
        sizes = range(1, call.pages if call.pages > 1 else len(call.subjects))
        size = bisect(sizes, 0, key=lambda size: not self.allows(call.cut(size)))
        return call.cut(size) if size else None

    def spend(self, units: int, dollars: Decimal) -> None:
        if self.units is not None:
            self.units -= units
        if self.dollars is not None:
            self.dollars -= dollars


def quota_day_began(instant: datetime, zone: str) -> datetime:
    """The instant (UTC) at which the quota day of `instant` began: midnight in the platform's own zone."""
    local = instant.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(0), ZoneInfo(zone)).astimezone(UTC)


def quota_month_began(instant: datetime, zone: str) -> datetime:
    """The instant (UTC) at which the month of `instant` began in the platform's own zone."""
    first = instant.astimezone(ZoneInfo(zone)).date().replace(day=1)
    return datetime.combine(first, time(0), ZoneInfo(zone)).astimezone(UTC)


def quota_day_ends(instant: datetime, zone: str) -> datetime:
    """The instant (UTC) of the next midnight in the platform's own zone, from which its quota is given anew."""
    local = instant.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() + timedelta(days=1), time(0), ZoneInfo(zone)).astimezone(UTC)
