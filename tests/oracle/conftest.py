"""The scenarios: pulled from the sandbox by real runs, built and published; and the same in the oracle's terms."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from socialmetrics import clock, example, pipeline, warehouse
from socialmetrics.records import Account, Initiative, Note, Organization
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World
from socialmetrics.settings import LADDER, LADDERS, Access, Settings

from .expected import Expected, Month
from .record import ACCOUNT_METRICS, Record, Said, Total, Visit, Watcher, Wire, each_day, imported

Places = dict[tuple[str, str, str], Account]  # by platform, organization and group

FIRST, LAST = date(2026, 8, 10), date(2026, 9, 9)
NO_RUN = date(2026, 8, 14)
LATE = date(2026, 8, 25)  # by seven hours
TWICE = date(2026, 8, 28)  # five hours apart, both well
X_IS_SILENT, FACEBOOK_IS_SILENT = date(2026, 8, 22), date(2026, 9, 2)
SILENT_LATER = date(2026, 8, 30)  # X answers, and three hours later it does not
SILENT_FIRST = date(2026, 9, 4)  # the other way round, two hours apart
YOUTUBE_FROM = date(2026, 8, 11)  # not set up before
REDIRECTED = date(2026, 8, 24)  # the directory is edited
READING = ("platform", "account", "metric", "measured_on", "date_precision", "value", "precision", "source")
IMPORTED_AT = datetime(2026, 9, 10, 8, tzinfo=UTC)


@dataclass
class Scenario:
    """A published warehouse, and what must be in it."""

    settings: Settings
    record: Record
    expected: Expected


class Puller:
    """Makes each visit twice: with the real clients, and in the oracle's terms."""

    def __init__(self, home: Path, world: World, sandbox: Sandbox, timezone: str, fiscal_year_start: int = 1) -> None:
        self.settings = Settings(  # type: ignore[call-arg]
            home=home, timezone=timezone, fiscal_year_start=fiscal_year_start, patience_seconds=5, _env_file=None
        )
        self.world, self.sandbox = world, sandbox
        self.record = Record(ZoneInfo(timezone))
        self.watcher = Watcher(world, self.record)
        self.accounts: tuple[Account, ...] = ()
        self.organizations: tuple[Organization, ...] = ()

    def direct(self, accounts: Iterable[Account], organizations: Iterable[Organization], day: date) -> None:
        """Write the directory as it stands on a day."""
        self.accounts, self.organizations = tuple(accounts), tuple(organizations)
        self.record.initiatives, self.record.notes = initiatives(day), notes(day)
        files = example.directory_files(self.organizations, self.accounts, self.record.initiatives)
        lines = [(n.noted_on, n.platform, n.post_id, n.text, n.hide_post) for n in self.record.notes]
        files["notes.csv"] = example.as_csv([*example.FILES["notes.csv"], *lines])
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (self.settings.directory / name).write_text(text, encoding="utf-8")

    def visit(self, platform: str, day: date, hours: float = 0, answers: str = "well") -> None:
        visit = Visit(platform, day, self.record.scheduled_at(day) + timedelta(hours=hours), answers)
        secret = SecretStr("fail-503" if answers == "nothing" else "token")
        tokens = {} if answers == "not_set_up" else {"": secret, "childrens": secret}
        reach = Access(self.sandbox.url(platform, "{now}"), tokens, ladder=LADDERS.get(platform, LADDER))
        asked_before = len(self.sandbox.requests)
        with clock.still(visit.instant):
            pipeline.extract(self.settings, platform, pipeline.day_of(self.settings, day), reach)
        asked = list(islice(self.sandbox.requests, asked_before, None))
        # a batch costs as many units as it has items, if it is answered
        units = sum(request.batch_size if request.batch_size and answers == "well" else 1 for request in asked)
        self.record.wire[visit] = Wire(len(asked), units)
        self.watcher.visit(visit, self.accounts, self.organizations)

    def bring(self, file: str, readings: list[Said], at: datetime) -> None:
        """Import a CSV of figures from elsewhere."""
        lines = [
            (r.platform, r.account_id, r.metric, r.day, r.date_precision, r.value, r.precision, r.source)
            for r in readings
        ]
        self._import(file, lines, at)
        self.record.said += readings

    def bring_totals(self, file: str, totals: list[Total]) -> None:
        """Import a CSV of totals over the directory."""
        lines = [(t.platform, "", t.metric, t.day, t.date_precision, t.value, t.precision, t.source) for t in totals]
        self._import(file, lines, totals[0].at)
        self.record.totals += totals

    def _import(self, file: str, lines: list[tuple[object, ...]], at: datetime) -> None:
        path = self.settings.home / file
        with path.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows([READING, *lines])
        with clock.still(at):
            pipeline.import_readings(self.settings, path)

    def publish(self) -> Scenario:
        warehouse.build(self.settings)
        warehouse.publish(self.settings)
        return Scenario(self.settings, self.record, Expected(self.record, Month(self.settings.fiscal_year_start)))


