"""docs/operate.md, as it stands: backed up, brought back on a bare machine, and every mart is the same."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from home import Home
from socialmetrics import clock, pipeline
from socialmetrics.platforms import facebook
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World

PAGE = Path(__file__).parents[1] / "docs" / "operate.md"
PACK = "warehouse/exports/2026-W38"
FIRST = date(2026, 9, 14)


def block(name: str) -> str:
    found = re.search(rf"^```bash {name}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


def shell(folder: Path, name: str, backup: Path) -> str:
    """What a block of the page prints on a machine that has the program, and no setting of ours."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    environment = {"PATH": path, "BACKUP": str(backup), "SOCIALMETRICS_NOW": "2026-11-01T12:00:00Z", "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block(name)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.prove
def test_a_backup_comes_back_on_a_bare_machine(tmp_path: Path) -> None:
    """The first warehouse grew day by day and over a closed month; the second is built from the backup at once."""
    world = World(peers=3)
    with Sandbox(world) as sandbox:
        home = Home(tmp_path / "first", sandbox)
        home.write_directory(list(world.organizations), list(world.directory(datetime(2026, 9, 14, tzinfo=UTC))))
        for number in (0, 1, 7, 28):
            home.pull(FIRST + timedelta(days=number))
            if number in (7, 28):
                with clock.still(home.day(FIRST + timedelta(days=number)).scheduled_at):
                    pipeline.model(home.settings)
    pipeline.publish(home.settings)
    pipeline.export(home.settings, "2026-W38")
    shell(tmp_path / "first", "backup", tmp_path / "backup.tar.gz")
    (tmp_path / "second").mkdir()
    shell(tmp_path / "second", "restore", tmp_path / "backup.tar.gz")

    assert differing(*(tmp_path / name / "warehouse" / "socialmetrics.duckdb" for name in ("first", "second"))) == []
    said = [shell(tmp_path / name, "compare", tmp_path) for name in ("first", "second")]
    assert said[0] == said[1]
    assert len(set(re.findall(r"[0-9a-f]{64}", said[0]))) == said[0].count("\n") == 5
    packs = [
        {path.name: path.read_bytes() for path in (tmp_path / name / PACK).iterdir()} for name in ("first", "second")
    ]
    assert packs[0] == packs[1]


def differing(one: Path, other: Path) -> list[str]:
    """The marts that are not equal row for row; the number of a load counts the builds of one machine."""
    with duckdb.connect() as connection:
        for name, path in (("one", one), ("other", other)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        tables = "select table_name from duckdb_tables() where database_name = '{}' order by 1"
        names, others = (connection.execute(tables.format(name)).fetchall() for name in ("one", "other"))
        assert names == others
        assert len(names) > 20
        rows = "select columns(lambda name: name <> 'load_id') from {}.{}"
        found = []
        for (table,) in names:
            mine, theirs = (rows.format(name, table) for name in ("one", "other"))
            counted = f"select count(*) from (({mine} except all {theirs}) union all ({theirs} except all {mine}))"
            if connection.execute(counted).fetchall() != [(0,)]:
                found.append(table)
        return found


def test_the_calendar_names_every_end_that_access_names() -> None:
    access = (PAGE.parent / "access.md").read_text(encoding="utf-8")
    ends = set(re.findall(r"^\| Graph API (v[\d.]+) \| (\d{4}-\d\d-\d\d) \|$", access, re.MULTILINE))
    assert ends
    told = {
        (version, on)
        for on, version in re.findall(
            r"^\| (\d{4}-\d\d-\d\d) \| Graph API (v[\d.]+) \|", PAGE.read_text(), re.MULTILINE
        )
    }
    assert told == ends
    assert f"calls {facebook.VERSION}" in PAGE.read_text()
