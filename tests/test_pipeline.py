"""Whole days pulled from the sandbox: how many calls are made, what they cost, and what lands when they fail."""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from home import Home
from socialmetrics import clock, pipeline, platforms, verdicts
from socialmetrics.errors import Denied, Locked, Misconfigured, TooLate
from socialmetrics.extraction import ATTEMPTS, IN_A_ROW
from socialmetrics.ladder import is_due
from socialmetrics.records import Account, Subject
from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import World, WorldAccount, WorldPost
from socialmetrics.settings import LADDER, LADDERS, Access

FIRST = date(2026, 9, 14)
DAYS = [FIRST + timedelta(days=n) for n in range(9)]


@pytest.fixture(scope="module")
def crowd() -> Iterator[tuple[World, Sandbox]]:
    world = World(peers=150)
    with Sandbox(world) as sandbox:
        yield world, sandbox


def daily(world: World, platform: str, count: int) -> list[Account]:
    found = [a for a in world.directory(datetime(2026, 9, 14, tzinfo=UTC)) if a.platform == platform]
    if platform == "youtube":  # channels of many videos are slow to make up; one that is gone costs the same
        gone = (replace(found[0], handle=f"gone{n}", account_id=f"UC{n:022}") for n in range(count - 20))
        found = [*found[:20], *gone]
    assert len(found) >= count, f"the world has {len(found)} accounts on {platform}"
    return [replace(account, cadence="daily") for account in found[:count]]


@pytest.mark.parametrize(
    ("platform", "count", "path", "expected", "graph_calls"),
    [
        ("youtube", 120, "youtube/v3/channels", 3, None),
        ("x", 100, "2/users", 1, None),
        ("facebook", 100, "", 3, 100),  # one Page has a token of its own
    ],
)
def test_accounts_cost_the_fewest_calls(
    crowd: tuple[World, Sandbox],
    tmp_path: Path,
    platform: str,
    count: int,
    path: str,
    expected: int,
    graph_calls: int | None,
) -> None:
    world, sandbox = crowd
    home = Home(tmp_path, sandbox)
    home.write_directory(list(world.organizations), daily(world, platform, count))
    sandbox.requests.clear()
    home.pull(FIRST, platform)
    made = [asked for asked in sandbox.requests if asked.path == path]
    first = made[:expected]
    if platform == "facebook":
        assert [asked.batch_size for asked in first] == [50, 49, 1]
        assert sum(asked.batch_size for asked in first) == graph_calls
        assert all(asked.method == "POST" for asked in first)
        more = [r for r in home.rows("calls", "facebook") if r["endpoint"] == "page/posts"]
        assert len(made) == expected + len(more)
    else:
        assert len(made) == expected
    if platform == "x":
        present = [a for a in daily(world, "x", count) if is_public(world, "x", a.account_id or "", at(FIRST))]
        timelines = Counter(asked.path for asked in sandbox.requests if asked.path.endswith("/tweets"))
        assert timelines == {f"2/users/{account.account_id}/tweets": 1 for account in present}
        assert len(sandbox.requests) == 1 + len(present)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)


def is_public(world: World, platform: str, account_id: str, instant: datetime) -> bool:
    account = world.account(platform, account_id)
    return account is not None and world.status(account, instant) == "public"


