"""That the scenarios hold what the rules of engagement are about; the rows themselves are compared in test_oracle."""

from __future__ import annotations

from datetime import timedelta
from math import isclose

from socialmetrics.sandbox.world import World

from . import chaos
from .conftest import Scenario
from .engagement import Engagement
from .expected import Expected, Row, Rows


def test_the_month_has_posts_that_stand_out(month: Scenario, oracle_world: World) -> None:
    rows = Engagement(month.expected).performance
    (pile_on,) = standing_out(rows, oracle_world, "x", "pile_on")
    assert pile_on["is_mostly_comments"]
    (viral,) = standing_out(rows, oracle_world, "facebook", "viral")
    assert viral["is_far_above_usual"]
    assert not viral["is_mostly_comments"]
    for column in ("is_far_above_usual", "is_mostly_comments"):
        assert {row[column] for row in rows.values()} == {True, False, None}, column


def test_the_month_has_every_age_and_rate(month: Scenario) -> None:
    rows = Engagement(month.expected).performance.values()
    assert {row["age_1d"] for row in rows} == {1, 2, None}
    assert {5, 7, 8, 10, None} <= {row["age_7d"] for row in rows}
    assert {21, 28, None} <= {row["age_28d"] for row in rows}
    assert {0, 1, 28} <= {row["age_latest"] for row in rows}
    for column in next(iter(rows)):
        assert len({row[column] for row in rows}) > 1, column
    for age in ("1d", "7d", "28d"):
        assert any(row[f"lift_{age}"] is not None for row in rows), age


def test_followers_are_of_the_day_or_of_days_before(month: Scenario) -> None:
    rows = Engagement(month.expected).performance.values()
    waits = {row["published_on"] - row["followers_on"] for row in rows if row["followers_on"]}
    assert {timedelta(0), timedelta(1), timedelta(6)} <= waits
    assert any(row["followers_low"] != row["followers_high"] for row in rows)
    assert any(row["followers"] is None for row in rows)


def test_an_hour_in_chicago_is_not_that_of_utc(chicago: Scenario) -> None:
    rows = Engagement(chicago.expected).performance.values()
    assert any(row["published_hour"] != row["published_at"].hour for row in rows)


def test_the_two_totals_of_a_week_differ(month: Scenario) -> None:
    rows = Engagement(month.expected).weeks.values()
    assert any(row["engagements"] != row["post_engagements"] for row in rows)
    assert any(row["engagements_of_older_posts"] for row in rows)
    assert {0, 1} < {row["posts_published"] for row in rows}
    for name in ("followers", "views", "impressions"):
        mean, ratio = f"post_rate_by_{name}_mean_of_posts", f"post_rate_by_{name}_ratio_of_sums"
        assert any(row[mean] is not None and not isclose(row[mean], row[ratio], rel_tol=1e-6) for row in rows), name
        assert any(0 < row[f"posts_with_{name}"] < row["posts_published"] for row in rows), name


def test_some_patterns_have_enough_posts(month: Scenario) -> None:
    rows = Engagement(month.expected).patterns.values()
    assert {row["dimension"] for row in rows if row["median_lift_7d"]} == {"kind", "hour", "weekday"}
    assert any(row["median_lift_7d"] is None for row in rows)


def test_every_platform_has_patterns_of_several_kinds(month: Scenario) -> None:
    rows = [row for row in Engagement(month.expected).patterns.values() if row["dimension"] == "kind"]
    for platform in ("youtube", "x", "facebook"):
        kinds = {row["dimension_value"] for row in rows if row["platform"] == platform}
        assert len(kinds) > 1, platform
        assert any(row["posts_published"] > 5 for row in rows if row["platform"] == platform), platform


def test_the_record_thrown_together_has_posts_dated_after_they_were_seen() -> None:
    weeks = Engagement(Expected(chaos.chaos())).weeks.values()
    assert any(row["post_engagements_before"] > 0 for row in weeks)


def standing_out(rows: Rows, world: World, platform: str, event: str) -> list[Row]:
    """The platform's posts to which an event of the world happened."""
    found = {key: world.post(key[0], key[2]) for key in rows if key[0] == platform}
    return [rows[key] for key, post in found.items() if post and post.event == event]
