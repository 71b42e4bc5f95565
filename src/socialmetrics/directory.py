"""The directory a person edits: organizations, accounts, initiatives, notes and owners, as CSV files.

Read as a spreadsheet saves them: UTF-8 with or without BOM, comma or semicolon. Every fault is told at once.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from socialmetrics.errors import Misconfigured
from socialmetrics.records import Account, Initiative, Note, Organization
from socialmetrics.settings import MAIL

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Slug = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
Flag = Annotated[bool, BeforeValidator(lambda value: {"": False, "x": True}.get(str(value).strip().lower(), value))]


def _day(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("is no date; write it as 2026-11-22")
    return value


def _account_id(value: str) -> str:
    if re.fullmatch(r"\d([.,]\d+)?[Ee]\+?\d+", value):
        raise ValueError("is an id that a spreadsheet has rounded; format the column as text and copy the id again")
    return value


def _credential(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", value):
        raise ValueError("cannot be part of a setting's name; use letters, digits and _ and start with a letter")
    return value.lower()


def _mail(value: str) -> str:
    if not MAIL.fullmatch(value):
        raise ValueError("is no mail address; write it as name@hospital.org")
    return value


Mail = Annotated[Text, AfterValidator(_mail)]
Day = Annotated[date, BeforeValidator(_day)]
AccountId = Annotated[Text, AfterValidator(_account_id)]
Credential = Annotated[str, AfterValidator(_credential)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]

_WRONG = {
    "missing": "is missing; fill it in",
    "string_pattern_mismatch": "is no identifier; use letters, digits, _ . - and start with a letter or digit",
    "string_too_short": "is empty; fill it in",
    "date_from_datetime_parsing": "is no date; write it as 2026-11-22",
    "date_parsing": "is no date; write it as 2026-11-22",
    "bool_parsing": "is neither true nor false",
    **dict.fromkeys(
        (
            "decimal_parsing",
            "decimal_max_places",
            "decimal_max_digits",
            "decimal_whole_digits",
            "finite_number",
            "greater_than_equal",
        ),
        "is no amount; write it as 1250.00",
    ),
}


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _OrganizationRow(_Row):
    organization_id: Slug
    name: Text
    is_own: Flag = False
    region: str | None = None
    bed_size: str | None = None
    ownership: str | None = None
    teaching: str | None = None
    setting: str | None = None


class _AccountRow(_Row):
    organization_id: Slug
    platform: Slug
    handle: Text
    account_id: AccountId | None = None
    label: str | None = None
    account_group: str | None = Field(default=None, alias="group")
    opened_on: Day | None = None
    closed_on: Day | None = None
    cadence: Literal["daily", "weekly", "never"] | None = None
    credential: Credential | None = None


class _InitiativeRow(_Row):
    initiative_id: Slug
    name: Text
    organization_id: Slug
    platform: Slug | None = None
    metric: Slug
    started_on: Day
    ended_on: Day | None = None
    cost_usd: Amount | None = None


class _NoteRow(_Row):
    noted_on: Day = Field(alias="date")
    platform: Slug | None = None
    post_id: str | None = None
    text: Text
    hide_post: Flag = False


class _OwnerRow(_Row):
    platform: Slug
    name: Text
    mail: Mail


RowType = TypeVar("RowType", bound=_Row)
Line = tuple[int, RowType]


@dataclass(frozen=True)
class Directory:
    organizations: tuple[Organization, ...]
    accounts: tuple[Account, ...]
    initiatives: tuple[Initiative, ...] = ()
    notes: tuple[Note, ...] = ()
    owners: tuple[Mapping[str, str], ...] = ()

    def due(self, platform: str, day: date) -> list[Account]:
        """A platform's resolved accounts that are to be observed on `day`: own ones first."""
        due = [a for a in self.accounts if a.platform == platform and a.account_id and a.is_due(day)]
        return sorted(due, key=lambda account: not account.is_own)

    def mails_of_owners(self) -> dict[str, list[str]]:
        """Who is told when a platform's token ends."""
        names = dict.fromkeys(owner["platform"] for owner in self.owners)
        return {name: [owner["mail"] for owner in self.owners if owner["platform"] == name] for name in names}

    def unresolved(self, platform: str) -> list[Account]:
        """A platform's accounts that still lack their stable id."""
        return [a for a in self.accounts if a.platform == platform and not a.account_id and a.cadence != "never"]


