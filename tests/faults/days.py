"""The cases as days: the nth of each platform on one day, with accounts that are followed then and the day before."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

from pydantic import SecretStr

from home import Home
from socialmetrics import clock, outside, pipeline, platforms, verdicts, warehouse
from socialmetrics.errors import SocialmetricsError
from socialmetrics.platforms import limits
from socialmetrics.records import Account
from socialmetrics.sandbox.world import CAST, World
from socialmetrics.settings import Access

from .cases import CASES, Case, people

FIRST = date(2026, 9, 15)
UNKNOWN = {"youtube": "UC{:022}", "x": "99{:06}", "facebook": "99{:06}"}


@dataclass(frozen=True)
class Struck:
    """A case's day, its own account and the peer's, and what became of it.

    `held`: of the own account, the peer's and the posts that were due, `values` or the reasons there are none.
    """

    case: Case
    day: date
    accounts: tuple[Account, Account]
    problem: SocialmetricsError | None = None
    calls: int = 0
    says: str = ""
    held: tuple[str, str, str] = ("", "", "")
    coverage: str = ""

    @property
    def ids(self) -> tuple[str, str]:
        own, peer = self.accounts
        return own.account_id or "", peer.account_id or ""


def laid_out(world: World) -> list[Struck]:
    """Every other day, so that each case has a good day before it; no account is used twice."""
    found = []
    for name in platforms.NAMES:
        everyone = [a for a in world.directory(datetime(2026, 9, 1, tzinfo=UTC)) if a.platform == name and not a.is_own]
        healthy = [a for a in everyone if _number(a) > CAST]
        owns, peers = ([a for a in healthy if _number(a) % 2 == n] for n in (0, 1))
        for number, case in enumerate(case for case in CASES if case.platform == name):
            pair = owns[number], peers[number]
            if case.who == "unknown":
                pair = tuple(replace(a, account_id=UNKNOWN[name].format(n)) for n, a in enumerate(pair))  # type: ignore[assignment]
            elif case.who == "suspended":
                pair = tuple(a for a in everyone if _number(a) in (2, 3))  # type: ignore[assignment]
            if case.trick == "two tokens":
                pair = pair[0], replace(pair[1], credential="childrens")
            day = FIRST + timedelta(days=2 * number)
            followed = {"cadence": "daily", "opened_on": day - timedelta(days=1), "closed_on": day + timedelta(days=1)}
            found.append(Struck(case, day, (replace(pair[0], **followed), replace(pair[1], **followed))))  # type: ignore[arg-type]
    return found


def _number(account: Account) -> int:
    return int(account.organization_id[1:])


def all_days(home: Home, world: World) -> list[Struck]:
    """Pull the good days and the bad ones as Airflow does, and build the warehouse once. People are in each answer."""
    home.settings.patience_seconds = 0
    days = laid_out(world)
    owns = {struck.accounts[0].organization_id for struck in days}
    used = {account.organization_id for struck in days for account in struck.accounts}
    home.write_directory(
        [replace(o, is_own=o.organization_id in owns) for o in world.organizations if o.organization_id in used],
        [account for struck in days for account in struck.accounts],
    )
    found = []
    for struck in days:
        if struck.case.trick != "first day":
            home.sandbox.script(people(struck.case.platform))
            home.pull(struck.day - timedelta(days=1), struck.case.platform)
        found.append(_strike(home, struck))
    home.sandbox.script([])
    pipeline.model(home.settings)
    pipeline.publish(home.settings)
    pipeline.export(home.settings, "2026-W40")
    return _read(home, found)


def _strike(home: Home, struck: Struck) -> Struck:
    case, day = struck.case, home.day(struck.day)
    home.sandbox.script(case.faults(struck.ids[0]))
    home.sandbox.requests.clear()
    with clock.still(day.scheduled_at), _tricked(case, home.reach(case.platform)) as reach:
        extracted = pipeline.extract(home.settings, case.platform, day, reach)
        verdict = verdicts.verdict(home.settings, day)
    home.sandbox.script([])
    told = [fault for fault in verdict.faults if fault.startswith(f"{case.platform}: ")]
    quiet = f"({extracted.run.message})" if extracted.run.message else ""
    says = " ".join(told) or quiet
    for account, word in zip(struck.accounts, ("OWN", "PEER"), strict=True):
        says = says.replace(account.handle, word)
    return replace(
        struck,
        problem=extracted.problem,
        calls=len(home.sandbox.requests),
        says=says.removeprefix(f"{case.platform}: "),
    )


@contextmanager
def _tricked(case: Case, reach: Access) -> Iterator[Access]:
    with ExitStack() as stack:
        if case.trick == "refused":
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                reach = replace(reach, url=f"http://127.0.0.1:{free.getsockname()[1]}")
        elif case.trick == "impatient":
            stack.enter_context(mock.patch.object(outside, "TIMEOUT_SECONDS", (5, 2)))
            stack.enter_context(mock.patch.object(limits, "LONGEST_SECONDS", 3.0))
        elif case.trick == "two tokens":
            reach = replace(reach, tokens={"": SecretStr("token"), "childrens": SecretStr("fail-401")})
        elif case.trick in ("7", "-2"):
            module, jump = platforms.load(case.platform), timedelta(hours=float(case.trick))
            stack.enter_context(mock.patch.object(module, "fetch", _jumping(module.fetch, jump)))
        yield reach


def _jumping(fetch: Any, jump: timedelta) -> Any:
    began = clock.now()

    def fetched(*args: Any) -> Iterator[Any]:
        for answer in fetch(*args):
            clock.hold(began + jump)
            yield answer

    return fetched


def _read(home: Home, days: list[Struck]) -> list[Struck]:
    """With what the warehouse holds, and how `coverage_days` counts it: `3 of 9; 6 unavailable`."""
    _, accounts = warehouse.query(
        home.settings, "select account_id, measured_on, coalesce(reason, 'values') from account_metric_days"
    )
    _, posts = warehouse.query(
        home.settings,
        "select account_id, measured_on, coalesce(reason, case when engagements is not null then 'values' end) "
        "from post_days",
    )
    columns, rows = warehouse.query(home.settings, "select * from coverage_days")
    coverage = {(row[0], row[1]): dict(zip(columns, row, strict=True)) for row in rows}
    found = []
    for struck in days:
        own, peer = (_words(accounts, struck.day, [account_id]) for account_id in struck.ids)
        row = coverage[struck.case.platform, struck.day]
        missing = [
            f"{n} {name.removeprefix('missing_')}" for name, n in row.items() if name.startswith("missing_") and n
        ]
        counted = "; ".join([f"{row['observed']} of {row['expected']}", *missing])
        held = own, peer, _words(posts, struck.day, list(struck.ids))
        found.append(replace(struck, held=held, coverage=counted))
    return found


def _words(rows: list[tuple[Any, ...]], day: date, ids: list[str]) -> str:
    words = {word for account_id, measured_on, word in rows if measured_on == day and account_id in ids and word}
    return ", ".join(sorted(words)) or "nothing"
