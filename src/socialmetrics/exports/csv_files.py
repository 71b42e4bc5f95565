"""One CSV file for each table: UTF-8 with a mark so that spreadsheets read it right, CRLF, dates as ISO.

A spreadsheet runs a text that begins like a formula, so such a text gets a single quote before it. A number stays a
number, a negative one too.
"""

from __future__ import annotations

import csv
import io
from datetime import date

from socialmetrics.exports.figures import Figures
from socialmetrics.exports.tables import Sheet, Value, sheets

# The last four are the full-width forms, which some spreadsheets take for the plain ones.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def render(figures: Figures) -> dict[str, bytes]:
    """The files by name."""
    return {f"{sheet.name}.csv": _file(sheet) for sheet in sheets(figures)}


def _file(sheet: Sheet) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(sheet.columns)
    writer.writerows([_cell(value) for value in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Value) -> str | int | float | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(STARTS_A_FORMULA):
        return "'" + value
    return value
