"""Finding the metric that makes a whole call fail, where the platform does not say which one it is."""

from __future__ import annotations

from collections.abc import Generator, Sequence


def refused(names: Sequence[str]) -> Generator[Sequence[str], bool, set[str]]:
    """Which of `names` cannot be asked for, once a call for all of them has failed.

    Yields the names to ask for next and is sent whether they were answered: the list is split in halves, so that one
    name among n costs 2 log2(n) questions at most.
    """
    if len(names) < 2:
        return set(names)
    first, second = names[: len(names) // 2], names[len(names) // 2 :]
    found: set[str] = set() if (yield first) else (yield from refused(first))
    if found and (yield second):
        return found
    return found | (yield from refused(second))
