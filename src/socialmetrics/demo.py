"""The main job without credentials: ten weeks of a fictional hospital network, from its APIs to Monday's pack.

The last day runs through the real Airflow DAG and the pack through the other; the days before through the same
`pipeline`. It stands at one date, so that the same program makes the same figures; what is done is not done again.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.progress import track

from socialmetrics import clock, example, history, pipeline, platforms, warehouse
from socialmetrics.errors import SocialmetricsError
from socialmetrics.landing import Landing
from socialmetrics.records import Account, Organization
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World, WorldAccount
from socialmetrics.settings import PREFIX, Access, Settings, access

FIRST, LAST = date(2026, 9, 14), date(2026, 11, 22)
PACK_AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
HISTORY_FROM = date(2025, 9, 14)
HISTORY_METRICS = {
    "youtube": {"subscriberCount": "followers", "viewCount": "views"},
    "x": {"followers_count": "followers"},
    "facebook": {"followers_count": "followers", "fan_count": "connections"},
}
PUBLISHED = (
    Organization(
        "mayo-clinic", "Mayo Clinic (published figures)", False, "Midwest", "1000+", "nonprofit", "major", "urban"
    ),
    (
        Account("mayo-clinic", "x", "MayoClinic", "MayoClinic", "published counts", cadence="never"),
        Account("mayo-clinic", "facebook", "MayoClinic", "MayoClinic", "published counts", cadence="never"),
    ),
)
QUESTION = """\
select platform, metric, value, change, usual_low, usual_high, reading
from weekly_scorecard
where week = '2026-W47' and value is not null
order by platform, metric"""
DAGS = Path(__file__).parents[2] / "dags"


@dataclass(frozen=True)
class Shown:
    """Where everything is, and the answer to one query."""

    pack: Path
    warehouse: Path
    question: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


def run(home: Path, out: Console) -> Shown:
    """Run the demo in `home`. Raises SocialmetricsError where a step fails."""
    world, settings = World(), Settings(home=home.resolve(), timezone="UTC")
    landing = Landing(settings.landing)
    landing.prepare()
    with Sandbox(world) as sandbox:
        reach = {
            name: Access(sandbox.url(name, "{now}"), _tokens(), ladder=access(name).ladder) for name in platforms.NAMES
        }
        if not (settings.directory / "accounts.csv").exists():
            _write_directory(settings, world)
        with clock.still(clock.scheduled_instant(FIRST, settings.zone)):
            for name in platforms.NAMES:
                pipeline.resolve(settings, name, reach[name])
            for file in (
                history.FACTS / "mayo_clinic.csv",
                history.FACTS / "hospital_directory.csv",
                _history(settings, world),
            ):
                pipeline.import_readings(settings, file)
        for number in track(range((LAST - FIRST).days), "pulling ten weeks", console=out, transient=True):
            _pull(settings, landing, FIRST + timedelta(days=number), reach)
        if not _is_done(landing, LAST):
            _airflow(settings, sandbox, "daily_metrics", clock.scheduled_instant(LAST, settings.zone), out)
        _airflow(settings, sandbox, "weekly_pack", PACK_AT, out)
    pack = settings.exports / pipeline.week_before(settings, PACK_AT) / "report.html"
    return Shown(pack, settings.published, QUESTION, *warehouse.query(settings, QUESTION))


def _write_directory(settings: Settings, world: World) -> None:
    """The network's directory, own accounts with their handles alone, and the published accounts beside it."""
    accounts = [
        replace(account, account_id=None, weekday=None) if account.is_own else account
        for account in world.directory(clock.scheduled_instant(FIRST, settings.zone))
    ]
    organization, published = PUBLISHED
    files = example.directory_files([*world.organizations, organization], [*accounts, *published], world.initiatives)
    settings.directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (settings.directory / name).write_text(text, encoding="utf-8")


def _history(settings: Settings, world: World) -> Path:
    """A year of Sundays before the first day, as a spreadsheet of the network would hold them."""
    path = settings.warehouse / "weekly_history.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([history.COLUMNS, *_sundays(settings, world)])
    return path


def _sundays(settings: Settings, world: World) -> Iterator[list[object]]:
    for week in range(53):
        sunday = HISTORY_FROM + timedelta(weeks=week)
        instant = clock.scheduled_instant(sunday, settings.zone)
        for account in world.accounts:
            for native, metric in HISTORY_METRICS[account.platform].items():
                value = world.value(account, native, instant)
                if value is not None:
                    value, precision = _known(world, account, native, instant, value)
                    row = [
                        account.platform,
                        account.account_id,
                        metric,
                        sunday,
                        "day",
                        value,
                        precision,
                        "the network's weekly sheet",
                    ]
                    yield row


def _known(world: World, account: WorldAccount, native: str, instant: datetime, shown: int) -> tuple[int, str]:
    """Own channels' subscribers were noted exactly from their studio; of others only the rounded-down count is seen."""
    if native != "subscriberCount" or shown < 1000:
        return shown, "exact"
    return (world.exact(account, native, instant), "exact") if account.is_own else (shown, "more_than")


def _pull(settings: Settings, landing: Landing, on: date, reach: dict[str, Access]) -> None:
    if _is_done(landing, on):
        return
    day = pipeline.day_of(settings, on)
    with clock.still(day.scheduled_at):
        for name in platforms.NAMES:
            pipeline.extract(settings, name, day, reach[name])


def _is_done(landing: Landing, on: date) -> bool:
    return {run.platform for run in landing.runs(on)} == set(platforms.NAMES)


def _airflow(settings: Settings, sandbox: Sandbox, dag: str, instant: datetime, out: Console) -> None:
    """One run of a real DAG. Raises SocialmetricsError with the end of its log where it is red."""
    home = settings.home / "airflow"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        PREFIX + "HOME": str(settings.home),
        PREFIX + "NOW": instant.isoformat(),
    }
    for name in platforms.NAMES:
        environment |= {f"{PREFIX}{name}_URL".upper(): sandbox.url(name, "{now}")}
        environment |= {f"{PREFIX}{name}_{key}".upper(): "demo" for key in ("token", "childrens_token")}
    home.mkdir(parents=True, exist_ok=True)
    airflow = str(Path(sys.executable).with_name("airflow"))
    log = home / f"{dag}.log"
    with out.status(f"Airflow runs {dag}"), log.open("w", encoding="utf-8") as file:
        for command in (["db", "migrate"], ["dags", "test", dag, instant.isoformat()]):
            done = subprocess.run(
                [airflow, *command], env=environment, cwd=home, stdout=file, stderr=subprocess.STDOUT, check=False
            )
            if done.returncode:
                raise SocialmetricsError(f"Airflow's {dag} failed. Its log says why: {log}")


def _tokens() -> dict[str, SecretStr]:
    return {"": SecretStr("demo"), "childrens": SecretStr("demo")}
