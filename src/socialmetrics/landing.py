"""The record on disk: responses as received and the rows read from them, append-only, whole or not there.

A file is written beside its place and renamed. Parquet is read back with DuckDB: what is tracked, when it was last seen
and what was spent come from here, never from the warehouse, so that a failed build loses nothing.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
import time as seconds
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import chain, count
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from socialmetrics.errors import Locked, Misconfigured
from socialmetrics.ladder import is_due
from socialmetrics.records import COLUMNS, Reason, Response, Run, Subject, Tracked, TrackedPost, naive, table

PART = ".part"
TOMBSTONES = "forgotten.jsonl"
ABANDONED_SECONDS = 3600
LOOKBACK_DAYS = 100
CLOSES_AFTER = timedelta(days=7)
RUN_KINDS = ("observations", "profiles", "posts", "calls", "runs")
RATE_DAYS = 28  # over which it is counted how many posts a day an account publishes
_RESPONSE = tuple(each.name for each in fields(Response))
_in_utf8 = msgspec.json.Encoder(enc_hook=str)
_in_ascii = json.JSONEncoder(default=str, separators=(",", ":"))
_DIRECTORY_COLUMNS = ("measured_on", "landed_at", "run_id")


class Landing:
    """The landing folder. Rows go in by `write`; everything else reads."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self, platform: str = "", shard: str = "") -> None:
        """Make the folders, and clear what a killed run of `platform` and `shard` left half-written."""
        for kind, columns in COLUMNS.items():
            empty = self.root / kind / "columns.parquet"
            if not empty.exists():
                _write_parquet(empty, columns.empty_table())
        for leftover in self.root.glob(f"*/platform={platform}/*/*{PART}"):
            if _shard_of(leftover.name) == shard:
                leftover.unlink(missing_ok=True)
        for leftover in self.root.glob(f"*/*_on=*/*{PART}"):  # another platform's run may be writing a fresh one
            with suppress(FileNotFoundError):
                if seconds.time() - leftover.stat().st_mtime > ABANDONED_SECONDS:
                    leftover.unlink()

    def write(
        self, kind: str, records: Sequence[Any], run_id: str, instant: datetime, platform: str = ""
    ) -> Path | None:
        """Land records of one kind as one file, replacing the run's own; none where there are no records."""
        path = self._path(kind, platform, run_id, instant, ".parquet")
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
        with self.writing():
            self._compact(instant)

    def _compact(self, instant: datetime) -> None:
        closed = (instant - CLOSES_AFTER).date().replace(day=1)
        for kind in RUN_KINDS:
            months: dict[Path, list[Path]] = {}
            for path in (self.root / kind).glob("platform=*/fetched_on=*/*.parquet"):
                if _day_of(path) < closed and path != _month_of(path):
                    months.setdefault(_month_of(path), []).append(path)
            for month, files in sorted(months.items()):
                _put_together(month, sorted(files, key=lambda path: (path.parent.name, path.stem)))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder together with other writers; waits while one has it to itself."""
        with self._held(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against every writer, to change what landed. Raises Locked where one is writing."""
        try:
            with self._held(fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield
        except BlockingIOError:
            raise Locked(f"A run is writing to {self.root}. Wait until it has ended, then run again.") from None

    @contextmanager
    def _held(self, how: int) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def tombstones(self) -> list[str]:
        """The lines of forgotten.jsonl, one a withdrawn post."""
        path = self.root / TOMBSTONES
        return path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []

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

    def read_responses(self, platform: str, run_id: str) -> list[Response]:
        """A run's responses. Raises Misconfigured where there is no such run."""
        path = self.responses_file(platform, run_id)
        if path is None:
            raise Misconfigured(
                f"There are no responses of a run {run_id!r} of {platform}. `socialmetrics reparse --list` names them."
            )
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [_response(json.loads(line)) for line in lines]

    def responses_file(self, platform: str, run_id: str) -> Path | None:
        """The file of a run's responses, one a line; None where it is not kept."""
        return next(self.root.glob(f"responses/platform={platform}/*/{run_id}.jsonl.gz"), None)

    def readings_file(self, run_id: str) -> Path | None:
        """The file of an import's readings."""
        return next(self.root.glob(f"readings/*/{run_id}.parquet"), None)

    def run_ids(self, platform: str) -> list[str]:
        """The runs of a platform whose responses are kept, oldest first."""
        return sorted(
            path.name.removesuffix(".jsonl.gz")
            for path in self.root.glob(f"responses/platform={platform}/*/*.jsonl.gz")
        )

    def free_run_id(self, platform: str, stamp: str, shard: str = "") -> str:
        """A run's name: its instant and shard, with a number where something landed under that name already."""
        stamp += shard
        landed = self.root.glob(f"*/platform={platform}/*/{stamp}*")
        taken = {path.name.partition(".")[0] for path in landed if not path.name.endswith(PART)}
        return next(name for name in chain([stamp], (f"{stamp}-{n}" for n in count(2))) if name not in taken)

    def runs(self, day: date) -> list[Run]:
        """What became of each platform on `day`: its latest run, or the latest of each of its shards."""
        found = self._query(
            """
            with told as (
                select
                    *,
                    regexp_extract(run_id, '-[0-9]+of[0-9]+') as shard,
                    regexp_extract(run_id, 'of[0-9]+') as parts
                from {runs}
                where measured_on = $day
            )
            select run_id, platform, measured_on, scheduled_at, started_at, status, message
            from told
            qualify
                row_number() over (partition by platform, shard order by started_at desc, run_id desc) = 1
                and parts = first_value(parts) over (partition by platform order by started_at desc, run_id desc)
            order by platform, run_id
            """,
            since=day,
            day=day,
        )
        return [
            Run(run_id, platform, measured_on, _aware(scheduled_at), _aware(started_at), status, message)
            for run_id, platform, measured_on, scheduled_at, started_at, status, message in found
        ]

    def days_run(self) -> int:
        """On how many days any platform was asked."""
        return int(self._query("select count(distinct measured_on) from {runs}")[0][0])

    def silent_since(self, platform: str, account_ids: Collection[str], day: date) -> datetime | None:
        """The beginning of the first run after the last value of any of these accounts, of the month up to `day`."""
        found = self._query(
            """
            select min(started_at)
            from {runs}
            where
                status <> 'not_set_up'
                and started_at > coalesce(
                    (
                        select max(fetched_at)
                        from {observations}
                        where value is not null and post_id is null and list_contains($ids, account_id)
                    ),
                    timestamp '1970-01-01'
                )
            """,
            platform,
            since=day - timedelta(days=31),
            ids=list(account_ids),
        )
        return _aware(found[0][0]) if found[0][0] else None

    def heard(self, platform: str, day: date) -> list[Response]:
        """All that the finished runs of `day` were answered, oldest first."""
        runs = self._query(
            "select distinct run_id from {runs} where measured_on = $day order by run_id", platform, since=day, day=day
        )
        kept = [run_id for (run_id,) in runs if self.responses_file(platform, run_id)]
        return [response for run_id in kept for response in self.read_responses(platform, run_id)]

    def was_refused(self, platform: str, since: datetime) -> bool:
        """Whether the platform has called its quota spent since an instant."""
        found = self._query(
            "select count(*) from {calls} where called_at >= $began and outcome = $spent",
            platform,
            since=since.astimezone(UTC).date(),
            began=naive(since),
            spent=str(Reason.NOT_COLLECTED),
        )
        return bool(found[0][0])

    def observed(self, platform: str, day: date) -> set[Subject]:
        """The subjects that have at least one value on `day`."""
        found = self._query(
            "select distinct account_id, post_id from {observations} where measured_on = $day and value is not null",
            platform,
            since=day,
            day=day,
        )
        return {Subject(*row) for row in found}

    def reasons(self, platform: str, day: date) -> dict[Subject, str]:
        """Why an account or post as a whole had no value on `day`: the latest reason of each."""
        found = self._query(
            """
            select account_id, post_id, max_by(reason, fetched_at)
            from {observations}
            where measured_on = $day and metric is null and value is null
            group by account_id, post_id
            """,
            platform,
            since=day,
            day=day,
        )
        return {Subject(account_id, post_id): reason for account_id, post_id, reason in found}

    def known_posts(self, platform: str, before: datetime) -> set[str]:
        """The posts that landed before an instant."""
        query = "select distinct post_id from {posts} where fetched_at < $before"
        return {row[0] for row in self._query(query, platform, before=naive(before))}

    def post_named(self, platform: str, name: str) -> str | None:
        """The id of a landed post that is this, or whose link is."""
        query = "select post_id from {posts} where $name in (post_id, url) limit 1"
        return next((post_id for (post_id,) in self._query(query, platform, name=name)), None)

    def spent(self, platform: str, since: datetime) -> tuple[int, Decimal]:
        """Units and dollars that calls have cost since an instant."""
        query = "select coalesce(sum(units), 0), coalesce(sum(dollars), 0) from {calls} where called_at >= $began"
        units, dollars = self._query(query, platform, since=since.astimezone(UTC).date(), began=naive(since))[0]
        return int(units), Decimal(dollars)

    def tracked(self, platform: str, day: date, zone: str, rungs: Sequence[int]) -> Tracked:
        """What is known before the run of `day`; posts only where their ladder asks for them today."""
        posts = list(self._posts(platform, day, max(rungs) + 7))
        due = []
        for post in posts:
            published_on = post.published_at.astimezone(ZoneInfo(zone)).date()
            seen_at_age = (post.last_seen_on - published_on).days if post.last_seen_on else None
            if is_due((day - published_on).days, seen_at_age, rungs):
                due.append(post)
        recent = naive(datetime.combine(day - timedelta(days=RATE_DAYS), time(0), UTC))
        rates = Counter(post.account_id for post in posts if naive(post.published_at) >= recent)
        return Tracked(
            posts=tuple(due),
            known=frozenset(post.post_id for post in posts),
            searched=self._searched(platform, day),
            **self._discoveries(platform, day),
            posts_per_day={account_id: count / RATE_DAYS for account_id, count in rates.items()},
        )

    def _searched(self, platform: str, day: date) -> frozenset[str]:
        """The accounts whose new posts a run of `day` has looked for to the end."""
        found = self._query(
            """
            select distinct unnest(asked)
            from {calls}
            where is_discovery and is_last and outcome = 'ok' and measured_on = $day
            """,
            platform,
            since=day,
            day=day,
        )
        return frozenset(account_id for (account_id,) in found)

    def _posts(self, platform: str, day: date, days: int) -> Iterator[TrackedPost]:
        """The posts of the last `days`, and when each was last seen: a value, or a reason that settles it."""
        oldest = day - timedelta(days=days)
        found = self._query(
            """
            with known as (
                select account_id, post_id, max(published_at) as published_at
                from {posts}
                where published_at >= $oldest
                group by account_id, post_id
            ),
            seen as (
                select post_id, max(measured_on) as last_seen_on
                from {observations}
                where post_id is not null and measured_on between $oldest and $day
                    and (value is not null or reason in ('not_found', 'suspended', 'forbidden', 'hidden'))
                group by post_id
            )
            select
                account_id,
                post_id,
                published_at,
                last_seen_on,
                count(*) over (partition by account_id order by published_at desc, post_id desc) - 1 as newer
            from known left join seen using (post_id)
            order by account_id, post_id
            """,
            platform,
            since=oldest,
            oldest=oldest,
            day=day,
        )
        for account_id, post_id, published_at, last_seen_on, newer in found:
            yield TrackedPost(account_id, post_id, _aware(published_at), last_seen_on, newer)

    def _discoveries(self, platform: str, day: date) -> dict[str, Any]:
        """By account, as of its last complete discovery: the instant, that day's counts by then, the newest post."""
        oldest = day - timedelta(days=LOOKBACK_DAYS)
        found = self._query(
            """
            with discoveries as (
                select distinct unnest(asked) as account_id, measured_on, called_at
                from {calls}
                where is_discovery and is_last and outcome = 'ok' and measured_on >= $oldest
            ),
            counts as (
                select account_id, called_at, metric, max_by(value, fetched_at) as value
                from discoveries join {observations} as observations using (account_id, measured_on)
                where post_id is null and value is not null and fetched_at <= called_at
                group by account_id, called_at, metric
            )
            select account_id, called_at, map_from_entries(list((metric, value))) as counts
            from counts
            group by account_id, called_at
            qualify row_number() over (partition by account_id order by called_at desc) = 1
            """,
            platform,
            since=oldest,
            oldest=oldest,
        )
        discovered = {row[0]: _aware(row[1]) for row in found}
        newest = (
            self._query(
                """
            select account_id, max_by(post_id, published_at)
            from {posts}
            join (select unnest($accounts) as account_id, unnest($instants) as called_at) using (account_id)
            where fetched_at <= called_at
            group by account_id
            """,
                platform,
                accounts=list(discovered),
                instants=[naive(instant) for instant in discovered.values()],
            )
            if discovered
            else []
        )
        return {"discovered_at": discovered, "values": {row[0]: row[2] for row in found}, "newest": dict(newest)}

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect()

    def _query(
        self, sql: str, platform: str = "*", since: date | None = None, **parameters: Any
    ) -> list[tuple[Any, ...]]:
        """Rows of SQL over the files of a platform, in which `{posts}` stands for those of its posts.

        `since` leaves out the folders of earlier days: nothing is fetched before the day it belongs to has begun.
        """
        kinds = {name for _, name, _, _ in Formatter().parse(sql) if name}
        tables = {kind: f"read_parquet({self._files(kind, platform, since)})" for kind in kinds}
        return self._connection.execute(sql.format(**tables), parameters).fetchall()

    def _files(self, kind: str, platform: str, since: date | None) -> list[str]:
        """A kind's files, and the empty one that holds its columns."""
        folder = self.root / kind
        first = f"fetched_on={since - timedelta(days=1)}" if since else ""
        days = sorted(path for path in folder.glob(f"platform={platform}/fetched_on=*") if path.name >= first)
        files = [entry.path for day in days for entry in os.scandir(day) if entry.name.endswith(".parquet")]
        return [str(folder / "columns.parquet"), *files]

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
    response = _response(json.loads(line))
    after = change(response)
    return line if after == response else response_line(after)


def _response(line: dict[str, Any]) -> Response:
    return Response(
        **line
        | {
            "subjects": tuple(Subject(**subject) for subject in line["subjects"]),
            "measured_on": date.fromisoformat(line["measured_on"]),
            "fetched_at": datetime.fromisoformat(line["fetched_at"]),
            "reason": Reason(line["reason"]) if line["reason"] else None,
        }
    )


def parts_of(run_id: str) -> int:
    """Into how many shards a run's platform was divided that day."""
    found = re.search(r"of(\d+)", run_id)
    return int(found.group(1)) if found else 1


def _shard_of(name: str) -> str:
    found = re.search(r"-\d+of\d+", name)
    return found.group() if found else ""


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
        part = month.with_name(month.name + PART)
        month.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(part, pq.read_schema(fresh[0]), compression="zstd") as writer:
            for path in ([month] if landed else []) + fresh:
                writer.write_table(pq.read_table(path, partitioning=None))
        os.replace(part, month)
    for path in files:
        path.unlink()
        with suppress(OSError):
            path.parent.rmdir()


@contextmanager
def _packed(path: Path) -> Iterator[gzip.GzipFile]:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + PART)
    with part.open("wb") as raw, gzip.GzipFile("", "wb", 4, raw, mtime=0) as packed:
        yield packed
    os.replace(part, path)


def _write_parquet(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + PART)
    pq.write_table(table, part, compression="zstd")
    os.replace(part, path)


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC)
