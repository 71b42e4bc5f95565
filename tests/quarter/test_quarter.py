"""Two weeks in bad weather: all that could be had is there, and every hole says why. `make quarter`: 91 days."""

from __future__ import annotations

from pathlib import Path

import pytest

from .check import compared


@pytest.mark.prove
def test_what_could_be_had_was_had(tmp_path: Path) -> None:
    figures = compared(tmp_path, days=14, seed=22)
    assert figures["differences"] == []
    assert figures["faulty"] >= 0.3
    assert figures["silent_days"] > 0
    assert figures["late_days"] > 0