@dataclass
class Expected:
    """What the world requires of one platform, day by day: computed from the world, the directory and the ladder."""

    world: World
    platform: str
    directory: list[Account]
    seen_on: dict[str, date] = field(default_factory=dict)
    posts: dict[str, WorldPost] = field(default_factory=dict)
    discovered_at: dict[str, datetime] = field(default_factory=dict)

    def day(self, day: date, instant: datetime | None = None) -> tuple[Counter[str], Decimal]:
        """Requests by endpoint, and dollars, asked at 22:00 or later; the day's posts are known from then on."""
        instant, calls, dollars = instant or at(day), Counter[str](), Decimal(0)
        due = [a for a in self.directory if a.platform == self.platform and a.is_due(day)]
        accounts = [a for a in (self.world.account(self.platform, a.account_id or "") for a in due) if a]
        public = [a for a in accounts if self.world.status(a, instant) == "public"]
        on_ladder = [p for p in self.posts.values() if self.is_due(p, day)]
        if self.platform == "x":
            calls["users"] = math.ceil(len(accounts) / 100)
            dollars += Decimal("0.010") * len(public)
            for account in public:
                new = self.new(account, instant, timedelta(days=7), timedelta(0))
                new = [p for p in new if p.kind not in ("reply", "retweet")]
                calls["users/tweets"] += max(1, math.ceil(len(new) / 100))
                dollars += Decimal("0.005") * len(new)
                self.take(new, day)
            calls["tweets"] = math.ceil(len(on_ladder) / 100)
            answered = [p for p in on_ladder if self.world.post_status(p, instant) == "public"]
            dollars += Decimal("0.005") * len(answered)
            self.take(on_ladder, day)
        elif self.platform == "youtube":
            calls["channels.list"] = math.ceil(len(accounts) / 50)
            fresh, titles = [], 0
            for account in public:
                since = self.since(account, instant, timedelta(days=90), timedelta(hours=1))
                calls["playlistItems.list"] += self.pages(account, instant, since)
                new = self.new(account, instant, timedelta(days=90), timedelta(hours=1))
                new = [p for p in new if p.post_id not in self.posts]
                fresh += new
                titles += len(new) * account.is_own
            asked = {p.post_id for p in on_ladder} | {p.post_id for p in fresh}
            calls["videos.batchGetStats"] = math.ceil(len(asked) / 50)
            calls["videos.list"] = math.ceil(titles / 50)
            self.take(fresh + on_ladder, day)
        else:
            calls["page"] = sum(math.ceil(n / 50) for n in Counter(a.credential for a in due).values())
            came: set[str] = set()
            for account in public:
                newest = list(zip(range(50), self.world.newest_first(account, instant), strict=False))
                page = [post for _, post in newest]
                since = self.since(account, instant, timedelta(days=28), timedelta(0))
                while len(page) >= 50 and page[-1].published_at > since:
                    calls["page/posts"] += 1
                    older = self.world.posts(account, since, page[-1].published_at)
                    older = [p for p in older if self.world.post_status(p, instant) == "public"][::-1][:100]
                    if not older:
                        break
                    page += older
                self.take(page, day)
                came |= {p.post_id for p in page}
            ids = {a.account_id for a in public}
            alone = [p for p in on_ladder if p.account_id in ids and p.post_id not in came]
            calls["post"] = math.ceil(len(alone) / 50)
            self.take(alone, day)
        for account in public:
            self.discovered_at[account.account_id] = instant
        return +calls, dollars

    def is_due(self, post: WorldPost, day: date) -> bool:
        published_on = post.published_at.date()
        seen = (self.seen_on[post.post_id] - published_on).days
        return is_due((day - published_on).days, seen, LADDERS.get(self.platform, LADDER))

    def since(self, account: WorldAccount, instant: datetime, first: timedelta, overlap: timedelta) -> datetime:
        return self.discovered_at.get(account.account_id, instant - first) - overlap

    def new(self, account: WorldAccount, instant: datetime, first: timedelta, overlap: timedelta) -> list[WorldPost]:
        since = self.since(account, instant, first, overlap)
        found = self.world.posts(account, since, instant + timedelta(microseconds=1))
        return [p for p in found if self.world.post_status(p, instant) == "public"]

    def pages(self, account: WorldAccount, instant: datetime, since: datetime) -> int:
        posts = list(self.world.newest_first(account, instant))
        for page in range(1, 5):
            shown = posts[50 * (page - 1) : 50 * page]
            if len(posts) <= 50 * page or not any(p.published_at > since for p in shown):
                return page
        return 4

    def take(self, posts: list[WorldPost], day: date) -> None:
        for post in posts:
            self.posts.setdefault(post.post_id, post)
            self.seen_on[post.post_id] = day


