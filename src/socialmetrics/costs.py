"""What days will cost before any call is made: the one that is planned, and the thirty from it on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from operator import add
from zoneinfo import ZoneInfo

from socialmetrics.ladder import due_within, most_within
from socialmetrics.platforms import Platform
from socialmetrics.records import Account, Call, Subject, Tracked, TrackedPost
from socialmetrics.settings import Access

DAYS = 30


@dataclass(frozen=True)
class Cost:
    """What the calls of one platform cost over some days: usually, and at the very most."""

    platform: str
    first: date
    days: int
    requests: float
    units: float
    dollars: Decimal
    most_requests: int
    most_units: int
    most_dollars: Decimal

    def row(self) -> dict[str, str | int | float]:
        return {
            "platform": self.platform,
            "for": str(self.first) if self.days == 1 else f"{self.days} days",
            "calls": round(self.requests),
            "units": round(self.units),
            "dollars": round(float(self.dollars), 3),
            "calls_at_most": self.most_requests,
            "units_at_most": self.most_units,
            "dollars_at_most": round(float(self.most_dollars), 3),
        }

    def __add__(self, other: Cost) -> Cost:
        """Of both together."""
        return replace(
            self,
            days=self.days + other.days,
            requests=self.requests + other.requests,
            units=self.units + other.units,
            dollars=self.dollars + other.dollars,
            most_requests=self.most_requests + other.most_requests,
            most_units=self.most_units + other.most_units,
            most_dollars=self.most_dollars + other.most_dollars,
        )

    def within(self, reach: Access) -> Cost:
        """No more than the settings' budget, at which a run stops."""
        units = None if reach.units_per_day is None else reach.units_per_day * self.days
        limits = [reach.dollars_per_month] if self.days <= DAYS else []
        limits += [None if reach.dollars_per_day is None else reach.dollars_per_day * self.days]
        dollars = min((limit for limit in limits if limit is not None), default=None)
        return replace(
            self,
            units=self.units if units is None else min(self.units, units),
            dollars=self.dollars if dollars is None else min(self.dollars, dollars),
            most_units=self.most_units if units is None else min(self.most_units, units),
            most_dollars=self.most_dollars if dollars is None else min(self.most_dollars, dollars),
        )


def summed(platform: str, day: date, calls: Sequence[Call]) -> Cost:
    """The sum over planned calls; `calls` here are requests over the wire."""
    return Cost(
        platform,
        day,
        1,
        sum(call.usual_requests for call in calls),
        sum(call.usual_units for call in calls),
        sum((call.usual_dollars for call in calls), Decimal(0)),
        sum(call.requests for call in calls),
        sum(call.units for call in calls),
        sum((call.dollars for call in calls), Decimal(0)),
    )


@dataclass(frozen=True)
class Outlook:
    """What is known of a platform on the eve of `first`: `posts` are all that may still be asked for."""

    platform: str
    module: Platform
    accounts: Sequence[Account]
    posts: Sequence[TrackedPost]
    tracked: Tracked
    first: date
    zone: ZoneInfo
    rungs: Sequence[int]

    def cost(self) -> Cost:
        """Thirty days in which every account goes on as it does: each day as the platform plans it."""
        days = [self.first + timedelta(days=n) for n in range(DAYS)]
        costs, left = [], dict[Subject, TrackedPost]()
        for day, due in zip(days, self._due_posts(), strict=True):
            posts = left | {Subject(post.account_id, post.post_id): post for post in due}
            calls = self._calls(day, posts.values())
            costs.append(summed(self.platform, day, calls))
            asked = {subject for call in calls for subject in call.subjects}
            left = {subject: post for subject, post in posts.items() if subject not in asked}
        total = reduce(add, costs)
        found = [n for n, day in enumerate(days) for account in self.accounts if account.is_due(day)]
        again = sum(most_within(DAYS - n, self.rungs) for n in found)
        reading = self._of_newest()
        return replace(
            total,
            most_requests=total.most_requests + again * reading.most_requests,
            most_units=total.most_units + again * reading.most_units,
            most_dollars=total.most_dollars + again * reading.most_dollars,
        )

    def _calls(self, day: date, posts: Iterable[TrackedPost]) -> list[Call]:
        due = [account for account in self.accounts if account.is_due(day)]
        return self.module.plan(due, replace(self.tracked, posts=tuple(posts)), None)

    def _of_newest(self) -> Cost:
        """Of reading once more as many posts as one look at an account can find."""
        account = replace(self.accounts[0], account_id=self.accounts[0].account_id or "1")
        newest = [self._post(account, self.first, n, self.first) for n in range(self.module.MOST_NEW_POSTS)]
        calls = self.module.plan([account], replace(self.tracked, posts=tuple(newest)), None)
        return summed(self.platform, self.first, [call for call in calls if call.subjects[0].post_id])

    def _due_posts(self) -> list[list[TrackedPost]]:
        """By day the posts that are known, and those that are to be expected, as their ladder asks for them."""
        due: list[list[TrackedPost]] = [[] for _ in range(DAYS)]
        rates = {account.account_id: self._rate(account) for account in self.accounts}
        for post in self.posts:
            published_on = post.published_at.astimezone(self.zone).date()
            seen = (post.last_seen_on - published_on).days if post.last_seen_on else None
            age = (self.first - published_on).days
            for at in due_within(DAYS, age, seen, self.rungs):
                due[at - age].append(replace(post, newer=post.newer + int(rates[post.account_id] * (at - age))))
        for account in self.accounts:
            for published, found, post in self._expected(account):
                for at in due_within(DAYS - found, found - published, found - published, self.rungs):
                    due[published + at].append(replace(post, newer=int(rates[account.account_id] * at)))
        return due

    def _rate(self, account: Account) -> float:
        """How many posts a day an account is expected to publish."""
        return self.tracked.expected_posts(account) / (7 if account.weekday else 1)

    def _expected(self, account: Account) -> Iterator[tuple[int, int, TrackedPost]]:
        """The posts that an account will publish: the day, the day on which they are found, and one of them."""
        looks = [n for n in range(DAYS) if account.is_due(self.first + timedelta(days=n))]
        rate, count = self._rate(account), 0
        for number in range(1 + max(looks, default=-1)):
            found = next(look for look in looks if look >= number)
            until = int(rate * (number + 1))
            for each in range(count, until):
                on = self.first + timedelta(days=found)
                yield number, found, self._post(account, self.first + timedelta(days=number), each, on)
            count = until

    def _post(self, account: Account, published_on: date, number: int, seen_on: date) -> TrackedPost:
        published_at = datetime.combine(published_on, time(12), UTC)
        return TrackedPost(account.account_id or account.handle, f"{published_on} {number}", published_at, seen_on)
