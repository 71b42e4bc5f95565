"""SIGKILL at seeded instants of each command, and a disk that ends: run again, and nothing tells that it happened."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from home import Home
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World

pytestmark = pytest.mark.prove

BEFORE = (date(2026, 8, 30), date(2026, 8, 31), *(date(2026, 9, 14) + timedelta(days=n) for n in range(6)))
NOW = datetime(2026, 9, 20, 22, 30, tzinfo=UTC)  # a Sunday; August is put together
KILLS = {"extract": 4, "model": 4, "publish": 2, "export": 2}  # of each command a round
LIMITS = {"extract": 2_000, "model": 2_500_000, "publish": 500_000, "export": 20_000}  # bytes of a file
COMMAND = """
import os, resource, signal, sys
from socialmetrics import cli, pipeline
if limit := int(os.environ["LIMIT"]):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print("ready", flush=True)
cli.main()
"""


@dataclass(frozen=True)
class Left:
    """What a day leaves: landing and pack byte for byte, the published rows without the load that wrote them."""

    files: dict[str, bytes]
    rows: dict[str, list[tuple[Any, ...]]]


@dataclass
class Sunday:
    """The end of a day, with a home as it was before: `landed` and not yet modelled, or `modelled` the day before."""

    folder: Path
    environment: dict[str, str]

    @property
    def warehouse(self) -> Path:
        return self.folder / "home" / "warehouse"

    def keep(self, name: str) -> None:
        shutil.copytree(self.folder / "home", self.folder / name)

    def begin(self, name: str) -> None:
        shutil.rmtree(self.folder / "home")
        shutil.copytree(self.folder / name, self.folder / "home")

    def start(self, command: str, limit: int = 0) -> subprocess.Popen[str]:
        """A command, from the moment at which its imports are done."""
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", COMMAND, command],
            env=self.environment | {"LIMIT": str(limit)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    def run(self, command: str) -> float:
        """How long a command works that is left alone."""
        with self.start(command) as process:
            began = time.monotonic()
            _, told = process.communicate()
            assert process.returncode == 0, told
            return time.monotonic() - began

    def kill(self, command: str, after: float) -> None:
        with self.start(command) as process:
            time.sleep(after)
            process.kill()

    def left(self) -> Left:
        kept = (path for folder in ("landing", "exports") for path in sorted((self.warehouse / folder).rglob("*")))
        with duckdb.connect(str(self.warehouse / "socialmetrics.duckdb"), read_only=True) as reader:
            tables = [
                name for (name,) in reader.execute("select table_name from duckdb_tables() order by 1").fetchall()
            ]
            without = "columns(lambda name: name <> 'load_id')"
            return Left(
                {str(path.relative_to(self.warehouse)): path.read_bytes() for path in kept if path.is_file()},
                {name: reader.execute(f"select {without} from {name} order by all").fetchall() for name in tables},
            )


@pytest.fixture(scope="module")
def sunday(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sunday]:
    world = World(peers=2)
    with Sandbox(world) as sandbox:
        folder = tmp_path_factory.mktemp("crash")
        home = Home(folder / "home", sandbox)
        home.write_directory(list(world.organizations), list(world.directory(NOW)))
        for day in BEFORE:
            home.pull(day)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SOCIALMETRICS_")}
        environment |= {"SOCIALMETRICS_HOME": str(folder / "home"), "SOCIALMETRICS_NOW": NOW.isoformat()}
        for name in ("youtube", "x", "facebook"):
            environment[f"SOCIALMETRICS_{name.upper()}_URL"] = sandbox.url(name, "{now}")
            environment[f"SOCIALMETRICS_{name.upper()}_TOKEN"] = "token"
        environment["SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN"] = "token"
        yield Sunday(folder, environment)


@pytest.fixture(scope="module")
def seconds(sunday: Sunday) -> dict[str, float]:
    """Of each command of the undisturbed day."""
    sunday.keep("landed")
    sunday.run("model")
    sunday.keep("modelled")
    return {command: sunday.run(command) for command in KILLS}


@pytest.fixture(scope="module")
def undisturbed(sunday: Sunday, seconds: dict[str, float]) -> Left:
    return sunday.left()


@pytest.mark.parametrize(("start", "seed"), [("landed", 1), ("modelled", 2)])
def test_killed_at_any_instant_and_run_again(
    sunday: Sunday, seconds: dict[str, float], undisturbed: Left, start: str, seed: int
) -> None:
    chance = random.Random(seed)
    sunday.begin(start)
    for command, kills in KILLS.items():
        for number in range(kills):
            sunday.kill(command, seconds[command] * (number + chance.random()) / kills)
        sunday.run(command)
    assert_same(sunday, undisturbed)


def test_a_disk_that_is_full_is_told_in_a_sentence_and_the_next_run_is_fine(sunday: Sunday, undisturbed: Left) -> None:
    """A limit to the size of a file stands in for the end of a disk: the same write fails.

    In `model` every table is built and only DuckDB's last checkpoint finds no room, of which dbt says nothing.
    """
    sunday.begin("landed")
    for command, limit in LIMITS.items():
        with sunday.start(command, limit) as process:
            _, told = process.communicate()
        assert process.returncode == 1
        assert len(told.strip().splitlines()) == 1, told
        assert "Make room" in told
        assert not list(sunday.warehouse.rglob("*.part"))
        sunday.run(command)
    assert_same(sunday, undisturbed)


def assert_same(sunday: Sunday, undisturbed: Left) -> None:
    left = sunday.left()
    assert sorted(left.files) == sorted(undisturbed.files)
    assert [name for name, content in left.files.items() if content != undisturbed.files[name]] == []
    assert list(left.rows) == list(undisturbed.rows)
    assert [name for name, rows in left.rows.items() if rows != undisturbed.rows[name]] == []
    build = sunday.warehouse / "build"
    assert not [*build.glob("publishing"), *build.glob("*.tmp"), *build.glob("*.part"), *build.glob("*.wal")]
