"""Who exists in the sandbox, and what every number is at any instant: closed forms of (seed, subject, instant).

Nothing here knows a wire format or the present. Instants are aware, UTC. Metrics carry the platform's own names, as in
the registry. `exact` is the truth, `value` what the platform shows: rounded, hidden, falsely zero, no longer sent.
What happens to whom is in `EVENTS`; a day's event begins at noon UTC, so that the day's run at 22:00 local sees it
in every American, European and African zone.
"""

from __future__ import annotations

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist
from zlib import crc32

from socialmetrics.records import Account, Initiative, Organization

PLATFORMS = ("youtube", "x", "facebook")
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)  # posts are known one by one from here on; before it, only their number
ANCHOR = datetime(2026, 9, 1, tzinfo=UTC)  # the instant at which an account has the size it was given
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

# YouTube counts a view from the first frame, at midnight Pacific; lifetime views jump and grow faster from then on.
VIEWS_REDEFINED_AT = datetime(2026, 8, 24, 7, tzinfo=UTC)
VIEWS_JUMP = 0.04
VIEWS_FASTER = 0.3

OWN = "lakeside"
CAST = 12  # the first peers are on every platform, so that each event has its account


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to an account in [starts_at, ends_at); `kind` is one of

    suspended, forbidden, not_found   the account's status
    hidden, retired                   `metric` is not sent
    false_zero                        `metric` is shown as 0; a peer's waits for the weekday on which it is due
    renamed                           `text` is the new handle
    opened                            the account is created
    purge                             `metric` falls by the share `size` within six hours, and stays there
    lift                              the logarithm of `metric` rises by `size` within days, and stays there
    viral, pile_on, deleted           the day's first post draws a crowd, draws anger, is deleted three days later
    """

    kind: str
    platform: str
    organization_id: str
    starts_at: datetime
    ends_at: datetime = FOREVER
    account_group: str = "main"
    metric: str = ""
    size: float = 0.0
    text: str = ""


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


EVENTS: tuple[Event, ...] = (
    Event("suspended", "x", "h0001", noon(10, 8)),
    Event("suspended", "x", "h0002", noon(8, 18), noon(8, 27)),
    Event("suspended", "x", "h0002", noon(10, 26), noon(11, 9)),
    Event("forbidden", "x", "h0003", noon(8, 17), noon(8, 31)),
    Event("forbidden", "x", "h0003", noon(9, 30)),
    Event("not_found", "facebook", "h0004", noon(10, 15)),
    Event("not_found", "facebook", "h0005", noon(8, 20), noon(9, 5)),
    Event("not_found", "youtube", "h0006", noon(9, 25)),
    Event("hidden", "youtube", "h0001", noon(8, 21), noon(8, 31), metric="subscriberCount"),
    Event("hidden", "youtube", "h0002", EPOCH, metric="subscriberCount"),
    Event("hidden", "youtube", "h0003", noon(10, 5), metric="subscriberCount"),
    Event("retired", "x", "h0005", noon(8, 19), metric="media_count"),
    Event("retired", "x", "h0006", noon(10, 5), metric="media_count"),
    Event("retired", "x", OWN, noon(10, 5), account_group="careers", metric="media_count"),
    Event("false_zero", "x", OWN, noon(8, 20), noon(8, 21), metric="followers_count"),
    Event("false_zero", "x", OWN, noon(10, 14), noon(10, 15), account_group="childrens", metric="followers_count"),
    Event("false_zero", "x", "h0009", noon(10, 12), noon(10, 13), metric="followers_count"),
    Event("false_zero", "facebook", "h0007", noon(8, 24), noon(8, 25), metric="fan_count"),
    Event("purge", "x", "h0008", noon(10, 21), metric="followers_count", size=0.08),
    Event("purge", "x", "h0011", noon(8, 26), metric="followers_count", size=0.08),
    Event("renamed", "x", "h0010", noon(8, 19), text="TheNewName10"),
    Event("renamed", "x", OWN, noon(9, 28), account_group="careers", text="LakesideCareers"),
    Event("renamed", "youtube", "h0008", noon(10, 13), text="brandnewchannel8"),
    Event("renamed", "facebook", "h0009", noon(10, 19), text="brandnewpage9"),
    Event("opened", "youtube", "h0011", noon(8, 19)),
    Event("opened", "x", "h0012", noon(10, 1)),
    Event("viral", "x", OWN, noon(11, 17)),
    Event("lift", "x", OWN, datetime(2026, 11, 18, 4, tzinfo=UTC), metric="followers_count", size=0.035),
    Event("viral", "facebook", "h0002", noon(8, 25)),
    Event("pile_on", "facebook", OWN, noon(10, 20)),
    Event("pile_on", "x", OWN, noon(8, 19)),
    Event("deleted", "x", OWN, noon(8, 18)),
    Event("deleted", "x", OWN, noon(10, 6)),
    Event("deleted", "facebook", OWN, noon(10, 27)),
    Event("deleted", "youtube", "h0001", noon(9, 21)),
)
TO_ACCOUNTS = ("suspended", "forbidden", "not_found")
EVENT_TITLES = {
    "viral": "a night nurse sings a frightened child to sleep",
    "pile_on": "parking fees change on Monday",
    "deleted": "this post was a mistake",
}
DELETED_AFTER = timedelta(days=3)

# What each initiative adds from start to end: about followers, to the daily growth of the logarithm of its accounts';
# about engagements, to the logarithm of what each post published then draws; about posts_published, to how many, alike.
EFFECTS: Mapping[str, float] = {"patient-voices": 0.0012, "flu-season": 0.0}
INITIATIVES = (
    Initiative(
        "patient-voices", "Patient voices", OWN, "x", "followers", date(2026, 10, 12), date(2026, 11, 8), Decimal(18000)
    ),
    Initiative(
        "flu-season", "Flu season", OWN, "facebook", "followers", date(2026, 10, 5), date(2026, 10, 18), Decimal(2500)
    ),
)

FOLLOWERS = {"youtube": "subscriberCount", "x": "followers_count", "facebook": "followers_count"}
POSTS = {"youtube": "videoCount", "x": "tweet_count", "facebook": ""}
# Other metrics of an account: their size as a share of its followers.
SHARES: dict[str, dict[str, float]] = {
    "youtube": {"viewCount": 160.0},
    "x": {"following_count": 0.04, "listed_count": 0.008, "like_count": 0.15, "media_count": 0.09},
    "facebook": {"fan_count": 0.85},
}
# A post's final counts as shares of the followers on its first day.
POST_SHARES: dict[str, dict[str, float]] = {
    "youtube": {"statistics.viewCount": 0.3, "statistics.likeCount": 0.009, "statistics.commentCount": 0.0008},
    "x": {
        "public_metrics.impression_count": 0.15,
        "public_metrics.like_count": 0.0015,
        "public_metrics.reply_count": 0.00012,
        "public_metrics.retweet_count": 0.0003,
        "public_metrics.quote_count": 0.00005,
        "public_metrics.bookmark_count": 0.0001,
    },
    "facebook": {
        "reactions.summary.total_count": 0.004,
        "comments.summary.total_count": 0.0003,
        "shares.count": 0.0004,
    },
}
COMMENTS = ("statistics.commentCount", "public_metrics.reply_count", "comments.summary.total_count")
HIDDEN_ON_VIDEOS = {"statistics.likeCount": 0.05, "statistics.commentCount": 0.07}  # share of videos not showing it
DAYS_TO_SETTLE = {"youtube": 4.0, "x": 0.7, "facebook": 1.2}  # a post has 63 % of its final counts by then
KINDS: dict[str, tuple[tuple[float, str], ...]] = {
    "youtube": ((1.0, "video"),),
    "x": ((0.75, "post"), (0.90, "reply"), (0.97, "quote"), (1.0, "retweet")),
    "facebook": (
        (0.5, "added_photos"), (0.75, "added_video"), (0.92, "shared_story"), (0.95, "mobile_status_update"),
        (0.97, "created_event"), (0.985, "published_story"), (1.0, ""),
    ),
}  # fmt: skip
WITH_MEDIA = 0.45  # share of X's posts that hold a photo or a video
DELETED_SHARE = 0.015

PLACES = (
    "Alder Creek", "Bay Harbor", "Birchwood", "Blue Ridge", "Briar Hill", "Cedar Falls", "Clearwater", "Copper Canyon",
    "Cypress Point", "Dover Plains", "Eagle Pass", "Elm Grove", "Fairhaven", "Fox Hollow", "Granite Bay", "Greenfield",
    "Harbor View", "Hawthorn", "Heron Lake", "Highland", "Iron River", "Juniper", "Kingsbridge", "Laurel Springs",
    "Linden", "Long Prairie", "Maple Ridge", "Meadowbrook", "Mill Pond", "Northgate", "Oak Bluff", "Orchard Park",
    "Pine Barrens", "Quarry Hill", "Red Cliff", "River Bend", "Rosewood", "Salt Fork", "Silver Lake", "Stonebridge",
    "Summit", "Sycamore", "Three Rivers", "Twin Oaks", "Valley Forge", "West Fork", "Willow Run", "Wren Island",
)  # fmt: skip
BODIES = ("Medical Center", "Regional Hospital", "Health System", "Community Hospital", "University Hospital", "Clinic")
STRATA: dict[str, tuple[str, ...]] = {
    "region": ("northeast", "midwest", "south", "west"),
    "bed_size": ("under 100", "100-299", "300-499", "500 or more"),
    "ownership": ("nonprofit", "nonprofit", "government", "for-profit"),
    "teaching": ("nonteaching", "nonteaching", "teaching"),
    "setting": ("urban", "urban", "rural"),
}
TOPICS = ("heart health", "our new birth center", "flu shots", "nursing careers", "a day in the ER", "sleep", "stroke")
NASTY = (
    '<script>alert("rounds")</script> & <b>bold</b> news',
    '=HYPERLINK("http://example.invalid","Click")',
    "+1 for our nurses 🎉👩‍⚕️ — thank you!",
    "@everyone -- ../../etc/passwd, \"quoted\", 'single'; tab\there",
    "A very long title that goes on, " * 7 + "and ends",
)


@dataclass(frozen=True, slots=True)
class Curve:
    """One level or counter: exp(log_size + growth * days + waves). Where unrest <= growth it never falls."""

    stream: int
    log_size: float
    growth: float
    unrest: float
    shared: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class WorldAccount:
    """`uploads`: YouTube's playlist of everything the channel published. The fields after it are the generator's."""

    platform: str
    account_id: str
    organization_id: str
    name: str
    label: str | None
    account_group: str
    created_at: datetime
    is_own: bool
    credential: str
    uploads: str
    handles: tuple[tuple[datetime, str], ...] = field(repr=False)
    number: int = field(repr=False)
    curves: Mapping[str, Curve] = field(repr=False)
    posts_before: int = field(repr=False)
    posts_per_day: float = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)

    def handle_at(self, instant: datetime) -> str:
        """The handle in force at an instant, without `@`."""
        return next(handle for since, handle in reversed(self.handles) if since <= instant)


@dataclass(frozen=True, slots=True)
class WorldPost:
    """`title`: a video's title, a tweet's text, a page post's message. `seconds`: a video's length, else 0.

    `kind`: how the platform was told to publish it, empty where it does not say; `has_media`: of a post of X.
    `event`: the kind of `Event` that happens to it, mostly none.
    """

    platform: str
    account_id: str
    post_id: str
    published_at: datetime
    kind: str
    title: str
    deleted_at: datetime | None
    seconds: int = 0
    event: str = ""
    has_media: bool = False


@lru_cache(maxsize=1 << 18)
def unit(*key: int | str) -> float:
    """A number in (0, 1), evenly spread, that depends on nothing but the key."""
    return (number(*key) + 0.5) / 2**64


def number(*key: int | str) -> int:
    """64 bits that depend on nothing but the key."""
    return int.from_bytes(blake2b("|".join(map(str, key)).encode(), digest_size=8).digest())


def normal(*key: int | str) -> float:
    """A standard normal number that depends on nothing but the key."""
    return NormalDist().inv_cdf(unit(*key))


def wave(stream: int, days: float, length: float) -> float:
    """A smooth line through random knots in (-1, 1), `length` days apart; its slope stays below 3 / length."""
    knot = math.floor(days / length)
    part = days / length - knot
    before, after = unit(stream, length, knot), unit(stream, length, knot + 1)
    return 2 * (before + (after - before) * part * part * (3 - 2 * part)) - 1


def three_figures_down(count: int) -> int:
    """YouTube's rounding: 1,987,654 is shown as 1,980,000; below 1,000 nothing is rounded."""
    step: int = 10 ** max(len(str(count)) - 3, 0)
    return count // step * step


