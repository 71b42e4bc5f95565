"""How a day went, for who is on call: the verdict that makes a run red, who is told, each platform's last good day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from socialmetrics import alerts, clock, outside, platforms, warehouse
from socialmetrics.causes import Fault, causes, fault_of
from socialmetrics.directory import Directory
from socialmetrics.errors import Misconfigured, SocialmetricsError, TooLate
from socialmetrics.gaps import Gap
from socialmetrics.gaps import before as gap_before
from socialmetrics.landed import parts_of
from socialmetrics.landing import Landing
from socialmetrics.pipeline import Day, read_directory
from socialmetrics.records import Account, Reason, Run, Subject
from socialmetrics.settings import Settings, network

GOOD_FOR = timedelta(hours=26)  # a day, and two hours in which the next run may end
LOOKED_BACK_DAYS = 60


@dataclass(frozen=True)
class Verdict:
    """Of a day: `complete`, `complete but for ...` or `failed`, with what a person can do about it."""

    day: Day
    runs: tuple[Run, ...]
    found: tuple[Fault, ...]

    @property
    def is_red(self) -> bool:
        return bool(self.found)

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fault.told for fault in self.found))

    @property
    def words(self) -> str:
        set_up = [run for run in self.runs if run.status != "not_set_up"]
        if not set_up or all(run.status == "failed" for run in set_up):
            return "failed"
        partly = dict.fromkeys(run.platform for run in set_up if run.status != "complete")
        return f"complete but for {', '.join(partly)}" if partly else "complete"


def verdict(settings: Settings, day: Day, also: Iterable[Fault] = ()) -> Verdict:
    """What a person can do something about: a platform that failed or never ran, an own account without a value.

    `also`: what failed before or beside it.
    """
    landing, people = Landing(settings.landing), read_directory(settings)
    landing.prepare()
    runs, found = landing.runs(day.date), list(also)
    for name in platforms.NAMES:
        of_it = [run for run in runs if run.platform == name and run.status != "not_set_up"]
        if of_it or not any(run.platform == name for run in runs):
            found += _faults(name, of_it, people.due(name, day.date), landing, day.date)
    if runs and all(run.status == "not_set_up" for run in runs):
        told = "No platform is set up. docs/access.md says how to get a token; begin with SOCIALMETRICS_YOUTUBE_TOKEN."
        found.append(Fault(told, "not_set_up"))
    return Verdict(day, tuple(runs), tuple(found))


def faults_behind(
    settings: Settings, day: Day, error: BaseException, platform: str = "", doing: str = ""
) -> list[Fault]:
    """What a task that failed is announced as: of a platform, what the day's verdict will say of it.

    Where no run of it tells, it is the error itself if that stopped it; else the verdict decides.
    """
    if not platform:
        return [fault_of(error, doing=doing)]
    theirs = [fault for fault in verdict(settings, day).found if fault.platform == platform]
    is_stopped = isinstance(error, TooLate) or not isinstance(error, SocialmetricsError)
    told = [fault for fault in theirs if fault.kind != "not_run"]
    return told or ([fault_of(error, platform), *theirs] if is_stopped else [])


def announce(settings: Settings, day: Day, faults: Iterable[Fault]) -> list[str]:
    """Tell people of a day's causes, each once a day. Returns what could not be sent, in words."""
    try:
        owners = read_directory(settings).mails_of_owners()
    except Misconfigured:
        owners = {}
    landing = Landing(settings.landing)
    landing.prepare()

    def since(fault: Fault) -> datetime | None:
        return landing.silent_since(fault.platform, fault.account_ids, day.date) if fault.account_ids else None

    found = causes(faults, day.date, day.fillable_until, settings.zone, since)
    return alerts.tell(settings, network(), day.date, found, owners)


def heartbeat(settings: Settings) -> list[str]:
    """Tell the monitor that a run was good. Returns what could not be sent, in words."""
    return alerts.ping(settings, network())


@dataclass(frozen=True)
class Standing:
    """A platform's last good day: no fault, and published. `state`: good, late or not set up."""

    platform: str
    state: str
    last_good_on: date | None = None
    hours_old: float | None = None

    def __str__(self) -> str:
        if self.last_good_on is None:
            return f"{self.platform}: {self.state if self.state == 'not set up' else 'no good day'}"
        hours = f"{self.hours_old:.0f} hours old"
        return f"{self.platform}: {self.last_good_on}, {hours}{', over 26' if self.state == 'late' else ''}"

    def row(self) -> dict[str, str | float | None]:
        on = str(self.last_good_on) if self.last_good_on else None
        return {"platform": self.platform, "state": self.state, "last_good_on": on, "hours_old": self.hours_old}


