"""What the runs must have seen: a second derivation, from the world alone, of who is asked for, when, and what is said.

Nothing here reads landing, the SQL or the platforms' modules. Days are dates in the record's zone; instants are aware.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from socialmetrics.records import Account, Initiative, Note, Organization
from socialmetrics.sandbox.world import World, WorldAccount, WorldPost

Key = tuple[str, str]  # platform, account_id

# house name -> the platform's own, of what anyone may see
ACCOUNT_METRICS: Mapping[str, Mapping[str, str]] = {
    "youtube": {"followers": "subscriberCount", "views": "viewCount", "posts": "videoCount"},
    "x": {
        "followers": "followers_count",
        "following": "following_count",
        "posts": "tweet_count",
        "listed": "listed_count",
        "likes_given": "like_count",
        "media": "media_count",
    },
    "facebook": {"followers": "followers_count", "connections": "fan_count"},
}
POST_METRICS: Mapping[str, Mapping[str, str]] = {
    "youtube": {
        "views": "statistics.viewCount",
        "likes": "statistics.likeCount",
        "comments": "statistics.commentCount",
    },
    "x": {
        "impressions": "public_metrics.impression_count",
        "likes": "public_metrics.like_count",
        "comments": "public_metrics.reply_count",
        "reposts": "public_metrics.retweet_count",
        "quotes": "public_metrics.quote_count",
        "bookmarks": "public_metrics.bookmark_count",
    },
    "facebook": {
        "reactions": "reactions.summary.total_count",
        "comments": "comments.summary.total_count",
        "shares": "shares.count",
    },
}
FACEBOOK_KINDS = {
    "added_photos": "photo",
    "added_video": "video",
    "shared_story": "share",
    "mobile_status_update": "text",
    "created_event": "event",
}
OF_THE_OWNER = {"facebook": {"impressions": "page_impressions"}}  # flows that only the owner is told
LADDERS = {
    "youtube": (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 60, 90),
    "x": (0, 1, 3, 7, 14, 28, 90),
    "facebook": (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 60, 90),
}
FIRST_LOOK = {"youtube": timedelta(days=90), "x": timedelta(days=7), "facebook": timedelta(days=28)}
YOUTUBE_OVERLAP, YOUTUBE_SWEEP = timedelta(hours=1), timedelta(days=6, hours=12)
WITH_PAGE = 50
SETTLED = ("not_found", "suspended", "forbidden", "hidden")  # after these a post is not asked for again on that rung


@dataclass(frozen=True, slots=True)
class Visit:
    """One run of one platform for `day`, at `instant`. `answers`: `well`, `nothing` (503 to all), `not_set_up`."""

    platform: str
    day: date
    instant: datetime
    answers: str = "well"


@dataclass(frozen=True, slots=True)
class Wire:
    """What a visit's requests came to at the other end."""

    calls: int
    units: int


@dataclass(frozen=True, slots=True)
class Said:
    """What one run or import said of one metric (house name; None: of all of them) of one subject on one day.

    `scheduled_at` is None for an imported figure; only that has a `precision` and a `source`.
    """

    platform: str
    account_id: str
    post_id: str | None
    metric: str | None
    day: date
    value: int | None
    reason: str | None
    at: datetime
    run_id: str = ""
    scheduled_at: datetime | None = None
    precision: str | None = None
    source: str | None = None
    date_precision: str = "day"

    @property
    def is_imported(self) -> bool:
        return self.scheduled_at is None


@dataclass(frozen=True, slots=True)
class Snapshot:
    day: date
    at: datetime
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Organizations:
    """The directory's organizations as they were on a day."""

    day: date
    at: datetime
    organizations: tuple[Organization, ...]


Dated = TypeVar("Dated", Snapshot, Organizations)


@dataclass(frozen=True, slots=True)
class Total:
    """An imported figure over the whole directory."""

    platform: str
    metric: str
    day: date
    value: int
    at: datetime
    date_precision: str = "day"
    precision: str = "exact"
    source: str = "a page"


