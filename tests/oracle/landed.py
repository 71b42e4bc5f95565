"""Rows as landing files, and one build of what is made of them; no platform is asked and no test of dbt's own is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from socialmetrics.records import COLUMNS
from socialmetrics.warehouse import SQL

Row = dict[str, Any]


def write(landing: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    """One file a kind; a column that a row does not have is null."""
    for kind, columns in COLUMNS.items():
        (landing / kind / "landed").mkdir(parents=True, exist_ok=True)
        pq.write_table(columns.empty_table(), landing / kind / "columns.parquet")
        rows = [{name: row.get(name) for name in columns.names} for row in tables.get(kind, ())]
        if rows:
            pq.write_table(pa.Table.from_pylist(rows, columns), landing / kind / "landed" / "rows.parquet")


def build(folder: Path, mart: str, **variables: str) -> None:
    """Build a mart and all it is made of from `folder`/landing; the databases lie in `folder`."""
    places = {"project-dir": SQL, "profiles-dir": SQL, "target-path": folder / "target", "log-path": folder / "logs"}
    command = [sys.executable, "-m", "dbt.cli.main", "build", "--select", f"+{mart}", "--vars", json.dumps(variables)]
    command += [part for name, place in places.items() for part in (f"--{name}", str(place))]
    command += ["--exclude-resource-type", "test", "unit_test", "--quiet", "--no-use-colors"]
    told = {"SOCIALMETRICS_BUILD": folder, "SOCIALMETRICS_LANDING": folder / "landing", "DO_NOT_TRACK": "1"}
    environment = os.environ | {name: str(value) for name, value in told.items()}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def read(folder: Path, mart: str) -> list[Row]:
    """A mart's rows, as built in `folder`."""
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
        found = connection.execute(f"select * from {mart}")
        columns = [column[0] for column in found.description or []]
        return [dict(zip(columns, values, strict=True)) for values in found.fetchall()]
