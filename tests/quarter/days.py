"""Days in bad weather, as Airflow spends them: the day's own run with its retries, then the hourly ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

from home import Home
from socialmetrics import clock, pipeline, platforms
from socialmetrics.pipeline import Day
from socialmetrics.records import Account
from socialmetrics.retries import attempts
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.weather import Weather
from socialmetrics.sandbox.world import World
from socialmetrics.settings import Settings

FIRST = date(2026, 8, 31)
DOLLARS_PER_DAY = Decimal(50)


@dataclass
class Counted:
    """The weather, and how many requests it met."""

    weather: Weather
    met: int = 0
    asked: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def fault(self, platform: str, call: str, instant: datetime) -> tuple[str, float] | None:
        found = self.weather.fault(platform, call, instant)
        self.asked += 1
        if found:
            self.met += 1
            self.kinds[f"{platform} {found[0]}"] = self.kinds.get(f"{platform} {found[0]}", 0) + 1
        return found


def network(world: World) -> list[Account]:
    """Own accounts and every other peer daily, the rest weekly."""
    everyone = world.directory(datetime(2026, 8, 31, tzinfo=UTC))
    return [
        a if a.is_own or int(a.organization_id[1:]) % 2 else replace(a, cadence="daily", weekday=None) for a in everyone
    ]


def instants(day: Day) -> list[datetime]:
    """When a platform that stays silent is asked for a day."""
    settings = Settings()
    return list(attempts(day.scheduled_at, timedelta(seconds=settings.retry_seconds), settings.retries))


def spend(home: Home, sandbox: Sandbox, weather: Weather, days: int) -> Counted:
    """Pull the days one after the other, as the clock goes on."""
    counted = Counted(weather)
    sandbox.weather = counted  # type: ignore[assignment]
    home.settings.patience_seconds = 0
    try:
        for number in range(days):
            _day(home, FIRST + timedelta(days=number))
    finally:
        sandbox.weather = None
    return counted


def _day(home: Home, on: date) -> None:
    day = home.day(on)
    for number, instant in enumerate(instants(day)):
        with clock.still(instant):
            asked = [name for name, _ in pipeline.missing(home.settings, day)] if number else list(platforms.NAMES)
        for name in asked:
            with time_passes(instant):
                pipeline.extract(home.settings, name, day, reach(home, name), only_missing=number > 0)
        if number and not asked and on.day == 8:
            home.landing.compact(instant)


def reach(home: Home, name: str) -> Any:
    """At the sandbox's own clock, which is this process's."""
    return replace(home.reach(name), url=home.sandbox.url(name), dollars_per_day=DOLLARS_PER_DAY)


@contextmanager
def time_passes(instant: datetime) -> Iterator[None]:
    """The clock stands at an instant, and a wait moves it on."""

    def sleep(seconds: float) -> None:
        clock.hold(clock.now() + timedelta(seconds=seconds))

    with clock.still(instant), mock.patch.object(clock, "sleep", sleep):
        yield
