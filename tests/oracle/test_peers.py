"""The month holds what the rules of peers and adoption are about; their rows are compared with all others."""

from __future__ import annotations

from datetime import date

from . import chaos
from .conftest import Scenario
from .expected import Expected
from .test_oracle import tables


def test_the_month_has_places_of_every_kind(month: Scenario) -> None:
    rows = list(tables(month.expected)["peer_weeks"].values())
    ranked = [row for row in rows if row["rank_from"] is not None]
    assert {row["stratum"] for row in ranked} == {"all", "region", "bed_size", "ownership", "teaching", "setting"}
    assert {row["account_group"] for row in rows} > {"main"}
    assert {row["is_suppressed"] for row in rows} == {True, False}
    assert any(row["stratum_value"] == "abroad" for row in rows)
    assert any(row["growth_rank_from"] is not None for row in rows)
    assert any(row["growth_median"] is not None and row["growth_rank_from"] is None for row in rows)
    assert any(row["share_of_voice_rate"] for row in rows)
    pending = [row for row in rows if row["is_pending"]]
    assert {row["metric"] for row in pending} == {"posts_published", "post_engagements"}
    assert any(row["n"] >= 5 and row["rank_from"] is None for row in pending)


def test_the_month_has_every_kind_of_adoption(month: Scenario) -> None:
    rows = list(tables(month.expected)["platform_adoption"].values())
    for basis in ("directory", "observed", "imported"):
        of_it = [row for row in rows if row["basis"] == basis]
        assert any(row["share_rate"] not in (None, 0.0, 1.0) for row in of_it), basis
        # what the directory or the runs only began with did not double
        assert any(row["doubling_days"] is not None for row in of_it) == (basis == "imported"), basis
    assert {row["share_rate"] is None for row in rows} == {True, False}
    assert {row["date_precision"] for row in rows} == {"day", "year"}
    assert {row["precision"] for row in rows} == {"exact", "rounded", "more_than"}


def test_some_accounts_of_the_crowd_opened_on_days_that_are_known() -> None:
    rows = tables(Expected(chaos.chaos()))["platform_adoption"].values()
    assert any(row["basis"] == "directory" and row["doubling_days"] is not None for row in rows)


def test_the_crowd_ties_and_stands_about_the_floor() -> None:
    rows = list(tables(Expected(chaos.chaos()))["peer_weeks"].values())
    ranked = [row for row in rows if row["rank_from"] is not None]
    assert any(row["rank_from"] < row["rank_to"] for row in ranked if row["low"] == row["high"])
    assert any(row["rank_from"] < row["rank_to"] for row in ranked if row["low"] < row["high"])
    assert any(row["growth_rank_from"] < row["growth_rank_to"] for row in rows if row["growth_rank_from"])
    assert {row["is_below_floor"] for row in rows} == {True, False}
    assert {row["value"] for row in rows if row["metric"] == "followers"} > {99, 100}
    assert {4, 5} < {row["n"] for row in rows}


def test_after_a_fortnight_the_crowd_does_not_wait_any_more() -> None:
    rows = tables(Expected(chaos.chaos()))["peer_weeks"]
    for metric in ("posts_published", "post_engagements"):
        last, before = (rows["facebook", "Q0", metric, date(2026, 8, day), "all"] for day in (24, 17))
        assert (last["is_pending"], last["rank_from"], last["n"] >= 5) == (True, None, True)
        assert (before["is_pending"], before["rank_from"] is None, before["n"] >= 5) == (False, False, True)