@pytest.fixture(scope="session")
def oracle_world() -> World:
    return World(peers=14)


@pytest.fixture(scope="session")
def oracle_sandbox(oracle_world: World) -> Iterator[Sandbox]:
    with Sandbox(oracle_world) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory, oracle_world: World, oracle_sandbox: Sandbox) -> Scenario:
    """A month of the whole world with everything that goes wrong in one, and a year of history before it."""
    puller = Puller(tmp_path_factory.mktemp("month"), oracle_world, oracle_sandbox, "UTC")
    puller.direct(first_directory(oracle_world), first_organizations(oracle_world), FIRST)
    for day in each_day(FIRST, LAST):
        if day == REDIRECTED:
            puller.direct(second_directory(oracle_world), oracle_world.organizations, day)
        for platform in ACCOUNT_METRICS:
            for hours, answers in visits(platform, day):
                puller.visit(platform, day, hours, answers)
    for number, readings in enumerate(history(oracle_world)):
        puller.bring(f"history-{number}.csv", readings, readings[0].at)
    for number, totals in enumerate(totals_told()):
        puller.bring_totals(f"totals-{number}.csv", totals)
    return puller.publish()


@pytest.fixture(scope="session")
def chicago(tmp_path_factory: pytest.TempPathFactory, oracle_world: World, oracle_sandbox: Sandbox) -> Scenario:
    """A few days of the own accounts; their evenings are the next day in UTC, their fiscal year starts in October."""
    puller = Puller(tmp_path_factory.mktemp("chicago"), oracle_world, oracle_sandbox, "America/Chicago", 10)
    days = list(each_day(date(2026, 8, 18), date(2026, 8, 22)))
    puller.direct((a for a in listed(oracle_world) if a.is_own), oracle_world.organizations, days[0])
    for day in days:
        for platform in ACCOUNT_METRICS:
            puller.visit(platform, day)
    return puller.publish()


def visits(platform: str, day: date) -> list[tuple[float, str]]:
    """How many hours after its instant each run of a day comes, and how it is answered."""
    if day == NO_RUN:
        return []
    if day == LATE:
        return [(7, "well")]
    if day == TWICE:
        return [(0, "well"), (5, "well")]
    if platform == "youtube" and day < YOUTUBE_FROM:
        return [(0, "not_set_up")]
    if (platform, day) in (("x", X_IS_SILENT), ("facebook", FACEBOOK_IS_SILENT)):
        return [(0, "nothing")]
    if (platform, day) == ("x", SILENT_LATER):
        return [(0, "well"), (3, "nothing")]
    if (platform, day) == ("x", SILENT_FIRST):
        return [(0, "nothing"), (2, "well")]
    return [(0, "well")]


