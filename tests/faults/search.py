"""A search through everything that was written: each file raw, and opened where it is packed."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet as pq


def found(folder: Path, words: Iterable[str]) -> list[tuple[str, str]]:
    """Each file and word where one stands in the other's bytes, lines, columns or members."""
    wanted = [(word, word.encode()) for word in words]
    hits = {
        (str(path.relative_to(folder)), word)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
        for text in opened(path)
        for word, raw in wanted
        if raw in text
    }
    return sorted(hits)


def opened(path: Path) -> Iterator[bytes]:
    yield path.name.encode()
    yield path.read_bytes()
    if path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes()).decode().encode().replace(b"\\u0020", b" ")
    elif path.suffix == ".parquet":
        table = pq.read_table(path, partitioning=None)
        yield "\n".join(str(value) for column in table.to_pydict().values() for value in column).encode()
    elif path.suffix in (".xlsx", ".zip"):
        with zipfile.ZipFile(path) as whole:
            yield from (whole.read(name) for name in whole.namelist())
    elif path.suffix == ".duckdb":
        yield from _columns(path)
    elif path.suffix == ".db":
        yield from _cells(path)


def _columns(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = "select schema_name, table_name from duckdb_tables() where not internal"
        for schema, table in connection.execute(tables).fetchall():
            columns = connection.execute(f'describe "{schema}"."{table}"').fetchall()
            for name, *_ in columns:
                values = connection.execute(f'select distinct cast("{name}" as varchar) from "{schema}"."{table}"')
                yield "\n".join([name, *(str(value) for (value,) in values.fetchall())]).encode()


def _cells(path: Path) -> Iterator[bytes]:
    """Each column of SQLite's tables, as Airflow keeps XComs and rendered templates; what is not committed too."""
    with closing(sqlite3.connect(path)) as connection:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in connection.execute(f'select * from "{table}"'):
                yield "\n".join(str(value) for value in row).encode()
