"""On which days after publication a post is asked for."""

from __future__ import annotations

from collections.abc import Sequence


def is_due(age: int, seen_at_age: int | None, rungs: Sequence[int]) -> bool:
    """Whether a post `age` days old is to be asked for, last seen at `seen_at_age`.

    It is due on each rung, and where that day was missed on the next one; never twice for one rung.
    """
    reached = [rung for rung in rungs if rung <= age]
    return bool(reached) and (seen_at_age is None or seen_at_age < max(reached))


def due_within(days: int, age: int, seen_at_age: int | None, rungs: Sequence[int]) -> list[int]:
    """The ages at which a post that is `age` days old will be due in the `days` from then on, when none is missed."""
    now = [age] if days > 0 and is_due(age, seen_at_age, rungs) else []
    return now + [rung for rung in rungs if age < rung < age + days]


def most_within(days: int, rungs: Sequence[int]) -> int:
    """The most times that a post which is found today will be due on the later of `days`, whatever its age."""
    return max((sum(age < rung < age + days for rung in rungs) for age in range(max(rungs, default=-1) + 1)), default=0)
