"""On which days after publication a post is asked for."""

from __future__ import annotations

from collections.abc import Sequence


def is_due(age: int, seen_at_age: int | None, rungs: Sequence[int]) -> bool:
    """Whether a post `age` days old is to be asked for, last seen at `seen_at_age`.

    It is due on each rung, and where that day was missed on the next one; never twice for one rung.
    """
    reached = [rung for rung in rungs if rung <= age]
    return bool(reached) and (seen_at_age is None or seen_at_age < max(reached))
