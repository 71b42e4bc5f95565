"""The warehouse: dbt builds it in a process of its own, publishing swaps it in whole, readers only ever read it.

    warehouse/build/work.duckdb         what only dbt reads: landing by load, values by day
    warehouse/build/marts.duckdb        the marts
    warehouse/build/state.json          what the last build saw of landing and of sql/
    warehouse/build/ready.json          there while the marts are those of a build whose tests all passed
    warehouse/socialmetrics.duckdb      the published copy
    warehouse/as_of/20261116T060000Z.duckdb
                                        the marts as they would have been built at that instant

A build goes on from the files it has not seen. It starts afresh where going on would be wrong or slower: a landing file
is gone or changed, sql/ or a setting of the models changed, or more than 60 days are touched. What is too much for one
load is built in slices of time, each a load that goes on from the one before, so that memory does not grow with history
and a build that stopped goes on from the slice it had reached.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from socialmetrics import clock, lock
from socialmetrics.errors import BuildFailed, Locked, Misconfigured
from socialmetrics.landing import Landing
from socialmetrics.records import naive
from socialmetrics.settings import Settings

SQL = next(
    (
        place
        for place in (Path(__file__).parents[2] / "sql", Path(__file__).parent / "sql")
        if (place / "dbt_project.yml").exists()
    ),
    Path(__file__).parents[2] / "sql",
)
MOST_MEMORY = 8 * 2**30  # bytes that DuckDB takes while building; beyond it spills to disk
OPENED_BY = "v1.2.0"  # the oldest DuckDB that opens the published file
MOST_DAYS_IN_PLACE = 60
SLICE_ROWS = 8_000_000  # what one load takes in: up to 8 GB of memory
ONE_AT_A_TIME = ("--threads", "1")  # so that a model of a slice may take all the memory
ACCOUNT_DAY_ROWS = 3  # that an account has in the models for a day, also where it is asked weekly
WHOLE_TESTED_EVERY = timedelta(days=7)
PR_SET_PDEATHSIG = 1  # from linux/prctl.h

# What a process needs of the environment; the rest may hold a secret, as Airflow's connections or a proxy's password.
_HARMLESS = re.compile(r"PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON\w+")

_DATED_KINDS = ("observations", "readings", "runs")
_AS_OF = """
create or replace macro observations_as_of(instant) as table
select * replace (true as is_current, least(last_seen_at, instant) as last_seen_at)
from observations
where first_seen_at <= instant
qualify
    row_number() over (
        partition by platform, account_id, post_id, metric, measured_on
        order by value is null, source is not null, first_seen_at desc, version desc
    ) = 1
"""

_MEANINGS = """
with

meanings as (
    select metric, subject, string_agg(platform || ': ' || definition, ' ' order by platform, native_metric) as meaning
    from metrics
    group by metric, subject
),

columns_found as (
    select
        table_name,
        column_name,
        comment,
        case
            when bool_or(column_name = 'post_id') over (partition by table_name) then 'post'
            else 'account'
        end as subject
    from duckdb_columns()
    where schema_name = 'main' and not internal
)

