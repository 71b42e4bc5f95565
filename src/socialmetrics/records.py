"""The record: what is asked, what came, and the columns in which landing keeps it.

Instants are UTC, dates are the run's day. A value is a whole number; where there is none, a `Reason` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple, cast

import msgspec
import pyarrow as pa


class Reason(StrEnum):
    """Why there is no number (the first promise)."""

    HIDDEN = "hidden"
    NOT_FOUND = "not_found"
    SUSPENDED = "suspended"
    FORBIDDEN = "forbidden"
    DENIED = "denied"
    RETIRED = "retired"
    PENDING = "pending"
    UNAVAILABLE = "unavailable"
    UNREADABLE = "unreadable"
    PURGED = "purged"
    NOT_COLLECTED = "not_collected"


@dataclass(frozen=True, slots=True)
class Organization:
    organization_id: str
    name: str
    is_own: bool
    region: str | None = None
    bed_size: str | None = None
    ownership: str | None = None
    teaching: str | None = None
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One organization's presence on one platform. `weekday`: the ISO weekday a weekly account is due on, else None."""

    organization_id: str
    platform: str
    handle: str
    account_id: str | None = None
    label: str | None = None
    account_group: str | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    cadence: str = "weekly"
    credential: str = ""
    is_own: bool = False
    weekday: int | None = None

    def is_open(self, day: date) -> bool:
        """Whether this account is followed on `day` at all."""
        if self.cadence == "never" or (self.opened_on and day < self.opened_on):
            return False
        return not (self.closed_on and day >= self.closed_on)

    def is_due(self, day: date) -> bool:
        """Whether this account is to be observed on `day`."""
        return self.is_open(day) and (self.weekday is None or day.isoweekday() == self.weekday)

    def due_after(self, day: date) -> date | None:
        """The next day on which this account is to be observed, None where it will be closed by then."""
        week = (day + timedelta(days=n) for n in range(1, 8))
        return next((on for on in week if self.is_due(on)), None)


@dataclass(frozen=True, slots=True)
class Initiative:
    initiative_id: str
    name: str
    organization_id: str
    platform: str | None
    metric: str
    started_on: date
    ended_on: date | None = None
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Note:
    noted_on: date
    platform: str | None
    post_id: str | None
    text: str
    hide_post: bool = False


class Subject(NamedTuple):
    """What a call asks about: an account, or one of its posts."""

    account_id: str
    post_id: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an API, with all its pages, before it is made.

    `units` (quota) and `dollars` are upper bounds; the `usual_` figures are what such a call costs on average and
    equal the bounds where the cost is certain. `units_each`: the part of the units that each subject adds; dollars are
    so many for each subject, or for each of several `pages`. `keep` lists the dotted paths of the answer that may be
    stored. A call that does not observe (it looks for posts, or for an id) leaves no reason behind when it fails.
    """

    endpoint: str
    subjects: tuple[Subject, ...]
    keep: frozenset[str]
    params: tuple[tuple[str, Any], ...] = ()
    credential: str = ""
    requests: int = 1
    units: int = 1
    dollars: Decimal = Decimal(0)
    usual_requests: float = 1
    usual_units: float = 1
    usual_dollars: Decimal = Decimal(0)
    units_each: int = 0
    pages: int = 1
    is_own: bool = False
    is_discovery: bool = False
    observes: bool = True

    def cut(self, size: int) -> Call:
        """The same for its first subjects alone, or with so many pages at most."""
        if self.pages > 1:
            less = self.pages - size
            dollars = self.dollars * size / self.pages
            return replace(self, pages=size, requests=self.requests - less, units=self.units - less, dollars=dollars)
        count = len(self.subjects)
        return replace(
            self,
            subjects=self.subjects[:size],
            params=tuple((name, value[:size] if isinstance(value, tuple) else value) for name, value in self.params),
            units=self.units - self.units_each * (count - size),
            dollars=self.dollars * size / count,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One page as received, with what it cost. `is_cut`: there are more, which the call's bound leaves unread."""

    body: Any
    units: int = 1
    dollars: Decimal = Decimal(0)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as landed: what was asked, when, and the allow-listed fields, or the reason there is nothing."""

    platform: str
    endpoint: str
    subjects: tuple[Subject, ...]
    measured_on: date
    fetched_at: datetime
    run_id: str
    page: int = 1
    params: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    reason: Reason | None = None
    message: str | None = None

    def observation(self, subject: Subject, metric: str | None, value: int | None, otherwise: Reason) -> Observation:
        """What this answer says of one metric: the value, or where there is none the reason."""
        reason = otherwise if value is None else None
        return Observation(
            self.platform,
            subject.account_id,
            subject.post_id,
            metric,
            self.measured_on,
            value,
            reason,
            self.fetched_at,
            self.run_id,
        )

    def profile(
        self,
        account_id: str,
        handle: str | None,
        name: str,
        url: str,
        created_at: datetime | None,
        status: str = "public",
    ) -> Profile:
        return Profile(self.platform, account_id, handle, name, url, created_at, status, self.fetched_at, self.run_id)

    def post(
        self, subject: Subject, published_at: datetime, kind: str | None, title: str | None, url: str | None
    ) -> Post:
        """Raises ValueError for a subject that is no post."""
        if subject.post_id is None:
            raise ValueError("a post needs a post_id")
        return Post(
            self.platform,
            subject.account_id,
            subject.post_id,
            published_at,
            kind,
            title,
            url,
            "public",
            self.fetched_at,
            self.run_id,
        )


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One metric of one subject on one day, as fetched at one instant; `metric` is spelled as the platform does.

    It holds a value or a reason, never both and never neither: `Response.observation` makes it so.
    """

    platform: str
    account_id: str
    post_id: str | None
    metric: str | None
    measured_on: date
    value: int | None
    reason: Reason | None
    fetched_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Profile:
    platform: str
    account_id: str
    handle: str | None
    name: str | None
    url: str | None
    created_at: datetime | None
    status: str
    fetched_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Post:
    """`title` is None for peers: their titles may name patients and are not kept. `kind`: one of our words; `post` or
    `video` where the platform says no more, None where another answer is to tell it."""

    platform: str
    account_id: str
    post_id: str
    published_at: datetime
    kind: str | None
    title: str | None
    url: str | None
    status: str
    fetched_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class CallMade:
    """One page of a call, as it went. `outcome`: `ok`, or the reason its subjects have no value."""

    platform: str
    endpoint: str
    credential: str
    asked: tuple[str, ...]
    page: int
    outcome: str
    is_discovery: bool
    is_last: bool
    units: int
    dollars: Decimal
    latency_ms: int
    measured_on: date
    called_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure from elsewhere: `metric` is a house name; `account_id` is None for a total over the directory."""

    platform: str
    account_id: str | None
    metric: str
    measured_on: date
    date_precision: str
    value: int
    precision: str
    source: str
    imported_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one platform in one run. `status`: complete, partial, failed or not_set_up."""

    run_id: str
    platform: str
    measured_on: date
    scheduled_at: datetime
    started_at: datetime
    status: str
    message: str | None


