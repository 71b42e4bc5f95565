"""When a build goes on and when it starts afresh; dbt itself is left out here."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from socialmetrics import clock, warehouse
from socialmetrics.errors import BuildFailed
from socialmetrics.records import COLUMNS
from socialmetrics.settings import Settings

from .conftest import Landing, at, settings_of, value

FIRST = date(2026, 9, 1)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    landing = Landing(settings_of(tmp_path).landing)
    landing.directory(FIRST, [{"platform": "x", "account_id": "1"}])
    landing.run(FIRST, "x", [value("1", "followers_count", 100)])
    return landing


@pytest.fixture
def settings(tmp_path: Path, landing: Landing) -> Settings:
    return settings_of(tmp_path)


@pytest.fixture(autouse=True)
def tested(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Puts two databases in the place of what dbt makes; holds from which load on each build was tested."""
    asked: list[int] = []

    def build(settings: Settings, tested_load: int, *arguments: str) -> tuple[str, ...]:
        asked.append(tested_load)
        folder = settings.warehouse / "build"
        duckdb.connect(str(folder / "marts.duckdb")).close()
        with duckdb.connect(str(folder / "work.duckdb")) as connection:
            connection.execute(f"create or replace table landed_files as select {len(asked)} as load_id")
        return ()

    monkeypatch.setattr(warehouse, "_build", build)
    return asked


def test_it_goes_on_while_files_are_only_added(settings: Settings, landing: Landing) -> None:
    assert warehouse.build(settings).because == "there is no earlier build"
    landing.run(FIRST + timedelta(days=1), "x", [value("1", "followers_count", 101)])
    built = warehouse.build(settings)
    assert (built.because, built.new_files) == (None, 3)
    assert str(warehouse.build(settings)).startswith("load 2; 0 new files")


def test_a_landing_file_that_changed_or_is_gone(settings: Settings, landing: Landing) -> None:
    warehouse.build(settings)
    path = next(landing.root.glob("observations/*/*.parquet"))
    path.write_bytes(path.read_bytes())
    assert str(warehouse.build(settings).because) == f"{path.relative_to(landing.root)} changed"
    path.unlink()
    assert str(warehouse.build(settings).because) == f"{path.relative_to(landing.root)} is gone"


def test_more_than_sixty_days(settings: Settings, landing: Landing) -> None:
    warehouse.build(settings)
    row = {"platform": "x", "account_id": "1", "metric": "followers", "value": 5}
    landing.readings(at(FIRST), [row | {"measured_on": FIRST - timedelta(days=number)} for number in range(60)])
    assert warehouse.build(settings).because is None
    landing.readings(at(FIRST, 23), [row | {"measured_on": FIRST - timedelta(days=number)} for number in range(61)])
    assert warehouse.build(settings).because == "61 days are touched"


def test_an_old_directory_touches_every_day_since(settings: Settings, landing: Landing) -> None:
    warehouse.build(settings)
    landing.directory(FIRST - timedelta(days=70), [{"platform": "x", "account_id": "2"}])
    landing.run(FIRST + timedelta(days=1), "x", [value("1", "followers_count", 101)])
    assert warehouse.build(settings).because == "72 days are touched"


def test_other_models_another_time_zone_or_fiscal_year(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.build(settings)
    chicago = settings.model_copy(update={"timezone": "America/Chicago"})
    assert warehouse.build(chicago).because == "the models, the registry, the time zone or the fiscal year changed"
    from_july = chicago.model_copy(update={"fiscal_year_start": 7})
    assert warehouse.build(from_july).because == "the models, the registry, the time zone or the fiscal year changed"
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "model.sql").write_text("select 1")
    monkeypatch.setattr(warehouse, "SQL", tmp_path / "sql")
    assert warehouse.build(from_july).because == "the models, the registry, the time zone or the fiscal year changed"
    assert warehouse.build(from_july, full_refresh=True).because == "it was asked for"