def wire(sandbox: Sandbox, platform: str) -> int:
    return sum(asked.platform == platform for asked in sandbox.requests)


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_the_calls_made_are_those_the_world_requires_and_never_above_the_bound(
    home: Home, world: World, platform: str
) -> None:
    expected = Expected(world, platform, list(world.directory(at(FIRST))))
    for day in DAYS:
        planned = home.cost(day, platform)
        home.sandbox.requests.clear()
        home.pull(day, platform)
        calls, dollars = expected.day(day)
        landed = [row for row in home.rows("calls", platform) if row["measured_on"] == day]
        assert Counter(row["endpoint"] for row in landed) == calls, day
        assert wire(home.sandbox, platform) == len(landed) == calls.total() <= planned.most_requests
        assert sum(row["units"] for row in landed) <= planned.most_units
        assert sum(row["dollars"] for row in landed) == dollars <= planned.most_dollars
        assert {row["outcome"] for row in landed} == {"ok"}
        with clock.still(at(day)):
            assert home.landing.spent(platform, at(day)) == (sum(row["units"] for row in landed), dollars)


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_what_is_certain_is_planned_exactly(home: Home, platform: str) -> None:
    """Accounts and tracked posts are asked about as the plan says; only discovery is a bound."""
    for day in DAYS[:4]:
        with clock.still(at(day)):
            planned = pipeline.plan(home.settings, platform, home.day(day), home.reach(platform))
        home.pull(day, platform)
        certain = {s.account_id for call in planned if not call.is_discovery or call.observes for s in call.subjects}
        landed = [row for row in home.rows("calls", platform) if row["measured_on"] == day]
        named = {call.endpoint for call in planned}
        assert {row["endpoint"] for row in landed} <= named | {"videos.list"}
        asked = {row["account_id"] for row in home.rows("observations", platform) if row["measured_on"] == day}
        assert asked <= certain


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_second_run_of_a_day_asks_for_no_post_again(home: Home, platform: str) -> None:
    for day in DAYS[:3]:
        home.pull(day, platform)
    home.sandbox.requests.clear()
    before = home.rows("observations", platform)
    result = home.pull(DAYS[2], platform, later_hours=0.5)[platform]
    assert result.run.status == "complete"
    again = [row for row in home.rows("observations", platform) if row["run_id"] == result.run.run_id]
    assert {row["account_id"] for row in again if row["post_id"] is None}  # the accounts are asked: they may have moved
    published = {row["post_id"]: row["published_at"] for row in home.rows("posts", platform)}
    if platform == "facebook":  # the newest posts come along with a Page's call, asked or not
        endpoints = {row["endpoint"] for row in home.rows("calls", platform) if row["run_id"] == result.run.run_id}
        assert endpoints == {"page"}
        return
    news = {post_id for post_id, when in published.items() if when > at(DAYS[2]).replace(tzinfo=None)}
    assert {row["post_id"] for row in again} - {None} <= news
    assert before == [row for row in home.rows("observations", platform) if row["run_id"] != result.run.run_id]


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_nothing_is_asked_twice_in_a_run(home: Home, platform: str) -> None:
    for day in DAYS:
        home.pull(day, platform)
    for kind in ("observations", "posts"):
        rows = home.rows(kind, platform)
        keys = Counter((r["run_id"], r["account_id"], r["post_id"], r.get("metric")) for r in rows)
        assert [key for key, count in keys.items() if count > 1] == []
    asked = Counter(
        (row["run_id"], row["endpoint"], subject)
        for row in home.rows("calls", platform)
        if row["page"] == 1
        for subject in row["asked"]
        if row["endpoint"] != "page/posts"
    )
    assert [key for key, count in asked.items() if count > 1] == []
    assert len({r["post_id"] for r in home.rows("posts", platform)}) == len(home.rows("posts", platform))


def test_the_budget_is_never_passed_and_own_accounts_come_first(home: Home) -> None:
    day = home.day(FIRST)
    reach = replace(home.reach("x"), dollars_per_day=Decimal("0.70"))
    with clock.still(day.scheduled_at):
        result = pipeline.extract(home.settings, "x", day, reach)
    spent = sum(row["dollars"] for row in home.rows("calls", "x"))
    assert spent <= Decimal("0.70")
    assert result.run.status == "partial"
    assert "budget" in (result.run.message or "")
    discovered = [row["asked"][0] for row in home.rows("calls", "x") if row["is_discovery"]]
    due = home.people.due("x", FIRST)
    own = {a.account_id for a in due if a.is_own}
    assert set(discovered[: len(own)]) == own
    assert len(discovered) < len(due)


# faults


def own(home: Home, platform: str) -> list[Account]:
    return [a for a in home.people.due(platform, FIRST) if a.is_own]


def account_rows(home: Home, platform: str, day: date = FIRST) -> dict[str, set[str | None]]:
    """By account: the reasons landed for it, None for a value."""
    found: dict[str, set[str | None]] = {}
    for row in home.rows("observations", platform):
        if row["post_id"] is None and row["measured_on"] == day:
            found.setdefault(row["account_id"], set()).add(row["reason"])
    return found


def says_what_to_do(message: str | None) -> bool:
    steps = (
        "run again",
        "Run again",
        "Correct",
        "Wait",
        "Make",
        "Set",
        "Raise",
        "Top up",
        "next run",
        "Report",
        "check",
    )
    return bool(message) and any(step in (message or "") for step in steps) and (message or "").rstrip().endswith(".")


