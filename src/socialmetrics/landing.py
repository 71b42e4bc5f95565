"""The record on disk: responses as received and the rows read from them, append-only, whole or not there.

A file is written beside its place and renamed. landed.py reads what is here.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from socialmetrics import clock, lock
from socialmetrics.errors import Locked
from socialmetrics.landed import TOMBSTONES, Landed, response_of
from socialmetrics.records import COLUMNS, Response, naive, table

PART = ".part"
CLOSES_AFTER = timedelta(days=7)
RUN_KINDS = ("observations", "profiles", "posts", "calls", "runs")
_RESPONSE = tuple(each.name for each in fields(Response))
_in_utf8 = msgspec.json.Encoder(enc_hook=str)
_in_ascii = json.JSONEncoder(default=str, separators=(",", ":"))
_DIRECTORY_COLUMNS = ("measured_on", "landed_at", "run_id")


class Landing(Landed):
    """The landing folder, to write: by `write` and `responses` what comes, held so that runs do not meet."""

    def prepare(self) -> None:
        """Make the folders, and clear what a killed run left half-written of what all platforms share."""
        with self._shared():
            for kind, columns in COLUMNS.items():
                empty = self.root / kind / "columns.parquet"
                if not empty.exists():
                    _write_parquet(empty, columns.empty_table())
            for leftover in self.root.glob(f"*/*_on=*/*{PART}"):
                leftover.unlink()

    @contextmanager
    def hold(self, platform: str, instant: datetime, part: str = "", last: str = "runs") -> Iterator[str]:
        """Hold `part` of a platform (a shard, `-resolve`) while it is asked; the name under which the run lands.

        It is the run's instant and part, with a number where a run of that name has finished, which its rows of kind
        `last` tell. What a killed run left under it goes. Raises Locked where another process asks.
        """
        self.prepare()
        with self.together(), lock.hold(self._locks / f"{platform}{part}"):
            for leftover in self.root.glob(f"*/platform={platform}/*/*{PART}"):
                if _part_of(leftover.name) == part:
                    leftover.unlink()
            run_id = self.free_run_id(platform, f"{clock.stamp(instant)}{part}", last)
            self.discard(platform, run_id)
            yield run_id

    @contextmanager
    def rewriting(self, platform: str, run_id: str) -> Iterator[None]:
        """Hold the part of a platform that a run was of, to replace its files. Raises Locked where another asks."""
        with self.together(), lock.hold(self._locks / f"{platform}{_part_of(run_id) or ''}"):
            yield

    def free_run_id(self, platform: str, name: str, last: str = "runs") -> str:
        """A run's name, with a number where a run of that name has finished."""
        rows = self._query(f"select distinct run_id from {{{last}}}", platform, since=clock.instant_of(name).date())
        finished = {run_id for (run_id,) in rows}
        return next(free for free in chain([name], (f"{name}-{n}" for n in count(2))) if free not in finished)

    def discard(self, platform: str, run_id: str) -> None:
        """Remove what a run landed that did not finish, or had nothing to tell."""
        for path in self.root.glob(f"*/platform={platform}/*/{run_id}.*"):
            path.unlink()

    @property
    def _locks(self) -> Path:
        return self.root.with_name("locks")

    def _shared(self) -> AbstractContextManager[None]:
        """Hold what all platforms share, for a moment: the columns, the directory, imports."""
        return lock.hold(self._locks / "landing", wait=True)

    def write(
        self, kind: str, records: Sequence[Any], run_id: str, instant: datetime, platform: str = ""
    ) -> Path | None:
        """Land records of one kind as one file, replacing the run's own; none where there are no records."""
        path = self._path(kind, platform, run_id, instant, ".parquet")
        if not platform:
            with self.together(), self._shared():
                _write_parquet(path, table(records, COLUMNS[kind]))
            return path
        month = _month_of(path)
        if month.exists():
            others = pq.read_table(month, partitioning=None).filter(pc.field("run_id") != run_id)
            _write_parquet(month, pa.concat_tables([others, table(records, COLUMNS[kind])]))
            return month
        if not records:
            path.unlink(missing_ok=True)
            return None
        _write_parquet(path, table(records, COLUMNS[kind]))
        return path

    def compact(self, instant: datetime) -> None:
        """Put each closed month of a platform into one file a kind, rows unchanged; responses stay by run.

        A month closes a week after its end. Where the computer stops in between, the next call goes on.
        """
        for month, files in self._closed(instant):
            _put_together(month, files)

    def is_half_compacted(self, instant: datetime) -> bool:
        """Whether a call of `compact` was killed while rows stood in a month's file and in their run's."""
        return any(
            path.stem in _runs_in(month) for month, files in self._closed(instant) if month.exists() for path in files
        )

    def _closed(self, instant: datetime) -> Iterator[tuple[Path, list[Path]]]:
        """The file of each closed month, and the runs' files that are to go into it."""
        closed = (instant - CLOSES_AFTER).date().replace(day=1)
        for kind in RUN_KINDS:
            months: dict[Path, list[Path]] = {}
            for path in (self.root / kind).glob("platform=*/fetched_on=*/*.parquet"):
                if _day_of(path) < closed and path != _month_of(path):
                    months.setdefault(_month_of(path), []).append(path)
            for month, files in sorted(months.items()):
                yield month, sorted(files, key=lambda path: (path.parent.name, path.stem))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold the folder with others, so that what landed stays as it is; waits while one has it alone."""
        with self._held(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against all others, to change what landed; what killed ones left half-written goes.

        Raises Locked where one holds it.
        """
        try:
            with self._held(fcntl.LOCK_EX | fcntl.LOCK_NB):
                for leftover in self.root.rglob(f"*{PART}"):
                    leftover.unlink()
                yield
        except BlockingIOError:
            raise Locked(f"A run holds {self.root}. Wait until it has ended, then run again.") from None

    @contextmanager
    def _held(self, how: int) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def write_tombstones(self, lines: Iterable[str]) -> None:
        part = self.root / (TOMBSTONES + PART)
        part.write_text("".join(lines), encoding="utf-8")
        os.replace(part, self.root / TOMBSTONES)

    def rewrite_parquet(self, kind: str, change: Callable[[pa.Table], pa.Table]) -> int:
        """Change the landed files of a kind, each whole; returns how many did change. For who holds it `alone`."""
        changed = 0
        for path in sorted((self.root / kind).glob("**/*.parquet")):
            before = pq.read_table(path, partitioning=None)
            after = change(before)
            if not after.equals(before):
                _write_parquet(path, after)
                changed += 1
        return changed

    def rewrite_responses(self, platform: str, ids: Iterable[str], change: Callable[[Response], Response]) -> int:
        """Change a platform's responses that name one of these ids, as `rewrite_parquet` does with rows."""
        spelled = {json.dumps(each, ensure_ascii=is_ascii)[1:-1].encode() for each in ids for is_ascii in (True, False)}
        changed = 0
        for path in sorted(self.root.glob(f"responses/platform={platform}/*/*.jsonl.gz")):
            with gzip.open(path) as packed:
                before = packed.readlines()
            after = [_changed(line, change) if any(each in line for each in spelled) else line for line in before]
            if after != before:
                with _packed(path) as packed:
                    packed.writelines(after)
                changed += 1
        return changed

    def write_directory(self, kind: str, records: Sequence[Any], day: date, run_id: str, instant: datetime) -> None:
        """Land one file of the directory, unless it is what landed last."""
        with self._shared():
            self._write_directory(kind, records, day, run_id, instant)

    def _write_directory(self, kind: str, records: Sequence[Any], day: date, run_id: str, instant: datetime) -> None:
        fresh = table(records, pa.schema([f for f in COLUMNS[kind] if f.name not in _DIRECTORY_COLUMNS]))
        landed = sorted(
            (self.root / kind).glob("landed_on=*/*.parquet"), key=lambda path: (path.parent.name, path.stem)
        )
        if landed and pq.read_table(landed[-1], columns=fresh.column_names, partitioning=None).equals(fresh):
            return
        stamped = [
            row | {"measured_on": day, "landed_at": naive(instant), "run_id": run_id} for row in fresh.to_pylist()
        ]
        path = self._path(kind, "", run_id, instant, ".parquet")
        _write_parquet(path, pa.Table.from_pylist(stamped, COLUMNS[kind]))

    @contextmanager
    def responses(self, platform: str, run_id: str, instant: datetime) -> Iterator[gzip.GzipFile]:
        """A gzip file of JSON lines to write responses to; it takes its place when the block ends without an error."""
        with _packed(self._path("responses", platform, run_id, instant, ".jsonl.gz")) as packed:
            yield packed

    def _path(self, kind: str, platform: str, run_id: str, instant: datetime, ending: str) -> Path:
        when = {"readings": "imported_on"}.get(kind, "fetched_on" if platform else "landed_on")
        folder = self.root / kind / (f"platform={platform}" if platform else "")
        return folder / f"{when}={instant.astimezone(UTC):%Y-%m-%d}" / f"{run_id}{ending}"