@dataclass
class Record:
    """All that was said, by whom, and what was known; what the marts are made of."""

    zone: ZoneInfo
    snapshots: list[Snapshot] = field(default_factory=list)
    organizations: list[Organizations] = field(default_factory=list)
    initiatives: tuple[Initiative, ...] = ()  # as the directory last had them
    notes: tuple[Note, ...] = ()
    visits: list[Visit] = field(default_factory=list)
    wire: dict[Visit, Wire] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    published: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    kinds: dict[tuple[str, str, str], str] = field(default_factory=dict)  # in our words; none where nobody told it
    looked: dict[Visit, list[str]] = field(default_factory=dict)  # the accounts whose posts were looked for, to the end
    discovered: dict[tuple[str, str, str], tuple[datetime, WorldPost]] = field(default_factory=dict)  # first seen at
    shown: dict[Key, tuple[datetime, WorldAccount]] = field(default_factory=dict)  # last seen in public at

    @property
    def horizon(self) -> date:
        return max(visit.day for visit in self.visits)

    def scheduled_at(self, day: date) -> datetime:
        return datetime.combine(day, time(22), self.zone).astimezone(UTC)

    def published_on(self, post: tuple[str, str, str]) -> date:
        return self.published[post].astimezone(self.zone).date()

    def use_directory(self, day: date, at: datetime, accounts: Iterable[Account]) -> None:
        fresh = tuple(accounts)
        if not self.snapshots or self.snapshots[-1].accounts != fresh:
            self.snapshots.append(Snapshot(day, at, fresh))

    def use_organizations(self, day: date, at: datetime, organizations: Iterable[Organization]) -> None:
        fresh = tuple(organizations)
        if not self.organizations or self.organizations[-1].organizations != fresh:
            self.organizations.append(Organizations(day, at, fresh))

    def in_force(self, key: Key, day: date) -> Account | None:
        """The account's own line of the directory on `day`."""
        earlier = [snapshot for snapshot in self.snapshots if snapshot.day <= day]
        return _find(max(earlier, key=lambda s: (s.day, s.at)), key) if earlier else None

    def first(self, key: Key) -> Account | None:
        """The account's line of the first directory that names it and was not corrected on its day."""
        return next((found for snapshot in last_of_days(self.snapshots) if (found := _find(snapshot, key))), None)

    def is_set_up(self, platform: str, day: date) -> bool:
        earlier = [visit for visit in self.visits if visit.platform == platform and visit.day <= day]
        return bool(earlier) and max(earlier, key=lambda v: (v.day, v.instant)).answers != "not_set_up"


def is_due(account: Account, day: date) -> bool:
    """Whether an account is to be observed on a day."""
    if account.account_id is None or account.cadence == "never":
        return False
    if account.opened_on is not None and day < account.opened_on:
        return False
    if account.closed_on is not None and day >= account.closed_on:
        return False
    return account.weekday in (None, day.isoweekday())


def kind_of(post: WorldPost) -> str:
    """What a post is, by what the world did to publish it."""
    if post.platform == "youtube":
        return "short video" if post.seconds <= 180 else "long video"
    if post.platform == "x":
        return "quote" if post.kind == "quote" else "media" if post.has_media else "text"
    return FACEBOOK_KINDS.get(post.kind, "post")


