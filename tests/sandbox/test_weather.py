"""Bad weather: the same for the same seed, in gusts that pass and storms that last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from socialmetrics.sandbox.server import PLATFORMS, Fault
from socialmetrics.sandbox.weather import GUSTS, STORMS, Weather

START = datetime(2026, 9, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=n) for n in range(24 * 28)]


def test_every_kind_is_one_of_the_platform_s() -> None:
    for platform in PLATFORMS:
        for kind in (*GUSTS, *STORMS[platform]):
            assert Fault(platform, "", None, kind)


def test_it_follows_from_the_seed() -> None:
    told = [[Weather(seed).fault("x", "2/users", hour) for hour in HOURS] for seed in (1, 1, 2)]
    assert told[0] == told[1] != told[2]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_storm_lasts_for_whole_hours_and_keeps_everybody_out(platform: str) -> None:
    weather = Weather(1)
    storms = [weather.storm(platform, hour) for hour in HOURS]
    assert {True, False} == {storm is None for storm in storms}
    for hour, storm in zip(HOURS, storms, strict=True):
        for minutes in (1, 15, 59):
            later = weather.storm(platform, hour + timedelta(minutes=minutes))
            assert (later is None) == (storm is None)
        if storm:
            assert weather.fault(platform, "anything", hour) == (storm[0], (storm[1] - hour).total_seconds())


def test_a_gust_passes_before_the_third_attempt() -> None:
    """Attempts are made at once, after one second, and after two more."""
    weather = Weather(1, storms=0, gusts=1)
    for second in range(16):
        first = START + timedelta(seconds=second)
        met = [weather.fault("x", "2/users", first + timedelta(seconds=n)) for n in (0, 1, 3)]
        assert None in met
    assert weather.fault("x", "2/users", START)


def test_youtube_s_spent_quota_lasts_until_midnight_pacific() -> None:
    found = {
        storm
        for seed in range(30)
        for hour in HOURS[::6]
        if (storm := Weather(seed).storm("youtube", hour)) and storm[0] == "quota"
    }
    assert found
    assert {until.hour for _, until in found} == {7}
