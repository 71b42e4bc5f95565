"""What every platform must be: `pytest -k NAME` names what a new one lacks."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from home import Home
from socialmetrics import clock, pipeline, platforms
from socialmetrics.errors import SocialmetricsError
from socialmetrics.landing import response_line
from socialmetrics.platforms.answers import kept
from socialmetrics.records import Account, Call, Found, Observation, Response, Tracked
from socialmetrics.sandbox.server import PLATFORMS as SANDBOXED
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.settings import Access

PROJECT = Path(__file__).parents[2]
DAY = date(2026, 9, 14)
INSTANT = datetime(2026, 9, 14, 22, tzinfo=UTC)
VENDORS = {"youtube": "googleapiclient", "x": "tweepy", "facebook": "facebook"}

pytestmark = pytest.mark.parametrize("platform", platforms.NAMES)


def registered(platform: str) -> dict[tuple[str, str], dict[str, str]]:
    with (PROJECT / "sql" / "seeds" / "metrics.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["platform"] == platform]
    return {(row["subject"], row["native_metric"]): row for row in rows}


def days(home: Home, platform: str, count: int = 3) -> list[pipeline.Extracted]:
    return [home.pull(date(2026, 9, 14 + n), platform)[platform] for n in range(count)]


def test_has_what_the_contract_names(platform: str) -> None:
    module = platforms.load(platform)
    for name in ("connect", "plan", "fetch", "parse", "explain"):
        assert callable(getattr(module, name, None)), f"{platform} lacks {name}"
    assert module.TITLE
    assert module.TITLE[0].isupper()
    assert isinstance(module.EXTRAS, tuple)
    assert module.VENDOR_BASE.startswith("https://")
    assert clock.now().astimezone(ZoneInfo(module.QUOTA_ZONE))
    assert isinstance(module.IS_RENEWED_DAILY, bool)


def test_has_a_sandbox(platform: str) -> None:
    module = SANDBOXED.get(platform)
    assert module, f"sandbox/server.py does not list {platform}"
    for name in ("token", "answer", "refuse", "rows", "repeat", "REFUSALS"):
        assert hasattr(module, name), f"sandbox/{platform}.py lacks {name}"
    assert {"401", "429", "quota", "500", "503"} <= set(module.REFUSALS)


def test_is_described(platform: str) -> None:
    assert platforms.load(platform).TITLE in (PROJECT / "docs" / "access.md").read_text(encoding="utf-8")
    assert f"SOCIALMETRICS_{platform.upper()}_TOKEN" in (PROJECT / "docs" / "access.md").read_text(encoding="utf-8")


def test_yields_what_the_registry_means_and_nothing_else(home: Home, platform: str) -> None:
    days(home, platform)
    yielded = {
        ("post" if row["post_id"] else "account", row["metric"])
        for row in home.rows("observations", platform)
        if row["metric"]
    }
    public = {key for key, row in registered(platform).items() if row["is_public"] == "true"}
    assert yielded == public, "sql/seeds/metrics.csv and parse() name different metrics"


def test_registry_rows_are_whole(platform: str) -> None:
    for row in registered(platform).values():
        assert row["kind"] in ("level", "counter", "flow")
        assert row["rounding"] in ("none", "three_figures_down")
        for column in ("metric", "unit", "display_name", "shown_as", "definition"):
            assert row[column], f"{row['native_metric']} has no {column}"
        assert row["source_url"].startswith("https://")


def test_plan_is_pure_and_deterministic(home: Home, platform: str) -> None:
    days(home, platform, 2)
    accounts = home.people.due(platform, DAY)
    tracked = home.landing.tracked(platform, date(2026, 9, 16), "UTC", home.reach(platform).ladder)
    assert tracked.posts
    module, found = platforms.load(platform), Found()
    before = (repr(accounts), repr(tracked), repr(found))
    first, again = (module.plan(accounts, tracked, None) for _ in range(2))
    assert first == again
    assert module.plan(accounts, tracked, found) == module.plan(accounts, tracked, found)
    assert (repr(accounts), repr(tracked), repr(found)) == before
    assert len(set(first)) == len(first), "a call is planned twice"
    for call in first:
        assert isinstance(call, Call)
        assert 0 <= call.usual_requests <= call.requests
        assert 0 <= call.usual_units <= call.units
        assert 0 <= call.usual_dollars <= call.dollars
        assert call.keep
        assert call.subjects
    for account in accounts:
        assert any(subject.account_id == account.account_id for call in first for subject in call.subjects)


def test_plan_of_nothing_is_nothing(platform: str) -> None:
    module = platforms.load(platform)
    assert module.plan([], Tracked(), None) == module.plan([], Tracked(), Found()) == []


@cache
def imported_with_the_program() -> list[str]:
    code = "import sys, socialmetrics.pipeline, socialmetrics.cli; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [name.split(".")[0] for name in said.stdout.split()]


def test_the_vendor_s_package_is_imported_only_when_it_is_needed(platform: str) -> None:
    assert VENDORS[platform] not in imported_with_the_program()


def test_the_token_is_in_no_url_no_landing_file_and_no_error(home: Home, platform: str) -> None:
    secret = "canary-2e7d91"
    home.tokens[platform] = secret
    days(home, platform, 2)
    assert home.sandbox.requests
    for asked in home.sandbox.requests:
        assert secret not in f"{asked.path}?{asked.query}"
    for path in home.settings.landing.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes()
    for lines in home.settings.landing.glob("responses/*/*/*.gz"):
        assert secret not in gzip.decompress(lines.read_bytes()).decode()


def test_no_error_holds_the_token(sandbox: Sandbox, platform: str) -> None:
    module = platforms.load(platform)
    account = Account("o", platform, "handle", "123")
    for kind in (*SANDBOXED[platform].REFUSALS, "html"):
        secret = f"fail-{kind}"
        client = module.connect(Access(sandbox.url(platform, INSTANT), {"": SecretStr(secret)}))
        with pytest.raises(Exception) as caught:  # noqa: PT011  # each vendor has its own
            list(module.fetch(client, module.plan([account], Tracked(), None)[0]))
        ours = module.explain(caught.value)
        assert isinstance(ours, SocialmetricsError), f"{kind}: {caught.value!r} is not explained"
        assert secret not in str(ours)
        assert str(ours).endswith(".")


def test_explain_leaves_our_own_faults_alone(platform: str) -> None:
    assert platforms.load(platform).explain(TypeError("a bug")) is None
    assert platforms.load(platform).explain(KeyError("a bug")) is None
    for problem in (OSError("no route to host"), TimeoutError(), ConnectionResetError()):
        assert isinstance(platforms.load(platform).explain(problem), SocialmetricsError)


def test_what_is_kept_is_enough_to_read_it_again(home: Home, platform: str) -> None:
    """`keep` covers what parse reads: the whole answer and the kept one say the same, but for text of peers."""
    home.pull(DAY, platform)
    module = platforms.load(platform)
    client = module.connect(replace(home.reach(platform), url=home.sandbox.url(platform, INSTANT)))
    tracked = home.landing.tracked(platform, date(2026, 9, 15), "UTC", home.reach(platform).ladder)
    found, seen = Found(), set()
    accounts = home.people.due(platform, DAY)
    while todo := [call for call in module.plan(accounts, tracked, found) if call not in found.calls]:
        for call in todo:
            found.calls.add(call)
            for page, answer in enumerate(module.fetch(client, call), start=1):
                whole = answered(platform, call, page, answer.body)
                narrow = replace(whole, body=kept(answer.body, call.keep))
                assert in_order(narrow.body, whole.body), f"{call.endpoint}: what is kept is not in its own order"
                assert [strip(r) for r in module.parse(narrow)] == [strip(r) for r in module.parse(whole)]
                found.responses.append(narrow)
                found.add(module.parse(narrow))
                seen.add(call.endpoint)
    assert seen


def in_order(narrow: Any, whole: Any) -> bool:
    """Whether what is kept stands in the answer's own order, so that the same answer lands as the same bytes."""
    if isinstance(narrow, dict) and isinstance(whole, dict):
        keys = [key for key in whole if key in narrow]
        return list(narrow) == keys and all(in_order(narrow[key], whole[key]) for key in keys)
    if isinstance(narrow, list) and isinstance(whole, list):
        return all(in_order(mine, theirs) for mine, theirs in zip(narrow, whole, strict=True))
    return True