select table_name, column_name, concat_ws(' ', comment, meaning)
from columns_found
inner join meanings on column_name = metric and columns_found.subject = meanings.subject
order by table_name, column_name
"""

Listing = dict[str, list[int]]


@dataclass(frozen=True)
class Built:
    """What a build did. `load_id`: the number of the latest load; `because`: why all was built anew, else None."""

    load_id: int
    new_files: int
    seconds: float
    because: str | None = None
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        how = f"all anew, because {self.because}" if self.because else f"load {self.load_id}"
        warned = "".join(f"\n{warning}" for warning in self.warnings)
        return f"{how}; {self.new_files} new files, {self.seconds:.1f} s{warned}"


@dataclass
class _State:
    """What the last build saw. `tested_load`: the load up to which every test has passed."""

    fingerprint: str = ""
    files: Listing = field(default_factory=dict)
    tested_load: int = 0
    whole_tested_at: str = ""


def build(settings: Settings, full_refresh: bool = False) -> Built:
    """Build and test the marts from all that landed, closed months put together first.

    Raises BuildFailed with the failing nodes, Locked where another process holds the working files, and Misconfigured
    where nothing has landed.
    """
    if not _listing(settings.landing):
        raise Misconfigured(f"Nothing has landed in {settings.landing}. Run `socialmetrics extract` first.")
    folder = settings.warehouse / "build"
    with _only_one(folder):
        began = clock.stopwatch()
        shutil.rmtree(folder / "work.duckdb.tmp", ignore_errors=True)  # what DuckDB put aside when it was killed
        landing = Landing(settings.landing)
        try:
            with landing.alone():  # while a run asks, its files stay where it has seen them
                landing.compact(clock.now())
        except Locked:
            if landing.is_half_compacted(clock.now()):
                raise
        files = _listing(settings.landing)
        state, fingerprint = _read_state(folder), _fingerprint(settings)
        new = sorted(files.keys() - state.files.keys())
        because = _why_afresh(settings, state, fingerprint, files, new, full_refresh)
        if not because and not new and _is_ready(folder):
            return Built(state.tested_load, 0, clock.stopwatch() - began)

        (folder / "ready.json").unlink(missing_ok=True)
        if because:
            _clear(folder)
            state = _State()
        state.fingerprint = fingerprint
        is_whole = _is_whole_due(state)
        reached = max(map(_fetched_on, state.files), default="")
        slices = [last_on for last_on in _slices(settings.landing, files) if last_on >= reached]
        for last_on in slices:
            state.files |= {path: seen for path, seen in files.items() if _fetched_on(path) <= last_on}
            _write_json(folder / "state.json", asdict(state))
            _dbt(settings, "build", *_without("unit_test", "test"), *ONE_AT_A_TIME, until=last_on)
        state.files = files
        _write_json(folder / "state.json", asdict(state))

        warnings = _build(settings, 0 if is_whole else state.tested_load, *(ONE_AT_A_TIME if slices else ()))
        _settle(folder)

        state.tested_load = _latest_load(folder)
        if is_whole:
            state.whole_tested_at = clock.now().isoformat()
        _write_json(folder / "state.json", asdict(state))
        _write_json(folder / "ready.json", {"marts": _stat(folder / "marts.duckdb"), "load_id": state.tested_load})
        return Built(state.tested_load, len(files if because else new), clock.stopwatch() - began, because, warnings)


def publish(settings: Settings) -> Path:
    """Swap the last good build in for the readers; who has the old file open goes on reading it.

    Raises BuildFailed where there is no good build, and Locked where one is under way.
    """
    folder = settings.warehouse / "build"
    if not (folder / "marts.duckdb").exists():
        raise BuildFailed("There is no build to publish. Run `socialmetrics model` first.")
    with _only_one(folder):
        if not _is_ready(folder):
            raise BuildFailed(
                f"The last build failed, so the published file stays as it was. {folder / 'logs' / 'dbt.log'} says why;"
                " run `socialmetrics model` again when that is mended."
            )
        _finish(folder, settings.published)
    return settings.published


def build_as_of(settings: Settings, instant: datetime) -> Path:
    """Build and test the marts from what had landed by a past instant into a finished file of their own.

    A row counts by its own instant: when it was fetched, imported, called or taken from the directory, or when its run
    began. The working files and the published one stay as they are. Raises Misconfigured for an instant before which
    nothing landed or that is still to come, BuildFailed and Locked as `build` does.
    """
    folder = settings.warehouse / "as_of" / clock.stamp(instant)
    finished = folder.with_name(f"{folder.name}.duckdb")
    if instant > clock.now():
        raise Misconfigured(f"{instant:%Y-%m-%d %H:%M} UTC is still to come. Give an instant of the past.")
    files = _listing(settings.landing)
    if not files or not _had_landed(settings.landing, instant):
        raise Misconfigured(f"Nothing had landed by {instant:%Y-%m-%d %H:%M} UTC. Give a later instant.")
    files = {
        path: seen for path, seen in _listing(settings.landing).items() if _fetched_on(path) <= f"{naive(instant):%F}"
    }
    for killed in (path for path in folder.parent.glob("*") if path.is_dir()):
        with suppress(Locked), lock.hold(killed / "lock"):
            shutil.rmtree(killed)
    with _only_one(folder), Landing(settings.landing).together():
        slices = _slices(settings.landing, files)
        for last_on in slices:
            parts = (*_without("unit_test", "test"), *ONE_AT_A_TIME)
            _dbt(settings, "build", *parts, folder=folder, as_of=instant, until=last_on)
        _build(settings, 0, *(ONE_AT_A_TIME if slices else ()), folder=folder, as_of=instant)
        _settle(folder)
        _finish(folder, finished)
    shutil.rmtree(folder)
    return finished


def published_through(settings: Settings) -> date | None:
    """The latest day in the published file; None where there is none."""
    if not settings.published.exists():
        return None
    _, rows = query(settings, "select max(measured_on) from coverage_days")
    return rows[0][0] if rows else None


def renew_as_of(settings: Settings) -> None:
    """Make the files as of past instants anew from what landing holds now; one that a killed build left goes.

    Raises as `build_as_of` does.
    """
    folder = settings.warehouse / "as_of"
    for begun in (path for path in folder.glob("*Z") if path.is_dir()):
        with _only_one(begun):
            shutil.rmtree(begun)
    for finished in sorted(folder.glob("*Z.duckdb")):
        build_as_of(settings, clock.instant_of(finished.stem))


def query(
    settings: Settings, sql: str, parameters: Mapping[str, Any] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Ask the published file; neither it, nor any other file, nor the network can be reached otherwise.

    `$name` in the SQL stands for a parameter. Raises Misconfigured where nothing is published or the query is
    wrong, Locked where somebody has the file open for writing.
    """
    if not settings.published.exists():
        raise Misconfigured(
            f"There is no {settings.published}. Run `socialmetrics run`, or `model` and then `publish`."
        )
    closed: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
        "allow_community_extensions": False,
        "lock_configuration": True,
    }
    try:
        with duckdb.connect(str(settings.published), read_only=True, config=closed) as connection:
            found = connection.execute(sql, dict(parameters)) if parameters else connection.execute(sql)
            return [column[0] for column in found.description or []], found.fetchall()
    except duckdb.Error as error:
        if kept_out := lock.kept_out(settings.published, str(error)):
            raise kept_out from None
        raise Misconfigured(f"The query did not run: {_first_line(str(error))}") from None


