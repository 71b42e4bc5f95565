"""What a day may cost, in the platform's own quota day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from socialmetrics.budget import Budget, quota_day_began, quota_month_began
from socialmetrics.records import Call, Subject


def call(units: int = 1, dollars: str = "0") -> Call:
    return Call("x", (Subject("1"),), frozenset(), units=units, dollars=Decimal(dollars))


def test_without_limits_everything_is_allowed() -> None:
    assert Budget().allows(call(10**9, "1000000"))


def test_the_upper_bound_counts_before_and_what_was_spent_after() -> None:
    budget = Budget(units=6, dollars=Decimal("1.00"))
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


def test_a_month_is_that_of_the_platform_s_zone() -> None:
    instant = datetime(2026, 12, 1, 7, 59, tzinfo=UTC)
    assert quota_month_began(instant, "UTC") == datetime(2026, 12, 1, tzinfo=UTC)
    assert quota_month_began(instant, "America/Los_Angeles") == datetime(2026, 11, 1, 7, tzinfo=UTC)


def test_as_much_of_a_call_is_made_as_is_left_for() -> None:
    users = Call("users", tuple(Subject(str(n)) for n in range(100)), frozenset(), dollars=Decimal("1.000"))
    pages = Call("timeline", (Subject("1"),), frozenset(), requests=5, units=5, dollars=Decimal("2.500"), pages=5)
    ids = tuple(str(n) for n in range(50))
    batch = Call("batch", users.subjects[:50], frozenset(), (("items", ids),), units=158, units_each=3)
    budget = Budget(units=100, dollars=Decimal("0.519"))
    fitted = [budget.fitted(call) for call in (users, pages, batch)]
    assert [(len(call.subjects), call.pages, call.units, call.dollars) for call in fitted if call] == [
        (51, 1, 1, Decimal("0.510")),
        (1, 1, 1, Decimal("0.500")),
        (30, 1, 98, 0),
    ]
    assert dict(fitted[2].params if fitted[2] else ())["items"] == ids[:30]
    assert Budget(dollars=Decimal("0.009")).fitted(users) is None
    assert Budget(dollars=Decimal("0.499")).fitted(pages) is None
    assert Budget(units=0).fitted(users) is None
    assert Budget().fitted(users) is users
