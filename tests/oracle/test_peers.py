"""Every row and every column of the marts that compare organizations, against a second implementation in pandas."""

from __future__ import annotations

import pytest

from .adoption import platform_adoption
from .conftest import Scenario
from .peers import peer_weeks
from .test_oracle import differences, read

GRAIN = ("platform", "account_id", "metric", "week_start_on", "stratum")


@pytest.mark.parametrize("scenario", ["month", "chicago"])
def test_peers_are_those_of_the_second_implementation(scenario: str, request: pytest.FixtureRequest) -> None:
    given: Scenario = request.getfixturevalue(scenario)
    wanted = peer_weeks(given.expected)
    assert wanted
    assert differences("peer_weeks", wanted, read(given, "peer_weeks"), GRAIN) == ""


def test_the_month_has_places_of_every_kind(month: Scenario) -> None:
    rows = list(peer_weeks(month.expected).values())
    ranked = [row for row in rows if row["rank_from"] is not None]
    assert {row["stratum"] for row in ranked} == {"all", "region", "bed_size", "ownership", "teaching", "setting"}
    assert {row["account_group"] for row in rows} > {"main"}
    assert {row["is_suppressed"] for row in rows} == {True, False}
    assert any(row["stratum_value"] == "abroad" for row in rows)
    assert any(row["growth_rank"] is not None for row in rows)
    assert any(row["growth_median"] is not None and row["growth_rank"] is None for row in rows)
    assert any(row["share_of_voice_rate"] for row in rows)


@pytest.mark.parametrize("scenario", ["month", "chicago"])
def test_adoption_is_that_of_the_second_implementation(scenario: str, request: pytest.FixtureRequest) -> None:
    given: Scenario = request.getfixturevalue(scenario)
    wanted = platform_adoption(given.expected)
    assert wanted
    grain = ("platform", "month_start_on", "basis", "metric")
    assert differences("platform_adoption", wanted, read(given, "platform_adoption"), grain) == ""


def test_the_month_has_every_kind_of_adoption(month: Scenario) -> None:
    rows = list(platform_adoption(month.expected).values())
    for basis in ("directory", "observed", "imported"):
        of_it = [row for row in rows if row["basis"] == basis]
        assert any(row["share_rate"] not in (None, 0.0, 1.0) for row in of_it), basis
        assert basis == "observed" or any(row["doubling_days"] is not None for row in of_it), basis
    assert {row["share_rate"] is None for row in rows} == {True, False}
    assert {row["date_precision"] for row in rows} == {"day", "year"}
