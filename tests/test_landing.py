"""The record on disk: whole or not there, append-only, and read back fast."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from home import Home
from socialmetrics import clock, landing, pipeline, warehouse
from socialmetrics.errors import Locked, Misconfigured
from socialmetrics.landing import Landing
from socialmetrics.records import (
    COLUMNS,
    CallMade,
    Note,
    Observation,
    Organization,
    Post,
    Reason,
    Run,
    Subject,
    Tracked,
)
from socialmetrics.settings import LADDER, LADDERS

FIRST = date(2026, 9, 14)


def at(day: date, hours: float = 0) -> datetime:
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC) + timedelta(hours=hours)


@pytest.fixture
def store(tmp_path: Path) -> Landing:
    store = Landing(tmp_path / "landing")
    store.prepare()
    return store


class Days:
    """Lands the rows of made-up days of one platform."""

    def __init__(self, store: Landing) -> None:
        self.store = store

    def land(
        self,
        day: date,
        *,
        accounts: tuple[str, ...] = ("a",),
        posts: dict[str, datetime] | None = None,
        seen: dict[str, Reason | None] | None = None,
        is_last: bool = True,
        outcome: str = "ok",
        followers: int = 10,
        hours: float = 0,
        units: int = 1,
    ) -> str:
        when = at(day, hours)
        run_id = clock.stamp(when)
        observed = [
            Observation("x", name, None, "followers_count", day, followers, None, when, run_id) for name in accounts
        ]
        for post_id, reason in (seen or {}).items():
            value = None if reason else 5
            observed.append(Observation("x", accounts[0], post_id, "likes", day, value, reason, when, run_id))
        found = [
            Post("x", accounts[0], post_id, published, "post", None, None, "public", when, run_id)
            for post_id, published in (posts or {}).items()
        ]
        calls = [
            CallMade(
                "x",
                "users/tweets",
                "",
                accounts,
                1,
                outcome,
                True,
                is_last,
                units,
                Decimal("0.01"),
                5,
                day,
                when,
                run_id,
            )
        ]
        for kind, records in (("observations", observed), ("posts", found), ("calls", calls)):
            self.store.write(kind, records, run_id, when, "x")
        run = Run(run_id, "x", day, at(day), when, "complete", None)
        self.store.write("runs", [run], run_id, when, "x")
        return run_id


@pytest.fixture
def days(store: Landing) -> Days:
    return Days(store)


# files


def test_every_kind_has_its_columns_before_anything_landed(store: Landing) -> None:
    for kind, columns in COLUMNS.items():
        assert pq.read_schema(store.root / kind / "columns.parquet").equals(columns)
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*.parquet")}
    store.prepare()
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*.parquet")} == before


def test_nothing_lands_as_no_file(store: Landing) -> None:
    assert store.write("observations", [], "run", at(FIRST), "x") is None
    assert list(store.root.glob("observations/*/*")) == []


def test_rows_come_back_as_they_went(days: Days) -> None:
    days.land(FIRST, posts={"p": at(FIRST)})
    [file] = days.store.root.glob("posts/platform=x/fetched_on=2026-09-14/*.parquet")
    assert file.stem == "20260914T220000Z"
    [row] = pq.read_table(file, partitioning=None).to_pylist()
    assert (row["post_id"], row["published_at"], row["fetched_at"]) == ("p",) + (at(FIRST).replace(tzinfo=None),) * 2


@pytest.mark.parametrize("fails_at", ["write_table", "replace"])
def test_a_write_that_fails_leaves_what_was_there(days: Days, monkeypatch: pytest.MonkeyPatch, fails_at: str) -> None:
    days.land(FIRST)
    before = {path: path.read_bytes() for path in days.store.root.rglob("*.parquet")}

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((landing.pq, "write_table") if fails_at == "write_table" else (os, "replace")), fail)
    with pytest.raises(OSError, match="No space"):
        days.land(FIRST, followers=99)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in days.store.root.rglob("*.parquet")} == before


def test_responses_take_their_place_only_when_all_went_well(store: Landing) -> None:
    with pytest.raises(ZeroDivisionError), store.responses("x", "run", at(FIRST)) as lines:
        lines.write(bytes(1 // 0))
    assert store.run_ids("x") == []
    assert list(store.root.rglob("*.part")) == []


def test_leftovers_are_cleared_by_who_may_know_that_nobody_writes_them(store: Landing) -> None:
    day = store.root / "responses" / "platform=x" / "fetched_on=2026-09-14"
    names = ("20260914T220000Z", "20260914T220000Z-2", "20260914T220000Z-1of2", "20260914T220000Z-resolve", "2026-08")
    leftovers = [day / f"{name}.parquet.part" for name in names]
    shared = store.root / "organizations" / "landed_on=2026-09-14" / "20260914T220000Z.parquet.part"
    for path in (*leftovers, shared):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def left() -> list[int]:
        return [number for number, path in enumerate(leftovers) if path.exists()]

    store.prepare()
    assert (left(), shared.exists()) == ([0, 1, 2, 3, 4], False)
    for platform, part, still in (
        ("youtube", "", [0, 1, 2, 3, 4]),
        ("x", "-2of2", [0, 1, 2, 3, 4]),
        ("x", "-1of2", [0, 1, 3, 4]),
        ("x", "", [3, 4]),
        ("x", "-resolve", [4]),
    ):
        with store.hold(platform, at(FIRST), part):
            assert left() == still, "another run may be writing, and another command the month"


def test_a_platform_is_asked_by_one_process_at_a_time(store: Landing) -> None:
    with (
        store.hold("x", at(FIRST)),
        store.hold("youtube", at(FIRST)),
        store.hold("x", at(FIRST), "-1of2"),
        pytest.raises(Locked, match=f"Process {os.getpid()} holds .*locks/x"),
        store.hold("x", at(FIRST)),
    ):
        pass


def test_the_same_answers_land_as_the_same_bytes(tmp_path: Path, home: Home) -> None:
    home.pull(FIRST)
    first = {p.relative_to(home.settings.landing): p.read_bytes() for p in home.settings.landing.rglob("*.*")}
    again = Home(tmp_path / "again", home.sandbox)
    again.write_directory(list(home.people.organizations), list(home.people.accounts))
    again.pull(FIRST)
    second = {p.relative_to(again.settings.landing): p.read_bytes() for p in again.settings.landing.rglob("*.*")}
    assert first == second


def test_responses_of_no_run(store: Landing) -> None:
    with pytest.raises(Misconfigured, match="There are no responses of a run 'never' of x"):
        store.read_responses("x", "never")


# names of runs


def test_a_second_run_at_the_same_instant_lands_beside_the_first(home: Home) -> None:
    runs = [home.pull(FIRST, "x")["x"].run for _ in range(3)]
    assert [run.run_id for run in runs] == [f"20260914T220000Z{end}" for end in ("", "-2", "-3")]
    files = home.settings.landing.glob("observations/platform=x/fetched_on=2026-09-14/*.parquet")
    assert sorted(path.stem for path in files) == sorted(run.run_id for run in runs)
    assert [run.run_id for run in home.landing.runs(FIRST)] == [runs[-1].run_id]


def test_a_run_that_was_killed_gives_its_name_back_and_a_finished_one_keeps_it(store: Landing, days: Days) -> None:
    stamp = clock.stamp(at(FIRST))
    assert store.free_run_id("x", stamp) == stamp
    run_id = days.land(FIRST)
    assert store.free_run_id("x", stamp) == f"{stamp}-2"
    assert store.free_run_id("youtube", stamp) == stamp
    assert store.free_run_id("x", f"{stamp}-1of2") == f"{stamp}-1of2"
    next(store.root.glob(f"runs/platform=x/*/{run_id}.parquet")).unlink()
    later = days.land(FIRST + timedelta(days=1))
    with store.hold("x", at(FIRST)) as name:
        assert name == stamp
        assert [path.stem for path in store.root.glob("observations/platform=x/*/*")] == [later]


# the directory


def test_the_directory_lands_only_when_it_changed(store: Landing) -> None:
    ours = Organization("ours", "Ours", True)

    def land(records: list[Organization], day: date, run_id: str) -> int:
        store.write_directory("organizations", records, day, run_id, at(day))
        return len(list(store.root.glob("organizations/landed_on=*/*.parquet")))

    assert land([ours], FIRST, "1") == 1
    assert land([ours], FIRST + timedelta(days=1), "2") == 1
    assert land([replace(ours, name="Other")], FIRST + timedelta(days=2), "3") == 2
    assert land([ours], FIRST + timedelta(days=3), "4") == 3
    assert land([], FIRST + timedelta(days=4), "5") == 4
    assert land([], FIRST + timedelta(days=5), "6") == 4
    newest = max(store.root.glob("organizations/landed_on=*/*.parquet"))
    assert pq.read_table(newest, partitioning=None).num_rows == 0


def test_the_directory_of_a_second_run_at_the_same_instant_is_the_later_one(store: Landing) -> None:
    stamp = clock.stamp(at(FIRST))
    for run_id, text, files in ((stamp, "one", 1), (f"{stamp}-2", "two", 2), (f"{stamp}-3", "two", 2)):
        store.write_directory("notes", [Note(FIRST, None, None, text)], FIRST, run_id, at(FIRST))
        assert len(list(store.root.glob("notes/landed_on=*/*.parquet"))) == files


# what is tracked


def tracked(store: Landing, day: date, zone: str = "UTC", rungs: tuple[int, ...] = LADDER) -> Tracked:
    return store.tracked("x", day, zone, rungs)


def test_nothing_landed_nothing_is_tracked(store: Landing) -> None:
    assert tracked(store, FIRST) == Tracked()
    assert store.known_posts("x", at(FIRST)) == set()
    assert store.spent("x", at(FIRST)) == (0, Decimal(0))
    assert store.observed("x", FIRST) == set()
    assert store.runs(FIRST) == []


def test_a_post_is_tracked_on_its_rungs_and_not_twice_a_day(days: Days) -> None:
    days.land(FIRST, posts={"p": at(FIRST, -3)}, seen={"p": None})
    due = []
    for age in range(12):
        day = FIRST + timedelta(days=age)
        if [post.post_id for post in tracked(days.store, day).posts] == ["p"]:
            due.append(age)
            days.land(day, seen={"p": None}, hours=1)
            assert tracked(days.store, day).posts == ()
    assert due == [1, 2, 3, 5, 7, 10]
    assert tracked(days.store, FIRST).known == {"p"}


@pytest.mark.parametrize(
    ("reason", "is_due"),
    [
        (Reason.NOT_FOUND, False),
        (Reason.SUSPENDED, False),
        (Reason.FORBIDDEN, False),
        (Reason.HIDDEN, False),
        (Reason.UNAVAILABLE, True),
        (Reason.UNREADABLE, True),
        (Reason.DENIED, True),
        (Reason.NOT_COLLECTED, True),
    ],
)
def test_a_reason_that_settles_it_is_not_asked_for_again_on_that_rung(days: Days, reason: Reason, is_due: bool) -> None:
    days.land(FIRST, posts={"p": at(FIRST, -3)}, seen={"p": None})
    day = FIRST + timedelta(days=1)
    days.land(day, seen={"p": reason})
    assert bool(tracked(days.store, day).posts) == is_due


def test_the_age_of_a_post_is_counted_in_the_zone_of_the_settings(days: Days) -> None:
    published = datetime(2026, 9, 14, 3, tzinfo=UTC)  # still the 13th in Chicago
    days.land(FIRST, posts={"p": published}, seen={"p": None})
    day = FIRST + timedelta(days=1)
    assert tracked(days.store, day, "UTC", (0, 1)).posts
    assert not tracked(days.store, day, "America/Chicago", (0, 1)).posts  # was seen at the age of 1 already
    assert tracked(days.store, day, "America/Chicago", (0, 2)).posts


def test_posts_beyond_the_ladder_are_forgotten_but_known(days: Days) -> None:
    days.land(FIRST, posts={"old": at(FIRST, -24 * 200), "new": at(FIRST, -24 * 5)})
    assert tracked(days.store, FIRST).known == {"new"}
    assert days.store.known_posts("x", at(FIRST, 1)) == {"old", "new"}
    assert days.store.known_posts("x", at(FIRST)) == set()


def test_a_last_rung_is_made_up_for_a_weekly_account_that_missed_its_day(days: Days) -> None:
    """Twelve days after the rung a post is still due; then it is let go."""
    days.land(FIRST, posts={"post": at(FIRST, -24 * 30)})
    for late, is_due in ((0, True), (12, True), (15, False)):
        due = days.store.tracked("x", FIRST + timedelta(days=60 + late), "UTC", (0, 90)).posts
        assert ([post.post_id for post in due] == ["post"]) == is_due


def test_a_discovery_that_failed_leaves_no_hole(days: Days) -> None:
    monday, tuesday, wednesday = (FIRST + timedelta(days=n) for n in range(3))
    days.land(monday, posts={"1": at(monday, -1)}, followers=10)
    days.land(tuesday, posts={"2": at(tuesday, -1)}, followers=20, is_last=False, outcome="unavailable")
    found = tracked(days.store, wednesday)
    assert found.discovered_at == {"a": at(monday)}
    assert found.values == {"a": {"followers_count": 10}}
    assert found.newest == {"a": "1"}
    days.land(wednesday, posts={"3": at(wednesday, -1)}, followers=30)
    found = tracked(days.store, wednesday + timedelta(days=1))
    assert found.discovered_at == {"a": at(wednesday)}
    assert found.values == {"a": {"followers_count": 30}}
    assert found.newest == {"a": "3"}


def test_the_counts_of_a_discovery_are_those_known_by_then(days: Days) -> None:
    days.land(FIRST, followers=10)
    days.land(FIRST, followers=11, hours=2, is_last=False, outcome="unavailable")
    assert tracked(days.store, FIRST + timedelta(days=1)).values == {"a": {"followers_count": 10}}


def test_an_account_that_gave_no_value_was_not_looked_through(days: Days) -> None:
    days.land(FIRST, accounts=("a", "b"))
    when = at(FIRST, 24)
    day = FIRST + timedelta(days=1)
    call = CallMade("x", "page", "", ("a", "b"), 1, "ok", True, True, 1, Decimal(0), 5, day, when, "second")
    days.store.write("calls", [call], "second", when, "x")
    values = [Observation("x", "a", None, "followers_count", day, 5, None, when, "second")]
    days.store.write("observations", values, "second", when, "x")
    assert tracked(days.store, FIRST + timedelta(days=2)).discovered_at == {"a": when, "b": at(FIRST)}


def test_the_usual_number_of_posts_a_day(days: Days) -> None:
    days.land(FIRST, posts={str(n): at(FIRST, -24 * n - 1) for n in range(14)} | {"old": at(FIRST, -24 * 40)})
    assert tracked(days.store, FIRST).posts_per_day == {"a": 0.5}


def test_posts_a_day_are_counted_up_to_the_last_look(days: Days) -> None:
    """What a weekly account has published since its last look is not known yet: 7 posts in 145 hours."""
    days.land(FIRST, posts={str(n): at(FIRST, -24 * n - 1) for n in range(7)})
    days.land(FIRST + timedelta(days=6), accounts=("b",), posts={})
    told = tracked(days.store, FIRST + timedelta(days=7)).posts_per_day
    assert told["a"] == pytest.approx(7 / (145 / 24))


def test_what_was_spent_since_an_instant(days: Days) -> None:
    for hours in (0, 3, 30):
        days.land(FIRST, hours=hours, units=2)
    assert days.store.spent("x", at(FIRST)) == (6, Decimal("0.03"))
    assert days.store.spent("x", at(FIRST, 1)) == (4, Decimal("0.02"))
    assert days.store.spent("x", at(FIRST, 31)) == (0, Decimal(0))
    assert days.store.spent("youtube", at(FIRST)) == (0, Decimal(0))


def test_what_was_observed_on_a_day(days: Days) -> None:
    days.land(FIRST, seen={"p": None, "gone": Reason.NOT_FOUND})
    days.land(FIRST + timedelta(days=1), accounts=("b",))
    assert days.store.observed("x", FIRST) == {Subject("a"), Subject("a", "p")}
    assert days.store.observed("x", FIRST + timedelta(days=1)) == {Subject("b")}


def test_the_latest_run_of_a_day_counts(days: Days) -> None:
    days.land(FIRST)
    days.land(FIRST, hours=3)
    [run] = days.store.runs(FIRST)
    assert (run.run_id, run.started_at, run.scheduled_at) == (clock.stamp(at(FIRST, 3)), at(FIRST, 3), at(FIRST))


def test_reading_seventy_days_back_is_quick(days: Days) -> None:
    """What each run asks of the record stays far under a second after ten weeks; measured in the process's own time."""
    for n in range(70):
        day = FIRST + timedelta(days=n)
        posts = {f"{n}-{i}": at(day, -i) for i in range(10)}
        days.land(day, posts=posts, seen=dict.fromkeys(posts))
    store, last = Landing(days.store.root), FIRST + timedelta(days=70)
    tracked(store, last)  # the connection
    began = time.process_time()
    for _ in range(3):
        tracked(store, last)
        store.spent("x", at(last, -24))
        store.known_posts("x", at(last))
        store.observed("x", last)
    assert (time.process_time() - began) / 3 < 0.5


