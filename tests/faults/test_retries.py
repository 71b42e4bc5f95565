"""Retries by meaning: what is asked a second time, when, and that the day is then what it would have been."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from home import Home
from socialmetrics import clock, pipeline, platforms
from socialmetrics.errors import Exhausted, Throttled
from socialmetrics.pipeline import Extracted
from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import World
from socialmetrics.settings import Access

FIRST = date(2026, 9, 14)
SECOND = date(2026, 9, 15)


def retry(home: Home, platform: str, day: date, minutes: int = 15, reach: Access | None = None) -> Extracted:
    """What the second attempt of the task, or the second `run`, does."""
    when = home.day(day)
    home.sandbox.requests.clear()
    with clock.still(when.scheduled_at + timedelta(minutes=minutes)):
        return pipeline.extract(home.settings, platform, when, reach or home.reach(platform), only_missing=True)


def values(home: Home, platform: str, day: date) -> set[tuple[Any, ...]]:
    """Who has values on a day, and which posts are known: the values move in a quarter of an hour, so not they."""
    seen = {
        (r["account_id"], r["post_id"], r["metric"])
        for r in home.rows("observations", platform)
        if r["measured_on"] == day and r["value"] is not None
    }
    return seen | {("post", r["post_id"]) for r in home.rows("posts", platform)}


def asked(home: Home) -> list[str]:
    return [f"{each.path}?{each.query}" for each in home.sandbox.requests]


@pytest.mark.parametrize(
    ("platform", "where", "only"),
    [
        ("youtube", "v3/channels", ""),
        ("youtube", "playlistItems", "playlistItems"),
        ("youtube", "batchGetStats", "batchGetStats"),
        ("x", "2/users?", ""),
        ("x", "/tweets?max", "/tweets?max"),
        ("x", "2/tweets?", "2/tweets?"),
        ("facebook", "", ""),
    ],
)
def test_a_retry_gets_what_is_missing_and_asks_for_nothing_else(
    home: Home, tmp_path: Path, platform: str, where: str, only: str
) -> None:
    undisturbed = Home(tmp_path / "undisturbed", home.sandbox)
    undisturbed.write_directory(list(home.people.organizations), list(home.people.accounts))
    for day in (FIRST, SECOND):
        undisturbed.pull(day, platform)
    home.pull(FIRST, platform)
    home.sandbox.script([Fault(platform, where, None, "503")])
    assert home.pull(SECOND, platform)[platform].run.status in ("partial", "failed")
    before = values(home, platform, SECOND)
    home.sandbox.script([])
    again = retry(home, platform, SECOND)
    assert again.run.status == "complete"
    assert values(home, platform, SECOND) == values(undisturbed, platform, SECOND) > before
    if only:  # what hangs on it comes along: statistics of a video that was found late
        assert asked(home)
        follows = ("batchGetStats", "v3/videos?", "2/tweets?")
        assert all(only in each or any(other in each for other in follows) for each in asked(home)), asked(home)
    retry(home, platform, SECOND, 30)
    assert asked(home) == []


def test_a_call_goes_on_after_the_pages_that_came(tmp_path: Path) -> None:
    world = World(peers=0)
    world.accounts = tuple(replace(a, posts_per_day=80.0) for a in world.accounts)
    world._by_id = {(a.platform, a.account_id): a for a in world.accounts}
    account = next(a for a in world.accounts if a.platform == "x")
    with Sandbox(world) as sandbox:
        home = Home(tmp_path, sandbox)
        directory = [
            a for a in world.directory(datetime(2026, 9, 14, tzinfo=UTC)) if a.account_id == account.account_id
        ]
        home.write_directory(list(world.organizations), directory)
        sandbox.script([Fault("x", "/tweets?max", 3, "503")])
        assert home.pull(FIRST, "x")["x"].run.status == "complete"
        tokens = [each.query for each in sandbox.requests if each.path.endswith("/tweets")]
        assert len(tokens) >= 4
        assert len(set(tokens)) == len(tokens) - 1, "only the page that failed is asked for twice"


def test_youtube_s_spent_quota_is_left_alone_until_midnight_pacific(home: Home) -> None:
    home.sandbox.script([Fault("youtube", "", None, "quota")])
    problem = home.pull(FIRST, "youtube")["youtube"].problem
    assert isinstance(problem, Exhausted)
    assert problem.resets_at == datetime(2026, 9, 15, 7, tzinfo=UTC)
    home.sandbox.script([])
    before = retry(home, "youtube", FIRST, 8 * 60)
    assert (before.run.status, asked(home)) == ("failed", [])
    assert "given anew at 2026-09-15 07:00 UTC" in (before.run.message or "")
    after = retry(home, "youtube", FIRST, 9 * 60 + 1)
    assert after.run.status == "complete"
    assert asked(home)


def test_x_may_be_asked_again_once_the_credit_is_topped_up(home: Home) -> None:
    home.sandbox.script([Fault("x", "", None, "402")])
    problem = home.pull(FIRST, "x")["x"].problem
    assert isinstance(problem, Exhausted)
    assert problem.resets_at is None
    home.sandbox.script([])
    assert retry(home, "x", FIRST).run.status == "complete"


@pytest.mark.parametrize("kind", ["token-limit", "blocked", "401"])
def test_one_token_of_facebook_waits_and_the_others_go_on(home: Home, kind: str) -> None:
    for name in ("", "childrens"):
        tokens = {"": SecretStr("token"), "childrens": SecretStr("token-2"), name: SecretStr(f"fail-{kind}")}
        reach = replace(home.reach("facebook"), tokens=tokens)
        day = home.day(FIRST)
        with clock.still(day.scheduled_at + timedelta(minutes=len(name))):
            found = pipeline.extract(home.settings, "facebook", day, reach)
        rows = [r for r in home.rows("observations", "facebook") if r["run_id"] == found.run.run_id]
        credential = {a.account_id: a.credential for a in home.people.accounts}
        values = {r["account_id"] for r in rows if r["value"] is not None}
        assert values
        assert {credential[account_id] for account_id in values} == {"", "childrens"} - {name}
        assert isinstance(found.problem, Throttled) == (kind == "token-limit")


def test_a_throttled_page_leaves_the_other_pages_of_its_token(home: Home) -> None:
    first = next(a for a in home.people.due("facebook", FIRST) if a.is_own)
    home.settings.patience_seconds = 0
    home.sandbox.script([Fault("facebook", f"{first.account_id}?fields=id,name", None, "quota")])
    found = home.pull(FIRST, "facebook")["facebook"]
    assert isinstance(found.problem, Throttled)
    assert (found.problem.retry_after, found.problem.is_partial) == (1800, True)
    silent = {r["account_id"] for r in home.rows("observations", "facebook") if r["reason"] == "unavailable"}
    assert silent == {first.account_id}
    home.sandbox.script([])
    assert retry(home, "facebook", FIRST, 30).run.status == "complete"
    assert [each.batch_size for each in home.sandbox.requests] == [1]


@pytest.mark.parametrize("kind", ["500", "404"])
def test_more_posts_of_a_page_that_fail_are_not_taken_for_none(tmp_path: Path, kind: str) -> None:
    world = World(peers=0)
    world.accounts = tuple(replace(a, posts_per_day=45.0) for a in world.accounts)
    world._by_id = {(a.platform, a.account_id): a for a in world.accounts}
    account = next(a for a in world.accounts if a.platform == "facebook" and not a.credential)
    with Sandbox(world) as sandbox:
        home = Home(tmp_path, sandbox)
        directory = [
            a for a in world.directory(datetime(2026, 9, 14, tzinfo=UTC)) if a.account_id == account.account_id
        ]
        home.write_directory(list(world.organizations), directory)
        sandbox.script([Fault("facebook", "/posts?", None, kind)])
        assert home.pull(FIRST, "facebook")["facebook"].run.status == "partial"
        assert home.landing.tracked("facebook", FIRST, "UTC", (0,)).searched == frozenset()
        sandbox.script([])
        assert retry(home, "facebook", FIRST).run.status == "complete"
        assert [call["endpoint"] for call in home.rows("calls", "facebook")].count("page") == 1
        assert home.landing.tracked("facebook", FIRST, "UTC", (0,)).searched == {account.account_id}


def test_the_command_line_waits_as_long_as_it_is_asked_to(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(clock, "sleep", waits.append)
    home.settings.patience_seconds = 3600
    home.sandbox.script([Fault("x", "2/users?", 1, "429", seconds=900)])
    assert home.pull(FIRST, "x")["x"].run.status == "complete"
    home.sandbox.script([Fault("youtube", "v3/channels", 1, "429")])
    assert home.pull(FIRST, "youtube")["youtube"].run.status == "complete"
    assert waits == [901, 60]


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_second_complete_run_asks_for_nothing(home: Home, platform: str) -> None:
    home.pull(FIRST, platform)
    assert retry(home, platform, FIRST).run.status == "complete"
    assert asked(home) == []
