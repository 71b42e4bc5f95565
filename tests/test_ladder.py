"""On which days a post is asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socialmetrics.ladder import due_within, is_due, most_within
from socialmetrics.settings import LADDER, LADDERS

X = LADDERS["x"]


def test_each_rung_is_asked_once() -> None:
    seen: int | None = None
    asked = []
    for age in range(120):
        if is_due(age, seen, X):
            asked.append(age)
            seen = age
    assert asked == list(X)


def test_a_missed_rung_is_made_up_the_next_day_and_the_next_rung_stays() -> None:
    assert is_due(4, 1, X)
    assert not is_due(4, 3, X)
    assert not is_due(5, 4, X)
    assert is_due(7, 4, X)


def test_a_post_never_seen_is_due_at_any_age() -> None:
    assert is_due(50, None, X)
    assert is_due(0, None, X)


def test_no_rung_is_due_before_its_age() -> None:
    assert not is_due(0, None, (1, 3))
    assert not is_due(-1, None, LADDER)
    assert not is_due(5, None, ())


@given(st.integers(0, 200), st.integers(0, 200), st.lists(st.integers(0, 100), max_size=8))
def test_twice_in_a_day_is_never_due(age: int, earlier: int, rungs: list[int]) -> None:
    assert not is_due(age, age, rungs)
    if earlier >= age:
        assert not is_due(age, earlier, rungs)


@given(st.sets(st.integers(0, 60), min_size=1), st.sets(st.integers(0, 60)))
def test_every_rung_is_covered_once_however_many_days_are_missed(rungs: set[int], missed: set[int]) -> None:
    seen: int | None = None
    asked = []
    for age in range(70):
        if age not in missed and is_due(age, seen, tuple(rungs)):
            asked.append(age)
            seen = age
    assert len(asked) <= len(rungs)
    first = max(age for age in [*asked, -1])
    assert not any(rung > first and any(day not in missed for day in range(rung, 70)) for rung in rungs)


@given(
    st.integers(0, 40),
    st.integers(-2, 70),
    st.none() | st.integers(0, 70),
    st.sets(st.integers(0, 60), max_size=8).map(lambda rungs: tuple(sorted(rungs))),
)
def test_what_will_be_due_is_what_is_due_day_by_day(
    days: int, age: int, seen: int | None, rungs: tuple[int, ...]
) -> None:
    seen = None if seen is None else min(seen, age)
    expected, last = [], seen
    for later in range(age, age + days):
        if is_due(later, last, rungs):
            expected.append(later)
            last = later
    assert due_within(days, age, seen, rungs) == expected
    if seen == age >= 0:
        assert len(expected) <= most_within(days, rungs)