def response_line(response: Response) -> bytes:
    """A response as one line of JSON; ASCII where it holds half a character, which UTF-8 has no bytes for."""
    told = {name: getattr(response, name) for name in _RESPONSE}
    told["subjects"] = [{"account_id": s.account_id, "post_id": s.post_id} for s in response.subjects]
    try:
        return _in_utf8.encode(told) + b"\n"
    except (UnicodeEncodeError, OverflowError):  # the latter for a number of more than 64 bits
        return _in_ascii.encode(told).encode() + b"\n"


def _changed(line: bytes, change: Callable[[Response], Response]) -> bytes:
    response = response_of(line)
    after = change(response)
    return line if after == response else response_line(after)


def _part_of(name: str) -> str | None:
    """The part of its platform that a run's file is of; None where it is no run's."""
    found = re.search(r"Z(-\d+of\d+|-[a-z]+)?", name)
    return found.group(1) or "" if found else None


def _day_of(path: Path) -> date:
    return date.fromisoformat(path.parent.name.removeprefix("fetched_on="))


def _month_of(path: Path) -> Path:
    """The file that holds a run's file once its month is closed: in the folder of the month's last day."""
    if not path.parent.name.startswith("fetched_on="):
        return path.with_name("never")
    first = _day_of(path).replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return path.parent.with_name(f"fetched_on={last}") / f"{first:%Y-%m}.parquet"


