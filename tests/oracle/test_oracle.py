"""Every row and every column of the marts, against the world's own closed form: none missing, none to spare."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from typing import Any

import pytest

from socialmetrics import warehouse

from .adoption import platform_adoption
from .conftest import Scenario
from .engagement import Engagement
from .expected import Expected, Row, Rows
from .peers import peer_weeks
from .scorecard import HEADLINE, weekly_scorecard

GRAINS = {
    "account_metric_days": ("platform", "account_id", "metric", "measured_on"),
    "post_days": ("platform", "account_id", "post_id", "measured_on"),
    "account_weeks": ("platform", "account_id", "metric", "week_start_on"),
    "account_months": ("platform", "account_id", "metric", "month_start_on"),
    "organization_weeks": ("organization_id", "platform", "metric", "week_start_on"),
    "organization_months": ("organization_id", "platform", "metric", "month_start_on"),
    "post_performance": ("platform", "account_id", "post_id"),
    "engagement_weeks": ("platform", "account_id", "week_start_on"),
    "post_patterns": ("platform", "account_id", "dimension", "dimension_value"),
    "peer_weeks": ("platform", "account_id", "metric", "week_start_on", "stratum"),
    "platform_adoption": ("platform", "month_start_on", "basis", "metric"),
    "weekly_scorecard": ("organization_id", "platform", "metric", "week_start_on"),
}
SHOWN = 12

Found = list[Row]


@pytest.mark.parametrize("mart", GRAINS)
@pytest.mark.parametrize("scenario", ["month", "chicago"])
def test_the_mart_is_the_world_s_own_closed_form(scenario: str, mart: str, request: pytest.FixtureRequest) -> None:
    given: Scenario = request.getfixturevalue(scenario)
    wanted = tables(given.expected)[mart]
    assert wanted
    assert differences(mart, wanted, read(given, mart)) == ""


def test_the_month_has_everything_that_can_go_wrong(month: Scenario) -> None:
    expected = month.expected
    days, posts = list(expected.days.values()), list(expected.post_days.values())
    weeks, months = list(expected.weeks.values()), list(expected.months.values())
    of_organizations = [list(rows.values()) for rows in (expected.organization_weeks, expected.organization_months)]
    missing = {"not_collected", "unavailable", "not_found", "suspended", "forbidden", "hidden", "retired"}
    assert {row["reason"] for row in days} == missing | {None}
    assert {row["reason"] for row in posts} == missing - {"not_collected", "hidden", "retired"} | {None}
    assert {row["precision"] for row in days} == {"exact", "rounded", "more_than", "nearly", None}
    assert {row["reading"] for row in weeks} == {
        "higher than usual", "lower than usual", "usual", "cannot tell"
    }  # fmt: skip
    for column in ("is_imported", "is_baseline", "is_gap", "is_break", "is_anomaly", "is_late"):
        assert {row[column] for row in days} == {True, False}, column
    for rows in (days, posts, weeks, months, *of_organizations):
        for column in rows[0].keys() - {"account_key"}:
            assert len({row[column] for row in rows}) > 1, column


def test_an_evening_in_chicago_is_the_next_day_in_utc(chicago: Scenario) -> None:
    record = chicago.record
    assert any(record.published_on(post) < at.date() for post, at in record.published.items())
    assert all(visit.instant.date() > visit.day for visit in record.visits)


@cache
def tables(expected: Expected, headline: tuple[str, ...] = HEADLINE) -> dict[str, Rows]:
    engagement, peers = Engagement(expected), peer_weeks(expected)
    return {
        "account_metric_days": expected.days,
        "post_days": expected.post_days,
        "account_weeks": expected.weeks,
        "account_months": expected.months,
        "organization_weeks": expected.organization_weeks,
        "organization_months": expected.organization_months,
        "post_performance": engagement.performance,
        "engagement_weeks": engagement.weeks,
        "post_patterns": engagement.patterns,
        "peer_weeks": peers,
        "platform_adoption": platform_adoption(expected),
        "weekly_scorecard": weekly_scorecard(expected, peers, headline),
    }


def read(scenario: Scenario, mart: str) -> Found:
    """A mart as published."""
    columns, found = warehouse.query(scenario.settings, f"select columns(lambda name: name <> 'load_id') from {mart}")
    return [dict(zip(columns, values, strict=True)) for values in found]


def differences(mart: str, wanted: Rows, rows: Found, grain: tuple[str, ...] | None = None) -> str:
    """The first differing rows in words, with how many there are of each kind; empty where there are none."""
    keys = [tuple(row[name] for name in grain or GRAINS[mart]) for row in rows]
    found = dict(zip(keys, rows, strict=True))
    lines = [f"{number} times: {key}" for key, number in Counter(keys).most_common(SHOWN) if number > 1]
    lines += [f"missing: {key} {wanted[key]}" for key in sorted(wanted.keys() - found.keys(), key=str)[:SHOWN]]
    lines += [f"to spare: {key} {found[key]}" for key in sorted(found.keys() - wanted.keys(), key=str)[:SHOWN]]
    by_column: dict[str, list[str]] = {}
    for key in sorted(wanted.keys() & found.keys(), key=str):
        for column in wanted[key].keys() | found[key].keys():
            must, is_ = wanted[key].get(column, "no such column"), found[key].get(column, "no such column")
            if not same(must, is_):
                by_column.setdefault(column, []).append(f"{key}: must be {must!r}, is {is_!r}")
    for column, faults in sorted(by_column.items()):
        lines += [f"{column} differs in {len(faults)} rows", *(f"    {fault}" for fault in faults[:SHOWN])]
    if not lines:
        return ""
    missing, spare = len(wanted.keys() - found.keys()), len(found.keys() - wanted.keys())
    return "\n".join([f"{mart}: {missing} rows missing, {spare} to spare, of {len(wanted)}", *lines])


def same(must: Any, is_: Any) -> bool:
    if isinstance(must, float) and isinstance(is_, float | int):
        return math.isclose(must, is_, rel_tol=1e-9, abs_tol=1e-15)
    return type(must) is type(is_) and bool(must == is_)
