"""What a day may cost: calls are counted against the quota and the money of the platform's own quota day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from socialmetrics.records import Call


@dataclass(slots=True)
class Budget:
    """`units` and `dollars` are limits for the quota day, None for no limit; what was spent counts against them."""

    units: int | None = None
    dollars: Decimal | None = None
    spent_units: int = 0
    spent_dollars: Decimal = Decimal(0)

    def allows(self, call: Call) -> bool:
        """Whether even the upper bound of a call stays within the limits."""
        return (self.units is None or self.spent_units + call.units <= self.units) and (
            self.dollars is None or self.spent_dollars + call.dollars <= self.dollars
        )

    def spend(self, units: int, dollars: Decimal) -> None:
        self.spent_units += units
        self.spent_dollars += dollars


def quota_day_began(instant: datetime, zone: str) -> datetime:
    """The instant (UTC) at which the quota day of `instant` began: midnight in the platform's own zone."""
    local = instant.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(0), ZoneInfo(zone)).astimezone(UTC)


def quota_day_ends(instant: datetime, zone: str) -> datetime:
    """The instant (UTC) of the next midnight in the platform's own zone, from which its quota is given anew."""
    local = instant.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() + timedelta(days=1), time(0), ZoneInfo(zone)).astimezone(UTC)
