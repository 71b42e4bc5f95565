"""The fault book: each case's day leaves what it says, in the warehouse and in words, at no needless call."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from home import Home
from socialmetrics import platforms, warehouse
from socialmetrics.errors import Exhausted, Throttled, Unavailable
from socialmetrics.sandbox.server import PERSON, Sandbox
from socialmetrics.sandbox.world import World

from . import book, search
from .cases import CASES, Case
from .days import Struck, all_days

WORDS = [PERSON["name"], PERSON["email"], PERSON["id"], "Canary words"]


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, list[Struck]]]:
    world = World(peers=170)
    with pytest.MonkeyPatch.context() as patch, Sandbox(world) as sandbox:
        folder = tmp_path_factory.mktemp("faults")
        patch.chdir(folder)
        home = Home(folder / "home", sandbox)
        yield home, all_days(home, world)


def name_of(case: Case) -> str:
    return f"{case.platform}: {case.what}"


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name_of(case) for case in CASES])
def test_a_bad_day_leaves_its_reasons_and_everything_else(pulled: tuple[Home, list[Struck]], number: int) -> None:
    _, days = pulled
    case = CASES[number]
    struck = next(struck for struck in days if struck.case == case)
    own, peer, _ = struck.held
    assert (own, peer) == case.leaves
    problem = struck.problem
    is_passing = isinstance(problem, Throttled | Unavailable) or (isinstance(problem, Exhausted) and problem.resets_at)
    assert ("again" if is_passing else "stop" if problem else "done") == case.then, problem
    assert struck.calls <= case.most
    is_red = bool(struck.says) and not struck.says.startswith("(")
    assert is_red == ("values" not in own), struck.says
    counted = {words.split()[-1] for words in struck.coverage.split("; ")[1:]}
    assert counted == {word for words in struck.held[:2] for word in words.split(", ")} - {"values"}


def test_every_platform_has_its_day(pulled: tuple[Home, list[Struck]]) -> None:
    """No day of the book is without a row in coverage_days, and nothing is counted twice."""
    home, days = pulled
    sql = "select platform, measured_on, expected, observed, missing from coverage_days"
    rows = {(platform, day): counts for platform, day, *counts in warehouse.query(home.settings, sql)[1]}
    for struck in days:
        expected, observed, missing = rows[struck.case.platform, struck.day]
        assert expected == observed + missing > 0
    _, twice = warehouse.query(
        home.settings,
        "select account_key, metric, measured_on from account_metric_days group by all having count(*) > 1",
    )
    assert twice == []


def test_the_clock_may_jump(pulled: tuple[Home, list[Struck]]) -> None:
    """Seven hours make a day late, and a jump back makes no value and no wait wrong."""
    home, days = pulled
    jumped = {struck.ids[0]: struck.case.trick for struck in days if struck.case.trick in ("7", "-2")}
    ids = ", ".join(f"'{account_id}'" for account_id in jumped)
    sql = f"select distinct account_id, is_late from account_metric_days where account_id in ({ids}) and is_late"
    assert {jumped[account_id] for account_id, _ in warehouse.query(home.settings, sql)[1]} == {"7"}
    assert min(row["latency_ms"] for name in platforms.NAMES for row in home.rows("calls", name)) >= 0


def test_docs_faults_is_what_happens(pulled: tuple[Home, list[Struck]]) -> None:
    """`make faults` writes it anew."""
    assert book.PAGE.read_text(encoding="utf-8") == book.written(*pulled)


def test_no_person_is_in_any_file(pulled: tuple[Home, list[Struck]], tmp_path: Path) -> None:
    home, _ = pulled
    assert search.found(home.settings.home, WORDS) == []
    kinds = {path.suffix for path in home.settings.home.rglob("*") if path.is_file()}
    assert {".gz", ".parquet", ".duckdb", ".json", ".html", ".xlsx", ".csv", ".log"} <= kinds


def test_a_planted_person_is_found_in_each_kind_of_file(pulled: tuple[Home, list[Struck]], tmp_path: Path) -> None:
    home, _ = pulled
    name, text = PERSON["name"], f"said {PERSON['name']}"
    (tmp_path / "page.html").write_text(text)
    with gzip.open(tmp_path / "lines.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({"body": text}))
    pq.write_table(pa.table({"title": ["a", text]}), tmp_path / "rows.parquet", compression="zstd")
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        connection.execute("create table posts as select ? as title", [text])
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as connection:
        connection.execute("create table xcom (value blob)")
        connection.execute("insert into xcom values (?)", [json.dumps({"said": text})])
        connection.commit()
    book_file = next(home.settings.exports.rglob("*.xlsx"))
    shutil.copy(book_file, tmp_path / "book.xlsx")
    plant_in_workbook(tmp_path / "book.xlsx", text)
    assert {file for file, _ in search.found(tmp_path, [name])} == {
        "page.html",
        "lines.jsonl.gz",
        "rows.parquet",
        "marts.duckdb",
        "airflow.db",
        "book.xlsx",
    }


def plant_in_workbook(path: Path, text: str) -> None:
    from openpyxl import load_workbook

    workbook = load_workbook(path)
    workbook.active["A1"] = text
    workbook.save(path)