class Watcher:
    """Makes the visits over again in the world's own terms."""

    def __init__(self, world: World, record: Record) -> None:
        self.world, self.record = world, record
        self.known: dict[str, WorldPost] = {}
        self.seen_on: dict[str, date] = {}
        self.discovered: dict[Key, tuple[date, datetime]] = {}
        self.videos: dict[tuple[str, date], int] = {}

    def visit(self, visit: Visit, directory: Sequence[Account], organizations: Sequence[Organization]) -> None:
        """One run; runs come in the order of their instants."""
        self.record.use_directory(visit.day, visit.instant, directory)
        self.record.use_organizations(visit.day, visit.instant, organizations)
        self.record.visits.append(visit)
        if visit.answers == "not_set_up":
            return
        due = [a for a in directory if a.platform == visit.platform and is_due(a, visit.day)]
        accounts = [self._known(visit.platform, account) for account in due]
        posts = [post for post in self.known.values() if self._is_asked(post, visit)]
        if visit.answers == "nothing":
            self._fail(visit, accounts, posts)
        else:
            self._answer(visit, accounts, posts)

    def _known(self, platform: str, account: Account) -> WorldAccount:
        found = self.world.account(platform, account.account_id or "")
        if found is None:
            raise LookupError(f"the world has no {platform} account {account.account_id}")
        return found

    def _is_asked(self, post: WorldPost, visit: Visit) -> bool:
        """Whether a known post's ladder asks for it: on each rung, and where that was missed, at the next chance."""
        ladder = LADDERS[visit.platform]
        earliest = datetime.combine(visit.day - timedelta(days=ladder[-1] + 7), time(), UTC)
        if post.platform != visit.platform or post.published_at < earliest:
            return False
        published_on = post.published_at.astimezone(self.record.zone).date()
        rungs = [rung for rung in ladder if rung <= (visit.day - published_on).days]
        if not rungs:
            return False
        seen_on = self.seen_on.get(post.post_id)
        return seen_on is None or seen_on < published_on + timedelta(days=rungs[-1])

    def _fail(self, visit: Visit, accounts: list[WorldAccount], posts: list[WorldPost]) -> None:
        """Whatever was due is unavailable; posts of Facebook are due only with their Page."""
        for account in accounts:
            self._say(visit, account.account_id, None, None, None, "unavailable")
        due = {account.account_id for account in accounts}
        for post in posts if visit.platform != "facebook" else [post for post in posts if post.account_id in due]:
            self._say(visit, post.account_id, post.post_id, None, None, "unavailable")

    def _answer(self, visit: Visit, accounts: list[WorldAccount], asked: list[WorldPost]) -> None:
        told: dict[str, WorldPost] = {}
        public = set()
        for account in accounts:
            status = self.world.status(account, visit.instant)
            if status != "public":
                reason = status if visit.platform == "x" else "not_found"
                self._say(visit, account.account_id, None, None, None, reason)
                continue
            public.add(account.account_id)
            self.record.shown[account.platform, account.account_id] = (visit.instant, account)
            self._counts(visit, account)
            told |= {post.post_id: post for post in self._discover(visit, account)}
        if visit.platform == "facebook":
            due = {account.account_id for account in accounts}
            asked = [post for post in asked if post.account_id in due]
        for post in (told | {post.post_id: post for post in asked}).values():
            self._post_counts(visit, post)

    def _counts(self, visit: Visit, account: WorldAccount) -> None:
        for metric, native in ACCOUNT_METRICS[visit.platform].items():
            value = self.world.value(account, native, visit.instant)
            missing = {"subscriberCount": "hidden", "media_count": "retired"}.get(native, "unavailable")
            self._say(visit, account.account_id, None, metric, value, missing)
            if native == "videoCount" and value is not None:
                self.videos[account.account_id, visit.day] = value

    def _discover(self, visit: Visit, account: WorldAccount) -> list[WorldPost]:
        """The posts that this visit's look at the account shows, each of them counted as well."""
        key = (account.platform, account.account_id)
        day, at = self.discovered.get(key, (None, None))
        since = at or visit.instant - FIRST_LOOK[visit.platform]
        if visit.platform == "youtube":
            if at and day and not self._has_news(visit, account, day, at):
                return []
            since -= YOUTUBE_OVERLAP if at else timedelta(0)
        found = [post for post in self._listed(account, visit.instant) if post.published_at > since]
        if visit.platform == "x":
            found = [post for post in found if post.kind in ("post", "quote")]
        if visit.platform == "facebook":
            found = max(found, self._listed(account, visit.instant)[-WITH_PAGE:], key=len)
        self.discovered[key] = (visit.day, visit.instant)
        self.record.looked.setdefault(visit, []).append(account.account_id)
        self.known |= {post.post_id: post for post in found}
        for post in found:
            key_of_post = (post.platform, post.account_id, post.post_id)
            self.record.published[key_of_post] = post.published_at
            self.record.kinds[key_of_post] = kind_of(post)
            self.record.discovered.setdefault(key_of_post, (visit.instant, post))
        return found

    def _has_news(self, visit: Visit, account: WorldAccount, day: date, at: datetime) -> bool:
        """Own channels are walked at every visit, others when their number of videos changed or a week has passed."""
        if account.is_own or visit.instant - at >= YOUTUBE_SWEEP:
            return True
        return self.videos[account.account_id, visit.day] != self.videos[account.account_id, day]

    def _listed(self, account: WorldAccount, instant: datetime) -> list[WorldPost]:
        """What stands on the account's page, oldest first."""
        start, end = instant - timedelta(days=800), instant + timedelta(microseconds=1)
        return [p for p in self.world.posts(account, start, end) if self.world.post_status(p, instant) == "public"]

    def _post_counts(self, visit: Visit, post: WorldPost) -> None:
        status = self.world.post_status(post, visit.instant)
        if status != "public":
            reason = status if visit.platform == "x" else "not_found"
            self._say(visit, post.account_id, post.post_id, None, None, reason)
            return
        for metric, native in POST_METRICS[visit.platform].items():
            value = self.world.post_value(post, native, visit.instant)
            self._say(visit, post.account_id, post.post_id, metric, value, "hidden")

    def _say(
        self, visit: Visit, account_id: str, post_id: str | None, metric: str | None, value: int | None, otherwise: str
    ) -> None:
        reason = otherwise if value is None else None
        if post_id and (value is not None or reason in SETTLED):
            self.seen_on[post_id] = max(visit.day, self.seen_on.get(post_id, visit.day))
        self.record.said.append(
            Said(
                visit.platform,
                account_id,
                post_id,
                metric,
                visit.day,
                value,
                reason,
                visit.instant,
                f"{visit.instant:%Y%m%dT%H%M%SZ}",
                self.record.scheduled_at(visit.day),
            )
        )


def native_name(platform: str, post_id: str | None, metric: str) -> str:
    """The platform's own name of a metric of an account or a post."""
    names = POST_METRICS[platform] if post_id else {**ACCOUNT_METRICS[platform], **OF_THE_OWNER.get(platform, {})}
    return names[metric]


def imported(
    account: Account, metric: str, day: date, value: int, precision: str, at: datetime, source: str = "a page"
) -> Said:
    """An account's figure from elsewhere."""
    account_id = account.account_id or ""
    return Said(account.platform, account_id, None, metric, day, value, None, at, "import", None, precision, source)


def last_of_days(snapshots: Iterable[Dated]) -> list[Dated]:
    """Of each day's snapshots the last, which counts."""
    return list({one.day: one for one in sorted(snapshots, key=lambda one: (one.day, one.at))}.values())


def each_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _find(snapshot: Snapshot, key: Key) -> Account | None:
    return next((a for a in snapshot.accounts if (a.platform, a.account_id) == key), None)