@dataclass(frozen=True, slots=True)
class TrackedPost:
    """A post to be asked for. `newer`: how many posts of its account are known that came after it; `kind`: None where
    no answer has told it."""

    account_id: str
    post_id: str
    published_at: datetime
    last_seen_on: date | None
    newer: int = 0
    kind: str | None = None

    @property
    def turn(self) -> tuple[date, str, str]:
        """What was seen longest ago comes first."""
        return self.last_seen_on or date.min, self.account_id, self.post_id


@dataclass(frozen=True, slots=True)
class Tracked:
    """What landing knows before a run.

    `posts`: those whose ladder asks for them today; `known`: all that are not too old for it; `searched`: accounts
    whose new posts an earlier run of this day has found already. The rest is by account, as of its last complete
    discovery: the instant, the counts of that day, the newest post then; and how many posts a day it has published of
    late.
    """

    posts: tuple[TrackedPost, ...] = ()
    known: frozenset[str] = frozenset()
    searched: frozenset[str] = frozenset()
    discovered_at: dict[str, datetime] = field(default_factory=dict)
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)
    posts_per_day: dict[str, float] = field(default_factory=dict)

    def in_turn(self, accounts: Iterable[Account]) -> list[Account]:
        """Own accounts first, then by how long ago their posts were last looked for."""
        last = {account_id: instant.timestamp() for account_id, instant in self.discovered_at.items()}
        return sorted(accounts, key=lambda account: (not account.is_own, last.get(account.account_id or "", 0.0)))

    def expected_posts(self, account: Account) -> float:
        """How many posts an account has usually published since the last look; one a day where nothing is known."""
        key = account.account_id or ""
        rate = self.posts_per_day.get(key, 0.0 if key in self.discovered_at else 1.0)
        return rate * (7 if account.weekday else 1)


@dataclass(slots=True)
class Found:
    """What a run has learned so far: the calls done, the answers, and what they said."""

    calls: set[Call] = field(default_factory=set)
    responses: list[Response] = field(default_factory=list)
    profiles: dict[str, Profile] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    values: dict[Subject, dict[str, int]] = field(default_factory=dict)

    def asked(self, endpoint: str) -> set[Subject]:
        """What calls of an endpoint have asked about already, answered or not."""
        return {subject for call in self.calls if call.endpoint == endpoint for subject in call.subjects}

    def add(self, records: Iterable[Record]) -> list[Record]:
        """Take records in. Returns them without the values that had come already."""
        fresh: list[Record] = []
        subject, values = None, dict[str, int]()
        for record in records:
            if isinstance(record, Observation):
                metric, value = record.metric, record.value
                if metric is not None and value is not None:
                    if (of := (record.account_id, record.post_id)) != subject:
                        subject, values = of, self.values.setdefault(cast(Subject, of), {})
                    if values.get(metric) == value:
                        continue
                    values[metric] = value
            elif isinstance(record, Profile):
                self.profiles[record.account_id] = record
            else:
                self.posts[record.post_id] = record
            fresh.append(record)
        return fresh


Record = Observation | Profile | Post

