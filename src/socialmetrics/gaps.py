"""What days without a count leave behind, once a platform answers again: what is back, derived and gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from socialmetrics import clock
from socialmetrics.directory import Directory
from socialmetrics.landed import Landed
from socialmetrics.settings import Settings


@dataclass(frozen=True)
class Gap:
    """Days of a platform, first to last, of which no count was taken.

    `posts` were published since and are known by now; `accounts` have a count on either side; `due` is how often an
    account was due in between. Levels and counters cannot be asked for later; no platform here has flows, which can.
    """

    platform: str
    first: date
    last: date
    posts: int
    accounts: int
    due: int

    def __str__(self) -> str:
        days = f"on {self.first}" if self.first == self.last else f"from {self.first} to {self.last}"
        posts, accounts, counts = (
            f"{number} {what}{'s' * (number != 1)}"
            for number, what in ((self.posts, "post"), (self.accounts, "account"), (self.due, "account-day"))
        )
        return (
            f"{self.platform}: nothing was counted {days}. Back: {posts} published since, with the counts of now. "
            f"Derived: what {accounts} gained or lost over it. Gone: the counts of {counts}."
        )


def before(settings: Settings, people: Directory, platform: str, day: date) -> Gap | None:
    """The gap that ends with `day`; None where the day before was counted, or nothing was ever, or not on `day`."""
    landing = Landed(settings.landing)
    counted = landing.last_counted(platform, day)
    if counted is None or counted == day - timedelta(days=1) or not landing.observed(platform, day):
        return None
    began, ended = (clock.scheduled_instant(on, settings.zone) for on in (counted, day))
    days = [counted + timedelta(days=n) for n in range(1, (day - counted).days)]
    return Gap(
        platform,
        days[0],
        days[-1],
        landing.published_between(platform, began, ended),
        landing.counted_across(platform, counted, day),
        sum(len(people.due(platform, on)) for on in days),
    )