def _finish(folder: Path, place: Path) -> None:
    """Copy a folder's marts to their place, finished and read-only, whole or not at all."""
    # The catalog is named after the file, and a macro keeps the name it was made under.
    fresh = folder / "publishing" / place.name
    shutil.rmtree(fresh.parent, ignore_errors=True)
    fresh.parent.mkdir()
    try:
        shutil.copyfile(folder / "marts.duckdb", fresh)
        with duckdb.connect(str(fresh), config={"storage_compatibility_version": OPENED_BY}) as connection:
            connection.execute(_AS_OF)
            _tell_meanings(connection)
            connection.execute("checkpoint")
        fresh.chmod(0o444)
        _flush(fresh)
        os.replace(fresh, place)
    except duckdb.Error as error:
        raise BuildFailed(_failed_at("The finished file could not be written", str(error))) from None
    finally:
        shutil.rmtree(fresh.parent, ignore_errors=True)


def _tell_meanings(connection: duckdb.DuckDBPyConnection) -> None:
    """What the registry says of a metric becomes part of the comment on each column that is named after it."""
    for table, column, told in connection.execute(_MEANINGS).fetchall():
        text = told.replace("'", "''")
        connection.execute(f"comment on column {table}.{column} is '{text}'")


def _had_landed(landing: Path, instant: datetime) -> bool:
    """Whether any run had begun or any figure been imported by an instant."""
    began = [("runs", "started_at"), ("readings", "imported_at")]
    with duckdb.connect() as connection:
        found = [
            connection.execute(
                f"select count(*) from read_parquet($files, hive_partitioning = false) where {column} <= $instant",
                {"files": str(landing / kind / "**" / "*.parquet"), "instant": naive(instant)},
            ).fetchone()
            for kind, column in began
        ]
    return any(count for (count,) in filter(None, found))