def listed(world: World) -> list[Account]:
    return list(world.directory(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)))


def first_organizations(world: World) -> list[Organization]:
    """Of one the strata are not known yet, and one was in another region."""
    nothing = dict.fromkeys(("region", "bed_size", "ownership", "teaching", "setting"))
    changes: dict[str, dict[str, Any]] = {"h0008": nothing, "h0009": {"region": "abroad"}}
    return [replace(one, **changes.get(one.organization_id, {})) for one in world.organizations]


def first_directory(world: World) -> list[Account]:
    """One account opens later, one is listed for its history alone, one is not resolved yet."""
    changes: dict[tuple[str, str], dict[str, Any]] = {
        ("x", "h0007"): {"opened_on": date(2026, 8, 20)},
        ("youtube", "h0007"): {"cadence": "never", "weekday": None},
        ("x", "h0003"): {"opened_on": date(2024, 11, 30)},
        ("x", "h0004"): {"opened_on": date(2025, 8, 31)},
        ("x", "h0005"): {"opened_on": date(2025, 9, 1)},
        ("facebook", "h0008"): {"opened_on": date(2026, 2, 1)},
    }
    unknown = Account("h0001", "x", "NotResolvedYet", label="careers", cadence="daily")
    closed = Account("h0006", "x", "ClosedLongAgo", opened_on=date(2025, 1, 1), closed_on=date(2025, 10, 31))
    return [unknown, closed, *(replace(a, **changes.get((a.platform, a.organization_id), {})) for a in listed(world))]


def second_directory(world: World) -> list[Account]:
    """One account is looked at daily from now on, one weekly, one is closed."""
    changes: dict[tuple[str, str, str | None], dict[str, Any]] = {
        ("x", "h0006", "main"): {"cadence": "daily", "weekday": None},
        ("x", "lakeside", "careers"): {"cadence": "weekly", "weekday": 4},
        ("facebook", "h0006", "main"): {"closed_on": date(2026, 8, 29)},
    }
    return [
        replace(a, **changes.get((a.platform, a.organization_id, a.account_group), {})) for a in first_directory(world)
    ]


def initiatives(day: date) -> tuple[Initiative, ...]:
    """One, wherever its organization has accounts; its end and its cost are known later."""
    found = Initiative("voices", "Voices", "lakeside", None, "followers", date(2026, 8, 31))
    return (replace(found, ended_on=date(2026, 9, 6), cost_usd=Decimal("1800.50")) if day >= REDIRECTED else found,)


def notes(day: date) -> tuple[Note, ...]:
    """Two, of which one is written twice and hides a post; before, one that is taken out."""
    if day < REDIRECTED:
        return (Note(date(2026, 8, 12), None, None, "To be taken out"),)
    family = Note(date(2026, 8, 25), "x", "170", 'A family asked, "not us"', hide_post=True)
    return (family, replace(family, hide_post=False), Note(date(2026, 8, 31), None, None, "Voices began; Grüße"))


def history(world: World) -> list[list[Said]]:
    """Two imports: a year of Sundays for own accounts and a peer, and figures that meet days of the record."""
    accounts = {(a.platform, a.organization_id, a.account_group or ""): a for a in listed(world)}
    return [list(year_before(world, accounts)), meetings(accounts)]


def year_before(world: World, accounts: Places) -> Iterator[Said]:
    """56 Sundays of the world's own figures, some of them told less exactly: one that is open leaves no usual range."""
    for place, metric in HISTORY:
        account = accounts[place]
        known = world.account(account.platform, account.account_id or "")
        if known is None:
            raise LookupError(f"the world has no account at {place}")
        for number in range(56):
            at = datetime(2026, 8, 9, 22, tzinfo=UTC) - timedelta(weeks=number)
            value = world.exact(known, ACCOUNT_METRICS[account.platform][metric], at)
            precision = {9: "rounded", 11: "more_than", 13: "nearly"}.get(number % 14, "exact")
            precision = "exact" if place == KNOWN_EXACTLY else precision
            told = value - value % 1000 if precision == "rounded" else value
            yield imported(account, metric, at.date(), told, precision, IMPORTED_AT)


