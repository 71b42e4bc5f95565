"""The fault book: how a platform misbehaves on one day, and what is left of it. `make faults` writes docs/faults.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from socialmetrics.sandbox.server import Fault

# What asks for the accounts, and what walks their posts.
ACCOUNTS = {"youtube": "v3/channels", "x": "2/users?", "facebook": ""}
UPLOADS, TIMELINE = "playlistItems", "/tweets?max"


@dataclass(frozen=True)
class Case:
    """One platform's bad day, after a good one, with an own account and a peer's.

    `where` (`{own}` is the own account's id), `nth`, `kind`, `seconds` and `value` as the sandbox's `Fault` has them;
    `trick`: what no server can do. `who`: other accounts than healthy ones.

    `leaves`: what the warehouse holds of the own account and of the peer's, `values` or the reason there is none.
    `then`: what Airflow does with the task, `done`, `again`, or `stop` for a person. `most`: calls that it may take.
    """

    platform: str
    what: str
    where: str = ""
    nth: int | None = None
    kind: str = ""
    value: Any = None
    seconds: float = 1.0
    trick: str = ""
    who: str = ""
    leaves: tuple[str, str] = ("values", "values")
    then: str = "done"
    most: int = 9

    def faults(self, own: str) -> list[Fault]:
        """People stand in each answer, the broken ones too."""
        where = self.where.replace("{own}", own)
        kind = f"people+{self.kind}" if self.kind else "people"
        return [Fault(self.platform, where, self.nth, kind, self.seconds, self.value), *people(self.platform)]


def people(platform: str) -> list[Fault]:
    return [Fault(platform, place, None, "people") for place in ("", "?fields=id,")]


def both(reason: str) -> tuple[str, str]:
    return reason, reason


def _everywhere() -> Iterator[Case]:
    """What may happen to any platform, met by the call for the accounts."""
    for name, where in ACCOUNTS.items():
        silent = {"leaves": both("unavailable"), "then": "again"}
        unread = {"leaves": both("unreadable"), "then": "stop", "most": 2}
        base = {"youtube": 4, "x": 4, "facebook": 1}[name]  # what a good day takes
        yield Case(name, "connection refused", trick="refused", most=0, **silent)
        for what, kind in (
            ("the connection ends before an answer, once", "drop"),
            ("reset in the middle of a body, once", "reset"),
            ("truncated JSON, once", "truncate"),
            ("200 with HTML, once", "html"),
        ):
            yield Case(name, what, where, 1, kind, most=base + 2)
        yield Case(name, "502 with HTML, always", "", None, "502", **silent)
        impatient = Case(name, "", where, 1, seconds=4, trick="impatient", most=base + 2)
        yield replace(impatient, what="an answer after the time limit, once", kind="slow")
        yield replace(impatient, what="an answer that comes byte by byte, once", kind="drip", seconds=0.02)
        yield Case(name, "an answer of 200 MB", where, None, "huge", **unread)
        yield Case(name, "the clock jumps 7 hours ahead", trick="7", most=base)
        yield Case(name, "the clock jumps 2 hours back", trick="-2", most=base)
        item = where or "{own}?fields=id,name"
        broken = Case(name, "", item, None, "count", **unread)
        yield replace(broken, what="a count is `1e3`", value=1e3)
        yield replace(broken, what='a count is `"1e3"`', value="1e3")
        yield replace(broken, what="a count is negative", value=-1)
        yield replace(broken, what="a count is 2^63", value=2**63)
        other = Case(name, "a count that is a number as text, or text as a number", item, None, "count", most=base)
        yield replace(other, value=5 if name == "youtube" else "5")
        gone = Case(name, "every id is unknown", who="unknown", leaves=both("not_found"), most=1)
        if name == "facebook":
            yield Case(name, "an item is null", item, None, "null_item", leaves=("unavailable", "values"), then="again")
            yield Case(name, "the items come in another order", where, None, "shuffle", **unread)
            yield gone
            continue
        yield Case(name, "an item is null", item, None, "null_item", **unread)
        yield Case(name, "the items come in another order", where, None, "shuffle", most=base)
        yield gone
        yield Case(name, "an id is missing from a 200", where, None, "missing_items", leaves=("not_found", "values"))
        walk = TIMELINE if name == "x" else UPLOADS
        yield Case(
            name, "a page token repeats for ever", walk, None, "repeat_token", trick="first day", then="stop", most=7
        )


def _youtube() -> Iterator[Case]:
    spent = Case("youtube", "", leaves=both("not_collected"), then="again", most=1)
    yield replace(spent, what="403 `quotaExceeded`", kind="quota")
    yield replace(spent, what="429 `rateLimitExceeded`, a limit per day", kind="quota-429")
    busy = Case("youtube", "", leaves=both("unavailable"), then="again", most=1)
    yield replace(busy, what="429 `rateLimitExceeded`, a limit per minute", kind="429")
    yield replace(busy, what="403 `userRateLimitExceeded`", kind="403-rate")
    refused = Case("youtube", "", leaves=both("denied"), then="stop", most=1)
    yield replace(refused, what="400 `API_KEY_INVALID`", kind="400")
    yield replace(refused, what="400 `keyInvalid`", kind="key")
    yield replace(refused, what="403 `accessNotConfigured`", kind="403")
    yield replace(refused, what="401 `authError`", kind="401")
    yield Case("youtube", "500 `backendError`", kind="500", leaves=both("unavailable"), then="again")
    yield Case("youtube", "404 `playlistNotFound`", UPLOADS, None, "404")
    yield Case("youtube", "403 `playlistItemsNotAccessible`", UPLOADS, None, "private")
    yield Case("youtube", "400 `invalidPageToken`", UPLOADS, None, "page-token", then="stop")


def _x() -> Iterator[Case]:
    partial = Case("x", "200 with `errors`: one suspended, one protected", who="suspended", most=1)
    yield replace(partial, leaves=("suspended", "forbidden"))
    refused = Case("x", "", leaves=both("denied"), then="stop", most=1)
    yield replace(refused, what="401", kind="401")
    yield replace(refused, what="403 `client-forbidden`", kind="403")
    spent = replace(refused, leaves=both("not_collected"))
    yield replace(spent, what="402 `CreditsDepleted`", kind="402")
    yield replace(spent, what="403 `SpendCapReached`", kind="spend")
    yield replace(spent, what="429 `UsageCapExceeded`", kind="cap")
    busy = Case("x", "", seconds=900, leaves=both("unavailable"), then="again", most=1)
    yield replace(busy, what="429 with a reset in 15 minutes", kind="429")
    yield replace(busy, what="429 with a reset in 15 minutes, as code 88", kind="429-code")
    yield replace(busy, what="429 without a reset", kind="429-unsaid")
    yield Case("x", "503", kind="503", leaves=both("unavailable"), then="again")
    yield Case("x", "400 `invalid-request`", kind="400", leaves=both("unreadable"), then="stop", most=2)


def _facebook() -> Iterator[Case]:
    silent = Case("facebook", "", leaves=both("unavailable"), then="again", most=3)
    yield replace(silent, what="1, unknown error", kind="500")
    yield replace(silent, what="2, `is_transient`", kind="503")
    busy = replace(silent, most=1)
    yield replace(busy, what="4, the app's limit", kind="429")
    yield replace(busy, what="17, the user's limit", kind="token-limit")
    yield replace(busy, what="80001, with `estimated_time_to_regain_access`", kind="quota")
    refused = Case("facebook", "", leaves=both("denied"), then="stop", most=1)
    yield replace(refused, what="190 (463), the token has expired", kind="401")
    yield replace(refused, what="10, no permission", kind="403")
    yield replace(refused, what="368, blocked", kind="blocked")
    unread = replace(refused, leaves=both("unreadable"))
    yield replace(unread, what="100, `ids` is deprecated, with HTTP 500", kind="ids")
    yield replace(unread, what="2500", kind="syntax")
    yield Case("facebook", "1, reduce the amount of data, until half as many posts", "posts.limit(50)", None, "reduce")
    yield Case("facebook", "100, a metric is retired", "fan_count", None, "insight", leaves=both("retired, values"))
    page = Case("facebook", "", "{own}?fields=id,name", most=1)
    yield replace(page, what="of one Page: null, once", nth=1, kind="null_item", most=2)
    yield replace(page, what="of one Page: 80001", kind="quota", leaves=("unavailable", "values"), then="again")
    yield replace(page, what="of one Page: 190", kind="401", leaves=("denied", "values"), then="stop")
    yield replace(page, what="of one Page: 10", kind="403", leaves=("forbidden", "values"))
    yield replace(page, what="of one Page: 100 (33)", kind="404", leaves=("not_found", "values"))
    yield Case(
        "facebook", "190 for one of two tokens", trick="two tokens", leaves=("values", "denied"), then="stop", most=2
    )


CASES = [*_everywhere(), *_youtube(), *_x(), *_facebook()]