def days_since(instant: datetime, since: datetime) -> float:
    return (instant - since) / DAY


# platform, group, label, handle, followers, posts a day, credential
OWN_ACCOUNTS = (
    ("youtube", "main", "Lakeside Health", "lakesidehealth", 88_400, 0.35, ""),
    ("x", "main", "Lakeside Health", "LakesideHealth", 182_000, 3.0, ""),
    ("x", "childrens", "Children's hospital", "LakesideKids", 24_300, 1.2, ""),
    ("x", "careers", "Careers", "LakesideJobs", 6_800, 0.8, ""),
    ("facebook", "main", "Lakeside Health", "lakesidehealth", 241_000, 1.6, ""),
    ("facebook", "childrens", "Children's hospital", "lakesidekids", 61_500, 0.8, "childrens"),
)
PEER_SHARE = {"youtube": 0.6, "x": 0.65, "facebook": 0.7}
PEER_FOLLOWERS = {"youtube": 2_500, "x": 7_000, "facebook": 16_000}  # median
PEER_POSTS = {"youtube": 0.12, "x": 0.8, "facebook": 0.6}  # a day, median


class World:
    """One fictional hospital network and its peers. Two worlds of the same seed and size are the same world.

    `effects`: what each initiative adds, as in `EFFECTS`. `events`: what happens to whom; nothing, where peers are to
    be like the own organization.
    """

    def __init__(
        self,
        seed: int = 2010,
        peers: int = 40,
        effects: Mapping[str, float] = EFFECTS,
        initiatives: tuple[Initiative, ...] = INITIATIVES,
        events: tuple[Event, ...] = EVENTS,
    ) -> None:
        self.seed, self.effects, self.initiatives, self._told = seed, dict(effects), initiatives, events
        own = Organization(OWN, "Lakeside Health", True, "midwest", "500 or more", "nonprofit", "teaching", "urban")
        self.organizations = (own, *(self._peer(n) for n in range(1, peers + 1)))
        self.accounts = tuple(self._accounts())
        self.events = tuple(event for account in self.accounts for event in account.events)
        self._by_id = {(a.platform, a.account_id): a for a in self.accounts}
        self._by_handle = {(a.platform, h.lower()): a for a in self.accounts for _, h in a.handles}
        self._by_uploads = {a.uploads: a for a in self.accounts if a.uploads}
        self._day = lru_cache(maxsize=1 << 16)(self._posts_of_day)
        self._year = lru_cache(maxsize=None)(self._posts_of_year)
        self._final = lru_cache(maxsize=1 << 18)(self._final_count)

    # who

    def account(self, platform: str, account_id: str) -> WorldAccount | None:
        return self._by_id.get((platform, account_id))

    def by_handle(self, platform: str, handle: str, instant: datetime) -> WorldAccount | None:
        """The account whose handle this is at the instant; a former handle names nobody."""
        wanted = handle.removeprefix("@").lower()
        account = self._by_handle.get((platform, wanted))
        return account if account and account.handle_at(instant).lower() == wanted else None

    def by_uploads(self, playlist_id: str) -> WorldAccount | None:
        return self._by_uploads.get(playlist_id)

    def status(self, account: WorldAccount, instant: datetime) -> str:
        """`public`, `suspended`, `not_found` or `forbidden`."""
        if instant < account.created_at:
            return "not_found"
        return next((e.kind for e in _at(account, instant) if e.kind in TO_ACCOUNTS), "public")

    def directory(self, instant: datetime) -> tuple[Account, ...]:
        """The accounts as the organization's directory lists them: its own daily, peers weekly."""
        return tuple(
            Account(
                organization_id=a.organization_id,
                platform=a.platform,
                handle=a.handle_at(instant),
                account_id=a.account_id,
                label=a.label,
                account_group=a.account_group,
                cadence="daily" if a.is_own else "weekly",
                credential=a.credential,
                is_own=a.is_own,
                weekday=None if a.is_own else weekday(a.account_id),
            )
            for a in self.accounts
        )

    # how many

    def exact(self, account: WorldAccount, native_metric: str, instant: datetime) -> int:
        """The true number, whatever the platform shows. Raises KeyError for a metric the platform does not have."""
        if native_metric == POSTS[account.platform]:
            return account.posts_before + self._published(account, instant)
        count = self._level(account, native_metric, instant)
        if native_metric == "viewCount" and instant >= VIEWS_REDEFINED_AT:
            since = count - self._level(account, native_metric, VIEWS_REDEFINED_AT)
            count += VIEWS_JUMP * count + VIEWS_FASTER * since
        return int(count)

    def value(self, account: WorldAccount, native_metric: str, instant: datetime) -> int | None:
        """The number as the platform shows it; None where it sends none."""
        kinds = {e.kind for e in _at(account, instant) if e.metric == native_metric}
        if self.status(account, instant) != "public" or kinds & {"hidden", "retired"}:
            return None
        if "false_zero" in kinds:
            return 0
        count = self.exact(account, native_metric, instant)
        return three_figures_down(count) if native_metric == "subscriberCount" else count

    def _level(self, account: WorldAccount, metric: str, instant: datetime) -> float:
        if instant < account.created_at:
            return 0.0
        curve, days = account.curves[metric], days_since(instant, ANCHOR)
        waves = (
            0.1 * wave(curve.stream, days, 1)
            + 0.33 * math.sin(math.tau * (days / 7 + unit(curve.stream)))
            + 2.8 * wave(curve.stream, days, 28)
        )
        log = curve.log_size + curve.growth * days + curve.unrest * waves
        if curve.shared:
            log += curve.shared * wave(number(self.seed, "shared", account.platform), days, 21)
        for event in account.events:
            if event.metric == metric and event.starts_at <= instant:
                age = days_since(instant, event.starts_at)
                if event.kind == "purge":
                    log += math.log1p(-event.size * min(age * 4, 1))
                elif event.kind == "lift":
                    log += event.size * (1 - math.exp(-age / 1.5))
        if metric == FOLLOWERS[account.platform]:
            log += self._initiated(account, instant)
        return math.exp(log) * (1 - math.exp(-(days_since(instant, account.created_at) + 0.5) / 60))

    def _initiated(self, account: WorldAccount, instant: datetime) -> float:
        """What initiatives about followers have added to the logarithm by an instant."""
        total = 0.0
        for each, start, length in self._initiatives_of(account, "followers"):
            total += self.effects.get(each.initiative_id, 0.0) * min(max(days_since(instant, start), 0), length)
        return total

    def _encouraged(self, account: WorldAccount, metric: str, instant: datetime) -> float:
        """What initiatives about an activity add now to the logarithm of what a post draws, or of how many."""
        return sum(
            self.effects.get(each.initiative_id, 0.0)
            for each, start, length in self._initiatives_of(account, metric)
            if 0 <= days_since(instant, start) < length
        )

    def _initiatives_of(self, account: WorldAccount, metric: str) -> Iterator[tuple[Initiative, datetime, int]]:
        """The initiatives about a metric of an account, when each began, and over how many days."""
        for each in self.initiatives:
            is_here = each.organization_id == account.organization_id and each.platform in (None, account.platform)
            if is_here and each.metric == metric:
                start = datetime.combine(each.started_on, datetime.min.time(), UTC)
                yield each, start, ((each.ended_on or date.max) - each.started_on).days + 1

    # posts

    def posts(self, account: WorldAccount, start: datetime, end: datetime) -> tuple[WorldPost, ...]:
        """What was published in [start, end), oldest first, deleted or not; nothing before `EPOCH` is known by name."""
        days = range(max(_day_number(start), 0), _day_number(end) + 1)
        return tuple(p for day in days for p in self._day(account, day) if start <= p.published_at < end)

    def newest_first(self, account: WorldAccount, instant: datetime) -> Iterator[WorldPost]:
        """What a visitor sees on the account's page at the instant."""
        for day in range(_day_number(instant), -1, -1):
            for post in reversed(self._day(account, day)):
                if post.published_at <= instant and (post.deleted_at is None or instant < post.deleted_at):
                    yield post

    def post(self, platform: str, post_id: str) -> WorldPost | None:
        found = self._locate(platform, post_id)
        return next((p for p in self._day(*found) if p.post_id == post_id), None) if found else None

    def post_status(self, post: WorldPost, instant: datetime) -> str:
        """The account's status; `not_found` too before publication and once deleted."""
        if instant < post.published_at or (post.deleted_at and instant >= post.deleted_at):
            return "not_found"
        return self.status(self._by_id[post.platform, post.account_id], instant)

    def post_value(self, post: WorldPost, native_metric: str, instant: datetime) -> int | None:
        """The number as the platform shows it; None where it sends none. Counts only ever grow."""
        if native_metric not in POST_SHARES[post.platform] or self.post_status(post, instant) != "public":
            return None
        if unit(self.seed, post.post_id, native_metric, "hidden") < HIDDEN_ON_VIDEOS.get(native_metric, 0):
            return None
        count = self._collected(post, native_metric, instant)
        if native_metric == "statistics.viewCount" and instant >= VIEWS_REDEFINED_AT:
            count += VIEWS_FASTER * (count - self._collected(post, native_metric, VIEWS_REDEFINED_AT))
        return int(count)

    def _collected(self, post: WorldPost, metric: str, instant: datetime) -> float:
        age = max(days_since(instant, post.published_at), 0)
        settles = DAYS_TO_SETTLE[post.platform] * (0.6 + unit(self.seed, post.post_id, "settles"))
        return self._final(post, metric) * (1 - math.exp(-age / settles))

    def _final_count(self, post: WorldPost, metric: str) -> float:
        account = self._by_id[post.platform, post.account_id]
        followers = self._level(account, FOLLOWERS[post.platform], post.published_at)
        spread = 0.9 * normal(self.seed, post.post_id) + 0.3 * normal(self.seed, post.post_id, metric)
        crowd = {"viral": 40.0, "pile_on": 60.0 if metric in COMMENTS else 0.5}.get(post.event, 1.0)
        lift = self._encouraged(account, "engagements", post.published_at)
        return POST_SHARES[post.platform][metric] * followers * crowd * math.exp(spread + lift)

    def _published(self, account: WorldAccount, instant: datetime) -> int:
        """Posts since `EPOCH` that stand at the instant."""
        years = [self._year(account, year) for year in range(EPOCH.year, instant.year + 1)]
        return sum(bisect_right(came, instant) - bisect_right(gone, instant) for came, gone in years)

    def _posts_of_year(self, account: WorldAccount, year: int) -> tuple[list[datetime], list[datetime]]:
        first, end = (_day_number(datetime(y, 1, 1, 12, tzinfo=UTC)) for y in (year, year + 1))
        posts = [post for day in range(first, end) for post in self._posts_of_day(account, day)]
        return [p.published_at for p in posts], sorted(p.deleted_at for p in posts if p.deleted_at)

    def _posts_of_day(self, account: WorldAccount, day: int) -> tuple[WorldPost, ...]:
        """A day's posts lie in equal slots between 10:00 UTC and 04:00 of the next morning, oldest first."""
        opens = EPOCH + day * DAY + timedelta(hours=10)
        if day < 0 or opens < account.created_at:
            return ()
        event = next(
            (e.kind for e in account.events if e.kind in EVENT_TITLES and e.starts_at.date() == opens.date()), ""
        )
        rate = account.posts_per_day * (0.5 if opens.weekday() >= 5 else 1)
        rate *= math.exp(self._encouraged(account, "posts_published", opens))
        count = max(int(rate + unit(self.seed, account.account_id, day)), 1 if event else 0)
        return tuple(self._post(account, day, slot, count, event if slot == 0 else "") for slot in range(count))

    def _post(self, account: WorldAccount, day: int, slot: int, count: int, event: str) -> WorldPost:
        key = (self.seed, account.account_id, day, slot)
        second = int((slot + unit(*key, "second")) * 18 * 3600 / count)
        published_at = EPOCH + day * DAY + timedelta(hours=10, seconds=second)
        deleted_at = None
        if event == "deleted":
            deleted_at = published_at + DELETED_AFTER
        elif not event and unit(*key, "deleted") < DELETED_SHARE:
            deleted_at = published_at + timedelta(seconds=int(3600 + 20 * 86400 * unit(*key, "stands")))
        kind = next(kind for share, kind in KINDS[account.platform] if unit(*key, "kind") < share)
        seconds = int(20 + 1200 * unit(*key, "seconds") ** 3) if account.platform == "youtube" else 0
        title = f"{account.name} on {TOPICS[number(*key, 'topic') % len(TOPICS)]} ({day}.{slot + 1})"
        if event:
            kind, title = KINDS[account.platform][0][1], f"{account.name}: {EVENT_TITLES[event]}"
        elif unit(*key, "nasty") < 0.06:
            title = NASTY[number(*key, "nasty") % len(NASTY)]
        post_id = _post_id(account, day, slot, published_at)
        media = account.platform == "x" and unit(*key, "media") < WITH_MEDIA
        return WorldPost(
            account.platform, account.account_id, post_id, published_at, kind, title, deleted_at, seconds, event, media
        )

    def _locate(self, platform: str, post_id: str) -> tuple[WorldAccount, int] | None:
        """The account and the day that a post's id was made of; None where it is no such id."""
        try:
            if platform == "youtube":
                code = (int.from_bytes(urlsafe_b64decode(post_id + "=")) ^ _SALT) * _UNSCRAMBLE % (1 << 64)
                return self.accounts[code >> 28], code >> 8 & 0xFFFFF
            if platform == "x":
                account = self.accounts[int(post_id) & 0x3FFFFF]
                return account, _day_number(_SNOWFLAKES + timedelta(milliseconds=int(post_id) >> 22))
            page, _, code_text = post_id.partition("_")
            found = self._by_id.get((platform, page))
            return (found, (int(code_text) - _FACEBOOK_POSTS) >> 8) if found else None
        except (ValueError, IndexError, OverflowError):
            return None

    # making them

    def _peer(self, n: int) -> Organization:
        start = number(self.seed, "places") % len(PLACES)
        around, place = divmod(start + n - 1, len(PLACES))
        name = f"{PLACES[place]} {BODIES[number(self.seed, 'body', n) % len(BODIES)]}" + (
            f" {around}" if around else ""
        )
        strata = {k: words[number(self.seed, k, n) % len(words)] for k, words in STRATA.items()}
        return Organization(f"h{n:04d}", name, False, **strata)

    def _accounts(self) -> Iterator[WorldAccount]:
        index = 0
        own = self.organizations[0]
        for platform, group, label, handle, followers, rate, credential in OWN_ACCOUNTS:
            yield self._account(index, platform, own, group, label, handle, followers, rate, credential)
            index += 1
        for n, organization in enumerate(self.organizations[1:], 1):
            for platform in PLATFORMS:
                key = (self.seed, organization.organization_id, platform)
                if n > CAST and unit(*key, "is there") > PEER_SHARE[platform]:
                    continue
                weight = 0.5 + 0.5 * STRATA["bed_size"].index(organization.bed_size or "")
                size = PEER_FOLLOWERS[platform] * weight * math.exp(1.3 * normal(*key, "size"))
                rate = PEER_POSTS[platform] * math.exp(0.6 * normal(*key, "rate"))
                place = "".join(c for c in organization.name if c.isalpha())[:10]
                handle = f"{place}{n}" if platform == "x" else f"{place}{n}".lower()
                yield self._account(
                    index,
                    platform,
                    organization,
                    "main",
                    None,
                    handle,
                    min(max(size, 300), 1_500_000),
                    min(rate, 6),
                    "",
                )
                index += 1

    def _account(
        self,
        index: int,
        platform: str,
        organization: Organization,
        group: str,
        label: str | None,
        handle: str,
        followers: float,
        posts_per_day: float,
        credential: str,
    ) -> WorldAccount:
        key = (self.seed, organization.organization_id, platform, group)
        identity = number(*key).to_bytes(8) + number(*key, "more").to_bytes(8)
        created_at = datetime(2009, 1, 1, tzinfo=UTC) + timedelta(seconds=int(unit(*key, "created") * 9 * 365 * 86400))
        events = [
            e
            for e in self._told
            if (e.platform, e.organization_id, e.account_group) == (platform, organization.organization_id, group)
        ]
        created_at = next((e.starts_at for e in events if e.kind == "opened"), created_at)
        account_id = {
            "youtube": f"UC{_letters(identity)}",
            "x": str(int(unit(*key, "id") * 3 * 10**9) + 10**7),
            "facebook": str(10**14 + number(*key) % 10**13),
        }[platform]
        if platform == "x" and created_at.year > 2015:
            account_id = str(_snowflake(created_at, index))
        growth = max(0.0005 + 0.00025 * normal(*key, "growth"), -0.0002)
        curves = {
            FOLLOWERS[platform]: Curve(number(*key, "followers"), math.log(followers), growth, 0.0006, shared=0.001)
        }
        for metric, share in SHARES[platform].items():
            size = max(share * followers * math.exp(0.15 * normal(*key, metric)), 5)
            steady = 0.0003 + 0.0004 * unit(*key, metric)
            curves[metric] = Curve(number(*key, metric), math.log(size), steady, steady)
        return WorldAccount(
            platform=platform,
            account_id=account_id,
            organization_id=organization.organization_id,
            name=organization.name if group == "main" else f"{organization.name} {(label or group)}",
            label=label,
            account_group=group,
            created_at=created_at,
            is_own=organization.is_own,
            credential=credential,
            uploads=f"UU{_letters(identity[::-1])}" if platform == "youtube" else "",
            handles=((datetime.min.replace(tzinfo=UTC), handle), *((e.starts_at, e.text) for e in events if e.text)),
            number=index,
            curves=curves,
            posts_before=int(posts_per_day * 0.86 * max((EPOCH - created_at) / DAY, 0)),
            posts_per_day=posts_per_day,
            events=tuple(_on_its_day(event, account_id) for event in events),
        )