@pytest.mark.parametrize("platform", platforms.NAMES)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("fail-503", "unavailable"),
        ("fail-500", "unavailable"),
        ("fail-html", "unavailable"),
        ("fail-401", "denied"),
        ("fail-403", "denied"),
        ("fail-quota", None),
        ("fail-429", None),
    ],
)
def test_a_platform_that_is_down_leaves_its_reason_and_the_others_are_complete(
    home: Home, platform: str, fault: str, reason: str | None
) -> None:
    home.tokens[platform] = fault
    began = clock.stopwatch()
    others = [name for name in platforms.NAMES if name != platform]
    results = home.pull(FIRST, platform, others[0])
    result = results[platform]
    assert clock.stopwatch() - began < 20, "time must not pass while the clock is held"
    assert results[others[0]].run.status == "complete"
    assert result.run.status == "failed"
    assert result.problem is not None
    assert says_what_to_do(result.run.message), result.run.message
    assert fault not in (result.run.message or "")
    expected = reason or {"fail-quota": {"facebook": "unavailable"}.get(platform, "not_collected")}.get(
        fault, "unavailable"
    )
    due = {a.account_id for a in home.people.due(platform, FIRST)}
    assert account_rows(home, platform) == {account_id: {expected} for account_id in due}
    assert home.rows("profiles", platform) == []
    asked = wire(home.sandbox, platform)
    assert 1 <= asked <= ATTEMPTS * IN_A_ROW
    if reason == "denied":
        assert asked == 1, "a refused token is asked with once"


