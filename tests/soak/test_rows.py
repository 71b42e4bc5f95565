"""The comparison of the soak sees a row that is missing, one too many, and one that differs."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from .rows import differences


def published(path: Path, *rows: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table days (platform varchar, value integer, load_id integer)")
        for row in rows:
            connection.execute(f"insert into days values ({row})")
    return path


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (("'x', 1, 7", "'x', 2, 1"), 0),
        (("'x', 1, 1",), 1),
        (("'x', 1, 1", "'x', 2, 1", "'x', 2, 1"), 1),
        (("'x', 1, 1", "'x', 3, 1"), 2),
        (("'x', 1, 1", "'x', null, 1"), 2),
    ],
)
def test_what_differs_is_found(tmp_path: Path, rows: tuple[str, ...], found: int) -> None:
    calm = published(tmp_path / "calm.duckdb", "'x', 1, 1", "'x', 2, 1")
    assert len(differences(calm, published(tmp_path / "shaken.duckdb", *rows))) == found
