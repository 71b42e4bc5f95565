"""What a day may cost, in the platform's own quota day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from socialmetrics.budget import Budget, quota_day_began
from socialmetrics.records import Call, Subject


def call(units: int = 1, dollars: str = "0") -> Call:
    return Call("x", (Subject("1"),), frozenset(), units=units, dollars=Decimal(dollars))


def test_without_limits_everything_is_allowed() -> None:
    assert Budget().allows(call(10**9, "1000000"))


def test_the_upper_bound_counts_before_and_what_was_spent_after() -> None:
    budget = Budget(units=10, dollars=Decimal("1.00"), spent_units=4)
    assert budget.allows(call(6, "1.00"))
    assert not budget.allows(call(7))
    assert not budget.allows(call(1, "1.01"))
    budget.spend(1, Decimal("0.995"))
    assert budget.allows(call(1, "0.005"))
    assert not budget.allows(call(1, "0.006"))


def test_a_budget_of_zero_allows_nothing_that_costs() -> None:
    assert not Budget(units=0).allows(call(1))
    assert Budget(dollars=Decimal(0)).allows(call(1, "0"))


@pytest.mark.parametrize(
    ("instant", "began"),
    [
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), datetime(2026, 6, 30, 7, tzinfo=UTC)),
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), datetime(2026, 7, 1, 7, tzinfo=UTC)),
        (datetime(2026, 12, 1, 7, 59, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)),
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), datetime(2026, 12, 1, 8, tzinfo=UTC)),
        (datetime(2026, 11, 2, 7, 30, tzinfo=UTC), datetime(2026, 11, 1, 7, tzinfo=UTC)),  # a day of 25 hours
        (datetime(2026, 3, 9, 6, 30, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC)),  # a day of 23 hours
    ],
)
def test_youtube_s_quota_day_begins_at_midnight_pacific(instant: datetime, began: datetime) -> None:
    assert quota_day_began(instant, "America/Los_Angeles") == began


def test_x_s_quota_day_is_utc() -> None:
    for hours in (0, 12, 23.99):
        instant = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=hours)
        assert quota_day_began(instant, "UTC") == datetime(2026, 11, 22, tzinfo=UTC)