KNOWN_EXACTLY = ("x", "h0011", "main")  # within the month 8 % of its followers are purged
HISTORY = (
    (KNOWN_EXACTLY, "followers"),
    (("youtube", "lakeside", "main"), "followers"),
    (("youtube", "lakeside", "main"), "views"),
    (("x", "lakeside", "main"), "followers"),
    (("x", "lakeside", "childrens"), "posts"),
    (("facebook", "lakeside", "main"), "connections"),
    (("youtube", "h0007", "main"), "followers"),
    (("facebook", "h0007", "main"), "followers"),
)


def totals_told() -> list[list[Total]]:
    """Two imports: figures of a known day and others, two of one month, and one that the later import corrects."""
    at, later = IMPORTED_AT + timedelta(hours=2), IMPORTED_AT + timedelta(hours=3)
    told = [("x", date(2026, 1, 31), 103), ("x", date(2026, 3, 4), 132), ("x", date(2026, 8, 15), 284)]
    told += [("youtube", date(2026, 3, 4), 126), ("youtube", date(2026, 3, 31), 126), ("youtube", date(2026, 7, 1), 90)]
    return [
        [
            *(Total(platform, "accounts", day, value, at) for platform, day, value in told),
            Total("x", "accounts", date(2026, 7, 1), 253, at, "year"),
            Total("x", "accounts", date(2026, 8, 20), 300, at, precision="more_than"),
            Total("x", "accounts", date(2026, 9, 2), 430, at, precision="rounded"),
            Total("all", "accounts", date(2026, 3, 4), 700, at),
            Total("all", "organizations", date(2026, 3, 4), 216, at, source="one page"),
            Total("all", "organizations", date(2026, 9, 2), 999, at),
            Total("all", "population", date(2026, 7, 27), 500, at, precision="rounded", source="a release"),
            Total("all", "population", date(2026, 9, 1), 510, at, precision="rounded", source="another release"),
        ],
        [Total("all", "organizations", date(2026, 9, 2), 391, later, source="a correction")],
    ]


def meetings(accounts: Places) -> list[Said]:
    """On days that have an observation, a reason, nothing; restated by a later import; a year before; of a month."""
    at = IMPORTED_AT + timedelta(hours=1)
    x, page = accounts["x", "lakeside", "main"], accounts["facebook", "lakeside", "main"]
    channel = accounts["youtube", "lakeside", "main"]
    peer = accounts["x", "h0003", "main"]
    return [
        imported(x, "followers", date(2026, 8, 12), 1, "exact", at),
        imported(x, "followers", NO_RUN, 177_000, "rounded", at),
        imported(x, "followers", X_IS_SILENT, 178_123, "exact", at),
        imported(x, "followers", date(2026, 8, 2), 176_543, "exact", at),
        imported(x, "followers", date(2025, 9, 1), 150_000, "rounded", at),
        imported(x, "likes_given", date(2026, 8, 9), 0, "exact", at),
        imported(page, "followers", date(2025, 9, 3), 200_000, "more_than", at),
        imported(page, "followers", date(2025, 9, 4), 200_000, "nearly", at),
        imported(page, "connections", date(2026, 7, 19), 0, "exact", at),
        imported(channel, "views", date(2025, 9, 1), 12_345_678, "exact", at),
        imported(channel, "views", date(2025, 8, 20), 12_345_000, "exact", at),
        imported(channel, "posts", date(2025, 8, 20), 7, "rounded", at),
        imported(peer, "followers", date(2026, 8, 23), 4_321, "exact", at),
        replace(imported(channel, "posts", date(2025, 6, 1), 5, "exact", at), date_precision="month"),
    ]
