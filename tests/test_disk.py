"""What a year takes on disk is told from what there is, and not before there is enough."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from home import Home
from socialmetrics import pipeline
from socialmetrics.disk import Disk, measure


def test_a_year_goes_on_at_the_pace_of_the_days_that_were_run() -> None:
    assert Disk(landed=14_000_000, built=56_000_000, days=70).a_year == 365_000_000
    assert str(Disk(14_000_000, 56_000_000, 70)) == (
        "disk: 14 MB landed in 70 days, 56 MB built from it; about 365 MB more a year"
    )
    assert str(Disk(9_000, 0, 6)) == (
        "disk: 9 kB landed in 6 days, 0 kB built from it; what a year takes is told after 7 days"
    )
    assert str(Disk(1_500_000_000, 0, 7)).endswith("about 78 GB more a year")


def test_every_file_counts_once(tmp_path: Path) -> None:
    (tmp_path / "landing" / "posts").mkdir(parents=True)
    (tmp_path / "landing" / "posts" / "a").write_bytes(b"12345")
    (tmp_path / "socialmetrics.duckdb").write_bytes(b"123")
    (tmp_path / "link").symlink_to(tmp_path / "socialmetrics.duckdb")
    assert measure(tmp_path, tmp_path / "landing", 3) == Disk(5, 3, 3)


@pytest.mark.parametrize("days", [1, 2])
def test_a_day_that_was_run_twice_is_one(home: Home, days: int) -> None:
    for number in range(days):
        home.pull(date(2026, 9, 14) + timedelta(days=number), "x")
    home.pull(date(2026, 9, 14), "x", "youtube", later_hours=1)
    found = pipeline.disk(home.settings)
    assert found.days == days
    assert found.landed == sum(path.stat().st_size for path in home.settings.landing.rglob("*") if path.is_file())
