"""Figures from elsewhere: a CSV of readings is checked line by line and landed whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from socialmetrics import clock, platforms
from socialmetrics.directory import Directory, delimiter_of
from socialmetrics.errors import Misconfigured
from socialmetrics.landing import Landing
from socialmetrics.records import Account, Reading
from socialmetrics.warehouse import SQL

FACTS = Path(__file__).parent / "facts"
COLUMNS = ("platform", "account", "metric", "measured_on", "date_precision", "value", "precision", "source")
DATE_PRECISIONS = ("day", "month", "year")
PRECISIONS = ("exact", "rounded", "more_than", "nearly")
TOTALS = ("accounts", "organizations", "population")
SHOWN_FAULTS = 20

Words = dict[tuple[str, str, str], str]  # by column, platform (empty: of any) and word


@dataclass(frozen=True)
class Imported:
    readings: int
    was_new: bool


def land(landing: Landing, path: Path, people: Directory, words: Path = FACTS / "words.csv") -> Imported:
    """Import a file of readings. The same file again changes nothing.

    Columns: platform, account (handle or id; empty for a total over the directory), metric (a house name), measured_on,
    date_precision (day, month, year), value, precision (exact, rounded, more_than, nearly), source. `words` maps a
    file's words to these; a word with a platform is one on that platform's lines alone. Raises Misconfigured with every
    fault: file, line, column, value, what is right.
    """
    content = _read(path)
    run_id = f"import-{hashlib.sha256(content).hexdigest()[:16]}"
    readings = parse(content.decode("utf-8-sig"), path.name, people, _words(words), run_id)
    landing.prepare()
    was_new = not any((landing.root / "readings").glob(f"*/{run_id}.parquet"))
    if was_new:
        landing.write("readings", readings, run_id, clock.now())
    return Imported(len(readings), was_new)


def parse(text: str, file: str, people: Directory, words: Words, run_id: str) -> list[Reading]:
    """The readings of a file's text. Raises Misconfigured with every fault."""
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter_of(text))
    absent = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if absent:
        raise Misconfigured(
            f"{file} line 1: column {', '.join(absent)} is missing. The header must be {','.join(COLUMNS)}."
        )
    accounts = {
        (a.platform, name.lower()): a for a in people.accounts for name in (a.handle.lstrip("@"), a.account_id) if name
    }
    names = {*platforms.NAMES, "all", *(ours for (column, *_), ours in words.items() if column == "platform")}
    metrics = _metrics()
    faults: list[str] = []
    readings: list[Reading] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    for cells in _lines(reader, file):
        row = _in_our_words(cells, words)
        wrong = _wrong(row, accounts, names, metrics)
        if None in cells:
            wrong["source"] = f"is followed by more cells than the {len(reader.fieldnames or ())} columns; quote commas"
        key = (row["platform"], row["account"].lower(), row["metric"], row["measured_on"])
        if not wrong and seen.setdefault(key, reader.line_num) != reader.line_num:
            wrong["measured_on"] = f"stands on line {seen[key]} already; keep one"
        faults += [f"{file} line {reader.line_num}, {column} {row[column]!r}: {what}" for column, what in wrong.items()]
        if not wrong:
            account = accounts.get((row["platform"], row["account"].lower().lstrip("@")))
            readings.append(
                Reading(
                    row["platform"],
                    account.account_id if account else None,
                    row["metric"],
                    date.fromisoformat(row["measured_on"]),
                    row["date_precision"],
                    int(row["value"]),
                    row["precision"],
                    row["source"],
                    clock.now(),
                    run_id,
                )
            )
    if faults:
        more = [f"and {len(faults) - SHOWN_FAULTS} more"] if len(faults) > SHOWN_FAULTS else []
        listed = "\n".join(f"  {fault}" for fault in [*faults[:SHOWN_FAULTS], *more])
        raise Misconfigured(
            f"{file} has {len(faults)} fault{'s' * (len(faults) > 1)}; nothing was imported. "
            f"Correct and import again.\n{listed}"
        )
    return readings


def _lines(reader: csv.DictReader[str], file: str) -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise Misconfigured(
            f"{file} line {reader.line_num} is no CSV ({error}). Save it again as CSV and import again."
        ) from None


def _in_our_words(cells: dict[str, str], words: Words) -> dict[str, str]:
    row = {column: (cells[column] or "").strip() for column in COLUMNS}
    platform = words.get(("platform", "", row["platform"].lower()), row["platform"])
    return {
        column: words.get((column, platform, word.lower()), words.get((column, "", word.lower()), word))
        for column, word in row.items()
    }


def _wrong(
    row: dict[str, str], accounts: dict[tuple[str, str], Account], names: set[str], metrics: dict[str, set[str]]
) -> dict[str, str]:
    wrong = {}
    of_platform = metrics.get(row["platform"], set().union(*metrics.values()))
    for column, choices in (
        ("platform", names),
        ("metric", of_platform if row["account"] else set(TOTALS)),
        ("date_precision", set(DATE_PRECISIONS)),
        ("precision", set(PRECISIONS)),
    ):
        if row[column] not in choices:
            wrong[column] = f"is none of {', '.join(sorted(choices))}"
    if "metric" in wrong and row["account"] and row["platform"] in metrics:
        wrong["metric"] += f", which {row['platform']} counts of an account"
    account = accounts.get((row["platform"], row["account"].lower().lstrip("@")))
    if row["account"] and "platform" not in wrong:
        if account is None:
            wrong["account"] = "is not in accounts.csv; add it there, with cadence never if it is not to be pulled"
        elif not account.account_id:
            wrong["account"] = "has no account_id yet; run `socialmetrics resolve` first"
    if not row["source"]:
        wrong["source"] = "is empty; say where the figure comes from"
    if not (row["value"].isascii() and row["value"].isdigit() and len(row["value"]) < 20 and int(row["value"]) < 2**63):
        wrong["value"] = "is no whole number from 0; write it without separators"
    try:
        date.fromisoformat(row["measured_on"])
    except ValueError:
        wrong["measured_on"] = "is no date; write it as 2010-07-27"
    return wrong


def _metrics() -> dict[str, set[str]]:
    """The house names of each platform's accounts' metrics, from the registry."""
    found: dict[str, set[str]] = {}
    with (SQL / "seeds" / "metrics.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["subject"] == "account":
                found.setdefault(row["platform"], set()).add(row["metric"])
    return found


def _words(path: Path) -> Words:
    reader = csv.DictReader(io.StringIO(_read(path).decode("utf-8-sig")))
    if absent := [column for column in ("column", "word", "ours") if column not in (reader.fieldnames or ())]:
        raise Misconfigured(f"{path.name} line 1: column {', '.join(absent)} is missing. Use column,word,ours.")
    return {
        (row["column"], row.get("platform") or "", (row["word"] or "").lower()): row["ours"] or ""
        for row in _lines(reader, path.name)
    }


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        content.decode("utf-8-sig")
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read ({error.strerror}). Correct the path and import again.") from None
    except UnicodeDecodeError as error:
        raise Misconfigured(
            f"{path}: byte {error.start} is not UTF-8. Save it as CSV UTF-8 and import again."
        ) from None
    return content