def test_a_rate_limit_is_waited_out_under_a_held_clock(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from socialmetrics.platforms import x

    monkeypatch.setattr(x, "_present", lambda error: clock.now().timestamp())
    home.sandbox.script([Fault("x", "2/users?", 1, "429", seconds=3)])
    result = home.pull(FIRST, "x")["x"]
    assert result.run.status == "complete"
    calls = [row for row in home.rows("calls", "x") if row["endpoint"] == "users"]
    assert [row["outcome"] for row in calls] == ["unavailable", "ok"]
    assert [row["dollars"] > 0 for row in calls] == [False, True]


def test_a_long_wait_ends_the_platform_s_run_and_says_how_long(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from socialmetrics.errors import Throttled
    from socialmetrics.platforms import x

    monkeypatch.setattr(x, "_present", lambda error: clock.now().timestamp())
    home.sandbox.script([Fault("x", "/tweets", 3, "429", seconds=900)])
    result = home.pull(FIRST, "x")["x"]
    assert result.run.status == "partial"
    assert isinstance(result.problem, Throttled)
    assert result.problem.retry_after == 901
    assert wire(home.sandbox, "x") == 4  # one lookup, two timelines, the one that was throttled


@pytest.mark.parametrize(("platform", "path"), [("youtube", "channels"), ("x", "2/users?"), ("facebook", "")])
@pytest.mark.parametrize("kind", ["500", "html", "truncate", "reset", "drop"])
def test_one_bad_answer_is_asked_again(home: Home, platform: str, path: str, kind: str) -> None:
    home.sandbox.script([Fault(platform, path, 1, kind)])
    result = home.pull(FIRST, platform)[platform]
    assert result.run.status == "complete"
    assert result.problem is None
    assert None in set().union(*account_rows(home, platform).values())


@pytest.mark.parametrize("kind", ["missing_items", "shuffle"])
@pytest.mark.parametrize(("platform", "path"), [("youtube", "channels"), ("x", "2/users?"), ("facebook", "")])
def test_an_answer_in_another_order_or_with_holes_is_put_to_the_right_accounts(
    home: Home, world: World, platform: str, path: str, kind: str
) -> None:
    if (platform, kind) == ("facebook", "shuffle"):
        pytest.skip("the items of a batch have no order but their own")
    home.sandbox.script([Fault(platform, path, 1, kind)])
    result = home.pull(FIRST, platform)[platform]
    rows = [r for r in home.rows("observations", platform) if r["post_id"] is None]
    for row in rows:
        account = world.account(platform, row["account_id"])
        assert account is not None
        if row["value"] is not None:
            assert row["value"] == world.value(account, row["metric"], at(FIRST))
    not_found = [row for row in rows if row["reason"] == "not_found"]
    gone = [
        a for a in home.people.due(platform, FIRST) if not is_public(world, platform, a.account_id or "", at(FIRST))
    ]
    if platform == "facebook":
        assert result.run.status == "partial"  # a batch that lacks an item cannot be told apart
        struck = {a.account_id for a in home.people.due(platform, FIRST) if a.credential == ""}
        assert {r["account_id"] for r in rows if r["reason"] == "unreadable"} == struck
    elif kind == "missing_items":
        assert len(not_found) == len(gone) + 1
        assert result.run.status == "complete"


def test_a_null_item_of_a_batch_is_asked_again_alone(home: Home) -> None:
    account = own(home, "facebook")[0]
    home.sandbox.script([Fault("facebook", f"{account.account_id}?", 1, "null_item")])
    result = home.pull(FIRST, "facebook")["facebook"]
    assert result.run.status == "complete"
    due = len(home.people.due("facebook", FIRST))
    assert [asked.batch_size for asked in home.sandbox.requests] == [due - 1, 1, 1]
    assert None in account_rows(home, "facebook")[account.account_id or ""]


def test_an_item_that_never_comes_leaves_its_reason_and_is_looked_through_again_the_next_day(home: Home) -> None:
    account = own(home, "facebook")[0]
    home.sandbox.script([Fault("facebook", f"{account.account_id}?", None, "null_item")])
    home.pull(FIRST, "facebook")
    assert account_rows(home, "facebook")[account.account_id or ""] == {"unavailable"}
    with clock.still(at(DAYS[1])):
        tracked = home.landing.tracked("facebook", DAYS[1], "UTC", LADDER)
    assert account.account_id not in tracked.discovered_at
    assert len(tracked.discovered_at) == len(home.people.due("facebook", FIRST)) - 1


def test_a_named_credential_that_is_refused_is_a_problem_and_the_other_pages_are_complete(home: Home) -> None:
    day = home.day(FIRST)
    tokens = {"": SecretStr("token"), "childrens": SecretStr("fail-401")}
    with clock.still(day.scheduled_at):
        result = pipeline.extract(
            home.settings, "facebook", day, Access(home.sandbox.url("facebook", "{now}"), tokens, ladder=LADDER)
        )
    refused = [a.account_id for a in home.people.due("facebook", FIRST) if a.credential == "childrens"]
    rows = account_rows(home, "facebook")
    assert [account_id for account_id, reasons in rows.items() if reasons == {"denied"}] == refused
    assert all(reasons == {None} for account_id, reasons in rows.items() if account_id not in refused)
    assert result.run.status == "partial"
    assert says_what_to_do(result.run.message)
    assert isinstance(result.problem, Denied)


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_credential_without_a_token_leaves_denied_and_names_the_setting(home: Home, platform: str) -> None:
    accounts = [replace(a, credential="nobody") if a.is_own else a for a in home.people.accounts]
    home.write_directory(list(home.people.organizations), accounts)
    result = home.pull(FIRST, platform)[platform]
    rows = account_rows(home, platform)
    ids = {a.account_id for a in own(home, platform)}
    assert ids
    assert all(rows[account_id or ""] == {"denied"} for account_id in ids)
    assert all(
        None in reasons or reasons <= {"not_found", "suspended", "forbidden"}
        for account_id, reasons in rows.items()
        if account_id not in ids
    )
    assert result.run.status == "partial"
    assert f"Set SOCIALMETRICS_{platform.upper()}_NOBODY_TOKEN and run again." in (result.run.message or "")


def test_partial_answers_of_x_say_why(home: Home, world: World) -> None:
    day = date(2026, 10, 14)
    accounts = [replace(a, cadence="daily") for a in home.people.accounts if a.platform == "x"]
    home.write_directory(
        list(home.people.organizations), [*accounts, replace(accounts[-1], handle="gone", account_id="999")]
    )
    result = home.pull(day, "x")["x"]
    rows = account_rows(home, "x", day)
    expected = {a.account_id: {world.status(a, at(day))} for a in world.accounts if a.platform == "x"} | {
        "999": {"not_found"}
    }
    statuses = {k: v for k, v in expected.items() if v != {"public"}}
    assert {"suspended", "forbidden", "not_found"} == {next(iter(v)) for v in statuses.values()}
    assert {k: rows[k] for k in statuses} == statuses
    assert all(None in rows[k] for k in expected if k not in statuses)
    assert result.run.status == "complete"
    timelines = [asked for asked in home.sandbox.requests if asked.path.startswith("2/users/")]
    assert len(timelines) == len(expected) - len(statuses)


def test_an_answer_that_is_not_understood_lands_as_a_shape_and_stops_its_batch_alone(home: Home) -> None:
    home.sandbox.script([Fault("youtube", "channels", 1, "null_item")])
    result = home.pull(FIRST, "youtube")["youtube"]
    assert result.run.status == "failed"
    assert "$.items[0]" in (result.run.message or "")
    assert set().union(*account_rows(home, "youtube").values()) == {"unreadable"}
    line = next(iter(home.landing.read_responses("youtube", result.run.run_id)))
    assert line.body["items"][:2] == ["NoneType", line.body["items"][1]]
    assert line.body["items"][1]["id"] == "str"


def test_a_batch_of_posts_that_fails_leaves_the_accounts_complete_and_is_due_the_next_day(home: Home) -> None:
    home.pull(FIRST, "x")
    home.sandbox.script([Fault("x", "2/tweets?", None, "500")])
    result = home.pull(DAYS[1], "x")["x"]
    assert result.run.status == "partial"
    failed = {r["post_id"] for r in home.rows("observations", "x") if r["reason"] == "unavailable" and r["post_id"]}
    assert failed
    home.sandbox.script([])
    home.pull(DAYS[2], "x")
    seen = {r["post_id"] for r in home.rows("observations", "x") if r["measured_on"] == DAYS[2] and r["reason"] is None}
    gone = {r["post_id"] for r in home.rows("observations", "x") if r["reason"] == "not_found"}
    assert failed <= seen | gone


@pytest.mark.parametrize(
    ("platform", "path"), [("x", "/tweets?max"), ("youtube", "playlistItems"), ("facebook", "/posts?")]
)
def test_a_failed_discovery_leaves_no_hole(tmp_path: Path, platform: str, path: str) -> None:
    """Accounts so busy that a look takes several pages: a later one fails one day, and the next day makes it up."""
    world = Busy(platform)
    account = next(a for a in world.accounts if a.platform == platform and a.is_own)
    with Sandbox(world) as sandbox:
        home = Home(tmp_path, sandbox)
        people = [a for a in world.directory(at(FIRST)) if a.account_id == account.account_id]
        home.write_directory(list(world.organizations), people)
        home.pull(FIRST, platform)
        sandbox.requests.clear()
        # the first page comes, the second does not
        sandbox.script([Fault(platform, path, nth, "500") for nth in range(1 if platform == "facebook" else 2, 12)])
        result = home.pull(DAYS[3], platform)[platform]
        assert result.run.status == "partial"
        sandbox.script([])
        assert home.pull(DAYS[4], platform)[platform].run.status == "complete"
        published = world.posts(account, at(FIRST), at(DAYS[4]))
        expected = {
            p.post_id
            for p in published
            if p.kind not in ("reply", "retweet") and world.post_status(p, at(DAYS[4])) == "public"
        }
        landed = {row["post_id"] for row in home.rows("posts", platform)}
        assert len(expected) > 100
        assert expected <= landed


class Busy(World):
    """The world, but that its own accounts publish without pause."""

    def __init__(self, platform: str) -> None:
        super().__init__(peers=0)
        rate = {"x": 80.0, "youtube": 40.0, "facebook": 45.0}[platform]
        self.accounts = tuple(replace(a, posts_per_day=rate) for a in self.accounts)
        self._by_id = {(a.platform, a.account_id): a for a in self.accounts}
        self._by_uploads = {a.uploads: a for a in self.accounts if a.uploads}


def test_only_missing_asks_for_what_is_missing(home: Home) -> None:
    home.sandbox.script([Fault("facebook", f"{own(home, 'facebook')[0].account_id}?", None, "null_item")])
    home.pull(FIRST, "facebook")
    home.sandbox.script([])
    home.sandbox.requests.clear()
    day = home.day(FIRST)
    with clock.still(day.scheduled_at + timedelta(minutes=15)):
        pipeline.extract(home.settings, "facebook", day, home.reach("facebook"), only_missing=True)
    assert [asked.batch_size for asked in home.sandbox.requests] == [1]
    assert home.landing.observed("facebook", FIRST) >= {Subject(a.account_id or "") for a in own(home, "facebook")}


def test_only_missing_after_a_complete_run_asks_nothing(home: Home) -> None:
    home.pull(FIRST, "x", "youtube")
    home.sandbox.requests.clear()
    day = home.day(FIRST)
    for name in ("x", "youtube"):
        with clock.still(day.scheduled_at + timedelta(minutes=15)):
            result = pipeline.extract(home.settings, name, day, home.reach(name), only_missing=True)
        assert result.run.status == "complete"
    assert [asked.path for asked in home.sandbox.requests] == []


# the record


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_reparse_is_the_identity_byte_for_byte(home: Home, platform: str) -> None:
    result = [home.pull(day, platform)[platform] for day in DAYS[:2]][1]
    folder = home.settings.landing

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    before = contents()
    assert pipeline.run_ids(home.settings, platform)[-1] == result.run.run_id
    assert pipeline.reparse(home.settings, platform, result.run.run_id) > 0
    assert contents() == before


def test_no_secret_and_no_peer_s_title_is_in_landing(home: Home, world: World) -> None:
    secret = "canary-5f0c2b9d"
    home.tokens = dict.fromkeys(platforms.NAMES, secret)
    home.pull(FIRST)
    home.tokens = dict.fromkeys(platforms.NAMES, "fail-401")
    home.pull(DAYS[1])
    text = everything(home.settings.landing)
    for word in (secret, "fail-401", "Bearer"):
        assert word not in text
    for asked in home.sandbox.requests:
        assert secret not in asked.query
        assert secret not in asked.path
    published = [p for a in world.accounts for p in world.posts(a, at(FIRST) - timedelta(days=7), at(FIRST))]
    owns = {a.account_id for a in world.accounts if a.is_own}
    # a planted copy of each kind is found first: own titles do land
    titles = {p.title for p in published if p.account_id in owns and p.kind not in ("reply", "retweet")}
    assert any(title in text for title in titles)
    peers = {p.title for p in published if p.account_id not in owns} - {
        p.title for a in world.accounts if a.is_own for p in world.posts(a, at(FIRST) - timedelta(days=120), at(FIRST))
    }
    assert peers
    assert [title for title in peers if title in text] == []


def everything(folder: Path) -> str:
    """Each file opened: gzip unpacked, Parquet column by column."""
    import pyarrow.parquet as pq

    texts = []
    for path in folder.rglob("*"):
        if path.name.endswith(".gz"):
            # what JSON escapes is read back
            texts.append(gzip.decompress(path.read_bytes()).decode().replace('\\"', '"').replace("\\t", "\t"))
        elif path.suffix == ".parquet":
            texts.append("\n".join(str(value) for row in pq.read_table(path).to_pylist() for value in row.values()))
    return "\n".join(texts)


def test_a_platform_without_a_token_is_not_set_up(home: Home) -> None:
    day = home.day(FIRST)
    with clock.still(day.scheduled_at):
        result = pipeline.extract(home.settings, "x", day)
        assert pipeline.plan(home.settings, "x", day) == []
    assert (result.run.status, result.problem) == ("not_set_up", None)
    assert home.rows("observations", "x") == home.rows("calls", "x") == []
    assert [run["status"] for run in home.rows("runs", "x")] == ["not_set_up"]


def test_a_day_can_be_filled_for_24_hours_and_not_before_it_has_ended(home: Home) -> None:
    assert home.pull(FIRST, "x", later_hours=23.9)["x"].run.status == "complete"
    with pytest.raises(TooLate, match="counts of the past cannot be asked for"):
        home.pull(FIRST, "x", later_hours=24.1)
    with pytest.raises(Misconfigured, match="Run it then or later"):
        home.pull(FIRST, "x", later_hours=-0.1)


def test_nothing_is_pulled_from_a_faulty_directory(home: Home) -> None:
    (home.settings.directory / "accounts.csv").write_text("organization_id,platform,handle\nnobody,x,\n")
    with pytest.raises(Misconfigured, match="nothing was pulled"):
        home.pull(FIRST, "x")
    assert wire(home.sandbox, "x") == 0
    assert not list(home.settings.landing.rglob("*.gz"))


def test_the_verdict_names_own_accounts_and_platforms_that_failed(home: Home) -> None:
    home.tokens["x"] = "fail-503"
    home.pull(FIRST)
    with clock.still(at(FIRST)):
        verdict = verdicts.verdict(home.settings, home.day(FIRST))
    assert verdict.is_red
    assert verdict.words == "complete but for x"
    assert [fault.partition(":")[0] for fault in verdict.faults] == ["x"]
    home.tokens.clear()
    home.pull(FIRST, "x", later_hours=1)
    with clock.still(at(FIRST)):
        verdict = verdicts.verdict(home.settings, home.day(FIRST))
    assert (verdict.words, verdict.faults) == ("complete", ())


# wishes: each holds once the pipeline leaves out of `tracked` what is not this run's to ask


def test_posts_of_an_account_that_left_the_directory_are_not_paid_for(home: Home) -> None:
    home.pull(FIRST, "x")
    gone = own(home, "x")[0]
    left = [replace(a, closed_on=DAYS[1]) if a.account_id == gone.account_id else a for a in home.people.accounts]
    home.write_directory(list(home.people.organizations), left)
    home.pull(DAYS[1], "x")
    assert gone.account_id not in {
        r["account_id"] for r in home.rows("observations", "x") if r["measured_on"] == DAYS[1]
    }


def test_the_verdict_waits_for_every_shard_and_tells_the_worst(home: Home) -> None:
    """The whole platform's failed run of the same day is past once its shards have run."""
    day = home.day(FIRST)
    home.tokens["x"] = "fail-503"
    home.pull(FIRST, "x")
    assert [fault for fault in verdicts.verdict(home.settings, day).faults if fault.startswith("x: X answered 503")]
    home.tokens["x"] = "token"
    with clock.still(at(FIRST) + timedelta(hours=1)):
        pipeline.extract(home.settings, "x", day, home.reach("x"), shard="-1of2")
    assert [fault for fault in verdicts.verdict(home.settings, day).faults if "x: not every run has finished" in fault]
    with clock.still(at(FIRST) + timedelta(hours=2)):
        pipeline.extract(home.settings, "x", day, home.reach("x"), shard="-2of2")
    told = verdicts.verdict(home.settings, day)
    assert not [fault for fault in told.faults if fault.startswith("x")]
    assert [run.status for run in told.runs] == ["complete", "complete"]


def test_shards_share_the_posts(home: Home) -> None:
    home.pull(FIRST, "x")
    day = home.day(DAYS[1])
    before = home.landing.tracked("x", DAYS[1], "UTC", LADDERS["x"]).posts
    # both begin before either has landed
    with clock.still(at(DAYS[1])):
        parts = [replace(home.reach("x")) for _ in range(2)]
        planned = [
            pipeline.extract(home.settings, "x", day, reach, shard=f"-{n}of2") for n, reach in enumerate(parts, 1)
        ]
    assert [result.run.status for result in planned] == ["complete", "complete"]
    calls = [r for r in home.rows("calls", "x") if r["measured_on"] == DAYS[1] and r["endpoint"] == "tweets"]
    first = {post for row in calls if row["run_id"].endswith("-1of2") for post in row["asked"]}
    ids = {post.post_id for post in before}
    assert 0 < len(first & ids) < len(ids)


def test_a_run_leaves_alone_what_resolving_kept_at_the_same_instant(home: Home) -> None:
    unresolved = [replace(a, account_id=None) if a in own(home, "x")[:2] else a for a in home.people.accounts]
    kept: dict[Path, bytes] = {}
    for _ in range(2):
        home.write_directory(list(home.people.organizations), unresolved)
        with clock.still(at(FIRST)):
            assert pipeline.resolve(home.settings, "x", home.reach("x"))[0] == 2
        assert contents(home).items() > kept.items()
        kept = contents(home)
    home.pull(FIRST, "x")
    assert contents(home).items() > kept.items()


def contents(home: Home) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(home.settings.landing.rglob("*.*"))}


def test_a_run_that_was_killed_is_made_anew_at_its_instant(home: Home) -> None:
    """Whatever it had landed, byte for byte as if nothing had happened."""
    home.pull(FIRST, "x")
    whole = contents(home)
    landed = ("runs", "calls", "posts", "profiles", "observations")
    for last in range(1, 6):
        for kind in landed[:last]:
            next(home.settings.landing.glob(f"{kind}/platform=x/*/*.parquet")).unlink()
        home.pull(FIRST, "x")
        assert contents(home) == whole


def test_asking_again_at_the_same_instant_changes_nothing_where_nothing_is_missing(home: Home) -> None:
    day = home.day(FIRST)
    before = home.pull(FIRST)
    whole = contents(home)
    with clock.still(day.scheduled_at):
        for name in platforms.NAMES:
            again = pipeline.extract(home.settings, name, day, home.reach(name), only_missing=True)
            assert again.run == before[name].run
    assert contents(home) == whole


def test_planning_and_checking_leave_a_running_extraction_alone(home: Home) -> None:
    day = home.day(FIRST)
    with (
        clock.still(day.scheduled_at),
        home.landing.hold("x", day.scheduled_at) as run_id,
        home.landing.responses("x", run_id, day.scheduled_at),
    ):
        pipeline.plan(home.settings, "x", day, home.reach("x"))
        pipeline.check(home.settings, offline=True)
        with pytest.raises(Locked, match="locks/x"):
            pipeline.extract(home.settings, "x", day, home.reach("x"))
        with pytest.raises(Locked, match="locks/x"):
            pipeline.reparse(home.settings, "x", run_id)
    assert home.landing.run_ids("x") == [run_id]


def test_resolving_asks_for_handles_alone(home: Home) -> None:
    home.pull(FIRST, "x")
    people = home.people
    unresolved = [replace(a, account_id=None) if a in own(home, "x")[:1] else a for a in people.accounts]
    home.write_directory(list(people.organizations), unresolved)
    home.sandbox.requests.clear()
    with clock.still(at(DAYS[1])):
        assert pipeline.resolve(home.settings, "x", home.reach("x"))[0] == 1
    assert [asked.path for asked in home.sandbox.requests] == ["2/users/by"]


def test_a_retry_asks_again_for_posts_that_did_not_come(tmp_path: Path) -> None:
    world = Busy("facebook")
    account = next(a for a in world.accounts if a.platform == "facebook" and a.is_own and not a.credential)
    with Sandbox(world) as sandbox:
        home = Home(tmp_path, sandbox)
        home.write_directory(
            list(world.organizations), [a for a in world.directory(at(FIRST)) if a.account_id == account.account_id]
        )
        for day in DAYS[:3]:
            home.pull(day, "facebook")
        sandbox.script([Fault("facebook", f"{account.account_id}_", None, "500")])
        assert home.pull(DAYS[3], "facebook")["facebook"].run.status == "partial"
        sandbox.script([])
        day = home.day(DAYS[3])
        with clock.still(day.scheduled_at + timedelta(minutes=15)):
            again = pipeline.extract(home.settings, "facebook", day, home.reach("facebook"), only_missing=True)
        assert [r for r in home.rows("calls", "facebook") if r["run_id"] == again.run.run_id]
