"""Two published files, row for row."""

from __future__ import annotations

from pathlib import Path

import duckdb

# what was spent on asking, by which run and in which build a row came, and how many versions there were before it
ASIDE = {"calls", "units", "dollars", "run_id", "load_id", "version"}
SHOWN = 5


def differences(one: Path, other: Path) -> list[str]:
    """What only one of two files holds, a few rows of each table."""
    with duckdb.connect() as connection:
        for name, path in (("one", one), ("other", other)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        tables = {name: _tables(connection, name) for name in ("one", "other")}
        if tables["one"] != tables["other"]:
            return [f"tables: {tables['one'] ^ tables['other']}"]
        return [line for table in sorted(tables["one"]) for line in _rows(connection, table)]


def _tables(connection: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    sql = "select table_name from duckdb_tables() where database_name = $name and schema_name = 'main'"
    return {table for (table,) in connection.execute(sql, {"name": name}).fetchall()}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    described = connection.execute(f"describe one.main.{table}").fetchall()
    columns = ", ".join(f'"{name}"' for name, *_ in described if name not in ASIDE)
    where = " where is_current" if "is_current" in columns else ""
    found = []
    for name, here, there in (("calm", "one", "other"), ("shaken", "other", "one")):
        sql = (
            f"select {columns} from {here}.main.{table}{where} "
            f"except all select {columns} from {there}.main.{table}{where}"
        )
        rows = connection.execute(sql).fetchall()
        found += [f"{table}, {name} alone: {row}" for row in rows[:SHOWN]]
        found += [f"{table}, {name} alone: {len(rows)} rows"] if len(rows) > SHOWN else []
    return found