def _why_afresh(
    settings: Settings, state: _State, fingerprint: str, files: Listing, new: list[str], is_asked: bool
) -> str | None:
    folder = settings.warehouse / "build"
    if is_asked:
        return "it was asked for"
    if not state.fingerprint or not all((folder / name).exists() for name in ("work.duckdb", "marts.duckdb")):
        return "there is no earlier build"
    if state.fingerprint != fingerprint:
        return "the models, the registry, the time zone or the fiscal year changed"
    if gone := state.files.keys() - files.keys():
        return f"{min(gone)} is gone"
    if changed := [path for path, seen in state.files.items() if files[path] != seen]:
        return f"{min(changed)} changed"
    touched = _days_in(settings.landing, new)
    if touched > MOST_DAYS_IN_PLACE:
        return f"{touched} days are touched"
    return None


def _days_in(landing: Path, new: list[str]) -> int:
    """How many days the new files are about; a directory is about every day since its own, up to the latest run."""
    dated = [str(landing / path) for path in new if path.split("/")[0] in _DATED_KINDS]
    directory = [str(landing / path) for path in new if path.split("/")[0] == "accounts"]
    with duckdb.connect() as connection:
        days, latest = 0, None
        if dated:
            found = connection.execute(
                "select count(distinct measured_on), max(measured_on)"
                " from read_parquet($files, hive_partitioning = false)",
                {"files": dated},
            ).fetchone()
            days, latest = found or (0, None)
        if directory and latest:
            found = connection.execute(
                "select min(measured_on) from read_parquet($files, hive_partitioning = false)", {"files": directory}
            ).fetchone()
            first = found[0] if found else None
            days = max(days, (latest - first).days + 1) if first else days
    return days


def _slices(landing: Path, files: Listing) -> list[str]:
    """The days of fetching up to which a build goes first, load by load; what is later comes last.

    Each load takes in so many days, or closed months, as make SLICE_ROWS rows of observations and of accounts' days;
    what has no day of fetching (the directory, imported figures) comes with the first.
    """
    rows: Counter[date] = Counter()
    accounts = 0
    for path in files:
        if path.startswith("observations/") and (fetched_on := _fetched_on(path)):
            rows[date.fromisoformat(fetched_on)] += pq.read_metadata(landing / path).num_rows
        elif path.startswith("accounts/"):
            accounts = max(accounts, pq.read_metadata(landing / path).num_rows)
    slices: list[str] = []
    taken, before = 0, min(rows, default=date.min)
    for day, observations in sorted(rows.items()):
        more = observations + ACCOUNT_DAY_ROWS * accounts * (day - before).days
        if taken and taken + more > SLICE_ROWS:
            slices.append(before.isoformat())
            taken = 0
        taken, before = taken + more, day
    return slices


def _fetched_on(path: str) -> str:
    """The day in a landing file's path; empty where it has none."""
    found = re.search(r"/fetched_on=([^/]+)/", path)
    return found.group(1) if found else ""


