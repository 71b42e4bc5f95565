"""Bad weeks: which fault meets a call, as a pure function of the seed, the call and the instant.

A storm keeps a platform from answering anybody for whole hours, sometimes for more than a day. A gust makes single
calls fail, and passes within three seconds. So what could have been had on a day can be told without asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from socialmetrics.budget import quota_day_ends
from socialmetrics.sandbox.world import unit

GUSTS = ("500", "503", "502", "html", "truncate", "reset", "drop")
STORMS = {
    "youtube": ("503", "429", "quota", "401", "html", "drop"),
    "x": ("503", "429", "429-unsaid", "401", "html", "drop"),
    "facebook": ("503", "429", "token-limit", "401", "html", "drop"),
}
LONGEST = timedelta(hours=52)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Weather:
    """`storms`: on which share of days one begins; `gusts`: which share of calls fails while gusts blow."""

    seed: int
    storms: float = 0.25
    gusts: float = 0.5

    def fault(self, platform: str, call: str, instant: datetime) -> tuple[str, float] | None:
        """The kind of the fault that meets a call, and for how many seconds a platform that says so will refuse."""
        if storm := self.storm(platform, instant):
            kind, until = storm
            return kind, (until - instant).total_seconds()
        second = int(instant.timestamp())
        if second % 8 < 3 and unit(self.seed, platform, call, second // 8) < self.gusts:
            return GUSTS[int(len(GUSTS) * unit(self.seed, platform, call, second // 8, "kind"))], 0
        return None

    def storm(self, platform: str, instant: datetime) -> tuple[str, datetime] | None:
        """What keeps a platform from answering at an instant, and until when; a spent quota outlasts other storms."""
        today = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        began = [storm for back in range(4) if (storm := self._begun(platform, today - back * DAY))]
        here = [(kind, until) for kind, since, until in began if since <= instant < until]
        return min(here, key=lambda storm: storm[0] != "quota", default=None)

    def _begun(self, platform: str, day: datetime) -> tuple[str, datetime, datetime] | None:
        """The storm that begins on a day (UTC)."""
        key = (self.seed, platform, day.date().isoformat())
        if unit(*key, "storm") >= self.storms:
            return None
        since = day + int(24 * unit(*key, "hour")) * HOUR
        kind = STORMS[platform][int(len(STORMS[platform]) * unit(*key, "kind"))]
        if kind == "quota":
            return kind, since, quota_day_ends(since, "America/Los_Angeles")
        length = unit(*key, "length")
        hours = 24 + int(280 * (length - 0.9)) if length >= 0.9 else 1 + int(16 * length)
        return kind, since, since + min(hours * HOUR, LONGEST)