_INSTANT = pa.timestamp("us")
_TEXT = pa.string()
_DIRECTORY = [("measured_on", pa.date32()), ("landed_at", _INSTANT), ("run_id", _TEXT)]

COLUMNS: dict[str, pa.Schema] = {
    "observations": pa.schema(
        [
            ("platform", _TEXT),
            ("account_id", _TEXT),
            ("post_id", _TEXT),
            ("metric", _TEXT),
            ("measured_on", pa.date32()),
            ("value", pa.int64()),
            ("reason", _TEXT),
            ("fetched_at", _INSTANT),
            ("run_id", _TEXT),
        ]
    ),
    "profiles": pa.schema(
        [
            ("platform", _TEXT),
            ("account_id", _TEXT),
            ("handle", _TEXT),
            ("name", _TEXT),
            ("url", _TEXT),
            ("created_at", _INSTANT),
            ("status", _TEXT),
            ("fetched_at", _INSTANT),
            ("run_id", _TEXT),
        ]
    ),
    "posts": pa.schema(
        [
            ("platform", _TEXT),
            ("account_id", _TEXT),
            ("post_id", _TEXT),
            ("published_at", _INSTANT),
            ("kind", _TEXT),
            ("title", _TEXT),
            ("url", _TEXT),
            ("status", _TEXT),
            ("fetched_at", _INSTANT),
            ("run_id", _TEXT),
        ]
    ),
    "calls": pa.schema(
        [
            ("platform", _TEXT),
            ("endpoint", _TEXT),
            ("credential", _TEXT),
            ("asked", pa.list_(_TEXT)),
            ("page", pa.int32()),
            ("outcome", _TEXT),
            ("is_discovery", pa.bool_()),
            ("is_last", pa.bool_()),
            ("units", pa.int32()),
            ("dollars", pa.decimal128(18, 6)),
            ("latency_ms", pa.int32()),
            ("measured_on", pa.date32()),
            ("called_at", _INSTANT),
            ("run_id", _TEXT),
        ]
    ),
    "readings": pa.schema(
        [
            ("platform", _TEXT),
            ("account_id", _TEXT),
            ("metric", _TEXT),
            ("measured_on", pa.date32()),
            ("date_precision", _TEXT),
            ("value", pa.int64()),
            ("precision", _TEXT),
            ("source", _TEXT),
            ("imported_at", _INSTANT),
            ("run_id", _TEXT),
        ]
    ),
    "runs": pa.schema(
        [
            ("run_id", _TEXT),
            ("platform", _TEXT),
            ("measured_on", pa.date32()),
            ("scheduled_at", _INSTANT),
            ("started_at", _INSTANT),
            ("status", _TEXT),
            ("message", _TEXT),
        ]
    ),
    "organizations": pa.schema(
        [
            ("organization_id", _TEXT),
            ("name", _TEXT),
            ("is_own", pa.bool_()),
            ("region", _TEXT),
            ("bed_size", _TEXT),
            ("ownership", _TEXT),
            ("teaching", _TEXT),
            ("setting", _TEXT),
            *_DIRECTORY,
        ]
    ),
    "accounts": pa.schema(
        [
            ("organization_id", _TEXT),
            ("platform", _TEXT),
            ("handle", _TEXT),
            ("account_id", _TEXT),
            ("label", _TEXT),
            ("account_group", _TEXT),
            ("opened_on", pa.date32()),
            ("closed_on", pa.date32()),
            ("cadence", _TEXT),
            ("credential", _TEXT),
            ("is_own", pa.bool_()),
            ("weekday", pa.int32()),
            *_DIRECTORY,
        ]
    ),
    "initiatives": pa.schema(
        [
            ("initiative_id", _TEXT),
            ("name", _TEXT),
            ("organization_id", _TEXT),
            ("platform", _TEXT),
            ("metric", _TEXT),
            ("started_on", pa.date32()),
            ("ended_on", pa.date32()),
            ("cost_usd", pa.decimal128(18, 2)),
            *_DIRECTORY,
        ]
    ),
    "notes": pa.schema(
        [
            ("noted_on", pa.date32()),
            ("platform", _TEXT),
            ("post_id", _TEXT),
            ("text", _TEXT),
            ("hide_post", pa.bool_()),
            *_DIRECTORY,
        ]
    ),
}


def table(records: Sequence[Any], columns: pa.Schema) -> pa.Table:
    """Records as rows of their landing table; instants lose their offset, which is always UTC."""
    return pa.table([_column(records, column) for column in columns], schema=columns)


def _column(records: Sequence[Any], column: pa.Field) -> pa.Array:
    values = list(map(attrgetter(column.name), records))
    if values and values.count(values[0]) == len(values):
        same = naive(values[0]) if isinstance(values[0], datetime) else values[0]
        return pa.repeat(pa.scalar(same, column.type), len(values))
    if pa.types.is_timestamp(column.type):
        stored = {value: naive(value) for value in set(values) if value}
        values = list(map(stored.get, values))
    return pa.array(values, column.type)


def naive(instant: datetime) -> datetime:
    """An instant as landing and the warehouse hold it: UTC, without its offset."""
    return instant.astimezone(UTC).replace(tzinfo=None)