def run_dbt(
    settings: Settings,
    command: str,
    *arguments: str,
    tested_load: int = 0,
    folder: Path | None = None,
    as_of: datetime | None = None,
    until: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run one dbt command on the working files, in a process of its own: inside ours dbt would hold them until we end.

    `command` may be of two words, as `docs generate`. Tests look at the rows of later loads than `tested_load`;
    models look at what had landed `as_of` an instant, and at no file fetched after the day `until`. The working files
    lie in `folder`, by default `warehouse/build`. No token reaches the process.
    """
    folder = folder or settings.warehouse / "build"
    beside = Path(sys.executable).parent / "dbt"
    program = [str(beside)] if beside.exists() else [sys.executable, "-m", "dbt.cli.main"]
    places = {"project-dir": SQL, "profiles-dir": SQL, "target-path": folder / "target", "log-path": folder / "logs"}
    options = [part for name, place in places.items() for part in (f"--{name}", str(place.resolve()))]
    variables = _vars(settings) | {"as_of": naive(as_of).isoformat() if as_of else ""}
    options += ["--vars", json.dumps(variables), "--no-use-colors"]
    environment = {name: value for name, value in os.environ.items() if _HARMLESS.fullmatch(name)}
    environment |= {
        "SOCIALMETRICS_BUILD": str(folder.resolve()),
        "SOCIALMETRICS_LANDING": str(settings.landing.resolve()),
        "SOCIALMETRICS_TESTED_LOAD": str(tested_load),
        "SOCIALMETRICS_LANDED_UNTIL": until,
        "SOCIALMETRICS_MEMORY": f"{_memory() // 2**20}MiB",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return subprocess.run(
        [*program, *command.split(), *options, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_ending_with_us(),
    )


def _ending_with_us() -> Callable[[], Any] | None:
    """Has Linux end a new process with this one, which may be killed: an orphan would hold the files."""
    if sys.platform != "linux":
        return None
    return partial(ctypes.CDLL(None).prctl, PR_SET_PDEATHSIG, signal.SIGKILL)


def _memory() -> int:
    """What a build may take of this machine's memory, in bytes."""
    return min(MOST_MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 6 // 10)


def _vars(settings: Settings) -> dict[str, str | int]:
    """The settings that the models know."""
    return {"timezone": settings.timezone, "fiscal_year_starts_in": settings.fiscal_year_start}


def _build(
    settings: Settings, tested_load: int, *arguments: str, folder: Path | None = None, as_of: datetime | None = None
) -> tuple[str, ...]:
    """Build and test; unit tests are for whoever changes sql/. Returns the warnings. Raises BuildFailed or Locked."""
    command = ("build", *_without("unit_test"), *arguments)
    results = _dbt(settings, *command, tested_load=tested_load, folder=folder, as_of=as_of)
    return tuple(_told(result) for result in results if result["status"] == "warn")


def _settle(folder: Path) -> None:
    """Bring into the files what DuckDB had no room to bring there when dbt ended; that much it leaves unsaid."""
    for name in ("work.duckdb", "marts.duckdb"):
        if (folder / f"{name}.wal").exists():
            try:
                with duckdb.connect(str(folder / name)) as connection:
                    connection.execute("force checkpoint")
            except duckdb.Error as error:
                raise BuildFailed(_failed_at("The build failed", _first_line(str(error)))) from None


def _without(*kinds: str) -> list[str]:
    return [part for kind in kinds for part in ("--exclude-resource-type", kind)]


def _dbt(
    settings: Settings,
    *command: str,
    tested_load: int = 0,
    folder: Path | None = None,
    as_of: datetime | None = None,
    until: str = "",
) -> list[dict[str, Any]]:
    """The results of a dbt command, node by node. Raises BuildFailed or Locked."""
    folder = folder or settings.warehouse / "build"
    (folder / "target" / "run_results.json").unlink(missing_ok=True)
    done = run_dbt(settings, *command, tested_load=tested_load, folder=folder, as_of=as_of, until=until)
    results = _results(folder / "target")
    failed = [_told(result) for result in results if result["status"] in ("error", "fail", "runtime error")]
    if done.returncode or failed or not results:
        if holder := _holder(done.stdout):
            raise holder
        said = "; ".join(failed) or _last_words(done.stdout + done.stderr)
        raise BuildFailed(_failed_at("The build failed", said) + f" The log is {folder / 'logs' / 'dbt.log'}.")
    return results


def _results(target: Path) -> list[dict[str, Any]]:
    try:
        results: list[dict[str, Any]] = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        return []
    return results


def _told(result: dict[str, Any]) -> str:
    kind, _, name = result["unique_id"].split(".")[:3]
    lines = [line.strip() for line in (result.get("message") or "no message").splitlines() if line.strip()]
    # dbt's first line only says which node it was
    message = lines[1] if len(lines) > 1 and " Error in " in lines[0] else lines[0]
    return f"{kind} {name}: {message.rstrip('.')}"


def _failed_at(what: str, said: str) -> str:
    if re.search(r"no space left|disk is full|file too large|could not write|failed to write", said, re.IGNORECASE):
        return f"{what}: the disk is full. Make room and build again; the published file stays as it was."
    return f"{what}, and the published file stays as it was: {said}."


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no message")


def _last_words(text: str) -> str:
    lines = [re.sub(r"^\d\d:\d\d:\d\d\s*", "", line).strip() for line in text.splitlines()]
    errors = [line for line in lines if "rror" in line]
    return (errors or [line for line in lines if line] or ["dbt said nothing"])[-1].rstrip(".")


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the build folder for the block. Raises Locked, naming the process that holds it or one of its files."""
    with lock.hold(folder / "lock", folder):
        for name in ("work.duckdb", "marts.duckdb"):
            _check_free(folder / name)
        yield


def _check_free(path: Path) -> None:
    if not path.exists():
        return
    try:
        duckdb.connect(str(path)).close()
    except duckdb.IOException as error:
        if holder := _holder(str(error)):
            raise holder from None
        if "space" in str(error).lower():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from None
        raise BuildFailed(f"{path} cannot be opened: {_first_line(str(error))}. Remove it and build again.") from None


def _holder(message: str) -> Locked | None:
    found = lock.named(message)
    return lock.held_by(*found) if found else None


def _listing(landing: Path) -> Listing:
    """Every landed Parquet file under its path, with size and time of change."""
    return {
        str(path.relative_to(landing)): _stat(path)
        for path in sorted(landing.glob("*/**/*.parquet"))
        if path.name != "columns.parquet"
    }


def _stat(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _fingerprint(settings: Settings) -> str:
    """What else decides the figures: the models and seeds, their settings, the place of landing, the engine."""
    seen = hashlib.sha256(f"{_vars(settings)} {settings.landing.resolve()} {duckdb.__version__}".encode())
    for path in sorted(SQL.rglob("*")):
        if path.is_file() and path.suffix in (".sql", ".yml", ".csv"):
            seen.update(f"{path.relative_to(SQL)}\n".encode() + path.read_bytes())
    return seen.hexdigest()


def _is_whole_due(state: _State) -> bool:
    """Whether all days are tested this time, not only those replaced since the last good build."""
    if not state.tested_load or not state.whole_tested_at:
        return True
    return abs(clock.now() - datetime.fromisoformat(state.whole_tested_at)) >= WHOLE_TESTED_EVERY


def _is_ready(folder: Path) -> bool:
    try:
        ready = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
        return bool(ready["marts"] == _stat(folder / "marts.duckdb"))
    except (OSError, ValueError, KeyError):
        return False


def _latest_load(folder: Path) -> int:
    with duckdb.connect(str(folder / "work.duckdb"), read_only=True) as connection:
        found = connection.execute("select max(load_id) from landed_files").fetchone()
    return int(found[0]) if found and found[0] is not None else 0


def _clear(folder: Path) -> None:
    for name in ("state.json", "work.duckdb", "work.duckdb.wal", "marts.duckdb", "marts.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)
    for spilled in folder.glob("*.duckdb.tmp"):
        shutil.rmtree(spilled)


def _read_state(folder: Path) -> _State:
    with suppress(OSError, ValueError, TypeError):
        return _State(**json.loads((folder / "state.json").read_text(encoding="utf-8")))
    return _State()


def _write_json(path: Path, content: dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    os.replace(part, path)


def _flush(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())
