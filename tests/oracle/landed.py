"""Rows as landing files, and a build of what is made of them; no platform is asked, no test of dbt's own is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from socialmetrics.records import COLUMNS, Initiative
from socialmetrics.warehouse import SQL

from .record import ACCOUNT_METRICS, POST_METRICS, Organizations, Record, Said, Snapshot, Visit

Row = dict[str, Any]


def write(landing: Path, tables: Mapping[str, Sequence[Row]], name: str = "rows") -> None:
    """One file of this name a kind; a column that a row does not have is null."""
    for kind, columns in COLUMNS.items():
        (landing / kind / "landed").mkdir(parents=True, exist_ok=True)
        pq.write_table(columns.empty_table(), landing / kind / "columns.parquet")
        rows = [{column: row.get(column) for column in columns.names} for row in tables.get(kind, ())]
        if rows:
            pq.write_table(pa.Table.from_pylist(rows, columns), landing / kind / "landed" / f"{name}.parquet")


def of_record(record: Record, initiatives: Iterable[Initiative]) -> dict[str, list[Row]]:
    """A record as landing rows; initiatives stand in the directory from its first day on."""
    tables: dict[str, list[Row]] = {kind: [] for kind in COLUMNS}
    for said in record.said:
        tables["readings" if said.is_imported else "observations"].append(_row_of(said))
    for visit in record.visits:
        scheduled_at = record.scheduled_at(visit.day).replace(tzinfo=None)
        at = {"scheduled_at": scheduled_at, "started_at": visit.instant.replace(tzinfo=None), "status": "complete"}
        tables["runs"].append({"run_id": _run_id(visit), "platform": visit.platform, "measured_on": visit.day} | at)
    for (platform, account_id, post_id), published_at in record.published.items():
        post = {"platform": platform, "account_id": account_id, "post_id": post_id, "run_id": "r"}
        post |= {"kind": record.kinds.get((platform, account_id, post_id))}
        at = published_at.replace(tzinfo=None)
        tables["posts"].append(post | {"published_at": at, "fetched_at": at, "status": "public"})
    for snapshot in record.snapshots:
        tables["accounts"] += [asdict(one) | _stamp(snapshot) for one in snapshot.accounts]
    for those in record.organizations:
        tables["organizations"] += [asdict(one) | _stamp(those) for one in those.organizations]
    tables["calls"] = [look(visit, looked) for visit, looked in record.looked.items()]
    tables["initiatives"] = [asdict(one) | _stamp(record.snapshots[0]) for one in initiatives]
    return tables


def _row_of(said: Said) -> Row:
    at = said.at.replace(tzinfo=None)
    row = {"platform": said.platform, "account_id": said.account_id, "measured_on": said.day, "value": said.value}
    if said.is_imported:
        told = {"metric": said.metric, "precision": said.precision, "source": said.source}
        return row | told | {"date_precision": said.date_precision, "imported_at": at, "run_id": said.run_id}
    native = (POST_METRICS if said.post_id else ACCOUNT_METRICS)[said.platform][said.metric] if said.metric else None
    told = {"post_id": said.post_id, "metric": native, "reason": said.reason}
    return row | told | {"fetched_at": at, "run_id": said.run_id}


def look(visit: Visit, accounts: Sequence[str]) -> Row:
    """A call that asked for the posts of these accounts, and was read to its end."""
    told = {"platform": visit.platform, "measured_on": visit.day, "run_id": _run_id(visit)}
    at = visit.instant.replace(tzinfo=None)
    return told | {
        "asked": accounts,
        "outcome": "ok",
        "is_discovery": True,
        "is_last": True,
        "called_at": at,
        "units": 1,
    }


def _stamp(snapshot: Snapshot | Organizations) -> Row:
    return {"measured_on": snapshot.day, "landed_at": snapshot.at.replace(tzinfo=None), "run_id": "r"}


def _run_id(visit: Visit) -> str:
    return f"{visit.instant:%Y%m%dT%H%M%SZ}"


def build(folder: Path, what: str, sql: Path = SQL, **variables: str) -> None:
    """Build the models that dbt selects by `what` from `folder`/landing; the databases lie in `folder`."""
    places = {"project-dir": sql, "profiles-dir": sql, "target-path": folder / "target", "log-path": folder / "logs"}
    command = [sys.executable, "-m", "dbt.cli.main", "build", "--select", what, "--vars", json.dumps(variables)]
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
