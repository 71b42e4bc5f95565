"""The list of platforms, and what each of them is: one module that knows everything about one API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from socialmetrics.errors import Misconfigured, SocialmetricsError, Unexpected
from socialmetrics.records import Account, Answer, Call, Found, Observation, Post, Profile, Record, Response, Tracked
from socialmetrics.settings import Access

NAMES = ("youtube", "x", "facebook")


class Platform(Protocol):
    """`connect` and `fetch` talk to the network; `plan`, `parse` and `explain` are pure.

    `VENDOR_BASE`: the address that the vendor's client asks. `IS_RENEWED_DAILY`: a quota that is spent is given anew at
    midnight in `QUOTA_ZONE`, and not before. `MOST_NEW_POSTS`: how many posts of an account one day's run finds at
    most. `POST_WORDS`: the fields of a post, an object with an `id`, that hold its text, title or link.
    """

    TITLE: str
    EXTRAS: tuple[str, ...]
    VENDOR_BASE: str
    QUOTA_ZONE: str
    IS_RENEWED_DAILY: bool
    POST_WORDS: frozenset[str]
    MOST_NEW_POSTS: int

    def connect(self, access: Access) -> Any:
        """The vendor's client per credential, with time limits, base URL and secrets in headers."""

    def plan(self, accounts: Sequence[Account], tracked: Tracked, found: Found | None) -> list[Call]:
        """The calls of a run. Without `found` (before anything was asked) discovery stands as upper bounds; with it,
        all calls known by now, done ones included: the pipeline asks again until there is nothing new to do."""

    def fetch(self, client: Any, call: Call, came: Sequence[Answer] = ()) -> Iterator[Answer]:
        """Each page as received, after those that an earlier attempt got. Raises the vendor's exceptions."""

    def parse(self, response: Response) -> Iterator[Record]:
        """What an answer says. Raises Unexpected with the JSON path of what it does not understand."""

    def explain(self, error: Exception) -> SocialmetricsError | None:
        """The vendor's exception as one of ours, None for what is no answer of the platform."""


def load(name: str) -> Platform:
    """The module of a platform, imported only when asked for. Raises Misconfigured for an unknown name."""
    if name not in NAMES:
        raise Misconfigured(f"There is no platform {name!r}. Use one of {', '.join(NAMES)}.")
    return cast(Platform, import_module(f"{__name__}.{name}"))


def interpret(platform: Platform, response: Response) -> list[Record]:
    """What a landed response says: its records, each once, or its reason for every subject it asked about.

    Raises Unexpected where they contradict each other, or speak of an account that was not asked about.
    """
    if response.reason is not None:
        return [response.observation(subject, None, None, response.reason) for subject in response.subjects]
    records = list(platform.parse(response))
    told = [record for record in records if not isinstance(record, Profile)]
    accounts = {subject.account_id for subject in response.subjects}
    if not accounts.issuperset([record.account_id for record in told]):
        raise Unexpected("The answer speaks of an account that was not asked about.")
    return records if len(set(map(_key, told))) == len(told) else _once(records)


def _key(record: Observation | Post) -> tuple[str | None, ...]:
    return record.account_id, record.post_id, record.metric if isinstance(record, Observation) else ""


def _once(records: list[Record]) -> list[Record]:
    seen: dict[tuple[str | None, ...], Record] = {}
    for record in records:
        if not isinstance(record, Profile) and seen.setdefault(_key(record), record) != record:
            raise Unexpected(f"The answer speaks of {record.post_id or record.account_id} twice, and differently.")
    return [r for r in records if isinstance(r, Profile) or seen[_key(r)] is r]
