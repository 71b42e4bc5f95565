"""The questions of docs/questions.sql: each a sentence in a comment, and the query that answers it."""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

FILE = Path(__file__).parents[2] / "docs" / "questions.sql"
TIMES = 5


@dataclass(frozen=True)
class Question:
    sentence: str
    sql: str


def read() -> list[Question]:
    """The questions in the order of the file; its first comment is about the file itself."""
    found = re.findall(
        r"^-- (\d+)\. (.+?)\n((?:--.*\n)*)((?:(?!--).*\n)+)", FILE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [Question(sentence, sql.strip().rstrip(";")) for _, sentence, _, sql in found]


def times(published: Path) -> list[dict[str, Any]]:
    """Of each question the median over a few askings, the first one too, and how many rows came."""
    told = []
    with duckdb.connect(str(published), read_only=True) as connection:
        for question in read():
            seconds = []
            for _ in range(TIMES):
                began = time.perf_counter()
                rows = connection.execute(question.sql).fetchall()
                seconds.append(time.perf_counter() - began)
            told.append(
                {"question": question.sentence, "seconds": statistics.median(seconds), "first": seconds[0]}
                | {"rows": len(rows)}
            )
    return told