def read(folder: Path, platforms: Sequence[str]) -> Directory:
    """Read and check the directory. Raises Misconfigured with every fault: file, line, column, value, what is right."""
    faults: list[str] = []
    organizations = _read(folder / "organizations.csv", _OrganizationRow, faults, required=True)
    accounts = _read(folder / "accounts.csv", _AccountRow, faults, required=True)
    initiatives = _read(folder / "initiatives.csv", _InitiativeRow, faults)
    notes = _read(folder / "notes.csv", _NoteRow, faults)
    owners = _read(folder / "owners.csv", _OwnerRow, faults)

    known = {row.organization_id: row for _, row in organizations}
    faults += _repeated("organizations.csv", "organization_id", ((n, r.organization_id) for n, r in organizations))
    faults += _repeated(
        "accounts.csv", "handle", ((n, f"{r.platform} {r.handle.lower().lstrip('@')}") for n, r in accounts)
    )
    faults += _repeated(
        "accounts.csv", "account_id", ((n, f"{r.platform} {r.account_id}") for n, r in accounts if r.account_id)
    )
    faults += _repeated("initiatives.csv", "initiative_id", ((n, r.initiative_id) for n, r in initiatives))
    for file, lines in (("accounts.csv", accounts), ("initiatives.csv", initiatives)):
        for number, row in lines:
            if row.organization_id not in known:
                faults.append(
                    _fault(file, number, "organization_id", row.organization_id, "is not in organizations.csv")
                )
    named = [("accounts.csv", number, row.platform) for number, row in accounts]
    named += [("initiatives.csv", number, row.platform) for number, row in initiatives if row.platform]
    named += [("notes.csv", number, row.platform) for number, row in notes if row.platform]
    named += [("owners.csv", number, row.platform) for number, row in owners]
    for file, number, platform in named:
        if platform not in platforms:
            faults.append(_fault(file, number, "platform", platform, f"is none of {', '.join(platforms)}"))
    for number, row in accounts:
        if row.opened_on and row.closed_on and row.closed_on < row.opened_on:
            faults.append(_fault("accounts.csv", number, "closed_on", str(row.closed_on), "is before opened_on"))
    for number, initiative in initiatives:
        if initiative.ended_on and initiative.ended_on < initiative.started_on:
            faults.append(
                _fault("initiatives.csv", number, "ended_on", str(initiative.ended_on), "is before started_on")
            )
    if organizations and not any(row.is_own for _, row in organizations):
        faults.append("organizations.csv: no organization is marked is_own; mark yours with true")
    if faults:
        raise Misconfigured(
            f"The directory {folder} has {len(faults)} fault{'s' if len(faults) > 1 else ''}; nothing was pulled. "
            "Correct and run `socialmetrics check`.\n" + "\n".join(f"  {fault}" for fault in faults)
        )
    return Directory(
        organizations=tuple(Organization(**row.model_dump()) for _, row in organizations),
        accounts=tuple(_account(row, known[row.organization_id].is_own) for _, row in accounts),
        initiatives=tuple(Initiative(**row.model_dump()) for _, row in initiatives),
        notes=tuple(Note(**row.model_dump()) for _, row in notes),
        owners=tuple(row.model_dump() for _, row in owners),
    )


def fill_in(folder: Path, found: Mapping[tuple[str, str], str]) -> int:
    """Write account ids found by `resolve` into accounts.csv, all else as it was. Returns how many were filled in.

    `found`: (platform, handle as written) to account id. The file is replaced whole.
    """
    path = folder / "accounts.csv"
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig")
    delimiter = delimiter_of(text)
    header, *lines = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    names = [name.strip() for name in header]
    if "account_id" not in names:
        header, names = [*header, "account_id"], [*names, "account_id"]
    place = {name: index for index, name in enumerate(names)}
    filled = 0
    for line in filter(any, lines):
        line += [""] * (len(header) - len(line))
        key = (line[place["platform"]].strip(), line[place["handle"]].strip())
        if key in found and not line[place["account_id"]].strip():
            line[place["account_id"]] = found[key]
            filled += 1
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if "\r\n" in text else "\n").writerows([header, *lines])
    beside = path.with_suffix(".csv.new")
    beside.write_bytes((b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b"") + out.getvalue().encode())
    shutil.copymode(path, beside)
    os.replace(beside, path)
    return filled


def weekday_of(account_id: str) -> int:
    """The ISO weekday (1 to 7) on which a weekly account is due: spread evenly, and the same for ever."""
    return 1 + zlib.crc32(account_id.encode()) % 7


def _account(row: _AccountRow, is_own: bool) -> Account:
    cadence = row.cadence or ("daily" if is_own else "weekly")
    weekday = weekday_of(row.account_id or row.handle) if cadence == "weekly" else None
    values = row.model_dump() | {"cadence": cadence, "credential": row.credential or ""}
    return Account(**values, is_own=is_own, weekday=weekday)


def _read(path: Path, row_type: type[RowType], faults: list[str], required: bool = False) -> list[Line[RowType]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if required:
            faults.append(f"{path.name}: is missing; `socialmetrics init` writes an example to edit")
        return []
    except UnicodeDecodeError as error:
        faults.append(f"{path.name}: byte {error.start} is not UTF-8; save it as CSV UTF-8")
        return []
    except OSError as error:
        faults.append(f"{path.name}: cannot be read ({error.strerror}); correct its permissions")
        return []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter_of(text))
    try:
        header = [name.strip() for name in next(reader, [])]
        wanted = [field.alias or name for name, field in row_type.model_fields.items() if field.is_required()]
        absent = [name for name in wanted if name not in header]
        if absent:
            faults.append(f"{path.name} line 1: column {', '.join(absent)} is missing; the header must name it")
            return []
        lines: list[Line[RowType]] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                told = f"has {len(cells)} cells for {len(header)} columns; quote a cell that holds a comma"
                faults.append(f"{path.name} line {reader.line_num}: {told}")
                continue
            given = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
            try:
                lines.append((reader.line_num, row_type.model_validate(given)))
            except ValidationError as error:
                for problem in error.errors():
                    column = str(problem["loc"][0])
                    said = problem["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
                    wrong = _WRONG.get(problem["type"], said)
                    faults.append(_fault(path.name, reader.line_num, column, given.get(column, ""), wrong))
        return lines
    except csv.Error as error:
        faults.append(f"{path.name} line {reader.line_num}: is no CSV ({error}); save it again as CSV")
        return []


def delimiter_of(text: str) -> str:
    """What separates a spreadsheet's cells, by its header."""
    header = text.partition("\n")[0]
    return ";" if header.count(";") > header.count(",") else ","


def _fault(file: str, line: int, column: str, value: str, wrong: str) -> str:
    return f"{file} line {line}, {column} {value!r}: {wrong}"


def _repeated(file: str, column: str, keys: Iterator[tuple[int, str]]) -> list[str]:
    first: dict[str, int] = {}
    return [
        _fault(file, number, column, key, f"stands on line {first[key]} already; keep one")
        for number, key in keys
        if first.setdefault(key, number) != number
    ]
