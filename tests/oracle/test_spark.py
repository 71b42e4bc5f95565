"""The same models on Apache Spark: every mart it builds is DuckDB's, row by row."""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb
import pytest

from .conftest import Scenario
from .test_oracle import same

ROOT = Path(__file__).parents[2]


@pytest.mark.prove
@pytest.mark.parametrize("scenario", ["month", "chicago"])
def test_spark_s_marts_are_duckdb_s(scenario: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    given: Scenario = request.getfixturevalue(scenario)
    settings = given.settings
    places = [f"LANDING={settings.landing}", f"TABLES={tmp_path}"]
    how = [f"TIMEZONE={settings.timezone}", f"FISCAL_YEAR_START={settings.fiscal_year_start}"]
    done = subprocess.run(["make", "spark", *places, *how], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    marts = {folder.name for folder in (tmp_path / "tables" / "marts.db").iterdir()}
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        assert marts == {name for (name,) in tables}
        assert {mart: difference(connection, mart, tmp_path) for mart in marts} == dict.fromkeys(marts)


def difference(connection: duckdb.DuckDBPyConnection, mart: str, tables: Path) -> str | None:
    """The first row of a mart that Spark has otherwise; None where there is none."""
    ours = connection.table(mart)
    theirs = connection.read_parquet(f"{tables}/tables/marts.db/{mart}/*.parquet")
    if theirs.columns != ours.columns:
        return f"columns {theirs.columns}"
    types = dict(zip(ours.columns, map(str, ours.types), strict=True))
    order = ", ".join(f"{name} nulls first" for name, type_ in types.items() if type_ != "DOUBLE")
    must = ours.order(order).fetchall()
    found = theirs.project(", ".join(f"cast({name} as {type_}) as {name}" for name, type_ in types.items()))
    is_ = found.order(order).fetchall()
    if len(must) != len(is_):
        return f"{len(is_)} rows, must be {len(must)}"
    return next(
        (
            f"is {row}, must be {wanted}"
            for wanted, row in zip(must, is_, strict=True)
            if not all(map(same, wanted, row))
        ),
        None,
    )
