"""A small landing, written row by row, and builds of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from socialmetrics import warehouse
from socialmetrics.records import COLUMNS
from socialmetrics.settings import Settings

Row = dict[str, Any]


@dataclass
class Landing:
    """Lands files as the program does: one per kind and run."""

    root: Path
    files: int = field(default=0)

    def __post_init__(self) -> None:
        for kind in COLUMNS:
            self._file(kind, "columns", [])

    def write(self, kind: str, rows: Sequence[Row], run_id: str | None = None, on: date | None = None) -> Path:
        self.files += 1
        return self._file(kind, f"{f'fetched_on={on}' if on else 'landed=x'}/{run_id or 'file'}-{self.files:03d}", rows)

    def directory(
        self, day: date, accounts: Sequence[Row], organizations: Sequence[Row] | None = None, hour: int = 22
    ) -> None:
        stamp = {"measured_on": day, "landed_at": at(day, hour), "run_id": f"{day:%Y%m%d}T{hour}"}
        known = organizations or [{"organization_id": "ours", "name": "Ours", "is_own": True}]
        self.write("organizations", [stamp | row for row in known])
        defaults = {"organization_id": "ours", "cadence": "daily", "credential": "", "is_own": True}
        self.write("accounts", [stamp | defaults | {"handle": f"h{row['account_id']}"} | row for row in accounts])

    def run(
        self,
        day: date,
        platform: str = "x",
        observations: Sequence[Row] = (),
        posts: Sequence[Row] = (),
        profiles: Sequence[Row] = (),
        late: float = 0,
        again: int = 0,
        status: str = "complete",
    ) -> str:
        """One run, `late` hours after its instant; `again` numbers a second run of the same day."""
        run_id = f"{day:%Y%m%d}T220000Z" + (f"-{again + 1}" if again else "")
        fetched_at = at(day, 22) + timedelta(hours=late, minutes=1 + 10 * again)
        stamp = {"platform": platform, "fetched_at": fetched_at, "run_id": run_id}
        if observations:
            self.write("observations", [stamp | {"measured_on": day} | row for row in observations], run_id, day)
        if posts:
            self.write("posts", [stamp | {"status": "public", "kind": "post"} | row for row in posts], run_id, day)
        if profiles:
            self.write("profiles", [stamp | {"status": "public"} | row for row in profiles], run_id, day)
        call = {
            "endpoint": "e",
            "credential": "",
            "asked": [],
            "page": 1,
            "outcome": "ok",
            "is_discovery": False,
            "is_last": True,
        }
        cost = {"units": 1, "dollars": 0.01, "latency_ms": 5, "measured_on": day, "called_at": fetched_at}
        self.write("calls", [{"platform": platform, "run_id": run_id} | call | cost], run_id, day)
        self.ran(day, platform, run_id, fetched_at - timedelta(minutes=1), status)
        return run_id

    def ran(self, day: date, platform: str, run_id: str, started_at: datetime, status: str = "complete") -> None:
        row = {"run_id": run_id, "platform": platform, "measured_on": day, "status": status, "message": None}
        self.write("runs", [row | {"scheduled_at": at(day, 22), "started_at": started_at}], run_id, day)

    def readings(self, imported_at: datetime, rows: Sequence[Row]) -> Path:
        stamp = {"imported_at": imported_at, "run_id": f"{imported_at:%Y%m%dT%H%M%SZ}"}
        defaults = {"date_precision": "day", "precision": "exact", "source": "page 1"}
        return self.write("readings", [stamp | defaults | row for row in rows])

    def _file(self, kind: str, name: str, rows: Sequence[Row]) -> Path:
        path = self.root / kind / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        full = [{column: row.get(column) for column in COLUMNS[kind].names} for row in rows]
        for row in full:
            if row.get("dollars") is not None:
                row["dollars"] = round(pa.scalar(row["dollars"]).cast(pa.decimal128(18, 6)).as_py(), 6)
        pq.write_table(pa.Table.from_pylist(full, COLUMNS[kind]), path)
        return path


def at(day: date, hour: int = 22) -> datetime:
    return datetime.combine(day, time()) + timedelta(hours=hour)


def value(account_id: str, metric: str, number: int, **more: Any) -> Row:
    return {"account_id": account_id, "metric": metric, "value": number} | more


def reason(account_id: str, why: str, metric: str | None = None, **more: Any) -> Row:
    return {"account_id": account_id, "metric": metric, "reason": why} | more


def settings_of(home: Path) -> Settings:
    return Settings(home=home, _env_file=None)  # type: ignore[call-arg]


def marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every mart, in order, without the load that wrote it."""
    with duckdb.connect(str(settings.warehouse / "build" / "marts.duckdb"), read_only=True) as connection:
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        return {
            table: connection.execute(
                f"select columns(lambda name: name <> 'load_id') from {table} order by all"
            ).fetchall()
            for table in tables
        }


def built_from_nothing(settings: Settings, home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The marts of a full build of the same landing, made elsewhere."""
    other = settings_of(home)
    other.warehouse.mkdir(parents=True)
    other.landing.symlink_to(settings.landing.resolve())
    warehouse.build(other)
    return marts(other)