def strip(record: Any) -> Any:
    return record if isinstance(record, Observation) or not hasattr(record, "title") else replace(record, title=None)


def answered(platform: str, call: Call, page: int, body: Any) -> Response:
    return Response(platform, call.endpoint, call.subjects, DAY, INSTANT, "run", page, dict(call.params), body)


def test_a_landed_response_reads_as_what_landed(home: Home, platform: str) -> None:
    result = days(home, platform, 2)[-1]
    responses = home.landing.read_responses(platform, result.run.run_id)
    assert b"".join(response_line(r) for r in responses).count(b"\n") == len(responses)
    values = {
        (r.account_id, r.post_id, r.metric, r.value)
        for response in responses
        for r in platforms.interpret(platforms.load(platform), response)
        if isinstance(r, Observation)
    }
    landed = {
        (r["account_id"], r["post_id"], r["metric"], r["value"])
        for r in home.rows("observations", platform)
        if r["run_id"] == result.run.run_id
    }
    assert values == landed


def test_resolves_handles_to_ids(home: Home, platform: str) -> None:
    people = home.people
    known = {a.handle: a.account_id for a in people.accounts if a.platform == platform}
    accounts = [
        replace(a, account_id=None, handle="@" + a.handle) if a.platform == platform else a for a in people.accounts
    ]
    unknown = replace(accounts[0], platform=platform, handle="nobodyhere", account_id=None)
    old = {"youtube": ("youtube", "h0008"), "x": ("x", "h0010"), "facebook": ("facebook", "h0009")}[platform]
    home.write_directory(list(people.organizations), [*accounts, unknown])
    # the day after the last rename: handles that were renamed since name nobody
    later = datetime(2026, 10, 20, 12, tzinfo=UTC)
    with clock.still(later):
        filled, unresolved = pipeline.resolve(home.settings, platform, home.reach(platform))
    world = home.sandbox.world
    now = {
        a.handle: world.by_handle(platform, a.handle, later) is not None
        for a in people.accounts
        if a.platform == platform
    }
    found = {a.handle.lstrip("@"): a.account_id for a in home.people.accounts if a.platform == platform}
    public = {
        handle: account_id
        for handle, account_id in known.items()
        if now[handle] and world.status(world.account(platform, account_id or ""), later) == "public"
    }
    assert {handle: account_id for handle, account_id in found.items() if account_id} == public
    assert filled == len(public)
    assert "nobodyhere" in {a.handle for a in unresolved}
    renamed = next(a for a in world.accounts if (a.platform, a.organization_id) == old)
    if renamed.handles[-1][0] > INSTANT:
        assert found[renamed.handles[0][1]] is None, "a former handle names nobody"
    assert home.rows("observations", platform) == [], "a resolved handle is no observation"


def test_a_handle_that_cannot_be_one_does_not_spoil_the_others(home: Home, platform: str) -> None:
    people = home.people
    chosen = next(a for a in people.accounts if a.platform == platform and a.is_own)
    odd = replace(chosen, handle="no-such handle, at all!", account_id=None, credential="")
    home.write_directory(list(people.organizations), [replace(chosen, account_id=None, credential=""), odd])
    with clock.still(INSTANT):
        filled, unresolved = pipeline.resolve(home.settings, platform, home.reach(platform))
    assert filled == 1
    assert [a.handle for a in unresolved] == [odd.handle]


def test_module_and_list_agree(platform: str) -> None:
    assert import_module(f"socialmetrics.platforms.{platform}") is platforms.load(platform)
