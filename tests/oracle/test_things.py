"""Every row and column of the marts that carry no growth, against the world: none missing, none to spare."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from socialmetrics import warehouse

from . import coverage, things, versions
from .conftest import Scenario
from .effects import Effects
from .expected import Expected, Row, Rows
from .test_oracle import GRAINS, differences, read

Mart = tuple[tuple[str, ...], Callable[[Expected], Rows]]


def initiative_effects(expected: Expected) -> Rows:
    record = expected.record
    return Effects(expected, record.organizations[-1].organizations, record.initiatives).rows


MARTS: dict[str, Mart] = {
    "observations": (versions.GRAIN, lambda expected: versions.observations(expected.record)),
    "coverage_days": (coverage.GRAIN, coverage.coverage_days),
    "organizations": (("organization_id",), things.organizations),
    "accounts": (("platform", "account_id"), things.accounts),
    "account_days": (("platform", "account_id", "measured_on"), things.account_days),
    "posts": (("platform", "account_id", "post_id"), things.posts),
    "initiatives": (("initiative_id",), things.initiatives),
    "initiative_effects": (("initiative_id", "platform"), initiative_effects),
    "notes": (things.NOTE, things.notes),
    "metrics": (("platform", "subject", "native_metric"), lambda _: things.metrics()),
    "metric_breaks": (("platform", "native_metric", "effective_on"), lambda _: things.metric_breaks()),
}


def test_every_mart_is_compared(month: Scenario) -> None:
    _, tables = warehouse.query(month.settings, "select table_name from duckdb_tables() where schema_name = 'main'")
    assert {name for (name,) in tables} == {*GRAINS, *MARTS}


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize("scenario", ["month", "chicago"])
def test_the_mart_is_what_the_world_said(scenario: str, mart: str, request: pytest.FixtureRequest) -> None:
    given: Scenario = request.getfixturevalue(scenario)
    grain, worked_out = MARTS[mart]
    wanted = worked_out(given.expected)
    assert wanted
    assert differences(mart, wanted, [as_the_world_knows(row) for row in read(given, mart)], grain) == ""


def as_the_world_knows(row: Row) -> Row:
    """An import's name is made of its bytes, a run's words of the program's: what the world knows of them."""
    told = dict(row)
    if str(told.get("run_id", "")).startswith("import-"):
        told["run_id"] = "import"
    if str(told.get("message", "")).endswith("Run again later."):
        told["message"] = "Run again later."
    return told


def test_the_month_has_every_case(month: Scenario) -> None:
    told = versions.observations(month.record).values()
    assert {row["version"] for row in told} >= {1, 2}
    assert any(row["first_seen_at"] < row["last_seen_at"] for row in told)
    assert {row["is_current"] for row in told} == {True, False}
    assert {(row["reason"] is None, row["is_current"]) for row in told if row["version"] == 2} >= {
        (True, True), (False, False),
    }  # fmt: skip
    days = coverage.coverage_days(month.expected).values()
    assert {row["status"] for row in days} == {"complete", "failed", None}
    assert {row["is_complete"] for row in days} == {True, False}
    assert {row["complete_through_on"] == row["measured_on"] for row in days} == {True, False}
    assert all(len({row[column] for row in days}) > 1 for column in ("calls", "units", "dollars", "missing_hidden"))
    known = things.accounts(month.expected).values()
    assert {row["status"] for row in known} >= {"public", "not_found"}
    assert any(row["closed_on"] for row in known)
    assert any(row["last_observed_on"] is None for row in known)
    posts = things.posts(month.expected).values()
    assert {row["status"] for row in posts} >= {"public", "not_found", "forbidden"}
    assert {row["title"] is None for row in posts} == {True, False}
    assert {row["duration_days"] for row in things.initiatives(month.expected).values()} == {7}
    assert {row["hide_post"] for row in things.notes(month.expected).values()} == {True, False}
    wide = things.account_days(month.expected).values()
    assert {row["posts_published"] for row in wide} >= {None, 0, 1}
    assert {row["engagements"] is None for row in wide} == {True, False}
