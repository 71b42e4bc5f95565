"""Today's warehouse as of last Monday is last Monday's file, whatever has landed and been put together since."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from home import Home
from socialmetrics import clock, pipeline, warehouse
from socialmetrics.errors import BuildFailed, Misconfigured
from socialmetrics.records import Initiative
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World
from socialmetrics.settings import Settings

FIRST, SUNDAY = date(2026, 8, 27), date(2026, 9, 6)
MONDAY_MORNING = datetime(2026, 9, 7, 6, tzinfo=UTC)
TUESDAY_NIGHT = datetime(2026, 9, 8, 23, tzinfo=UTC)  # August is closed by now
HEADER = "platform,account,metric,measured_on,date_precision,value,precision,source\n"

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def last_monday(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, world: World) -> tuple[Settings, Path]:
    """A warehouse that has gone on since Monday, and Monday's file beside it."""
    sandbox.script([])
    home = Home(tmp_path_factory.mktemp("home"), sandbox)
    organizations = list(world.organizations[:2])
    accounts = [
        a for a in world.directory(MONDAY_MORNING) if a.organization_id in {o.organization_id for o in organizations}
    ]
    settings, channel = home.settings, next(a for a in accounts if a.platform == "youtube")

    def bring(name: str, instant: datetime, *lines: str) -> None:
        path = settings.home / name
        path.write_text(HEADER + "\n".join(f"youtube,{channel.account_id},{line}" for line in lines), encoding="utf-8")
        with clock.still(instant):
            pipeline.import_readings(settings, path)

    def note(text: str) -> None:
        (settings.directory / "notes.csv").write_text(
            f"date,platform,post_id,text,hide_post\n2026-09-01,,,{text},\n", encoding="utf-8"
        )

    campaign = Initiative("campaign", "A campaign", channel.organization_id, "youtube", "followers", date(2026, 9, 1))
    home.write_directory(organizations, accounts, [campaign])
    note("The museum opened")
    for number in range((SUNDAY - FIRST).days):
        home.pull(FIRST + timedelta(days=number))
    bring("before.csv", MONDAY_MORNING - timedelta(hours=30), "followers,2026-08-01,day,87000,rounded,a page")
    home.pull(SUNDAY, "youtube", "x")
    with clock.still(MONDAY_MORNING):
        pipeline.model(settings)
        kept = shutil.copyfile(pipeline.publish(settings), settings.home / "monday.duckdb")

    # Sunday is told again and told late, the past is imported, the directory is edited, two days pass
    home.pull(SUNDAY, "x", later_hours=9)
    home.pull(SUNDAY, "facebook", later_hours=10)
    bring(
        "after.csv",
        MONDAY_MORNING + timedelta(hours=12),
        "followers,2026-08-01,day,87123,exact,another page",
        "views,2026-08-20,day,14000000,more_than,another page",
    )
    changed = [replace(a, label="Renamed", closed_on=SUNDAY if a.platform == "facebook" else None) for a in accounts]
    south = [replace(organizations[0], region="south"), *organizations[1:]]
    home.write_directory(south, changed[:-1], [replace(campaign, name="The campaign", started_on=date(2026, 8, 30))])
    note("The museum opened late")
    for number in (1, 2):
        home.pull(SUNDAY + timedelta(days=number))
    with clock.still(TUESDAY_NIGHT):
        pipeline.model(settings)
        pipeline.publish(settings)
    return settings, kept


def rows_of(file: Path) -> Rows:
    """Every row of every mart, in order, without the load that wrote it: a build of its own has one load."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
        query = "select columns(lambda name: name <> 'load_id') from {} order by all"
        return {table: connection.execute(query.format(table)).fetchall() for table in tables}


def test_as_of_last_monday_it_is_last_monday_s_file(last_monday: tuple[Settings, Path]) -> None:
    settings, kept = last_monday
    august = list(settings.landing.glob("observations/platform=x/*/2026-08.parquet"))
    before = {path: path.read_bytes() for path in (settings.published, settings.warehouse / "build" / "marts.duckdb")}
    killed = settings.warehouse / "as_of" / "20260901T060000Z" / "work.duckdb"
    killed.parent.mkdir(parents=True)
    killed.touch()
    with clock.still(TUESDAY_NIGHT):
        built = pipeline.model_as_of(settings, MONDAY_MORNING)

    assert built == settings.warehouse / "as_of" / "20260907T060000Z.duckdb"
    assert built.stat().st_mode & 0o777 == 0o444
    assert [path.name for path in built.parent.iterdir()] == [built.name]
    assert {path: path.read_bytes() for path in before} == before
    monday, today, again = rows_of(kept), rows_of(settings.published), rows_of(built)
    assert august
    assert {table for table in monday if monday[table] != today[table]} >= {
        "account_days", "account_metric_days", "account_weeks", "accounts", "coverage_days", "initiative_effects",
        "initiatives", "notes", "observations", "organizations", "post_days", "posts", "weekly_scorecard",
    }  # fmt: skip
    assert all(monday.values())
    assert again.keys() == monday.keys()
    for table, rows in monday.items():
        missing, spare = set(rows) - set(again[table]), set(again[table]) - set(rows)
        assert again[table] == rows, (
            f"{table}: missing {sorted(missing, key=str)[:3]}, to spare {sorted(spare, key=str)[:3]}"
        )


def test_the_observations_of_today_s_file_as_of_last_monday_are_the_same(last_monday: tuple[Settings, Path]) -> None:
    settings, kept = last_monday
    told = (
        "select platform, account_id, post_id, metric, measured_on, value, reason from {} where is_current order by all"
    )
    then = "observations_as_of(timestamp '2026-09-07 06:00:00')"
    with duckdb.connect(str(settings.published), read_only=True) as today:
        as_of, current = (today.execute(told.format(table)).fetchall() for table in (then, "observations"))
        seen = today.execute(f"select max(last_seen_at) from {then}").fetchone()
    with duckdb.connect(str(kept), read_only=True) as monday:
        assert as_of == monday.execute(told.format("observations")).fetchall() != current
    assert seen == (MONDAY_MORNING.replace(tzinfo=None),)


def test_an_instant_that_has_no_warehouse(last_monday: tuple[Settings, Path], tmp_path: Path) -> None:
    settings, _ = last_monday
    with clock.still(TUESDAY_NIGHT):
        with pytest.raises(Misconfigured, match="2026-09-08 23:01 UTC is still to come"):
            pipeline.model_as_of(settings, TUESDAY_NIGHT + timedelta(minutes=1))
        with pytest.raises(Misconfigured, match="Nothing had landed by 2026-08-27 21:59 UTC"):
            pipeline.model_as_of(settings, datetime(2026, 8, 27, 21, 59, tzinfo=UTC))
        with pytest.raises(Misconfigured, match="Nothing had landed by"):
            pipeline.model_as_of(Settings(home=tmp_path), MONDAY_MORNING)


def test_a_failed_build_leaves_no_file(last_monday: tuple[Settings, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    settings, _ = last_monday

    def fails(*_: object, **__: object) -> None:
        raise BuildFailed("a test failed")

    monkeypatch.setattr(warehouse, "_build", fails)
    with clock.still(TUESDAY_NIGHT), pytest.raises(BuildFailed):
        pipeline.model_as_of(settings, MONDAY_MORNING + timedelta(hours=1))
    assert not list(settings.warehouse.glob("as_of/20260907T070000Z.duckdb"))
