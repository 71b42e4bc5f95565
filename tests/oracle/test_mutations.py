"""A record that no world would make, built whole and in two parts; and the same with one small fault in the SQL each.

Each seeded fault must build and must make a row differ from what the oracle expects. One dbt process, kept warm, does
all the builds; only those marts and what they are made of are built, and no test of dbt's own is run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from socialmetrics.warehouse import SQL

from . import chaos, coverage, slips, things, versions, zeros
from .expected import Expected, Month, Row
from .mutations import MUTATIONS, QUICK, Mutation
from .test_oracle import GRAINS, differences, tables

WORKER = """
import json, sys
from pathlib import Path
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

for line in sys.stdin:
    result = dbtRunner().invoke(json.loads(line))
    DuckDBConnectionManager.close_all_connections()
    failed = [f"{each.node.name}: {each.message}" for each in result.result or [] if each.status == "error"]
    print(json.dumps(str(result.exception or "; ".join(failed))), flush=True)
"""


MARTS = GRAINS | {
    "observations": versions.GRAIN,
    "account_days": ("platform", "account_id", "measured_on"),
    "coverage_days": coverage.GRAIN,
}


class Bench:
    """A copy of the SQL, a landing in two parts, and a dbt that builds one from the other."""

    def __init__(self, folder: Path) -> None:
        self.sql, self.landing, self.aside = folder / "sql", folder / "landing", folder / "aside"
        self.files, self.kept = folder / "build", folder / "kept"
        self.files.mkdir()
        shutil.copytree(SQL, self.sql, ignore=shutil.ignore_patterns("target", "logs", "dbt_packages"))
        record = chaos.chaos()
        chaos.land(record, self.landing, "second")
        self.second = sorted(path.relative_to(self.landing) for path in self.landing.rglob("second.parquet"))
        chaos.land(record, self.landing, "first")
        expected = Expected(record, Month(chaos.FISCAL_YEAR_START))
        self.wanted = tables(expected, chaos.HEADLINE) | {
            "observations": versions.observations(record),
            "account_days": things.account_days(expected),
            "coverage_days": coverage.coverage_days(expected),
        }
        told = {"SOCIALMETRICS_BUILD": self.files, "SOCIALMETRICS_LANDING": self.landing, "DO_NOT_TRACK": "1"}
        self.dbt = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=os.environ | {name: str(value) for name, value in told.items()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        if self.dbt.stdin:
            self.dbt.stdin.close()
        self.dbt.wait(timeout=30)

    def build(self, in_parts: bool, mutation: Mutation | None = None) -> None:
        """Build all at once, or first a part and then the rest.

        A mutation's model, or the models its macro is in, and those behind them are built anew on what the SQL without
        it has built.
        """
        sound = self._lay_out(in_parts)
        with self._mutated(mutation) if mutation else nullcontext():
            if mutation:
                with self._first_part() if in_parts else nullcontext():
                    self._build_afresh(mutation.file, sound)
            if in_parts:
                self._build()

    def faults(self) -> Iterator[str]:
        """What differs from the oracle's rows, mart by mart, in words."""
        for mart, grain in MARTS.items():
            if found := differences(mart, self.wanted[mart], _read(self.files, mart), grain):
                yield found

    def _lay_out(self, in_parts: bool) -> Path:
        """A build of the first part or of all, as the SQL is; made once, and kept in the folder that is returned."""
        kept = self.kept / ("first" if in_parts else "all")
        for file in self.files.glob("*.duckdb*"):
            file.unlink()
        if not kept.exists():
            with self._first_part() if in_parts else nullcontext():
                self._build()
            kept.mkdir(parents=True)
            for file in (*self.files.glob("*.duckdb"), self.files / "manifest.json"):
                shutil.copyfile(file, kept / file.name)
        for file in kept.glob("*.duckdb"):
            shutil.copyfile(file, self.files / file.name)
        return kept

    @contextmanager
    def _mutated(self, mutation: Mutation) -> Iterator[None]:
        path = self.sql / mutation.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(mutation.search, mutation.instead), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    @contextmanager
    def _first_part(self) -> Iterator[None]:
        self._move(self.landing, self.aside)
        try:
            yield
        finally:
            self._move(self.aside, self.landing)

    def _move(self, source: Path, target: Path) -> None:
        for file in self.second:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            (source / file).rename(target / file)

    def _build_afresh(self, file: str, sound: Path) -> None:
        """Build what this file of the SQL is in, as dbt knows of a macro by the manifest of the sound build."""
        changed = Path(file).stem if file.startswith("models/") else "state:modified.macros"
        self._build(f"{changed}+,", "--full-refresh", "--state", str(sound))

    def _build(self, behind: str = "", *how: str) -> None:
        places = {"project-dir": self.sql, "profiles-dir": self.sql, "target-path": self.files, "log-path": self.files}
        arguments = [part for name, place in places.items() for part in (f"--{name}", str(place))]
        arguments += ["--exclude-resource-type", "test", "unit_test", "--vars", json.dumps(chaos.VARS)]
        arguments += ["--quiet", "--log-level", "none", *how]
        line = json.dumps(["build", "--select", *(f"{behind}+{mart}" for mart in MARTS), *arguments])
        assert self.dbt.stdin
        assert self.dbt.stdout
        self.dbt.stdin.write(line + "\n")
        self.dbt.stdin.flush()
        failed = json.loads(self.dbt.stdout.readline())
        assert not failed, f"does not build: {failed}"