def test_a_post_lands_once_and_a_title_with_it(home: Home) -> None:
    for n in range(3):
        home.pull(FIRST + timedelta(days=n), "youtube")
    posts = home.rows("posts", "youtube")
    assert len({post["post_id"] for post in posts}) == len(posts)
    owns = {a.account_id for a in home.people.accounts if a.is_own}
    assert all((post["title"] is not None) == (post["account_id"] in owns) for post in posts)
    assert any(post["title"] for post in posts)
    assert pipeline.run_ids(home.settings, "youtube") == sorted(
        {post["run_id"] for post in home.rows("runs", "youtube")}
    )


def months(home: Home, kind: str) -> list[str]:
    return sorted(path.name for path in (home.settings.landing / kind).glob("platform=*/*/*.parquet"))


def test_a_closed_month_becomes_one_file_a_kind_and_no_row_changes(home: Home) -> None:
    """August's two last days and September's first: only August is closed on the 8th of September."""
    for day in (date(2026, 8, 30), date(2026, 8, 31), date(2026, 9, 1)):
        home.pull(day, "x")
    kinds = ("observations", "profiles", "posts", "calls", "runs")
    before = {kind: sorted(map(str, home.rows(kind, "x"))) for kind in kinds}
    tracked = home.landing.tracked("x", date(2026, 9, 2), "UTC", LADDERS["x"])

    home.landing.compact(datetime(2026, 9, 7, 23, tzinfo=UTC))
    assert len(months(home, "runs")) == 3
    home.landing.compact(datetime(2026, 9, 8, tzinfo=UTC))
    assert months(home, "runs") == ["2026-08.parquet", "20260901T220000Z.parquet"]
    assert {kind: sorted(map(str, home.rows(kind, "x"))) for kind in kinds} == before
    assert home.landing.tracked("x", date(2026, 9, 2), "UTC", LADDERS["x"]) == tracked
    assert [run.status for run in home.landing.runs(date(2026, 8, 31))] == ["complete"]


