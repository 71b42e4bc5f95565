"""The command line: `socialmetrics --help`. Exit 0: done; 1: done in part or failed; 2: wrong usage."""

from __future__ import annotations

import csv
import errno
import json
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from socialmetrics import errors, settings
from socialmetrics.settings import Settings

app = typer.Typer(
    help="Daily counts of an organization's social media and its peers', modelled into one DuckDB file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(
    highlight=False, markup=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200
)  # a pipe has no width
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

DayOption = Annotated[
    str | None, typer.Option("--day", help="The day to fill, as 2026-11-22; default: the last one that ended (22:00).")
]
PlatformOption = Annotated[
    list[str] | None, typer.Option("--platform", "-p", help="Only this platform; may be given again. Default: all.")
]
AgainOption = Annotated[bool, typer.Option("--again", help="Ask also for what the day has already.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


@app.command()
def demo(
    home: Annotated[Path, typer.Option(help="Where the demo keeps its directory and warehouse.")] = Path("demo"),
) -> None:
    """Run the main job without credentials: ten weeks of a fictional hospital network, from its APIs to the pack."""
    from socialmetrics import demo as show

    shown = show.run(home, err)
    out.print(f"pack:      {os.path.relpath(shown.pack)}")
    out.print(f"warehouse: {os.path.relpath(shown.warehouse)}\n")
    out.print(shown.question)
    _print_table(shown.columns, shown.rows)


@app.command()
def init(
    timezone: Annotated[str | None, typer.Option(help="The zone whose 22:00 ends a day, as America/Chicago.")] = None,
) -> None:
    """Write an example directory/ to edit and a .env for the settings; what stands already is left alone."""
    from socialmetrics import example

    here = settings.load()
    if timezone is None and sys.stdin.isatty():
        timezone = typer.prompt("The time zone whose 22:00 ends your day", default=here.timezone)
    for path, was_written in example.write(here.home, timezone or here.timezone):
        out.print(f"{'wrote' if was_written else 'kept '} {path}")
    out.print(
        "Edit directory/, put the tokens into .env (docs/access.md says how to get them), then: socialmetrics check"
    )


@app.command()
def check(
    offline: Annotated[bool, typer.Option("--offline", help="Check the directory and the settings only.")] = False,
    network: Annotated[
        bool, typer.Option("--network", help="Only whether each host is reached, no token sent.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the directory, the settings and each platform's token with one cheap call."""
    from socialmetrics import pipeline

    here = settings.load()
    if network:
        _check_network(here, as_json)
        return
    people = pipeline.read_directory(here)
    found = pipeline.check(here, offline)
    if as_json:
        _print_json([{"platform": name, "state": state, "message": message} for name, state, message in found])
    else:
        out.print(f"directory: {len(people.organizations)} organizations, {len(people.accounts)} accounts, no fault")
        for name, state, message in found:
            out.print(f"{name}: {state}. {message}".rstrip())
    if any(state == "refused" for _, state, _ in found):
        raise typer.Exit(1)


@app.command()
def resolve(platform: PlatformOption = None) -> None:
    """Ask once for the stable ids of accounts that have only a handle, and write them into accounts.csv."""
    from socialmetrics import pipeline

    here, unknown = settings.load(), 0
    for name in _names(platform):
        filled, unresolved = pipeline.resolve(here, name)
        out.print(f"{name}: {filled} filled in, {len(unresolved)} unknown")
        for account in unresolved:
            err.print(f"{name}: no account answers to {account.handle!r}. Correct it in directory/accounts.csv.")
        unknown += len(unresolved)
    if unknown:
        raise typer.Exit(1)


@app.command()
def plan(day: DayOption = None, platform: PlatformOption = None, as_json: JsonOption = False) -> None:
    """Say what a day and thirty days will cost (calls, quota units, dollars), and what a year takes on disk."""
    from socialmetrics import pipeline

    here = settings.load()
    when = pipeline.day_of(here, _date(day))
    rows = [cost.row() for name in _names(platform) for cost in pipeline.cost(here, name, when)]
    waiting = {name: pipeline.waiting(here, name, when) for name in _names(platform)}
    if as_json:
        left = {name: {str(on): count for on, count in of_it.items()} for name, of_it in waiting.items()}
        _print_json([row | {"waiting": left[str(row["platform"])]} for row in rows])
        return
    out.print("What it usually costs, and what it costs at most:")
    _print_table(list(rows[0]), [tuple(row.values()) for row in rows])
    for name, of_it in waiting.items():
        for on, count in of_it.items():
            out.print(f"{name}: {count} accounts were left out by the budget and are due again on {on}")
    out.print(pipeline.disk(here))


@app.command()
def extract(
    day: DayOption = None, platform: PlatformOption = None, again: AgainOption = False, as_json: JsonOption = False
) -> None:
    """Ask the platforms for one day and land what comes; what does not come leaves its reason."""
    from socialmetrics import pipeline

    here = settings.load()
    when = pipeline.day_of(here, _date(day))
    runs = [_extract(here, name, when, again, quiet=as_json) for name in _names(platform)]
    if as_json:
        _print_json(
            [{"platform": r.platform, "status": r.status, "message": r.message, "run_id": r.run_id} for r in runs]
        )
    if any(run.status in ("failed", "partial") for run in runs):
        raise typer.Exit(1)


@app.command()
def model(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Build every table anew.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Build a file of its own from what had landed by then, as 2026-11-16T06:00 (local) or +00:00."
        ),
    ] = None,
) -> None:
    """Build and test the marts from all that landed, or as of a past instant."""
    from socialmetrics import pipeline

    here = settings.load()
    instant = _instant(as_of, here)
    with err.status("building the marts"):
        built = pipeline.model_as_of(here, instant) if instant else pipeline.model(here, full_refresh)
    out.print(f"built: {built}")


@app.command()
def publish() -> None:
    """Swap the last good build in for the readers."""
    from socialmetrics import pipeline

    out.print(f"published: {pipeline.publish(settings.load())}")


@app.command()
def run(
    day: DayOption = None,
    platform: PlatformOption = None,
    again: AgainOption = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only where counts are missing that may come by now; for an hourly cron.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """The day's whole work, for cron: extract every platform, build, publish, and say how it went."""
    from socialmetrics import pipeline, verdicts
    from socialmetrics.causes import fault_of

    here = settings.load()
    when = pipeline.day_of(here, _date(day))
    names = _names(platform)
    if missing:
        lacking = {name for name, _ in pipeline.missing(here, when)}
        names = [name for name in names if name in lacking]
        if not names:
            return
    try:
        verdict = _run(here, when, names, again, quiet=as_json)
        gaps = verdicts.gaps(here, when)
    except Exception as error:  # as a faulty directory, or a full disk
        _announce(here, when, [fault_of(error)])
        raise
    if as_json:
        words = {"day": str(when.date), "verdict": verdict.words}
        _print_json(words | {"gaps": [str(gap) for gap in gaps], "faults": verdict.faults})
    else:
        out.print(f"{when.date}: {verdict.words}")
        for gap in gaps:
            out.print(str(gap))
        for fault in verdict.faults:
            err.print(fault)
    if verdict.is_red:
        _announce(here, when, verdict.found)
        raise typer.Exit(1)
    for told in verdicts.heartbeat(here):
        err.print(told)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Say each platform's last good day, for a monitor: exit 1 when one is over 26 hours old."""
    from socialmetrics import verdicts

    found = verdicts.status(settings.load())
    if as_json:
        _print_json([standing.row() for standing in found])
    else:
        for standing in found:
            out.print(str(standing))
    if all(standing.state == "not set up" for standing in found) or any(s.state == "late" for s in found):
        raise typer.Exit(1)


@app.command()
def export(
    week: Annotated[
        str | None, typer.Option(help="An ISO week, as 2026-W47; default: the last one that ended.")
    ] = None,
) -> None:
    """Write a week's pack from the published file: HTML, XLSX, CSV and the frozen figures."""
    from socialmetrics import pipeline
    from socialmetrics.causes import fault_of

    here = settings.load()
    try:
        pack = pipeline.export(here, week)
    except Exception as error:
        if week is None:  # as cron calls it
            _announce(here, pipeline.day_of(here), [fault_of(error, doing="pack")])
        raise
    out.print(f"pack: {pack}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV of readings; docs/import.md names its columns.")],
    words: Annotated[
        Path | None, typer.Option(help="A CSV (column, word, ours) that maps the file's words to ours.")
    ] = None,
) -> None:
    """Land figures from elsewhere, with their source and precision: all lines or none."""
    from socialmetrics import pipeline

    found = pipeline.import_readings(settings.load(), file, words)
    out.print(f"{file.name}: {found.readings} readings {'imported' if found.was_new else 'stood there already'}")


@app.command()
def reparse(
    platform: Annotated[str, typer.Argument(help="A platform.")],
    run_id: Annotated[str | None, typer.Argument(help="A run, as --list names it.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Name the runs whose responses are kept.")] = False,
) -> None:
    """Make a run's rows again from its kept responses, with today's reading of them."""
    from socialmetrics import pipeline

    here = settings.load()
    if listed or run_id is None:
        for name in pipeline.run_ids(here, platform):
            out.print(name)
        return
    out.print(
        f"{platform} {run_id}: {pipeline.reparse(here, platform, run_id)} observations; run `socialmetrics model` next"
    )


@app.command()
def forget(
    platform: Annotated[str | None, typer.Argument(help="A platform; without one, forget again all that was.")] = None,
    post: Annotated[
        str | None, typer.Argument(help="The post's id, as the column post_id has it, or its link.")
    ] = None,
) -> None:
    """Take a withdrawn post's text, title and link out of landing, packs and warehouse; its counts stay."""
    from socialmetrics import pipeline

    if platform and not post:
        raise typer.BadParameter("Name the post too, by its id or its link.")
    with err.status("taking it out, and building the marts anew"):
        found = pipeline.forget(settings.load(), platform, post)
    packs = f"; made again: {', '.join(found.packs)}" if found.packs else ""
    out.print(f"gone from {found.files} files of landing, and from the warehouse{packs}")
    for day in found.noted_on:
        err.print(f"directory/notes.csv still speaks of it, on {day}. Change or remove that line.")


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL over the published file, as 'from account_weeks limit 5'.")],
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask the published warehouse, read-only and without access to files or network."""
    from socialmetrics import warehouse

    columns, rows = warehouse.query(settings.load(), sql)
    if as_json:
        _print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        csv.writer(sys.stdout).writerows([columns, *rows])
    else:
        _print_table(columns, rows)


@app.command()
def why(
    platform: Annotated[str, typer.Argument(help="A platform.")],
    account: Annotated[str, typer.Argument(help="A handle or an id.")],
    metric: Annotated[str, typer.Argument(help="As `followers`, or as the platform's API calls it.")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="As 2026-11-22.")],
    post: Annotated[str | None, typer.Option(help="A post's id, for a count of the post.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a published figure comes from: who told it when, in which answer, what it means, how it compares."""
    from socialmetrics import pipeline
    from socialmetrics.why import heading, words

    found = pipeline.why(settings.load(), platform, account, metric, _date(day) or date.max, post)
    if as_json:
        _print_json(found.facts())
        return
    out.print(f"{heading(found)}\n")
    _print_words(words(found))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 8800,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 2010,
) -> None:
    """Serve every platform's API on loopback for a fictional hospital network."""
    from socialmetrics.sandbox.server import serve
    from socialmetrics.sandbox.world import World

    out.print(f"http://127.0.0.1:{port}/youtube, /x and /facebook; add /{{now}} for replays. Ctrl-C ends it.")
    serve(port, World(seed))


def main() -> None:
    """Every error that a user can cause is one sentence and exit 1."""
    try:
        app()
    except errors.SocialmetricsError as error:
        err.print(str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS):
            raise
        where = error.filename2 or error.filename or "the warehouse"
        err.print(f"{error.strerror}: {where}. Make room or correct the permissions, then run again.")
    else:
        return
    sys.exit(1)


def _run(here: Settings, when: Any, names: list[str], again: bool, quiet: bool) -> Any:
    """The verdict of a day's whole work. Raises what stops all of it."""
    from socialmetrics import pipeline, verdicts
    from socialmetrics.causes import fault_of

    faults = []
    for name in names:
        try:
            _extract(here, name, when, again, quiet)
        except errors.TooLate as late:
            faults.append(fault_of(late))
        except errors.SocialmetricsError:
            raise
        except Exception as error:  # a defect of one platform's module leaves the others alone
            faults.append(fault_of(error, name))
    try:
        pipeline.model(here)
        pipeline.publish(here)
    except errors.SocialmetricsError as error:
        faults.append(fault_of(error, doing="build"))
    return verdicts.verdict(here, when, faults)


def _check_network(here: Settings, as_json: bool) -> None:
    from socialmetrics import pipeline

    found = pipeline.check_network(here)
    if as_json:
        _print_json([{"host": host, "state": state, "message": message} for host, state, message in found])
    else:
        for host, state, message in found:
            out.print(", ".join(filter(None, (f"{host}: {state}", message))))
    if any(state != "reached" for _, state, _ in found):
        raise typer.Exit(1)


def _announce(here: Settings, when: Any, faults: Sequence[Any]) -> None:
    from socialmetrics import verdicts

    for told in verdicts.announce(here, when, faults):
        err.print(told)


def _extract(here: Settings, name: str, when: Any, again: bool, quiet: bool) -> Any:
    from socialmetrics import pipeline

    with err.status(f"{name}: asking"):
        run = pipeline.extract(here, name, when, only_missing=not again).run
    if not quiet:
        out.print(f"{name}: {run.status}. {run.message or ''}".rstrip())
    return run


def _names(wanted: list[str] | None) -> list[str]:
    from socialmetrics import platforms

    for name in wanted or ():
        if name not in platforms.NAMES:
            raise typer.BadParameter(f"{name!r} is no platform; use {', '.join(platforms.NAMES)}.")
    return wanted or list(platforms.NAMES)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-11-22.") from None


def _instant(text: str | None, here: Settings) -> datetime | None:
    """An ISO instant, on the warehouse's clock where it names no offset."""
    try:
        instant = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no instant; write it as 2026-11-16T06:00.") from None
    return instant.replace(tzinfo=instant.tzinfo or here.zone).astimezone(UTC) if instant else None


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns as wide as they need, numbers to the right, nothing for null."""
    rows = list(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        is_number = any(isinstance(row[number], int | float | Decimal) for row in rows)
        table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)


def _print_words(words: Iterable[tuple[str, str]]) -> None:
    """Labels beside sentences that go on under themselves; what is one word, as a path, is never cut."""
    lines = list(words)
    indent = 2 + max(len(label) for label, _ in lines)
    for label, text in lines:
        wrapped = textwrap.wrap(text, max(out.width - indent, 40), break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(wrapped):
            out.print(f"{'' if number else label:<{indent}}{line}")


def _print_json(value: Any) -> None:
    print(json.dumps(value, default=str, indent=2))
