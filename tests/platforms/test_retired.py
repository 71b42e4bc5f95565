"""The metric that fails a call is found by halves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialmetrics.platforms.retired import refused


def search(names: Sequence[str], bad: set[str]) -> tuple[set[str], int]:
    questions, answer, asked = refused(names), None, 0
    while True:
        try:
            names = questions.send(answer)  # type: ignore[arg-type]
        except StopIteration as end:
            return end.value, asked
        asked += 1
        answer = not bad & set(names)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 100, 1000])
def test_one_among_many_costs_a_logarithm(size: int) -> None:
    names = [f"metric_{n}" for n in range(size)]
    for bad in {names[0], names[size // 2], names[-1]}:
        found, asked = search(names, {bad})
        assert found == {bad}
        assert asked <= 2 * math.ceil(math.log2(size)) if size > 1 else asked == 0


@given(st.sets(st.integers(0, 40), min_size=1))
def test_all_of_them_are_found(bad: set[int]) -> None:
    names = [f"metric_{n}" for n in range(41)]
    assert search(names, {f"metric_{n}" for n in bad})[0] == {f"metric_{n}" for n in bad}