def _read(files: Path, mart: str) -> list[Row]:
    with duckdb.connect(str(files / "marts.duckdb"), read_only=True) as connection:
        found = connection.execute(f"select columns(lambda name: name <> 'load_id') from {mart}")
        columns = [column[0] for column in found.description or []]
        return [dict(zip(columns, values, strict=True)) for values in found.fetchall()]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    yield bench
    bench.close()


@pytest.mark.parametrize("in_parts", [False, True], ids=["at once", "in parts"])
def test_the_marts_of_a_record_thrown_together(bench: Bench, in_parts: bool) -> None:
    bench.build(in_parts)
    assert list(bench.faults()) == []


@pytest.mark.parametrize("in_parts", [False, True], ids=["at once", "in parts"])
def test_a_model_made_afresh_as_it_was_is_no_fault(bench: Bench, in_parts: bool) -> None:
    mutation = MUTATIONS["zero_for_nothing"]
    bench.build(in_parts, replace(mutation, instead=mutation.search))
    assert list(bench.faults()) == []


def test_slips_stand_apart_and_what_stays_does_not() -> None:
    found = {key for key, row in Expected(chaos.chaos()).days.items() if row["is_anomaly"] and key[:3] in slips.SERIES}
    assert found == {(*series, day) for series in slips.SERIES for day in slips.days(series)}


def test_the_record_has_every_reason_and_weeks_that_have_not_settled(bench: Bench) -> None:
    days = bench.wanted["coverage_days"].values()
    assert all(any(row[f"missing_{reason}"] for row in days) for reason in coverage.REASONS)
    flows = [row for row in bench.wanted["weekly_scorecard"].values() if row["kind"] == "flow"]
    assert {row["compared_days"] for row in flows} == {0, 4, 5, 7}
    assert {row["usual_weeks"] for row in flows if row["compared_days"] < 7} == {0, 1, 6, 12}
    assert {row["reading"] for row in flows if row["compared_days"] < 7} >= {"higher than usual", "cannot tell"}


def test_zeros_are_slips_beside_a_crowd_that_comes_back_and_a_fall_that_stays_is_none() -> None:
    found = {key for key, row in Expected(chaos.chaos()).days.items() if row["is_anomaly"] and key[:3] in zeros.SERIES}
    assert found == {(*series, day) for series in zeros.SERIES for day in zeros.days(series)}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_still_has_its_place(name: str) -> None:
    mutation = MUTATIONS[name]
    assert (SQL / mutation.file).read_text(encoding="utf-8").count(mutation.search) == 1


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.prove) for name in MUTATIONS]
)
def test_a_mutation_is_noticed(bench: Bench, name: str) -> None:
    mutation = MUTATIONS[name]
    bench.build(mutation.in_parts, mutation)
    assert any(bench.faults())