def _runs_in(month: Path) -> set[str]:
    return set(pq.read_table(month, columns=["run_id"], partitioning=None).column("run_id").to_pylist())


def _put_together(month: Path, files: list[Path]) -> None:
    """Write the month's file first and only then remove the runs' own: twice for a moment, never lost."""
    landed = _runs_in(month) if month.exists() else set()
    fresh = [path for path in files if path.stem not in landed]
    if fresh:
        with (
            _in_place(month) as part,
            pq.ParquetWriter(part, pq.read_schema(fresh[0]), compression="zstd") as writer,
        ):
            for path in ([month] if landed else []) + fresh:
                writer.write_table(pq.read_table(path, partitioning=None))
    for path in files:
        path.unlink()
        with suppress(OSError):
            path.parent.rmdir()


@contextmanager
def _packed(path: Path) -> Iterator[gzip.GzipFile]:
    with (
        _in_place(path) as part,
        part.open("wb") as raw,
        gzip.GzipFile("", "wb", 4, raw, mtime=0) as packed,
    ):
        yield packed


def _write_parquet(path: Path, table: pa.Table) -> None:
    with _in_place(path) as part:
        pq.write_table(table, part, compression="zstd")


@contextmanager
def _in_place(path: Path) -> Iterator[Path]:
    """A file to write beside `path`, which takes its place when the block ends without an error, and else goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + PART)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