def test_putting_together_goes_on_where_it_was_killed_and_takes_in_what_came_later(home: Home) -> None:
    for day in (date(2026, 8, 30), date(2026, 8, 31)):
        home.pull(day, "x")
    folder = home.settings.landing / "runs" / "platform=x"
    kept = {path: path.read_bytes() for path in folder.glob("*/*.parquet")}
    home.landing.compact(datetime(2026, 9, 8, tzinfo=UTC))
    whole = home.rows("runs", "x")
    for path, content in kept.items():  # as a kill between writing and removing leaves them
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    home.landing.compact(datetime(2026, 9, 8, tzinfo=UTC))
    assert home.rows("runs", "x") == whole
    assert months(home, "runs") == ["2026-08.parquet"]


def test_an_import_waits_while_landing_is_held_alone(store: Landing) -> None:
    """Who holds it alone takes half-written files for those of a dead process."""
    store.prepare()
    writing = threading.Thread(target=store.write, args=("readings", [], "import-a", at(FIRST)))
    with store.alone():
        writing.start()
        writing.join(0.3)
        assert writing.is_alive()
    writing.join(10)
    assert store.readings_file("import-a")


def test_a_month_is_put_together_only_while_nobody_asks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class Begun(Exception):
        pass

    def begun(*_: Any) -> None:
        raise Begun

    for day in (date(2026, 8, 30), date(2026, 8, 31)):
        home.pull(day, "x")
    monkeypatch.setattr(warehouse, "_why_afresh", begun)
    with clock.still(datetime(2026, 9, 8, tzinfo=UTC)):
        with home.landing.together(), pytest.raises(Begun):
            warehouse.build(home.settings)
        assert len(months(home, "runs")) == 2
        with pytest.raises(Begun):
            warehouse.build(home.settings)
        assert months(home, "runs") == ["2026-08.parquet"]