_SNOWFLAKES = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)  # X's ids count milliseconds from here
_FACEBOOK_POSTS = 122_000_000_000_000
_SALT = 0x5DEECE66D2B49F17
_SCRAMBLE = 0x9E3779B97F4A7C15  # odd, so that multiplying modulo 2 ** 64 can be undone
_UNSCRAMBLE: int = pow(_SCRAMBLE, -1, 1 << 64)


def weekday(account_id: str) -> int:
    """The ISO weekday on which a weekly account is due."""
    return 1 + crc32(account_id.encode()) % 7


def _at(account: WorldAccount, instant: datetime) -> Iterator[Event]:
    return (e for e in account.events if e.starts_at <= instant < e.ends_at)


def _on_its_day(event: Event, account_id: str) -> Event:
    """A peer's false zero, given for a Monday, moves to the weekday on which the account is looked at."""
    if event.kind != "false_zero" or event.organization_id == OWN:
        return event
    later = (weekday(account_id) - 1) * DAY
    return replace(event, starts_at=event.starts_at + later, ends_at=event.ends_at + later)


def _day_number(instant: datetime) -> int:
    """The day of posts, from 10:00 to 10:00 UTC, an instant lies in."""
    return (instant - EPOCH - timedelta(hours=10)) // DAY


def _snowflake(instant: datetime, index: int) -> int:
    return (instant - _SNOWFLAKES) // timedelta(milliseconds=1) << 22 | index


def _post_id(account: WorldAccount, day: int, slot: int, published_at: datetime) -> str:
    if account.platform == "x":
        return str(_snowflake(published_at, account.number))
    if account.platform == "facebook":
        return f"{account.account_id}_{_FACEBOOK_POSTS + (day << 8 | slot)}"
    code = account.number << 28 | day << 8 | slot
    return _letters((code * _SCRAMBLE % (1 << 64) ^ _SALT).to_bytes(8))


def _letters(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