def test_daily_the_new_rows_are_tested_and_weekly_all(settings: Settings, landing: Landing, tested: list[int]) -> None:
    for number in (1, 2, 9, 10):
        on = FIRST + timedelta(days=number)
        landing.run(on, "x", [value("1", "followers_count", 100)])
        with clock.still(clock.scheduled_instant(on, settings.zone)):
            warehouse.build(settings)
    assert tested == [0, 1, 0, 3]


def test_after_a_failed_build_what_it_left_untested_is_tested(
    settings: Settings, landing: Landing, tested: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.build(settings)

    def fails(settings: Settings, tested_load: int) -> tuple[str, ...]:
        raise BuildFailed("a test failed")

    landing.run(FIRST + timedelta(days=1), "x", [value("1", "followers_count", 101)])
    with monkeypatch.context() as patched:
        patched.setattr(warehouse, "_build", fails)
        with pytest.raises(BuildFailed):
            warehouse.build(settings)
    with pytest.raises(BuildFailed, match="The last build failed"):
        warehouse.publish(settings)
    assert warehouse.build(settings).new_files == 0
    assert tested == [0, 1]


def ten_days_apart(landing: Landing, days: int) -> None:
    """Two observations on each of so many days."""
    for number in range(days):
        on = FIRST + timedelta(days=10 * number)
        one = {"platform": "x", "account_id": "1", "metric": "followers_count", "measured_on": on, "value": 1}
        rows = pa.Table.from_pylist([one | {"fetched_at": at(on), "run_id": "r"}] * 2, COLUMNS["observations"])
        path = landing.root / "observations" / "platform=x" / f"fetched_on={on}" / "r.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, path)


def test_accounts_asked_seldom_fill_a_slice_too(
    settings: Settings, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The models have rows of a peer on the days between its visits: here 3 x 4 x 10 of them between two files."""
    ten_days_apart(landing, 5)
    landing.directory(FIRST, [{"platform": "x", "account_id": str(number)} for number in range(4)])
    monkeypatch.setattr(warehouse, "SLICE_ROWS", 250)
    slices = warehouse._slices(landing.root, warehouse._listing(landing.root))
    assert slices == ["2026-09-21"]
    monkeypatch.setattr(warehouse, "ACCOUNT_DAY_ROWS", 0)
    assert not warehouse._slices(landing.root, warehouse._listing(landing.root))


@pytest.mark.parametrize(
    ("most_days", "because", "again"),
    [
        (3, "4 days are touched", ["2026-09-11", "2026-10-01", "2026-10-21", "2026-11-10"]),
        (60, None, ["2026-10-21", "2026-11-10"]),
    ],
)
def test_a_big_landing_is_built_slice_by_slice(
    settings: Settings,
    landing: Landing,
    monkeypatch: pytest.MonkeyPatch,
    most_days: int,
    because: str | None,
    again: list[str],
) -> None:
    """Each slice holds so many observations; after one that stopped the next build begins there or at the first."""
    ten_days_apart(landing, 10)
    monkeypatch.setattr(warehouse, "SLICE_ROWS", 5)
    monkeypatch.setattr(warehouse, "ACCOUNT_DAY_ROWS", 0)
    monkeypatch.setattr(warehouse, "MOST_DAYS_IN_PLACE", most_days)
    asked: list[str] = []

    def dbt(settings: Settings, *command: str, tested_load: int = 0, until: str = "") -> list[dict[str, str]]:
        asked.append(until)
        folder = settings.warehouse / "build"
        for name in ("work.duckdb", "marts.duckdb"):
            duckdb.connect(str(folder / name)).close()
        if len(asked) == 3:
            raise BuildFailed("the computer stopped")
        return []

    monkeypatch.setattr(warehouse, "_dbt", dbt)
    with clock.still(at(FIRST)):  # no month is closed
        with pytest.raises(BuildFailed):
            warehouse.build(settings)
        assert asked == ["2026-09-11", "2026-10-01", "2026-10-21"]
        assert warehouse.build(settings).because == because
    assert asked[3:] == again
