"""What turns a day red, each cause once and in words: what, since when, what is lost if nobody acts, what to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from socialmetrics import clock, platforms
from socialmetrics.errors import BuildFailed, Locked, Misconfigured, SocialmetricsError, TooLate
from socialmetrics.records import Reason

_WHAT: dict[str, str] = {
    Reason.DENIED: "{title} refuses the token{whose}",
    Reason.UNAVAILABLE: "{title} gives no usable answer",
    Reason.UNREADABLE: "{title} gives answers that this program does not understand",
    Reason.NOT_COLLECTED: "{title} was not asked for everything: its quota or the budget is spent",
    Reason.NOT_FOUND: "{title} does not find {accounts}",
    Reason.SUSPENDED: "{title} has suspended {accounts}",
    Reason.FORBIDDEN: "{title} does not show {accounts}",
    "not_run": "{title} was not asked to the end",
    "not_set_up": "No platform is set up",
    "build": "The warehouse is not built",
    "pack": "The week's pack is not made",
    "settings": "The directory or the settings are wrong",
    "too_late": "{day} was not asked for in its 24 hours",
    "program": "This program fails{where}",
}
_COMMANDS = {
    "not_set_up": "socialmetrics check && socialmetrics run",
    "build": "socialmetrics model && socialmetrics publish",
    "pack": "socialmetrics export",
    "settings": "socialmetrics check && socialmetrics run",
    "too_late": "socialmetrics status",
}
_KEPT = {
    "build": "What came is kept, and readers see the last good build.",
    "pack": "The figures are kept, and it can be made at any time.",
}


@dataclass(frozen=True)
class Fault:
    """A line that turns a day red; those of one platform, kind and credential have one cause.

    `kind`: why own accounts have no value, or what else failed (not_run, not_set_up, build, pack, settings, too_late,
    program).
    """

    told: str
    kind: str
    platform: str = ""
    credential: str = ""
    account: str = ""
    account_ids: tuple[str, ...] = ()

    @property
    def cause(self) -> tuple[str, str, str]:
        return self.platform, self.kind, self.credential


@dataclass(frozen=True)
class Cause:
    """`key` is the same on every day on which the cause goes on. `since` None: since this is first told."""

    key: str
    platform: str
    kind: str
    what: str
    since: datetime | None
    until: datetime | None
    lost: str
    command: str
    details: tuple[str, ...]

    def sentence(self, since: datetime, zone: ZoneInfo) -> str:
        """The message: `X refuses the token since 10:04 pm. Today's followers ... Then: ...`."""
        return f"{self.what} since {said(since, zone)}. {self.lost} Then: `{self.command}`."


def fault_of(error: BaseException, platform: str = "", doing: str = "") -> Fault:
    """The fault that an error is, `doing` what was tried where it was no platform's work."""
    named = f"{platform}: " if platform else ""
    if isinstance(error, BuildFailed | Locked) or (doing == "build" and isinstance(error, SocialmetricsError)):
        return Fault(str(error), "build")
    if isinstance(error, SocialmetricsError) and doing == "pack":
        return Fault(str(error), "pack")
    if isinstance(error, TooLate):
        return Fault(str(error), "too_late")
    if isinstance(error, Misconfigured) and not platform:
        return Fault(str(error), "settings")
    if isinstance(error, SocialmetricsError):
        return Fault(f"{named}{error}", error.reason, platform)
    step = f"Run `socialmetrics extract -p {platform}` and report it." if platform else "Report it."
    return Fault(f"{named}this program failed ({type(error).__name__}). {step}", "program", platform)


def causes(
    faults: Iterable[Fault],
    on: date,
    until: datetime,
    zone: ZoneInfo,
    since: Callable[[Fault], datetime | None],
) -> list[Cause]:
    """The causes of the faults of day `on`, whose counts can be taken `until` then, in the order of their first."""
    grouped: dict[tuple[str, str, str], list[Fault]] = {}
    given = list(faults)
    known = {fault.platform for fault in given if fault.kind != "not_run"}
    for fault in given:
        if fault.kind == "not_run" and known & {"", fault.platform}:
            continue  # why it did not run is another cause
        grouped.setdefault(fault.cause, []).append(fault)
    return [_cause(group, on, until, zone, since) for group in grouped.values()]


def said(instant: datetime, zone: ZoneInfo) -> str:
    """`10:04 pm`, with the day where it is another one: `10 pm tomorrow`, `10 pm on November 20`."""
    local, today = instant.astimezone(zone), clock.now().astimezone(zone).date()
    minutes = f":{local:%M}" if local.minute else ""
    time = f"{local.hour % 12 or 12}{minutes} {'am' if local.hour < 12 else 'pm'}"
    days = (local.date() - today).days
    near = {0: "", 1: " tomorrow", -1: " yesterday"}
    return time + near.get(days, f" on {local:%B} {local.day}")


def _cause(
    faults: list[Fault], on: date, until: datetime, zone: ZoneInfo, since: Callable[[Fault], datetime | None]
) -> Cause:
    first = faults[0]
    whole = replace(first, account_ids=tuple(name for fault in faults for name in fault.account_ids))
    kept = _KEPT.get(first.kind)
    return Cause(
        key="-".join(part for part in (first.platform, first.kind, first.credential) if part),
        platform=first.platform,
        kind=first.kind,
        what=_what(faults, on),
        since=since(whole),
        until=None if kept else until,
        lost=kept or _lost(on, until, zone),
        command=_command(first, on, zone),
        details=tuple(dict.fromkeys(fault.told for fault in faults)),
    )


def _what(faults: list[Fault], on: date) -> str:
    first = faults[0]
    names = list(dict.fromkeys(fault.account for fault in faults if fault.account))
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    title = platforms.load(first.platform).TITLE if first.platform else ""
    told = _WHAT.get(first.kind, "{title} has no value of {accounts}")
    return told.format(
        title=title,
        whose=f" of {first.credential!r}" if first.credential else "",
        where=f" at {title}" if title else "",
        accounts=shown or "an own account",
        day=f"{on:%B} {on.day}",
    )


def _lost(on: date, until: datetime, zone: ZoneInfo) -> str:
    today = clock.now().astimezone(zone).date()
    whose = {today: "Today's followers", today - timedelta(days=1): "Yesterday's followers"}
    followers = whose.get(on, f"The followers of {on:%B} {on.day}")
    if clock.now() > until:
        return f"{followers} cannot be taken any more."
    return f"{followers} can be taken until {said(until, zone)}."


def _command(fault: Fault, on: date, zone: ZoneInfo) -> str:
    if fault.kind in _COMMANDS:
        return _COMMANDS[fault.kind]
    platform = f" --platform {fault.platform}" if fault.platform else ""
    day = "" if on == clock.last_scheduled_day(clock.now(), zone) else f" --day {on}"
    return f"socialmetrics run{platform}{day}"
