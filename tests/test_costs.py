"""What a plan says, what a run spends, and who takes a turn when the budget is too small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from home import Home
from socialmetrics import clock, costs, pipeline, platforms
from socialmetrics.landing import Landing
from socialmetrics.platforms import x
from socialmetrics.records import Account, Call, Observation, Post, Run, Tracked
from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import World
from socialmetrics.settings import LADDERS, Access
from socialmetrics.spending import Spending

FIRST = date(2026, 9, 14)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Sandbox]:
    """Accounts that are there every day."""
    with Sandbox(World(peers=90, events=())) as sandbox:
        yield sandbox


def network(folder: Path, sandbox: Sandbox, peers: int = 15, **changes: Any) -> Home:
    """Accounts of X, with changes to the peers'."""
    home, world = Home(folder, sandbox), sandbox.world
    sandbox.script([])
    sandbox.requests.clear()
    accounts = [a for a in world.directory(datetime(2026, 9, 14, tzinfo=UTC)) if a.platform == "x"]
    followed = [a for a in accounts if a.is_own] + [replace(a, **changes) for a in accounts if not a.is_own][:peers]
    home.write_directory(list(world.organizations), followed)
    return home


def pulled(home: Home, platform: str, day: date, hours: float = 0, again: bool = False, **limits: Any) -> Run:
    when = home.day(day)
    with clock.still(when.scheduled_at + timedelta(hours=hours)):
        reach = replace(home.reach(platform), **limits)
        return pipeline.extract(home.settings, platform, when, reach, only_missing=again).run


def spent(home: Home, day: date | None = None) -> Decimal:
    return sum((r["dollars"] for r in home.rows("calls", "x") if day in (None, r["measured_on"])), Decimal(0))


def seen(home: Home) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for row in home.rows("observations", "x"):
        if row["post_id"] is None and row["value"] is not None:
            found.setdefault(row["account_id"], set()).add(row["measured_on"])
    return found