def status(settings: Settings) -> list[Standing]:
    """Each platform's last good day of the last sixty; one that is over 26 hours old is late."""
    landing, people = Landing(settings.landing), read_directory(settings)
    landing.prepare()
    last, published = clock.last_scheduled_day(clock.now(), settings.zone), warehouse.published_through(settings)
    days = [last - timedelta(days=number) for number in range(LOOKED_BACK_DAYS)]
    runs = cache(landing.runs)
    return [_standing(settings, landing, people, name, runs, days, published) for name in platforms.NAMES]


def _standing(
    settings: Settings,
    landing: Landing,
    people: Directory,
    name: str,
    runs: Callable[[date], list[Run]],
    days: list[date],
    published: date | None,
) -> Standing:
    newest = next((run for day in days for run in runs(day) if run.platform == name), None)
    if newest is None or newest.status == "not_set_up":
        return Standing(name, "not set up" if newest or not people.due(name, days[0]) else "late")
    for day in days:
        of_it = [run for run in runs(day) if run.platform == name and run.status != "not_set_up"]
        if of_it and published and day <= published:
            heard = landing.observed(name, day) | landing.reasons(name, day).keys()
            due = [account for account in people.due(name, day) if Subject(account.account_id or "") in heard]
            if not _faults(name, of_it, due, landing, day):
                age = clock.now() - clock.scheduled_instant(day, settings.zone)
                return Standing(name, "late" if age > GOOD_FOR else "good", day, round(age / timedelta(hours=1), 1))
    return Standing(name, "late")


def gaps(settings: Settings, day: Day) -> list[Gap]:
    """Of each platform that answers on `day` and did not on the days before: what is back, derived and gone."""
    people = read_directory(settings)
    found = (gap_before(settings, people, name, day.date) for name in platforms.NAMES)
    return [gap for gap in found if gap]


def _faults(name: str, runs: list[Run], due: list[Account], landing: Landing, on: date) -> list[Fault]:
    """One platform's: of its only run, or of its shards."""
    if not due:
        return []
    ids = tuple(account.account_id or "" for account in due)
    if not runs or len(runs) < parts_of(runs[0].run_id):
        told = f"{name}: not every run has finished for {on}. Run `socialmetrics run --platform {name}`."
        return [Fault(told, "not_run", name, account_ids=ids)]
    silent, failed = [run for run in runs if run.status == "failed"], []
    why = landing.reasons(name, on) if silent else {}
    if silent:
        kind, credential = _usual_reason(due, why)
        for run in silent:
            is_closed = (run.message or "").endswith(outside.CLOSED)
            cause = ("network", name, "") if is_closed else (kind, name, credential)
            failed.append(Fault(f"{name}: {run.message}", *cause, account_ids=ids))
    if len(silent) == len(runs):
        return list(failed)
    seen, told = landing.observed(name, on), next((run.message for run in runs if run.message), "Look at it there.")
    lost = [account for account in due if account.is_own and Subject(account.account_id or "") not in seen]
    why = why or (landing.reasons(name, on) if lost else {})
    for account in lost:
        reason = why.get(Subject(account.account_id or ""), Reason.NOT_COLLECTED)
        said = f"{name}: own account {account.handle} has no value on {on} ({reason}). {told}"
        token = account.credential if reason == Reason.DENIED else ""
        failed.append(Fault(said, reason, name, token, account.handle, (account.account_id or "",)))
    return failed


def _usual_reason(due: list[Account], why: dict[Subject, str]) -> tuple[str, str]:
    """Why most of the accounts have no value, and the credential that all of those refused share."""
    told = [(why[subject], a.credential) for a in due if (subject := Subject(a.account_id or "")) in why]
    if not told:
        return Reason.UNAVAILABLE, ""
    (kind, _), credentials = Counter(reason for reason, _ in told).most_common(1)[0], {name for _, name in told}
    return kind, credentials.pop() if kind == Reason.DENIED and len(credentials) == 1 else ""