def test_no_build_reads_a_month_that_a_kill_left_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in (date(2026, 8, 30), date(2026, 8, 31)):
        home.pull(day, "x")
    kept = {path: path.read_bytes() for path in (home.settings.landing / "calls").glob("platform=x/*/*.parquet")}
    instant = datetime(2026, 9, 8, tzinfo=UTC)
    home.landing.compact(instant)
    path, content = kept.popitem()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    monkeypatch.setattr(warehouse, "_why_afresh", lambda *_: pytest.fail("The build went on."))
    with clock.still(instant), home.landing.together(), pytest.raises(Locked, match="A run holds "):
        warehouse.build(home.settings)


def test_a_run_of_a_closed_month_is_reparsed_and_its_name_stays_taken(home: Home) -> None:
    for day in (date(2026, 8, 30), date(2026, 8, 31)):
        home.pull(day, "facebook")
    before = sorted(map(str, home.rows("observations", "facebook")))
    home.landing.compact(datetime(2026, 9, 8, tzinfo=UTC))
    assert pipeline.reparse(home.settings, "facebook", "20260830T220000Z") > 0
    assert months(home, "observations") == ["2026-08.parquet"]
    assert sorted(map(str, home.rows("observations", "facebook"))) == before
    assert home.landing.free_run_id("facebook", "20260830T220000Z") == "20260830T220000Z-2"