def test_a_budget_too_small_covers_everyone_in_turn(tmp_path: Path, quiet: Sandbox) -> None:
    """A part of the peers fits in a day beside what is own: nobody waits longer than the turns take."""
    home = network(tmp_path, quiet, peers=55, cadence="daily", weekday=None)
    people = home.people.due("x", FIRST)
    own, peers = ({a.account_id or "" for a in people if a.is_own == is_own} for is_own in (True, False))
    days, limit = [FIRST + timedelta(days=n) for n in range(8)], Decimal("0.58")
    for day in days:
        run = pulled(home, "x", day, dollars_per_day=limit)
        assert spent(home, day) <= limit
        assert run.status == "partial"
        assert f"due again on {day + timedelta(days=1)}" in (run.message or "")
        assert "Raise the budget" in (run.message or "")
    found = seen(home)
    assert all(found[account_id] == set(days) for account_id in own)
    a_day = {day: sum(day in found.get(account_id, ()) for account_id in peers) for day in days}
    assert all(0 < count < len(peers) for count in a_day.values())
    longest = 1 + -(-len(peers) // min(a_day.values()))
    for account_id in peers:
        turns = [days[0], *sorted(found[account_id]), days[-1]]
        assert max((after - before).days for before, after in pairwise(turns)) <= longest
    left = {
        (row["account_id"], row["measured_on"], row["reason"])
        for row in home.rows("observations", "x")
        if row["post_id"] is None and row["value"] is None and row["metric"] is None
    }
    assert left == {(a, day, "not_collected") for a in peers for day in days if day not in found[a]}
    responses = home.landing.read_responses("x", home.landing.run_ids("x")[0])
    told = [r.message for r in responses if r.reason == "not_collected" and any(s.post_id is None for s in r.subjects)]
    assert told
    assert all("due again on 2026-09-15" in (message or "") for message in told)
    following = home.day(days[-1] + timedelta(days=1))
    with clock.still(following.scheduled_at):
        waiting = pipeline.waiting(home.settings, "x", following)
    assert waiting == {following.date: len(peers) - a_day[days[-1]]}


def test_new_posts_are_looked_for_in_turn_too(tmp_path: Path, quiet: Sandbox) -> None:
    home = network(tmp_path, quiet, cadence="daily", weekday=None)
    days = [FIRST + timedelta(days=n) for n in range(8)]
    for day in days:
        pulled(home, "x", day, dollars_per_day=Decimal("0.95"))
        assert spent(home, day) <= Decimal("0.95")
    looked = [(row["measured_on"], row["asked"][0]) for row in home.rows("calls", "x") if row["is_last"]]
    asked = {account_id for _, account_id in looked}
    everyone = {a.account_id for a in home.people.due("x", FIRST)}
    assert everyone <= asked
    assert any({account_id for on, account_id in looked if on == day} < everyone for day in days)


def test_a_month_has_a_budget_of_its_own(tmp_path: Path, quiet: Sandbox) -> None:
    home = network(tmp_path, quiet)
    for n in range(5):
        day = date(2026, 9, 27) + timedelta(days=n)
        pulled(home, "x", day, dollars_per_day=Decimal("1.00"), dollars_per_month=Decimal("0.60"))
    september = sum(spent(home, date(2026, 9, n)) for n in range(27, 31))
    assert Decimal("0.30") < september <= Decimal("0.60")
    assert home.landing.runs(date(2026, 9, 30))[0].status != "complete"
    assert spent(home, date(2026, 10, 1)) > 0


def test_a_day_has_one_budget_though_midnight_passes(tmp_path: Path, quiet: Sandbox) -> None:
    """A retry after midnight does not take what the next day's own accounts need."""
    home = network(tmp_path, quiet, cadence="daily", weekday=None)
    limit = Decimal("0.62")
    pulled(home, "x", FIRST, dollars_per_day=limit)
    pulled(home, "x", FIRST, hours=9, again=True, dollars_per_day=limit)
    assert 0 < spent(home) <= limit


def test_shards_side_by_side_stay_within_one_budget(tmp_path: Path, quiet: Sandbox) -> None:
    home = network(tmp_path, quiet, cadence="daily", weekday=None)
    when, limit = home.day(FIRST), Decimal("0.60")
    reach = replace(home.reach("x"), dollars_per_day=limit)
    for shard in ("-1of2", "-2of2"):
        for minutes in (0, 30):
            with clock.still(when.scheduled_at + timedelta(minutes=minutes)):
                pipeline.extract(home.settings, "x", when, reach, only_missing=minutes > 0, shard=shard)
            of_shard = sum((r["dollars"] for r in home.rows("calls", "x") if shard in r["run_id"]), Decimal(0))
            assert 0 < of_shard <= limit / 2


def test_a_shard_pays_its_part_of_a_run_of_the_whole(tmp_path: Path, quiet: Sandbox) -> None:
    home = network(tmp_path, quiet)
    pulled(home, "x", FIRST)
    since = home.day(FIRST).scheduled_at
    assert home.landing.spent("x", since, "-1of4") == (-(-home.landing.spent("x", since)[0] // 4), spent(home) / 4)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the program catches it."""


def test_what_a_killed_run_spent_is_spent(tmp_path: Path, quiet: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its calls never land; the runs after it have what it left of the day's money."""
    home, limit = network(tmp_path, quiet, cadence="daily", weekday=None), Decimal("0.60")
    paid: list[Decimal] = []
    fetch = x.fetch

    def paying(client: Any, call: Call, pages: Any) -> Iterator[Any]:
        for answer in fetch(client, call, pages):
            if len(paid) == 3:
                raise Killed
            paid.append(answer.dollars)
            yield answer

    monkeypatch.setattr(x, "fetch", paying)
    with pytest.raises(Killed):
        pulled(home, "x", FIRST, dollars_per_day=limit)
    assert not home.rows("calls", "x")
    before = sum(paid)
    assert 0 < before <= home.landing.spent("x", home.day(FIRST).scheduled_at)[1]
    monkeypatch.setattr(x, "fetch", fetch)
    pulled(home, "x", FIRST, hours=0.1, dollars_per_day=limit)
    assert before + spent(home) <= limit
    assert home.landing.spent("x", home.day(FIRST).scheduled_at)[1] - spent(home) >= before


def test_what_has_landed_is_noted_no_longer(tmp_path: Path, quiet: Sandbox) -> None:
    home = network(tmp_path, quiet)
    pulled(home, "x", FIRST)
    assert home.landing.spending("x").since(datetime.min.replace(tzinfo=UTC)) == []


def test_a_check_is_paid_for_too(tmp_path: Path, quiet: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    home = network(tmp_path, quiet)
    monkeypatch.setenv("SOCIALMETRICS_X_TOKEN", "token")
    monkeypatch.setenv("SOCIALMETRICS_X_CHILDRENS_TOKEN", "token")
    monkeypatch.setenv("SOCIALMETRICS_X_URL", quiet.url("x", "{now}"))
    when = home.day(FIRST).scheduled_at
    with clock.still(when):
        assert ("x", "works", "") in pipeline.check(home.settings)
    assert home.landing.spent("x", when)[1] > 0


def test_a_note_that_a_full_disk_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    spending, at = Spending(tmp_path), datetime(2026, 9, 14, 22, tzinfo=UTC)
    spending.note("20260914T220000Z", at, 5, Decimal("2.50"))
    with next(tmp_path.iterdir()).open("a") as file:
        file.write(at.isoformat() + " 5 2.")
    assert [(units, dollars) for _, units, dollars in spending.since(at)] == [(5, Decimal("2.50"))]
    assert [dollars for _, _, dollars in spending.since(at + timedelta(seconds=1))] == [0]
    spending.has_landed("20261231T220000Z", at + timedelta(days=63))
    assert spending.since(at) == []


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_changed_ladder_asks_for_no_post_twice_in_a_day(home: Home, platform: str) -> None:
    days = [FIRST + timedelta(days=n) for n in range(4)]
    for day in days:
        pulled(home, platform, day)
    of_day = [row for row in home.rows("observations", platform) if row["measured_on"] == days[-1]]
    asked = {row["post_id"] for row in of_day} - {None}
    assert asked
    pulled(home, platform, days[-1], hours=0.25, again=True, ladder=tuple(range(91)))
    of_day = [row for row in home.rows("observations", platform) if row["measured_on"] == days[-1]]
    again = Counter((row["post_id"], row["metric"]) for row in of_day if row["post_id"] in asked)
    assert set(again.values()) == {1}


# the plan


@pytest.mark.parametrize(
    ("platform", "kind", "where"),
    [
        ("youtube", "404", "batchGetStats"),
        ("facebook", "null_item", "?fields=id"),
        ("facebook", "503", "?fields=id"),
        ("facebook", "reduce", "posts.limit(50)"),
        ("facebook", "insight", "fan_count"),
        ("facebook", "insight", "shares"),
        ("facebook", "field", "status_type"),
    ],
)
def test_what_is_asked_again_stays_within_the_plan(home: Home, platform: str, kind: str, where: str) -> None:
    """The bound holds what a call may ask again by itself, and `calls` counts it."""
    pulled(home, platform, FIRST)
    day = FIRST + timedelta(days=1)
    planned = home.cost(day, platform)
    home.sandbox.script([Fault(platform, where, None, kind)])
    home.sandbox.requests.clear()
    pulled(home, platform, day)
    home.sandbox.script([])
    landed = [row for row in home.rows("calls", platform) if row["measured_on"] == day]
    sizes = sum(max(1, request.batch_size) for request in home.sandbox.requests)
    assert planned.requests < len(landed) == len(home.sandbox.requests) <= planned.most_requests
    assert sum(row["units"] for row in landed) == sizes <= planned.most_units


def test_a_project_without_batch_statistics_finds_out_once_a_run(home: Home) -> None:
    home.sandbox.script([Fault("youtube", "batchGetStats", None, "404")])
    assert pulled(home, "youtube", FIRST).status == "complete"
    home.sandbox.script([])
    asked = Counter(request.path for request in home.sandbox.requests)
    landed = home.rows("calls", "youtube")
    assert asked["youtube/v3/videos:batchGetStats"] == 1
    assert asked["youtube/v3/videos"] > 0
    assert len(landed) == len(home.sandbox.requests) == sum(row["units"] for row in landed)
    rows = [row for row in home.rows("observations", "youtube") if row["post_id"]]
    assert any(row["value"] for row in rows)
    assert {row["reason"] for row in rows} <= {None, "hidden"}


def test_to_resolve_is_part_of_the_plan(home: Home) -> None:
    people = home.people
    handles = [replace(a, account_id=None, weekday=None, cadence="daily") for a in people.accounts]
    home.write_directory(list(people.organizations), handles)
    for platform in platforms.NAMES:
        planned = home.cost(FIRST, platform)
        home.sandbox.requests.clear()
        with clock.still(home.day(FIRST).scheduled_at):
            pipeline.resolve(home.settings, platform, home.reach(platform))
        resolving = len(home.sandbox.requests)
        pulled(home, platform, FIRST)
        assert 0 < resolving < len(home.sandbox.requests) <= planned.most_requests
        assert len(home.rows("calls", platform)) == len(home.sandbox.requests)
        assert sum(row["units"] for row in home.rows("calls", platform)) <= planned.most_units
        assert sum(row["dollars"] for row in home.rows("calls", platform)) <= planned.most_dollars


@pytest.mark.prove
@pytest.mark.parametrize("platform", platforms.NAMES)
def test_thirty_days_cost_about_what_the_plan_calls_usual_and_never_more_than_its_bound(
    home: Home, platform: str
) -> None:
    """From the tenth day on, when it is known how much each account publishes."""
    for n in range(10):
        pulled(home, platform, FIRST + timedelta(days=n))
    first = home.day(FIRST + timedelta(days=10))
    with clock.still(first.scheduled_at):
        _, month = pipeline.cost(home.settings, platform, first, home.reach(platform))
    assert month.days == costs.DAYS
    for n in range(10, 40):
        pulled(home, platform, FIRST + timedelta(days=n))
    made = [row for row in home.rows("calls", platform) if row["measured_on"] >= first.date]
    units, dollars = sum(row["units"] for row in made), sum(row["dollars"] for row in made)
    assert len(made) <= month.most_requests
    assert units <= month.most_units
    assert dollars <= month.most_dollars
    usual = month.requests, month.units, float(month.dollars)
    assert (len(made), units, float(dollars)) == pytest.approx(usual, rel=0.25)


def test_a_budget_bounds_the_plan(home: Home) -> None:
    day = home.day(FIRST)
    with clock.still(day.scheduled_at):
        reach = replace(home.reach("x"), dollars_per_day=Decimal("0.10"), dollars_per_month=Decimal("2.50"))
        of_day, of_month = pipeline.cost(home.settings, "x", day, reach)
        free_day, free_month = pipeline.cost(home.settings, "x", day, home.reach("x"))
    assert free_day.dollars > of_day.dollars == of_day.most_dollars == Decimal("0.10")
    assert free_month.dollars > of_month.dollars == of_month.most_dollars == Decimal("2.50")


# the bill of X


def accounts(count: int, cadence: str) -> list[Account]:
    return [Account("o", "x", f"h{n}", str(10**9 + n), cadence=cadence) for n in range(count)]


def bill(home: Home, reach: Access, on: date) -> tuple[Decimal, Decimal, Decimal]:
    """Of a day by plan: for the counts of accounts, and in all; and in all of thirty days."""
    when = home.day(on)
    with clock.still(when.scheduled_at):
        calls = pipeline.plan(home.settings, "x", when, reach)
        of_day, of_month = pipeline.cost(home.settings, "x", when, reach)
    counts = sum((call.usual_dollars for call in calls if call.endpoint == x.USERS), Decimal(0))
    return counts, of_day.dollars, of_month.dollars


def publish(home: Home, people: list[Account], rungs: tuple[int, ...], on: date, a_day: int, days: int) -> None:
    """As if each account had published `a_day` posts on each of `days` before, read as the ladder asks for them."""
    instant, run_id = datetime.combine(on - timedelta(days=1), datetime.min.time(), UTC), "20260901T220000Z"
    posts, read = [], []
    for age in range(1, days + 1):
        published_at = datetime.combine(on - timedelta(days=age), datetime.min.time(), UTC) + timedelta(hours=12)
        seen_on = published_at.date() + timedelta(days=max(rung for rung in rungs if rung < age))
        for number in range(len(people) * a_day):
            owner, post_id = people[number % len(people)].account_id or "", str((10**6 + age) * 10**6 + number)
            posts.append(Post("x", owner, post_id, published_at, "post", None, None, "public", instant, run_id))
            read.append(Observation("x", owner, post_id, "like_count", seen_on, 1, None, instant, run_id))
    landing = Landing(home.settings.landing)
    landing.prepare()
    landing.write("posts", posts, run_id, instant, "x")
    landing.write("observations", read, run_id, instant - timedelta(days=days), "x")
    landing.write("observations", read, run_id, instant, "x")


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory, quiet: Sandbox) -> dict[str, Decimal]:
    """What docs/access.md says of X, by `plan`."""
    found, on = {}, FIRST + timedelta(days=30)
    own = [replace(quiet.world.organizations[0], organization_id="o")]
    for cadence, days in (("daily", 1), ("weekly", 7)):
        home = Home(tmp_path_factory.mktemp(cadence), quiet)
        home.write_directory(own, accounts(20_000, cadence))
        people = home.people
        week = [x.plan(people.due("x", on + timedelta(days=n)), Tracked(), None) for n in range(days)]
        counts = [sum(call.usual_dollars for call in calls if call.endpoint == x.USERS) for calls in week]
        found |= {f"20,000 {cadence}": Decimal(sum(counts)) / days, f"20,000 {cadence}, most": Decimal(max(counts))}
    for name, rungs in (("ladder", LADDERS["x"]), ("every day", tuple(range(30)))):
        home, tracked = Home(tmp_path_factory.mktemp("posts"), quiet), accounts(50, "daily")
        home.write_directory(own, tracked)
        publish(home, tracked, rungs, on, 10, max(rungs) + 2)
        counts, of_day, of_month = bill(home, replace(home.reach("x"), ladder=rungs), on)
        found |= {"50 counts": counts, f"50 {name}": of_day, f"50 {name}, month": of_month}
    return found


def test_the_bill_of_x_is_under_a_quarter_with_the_ladder(bills: dict[str, Decimal]) -> None:
    assert float(bills["50 every day"]) == pytest.approx(75, rel=0.02)
    assert bills["50 ladder"] < bills["50 every day"] / 4
    assert bills["50 ladder, month"] < bills["50 every day, month"] / 4
    assert float(bills["50 every day, month"]) == pytest.approx(30 * 75, rel=0.02)


def test_weekly_accounts_are_spread_over_the_week(bills: dict[str, Decimal]) -> None:
    assert bills["20,000 weekly, most"] < bills["20,000 weekly"] * Decimal("1.05")


def test_the_page_says_what_the_plan_says(bills: dict[str, Decimal]) -> None:
    page = (Path(__file__).parents[1] / "docs" / "access.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")] for line in page.splitlines() if line.startswith("| ")]
    told = {row[1]: row[-2] for row in rows}
    assert told["50 accounts, daily, counts alone"] == f"${bills['50 counts']:.2f}"
    assert told["the same, and 10 new posts a day from each, on 7 days"] == f"${bills['50 ladder']:.2f}"
    assert told["the same, every post read on each of 30 days"] == f"${bills['50 every day']:.2f}"
    assert told["20,000 accounts, daily, counts alone"] == f"${bills['20,000 daily']:.2f}"
    assert told["20,000 accounts, each once a week, counts alone"] == f"${bills['20,000 weekly']:.2f}"
