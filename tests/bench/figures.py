"""The figures of a run as Markdown, put into docs/performance.md between two marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .measure import GIB

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- figures of make bench -->\n", "<!-- end of figures -->\n"
GB = 1e9


def put(found: dict[str, Any], document: Path = DOCUMENT) -> None:
    """Replace the figures of the document by these."""
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    document.write_text(
        before + BEGIN + "\n".join(_lines(found)) + "\n" + END + rest.partition(END)[2], encoding="utf-8"
    )


def _lines(found: dict[str, Any]) -> Iterator[str]:
    shapes = [name for name in ("plan", "daily") if name in found]
    yield "Measured on " + ", ".join(f"{name} {value}" for name, value in found["machine"].items()) + "."
    yield ""
    yield "| | " + " | ".join(f"{name}" for name in shapes) + " |"
    yield "| --- |" + " ---: |" * len(shapes)
    for title, told in _ROWS:
        yield f"| {title} | " + " | ".join(told(found[name]) for name in shapes) + " |"
    extract = found["extract"]
    yield ""
    yield (
        f"Extract: {extract['posts']:,} posts, {extract['observations']:,} observations, in "
        f"{extract['extract_seconds']:.1f} s; the bare requests with their JSON {extract['bare_seconds']:.1f} s; "
        f"{extract['ratio']:.1f} times."
    )
    yield ""
    yield "| question | " + " | ".join(f"{name}, ms" for name in shapes) + " |"
    yield "| --- |" + " ---: |" * len(shapes)
    for number, question in enumerate(found[shapes[0]]["questions"]):
        spent = [f"{found[name]['questions'][number]['seconds'] * 1000:.0f}" for name in shapes]
        yield f"| {number + 1}. {question['question']} | " + " | ".join(spent) + " |"


_ROWS = (
    ("accounts", lambda of: f"{of['accounts']:,}"),
    ("days", lambda of: f"{of['days']:,}"),
    ("observations", lambda of: f"{of['observations']:,}"),
    ("landing, Parquet", lambda of: f"{of['landing_bytes'] / GB:.2f} GB"),
    ("full build with all tests", lambda of: f"{of['full_seconds']:.0f} s"),
    ("its peak memory", lambda of: f"{of['full_peak_bytes'] / GIB:.1f} GiB"),
    ("working file", lambda of: f"{of['work_bytes'] / GB:.2f} GB"),
    ("published file", lambda of: f"{of['published_bytes'] / GB:.2f} GB"),
    ("publishing", lambda of: f"{of['publish_seconds']:.1f} s"),
    ("one more day on all days", lambda of: f"{of['day_on_years_seconds']:.1f} s"),
    ("one more day on 30 days", lambda of: f"{of['day_on_month_seconds']:.1f} s"),
    ("ratio", lambda of: f"{of['day_ratio']:.2f}"),
)
