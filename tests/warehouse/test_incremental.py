"""Going on from what is built gives the same rows as building everything, whatever lands and in whatever order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from socialmetrics import warehouse
from socialmetrics.settings import Settings

from .conftest import Landing, Row, at, built_from_nothing, marts, reason, settings_of, value

FIRST = date(2026, 6, 1)
DAYS = 75
LAST = FIRST + timedelta(days=DAYS - 1)
ORGANIZATIONS = [
    {"organization_id": "ours", "name": "Ours", "is_own": True},
    {"organization_id": "peer", "name": "Peer", "is_own": False},
]
ACCOUNTS = [
    {"platform": "x", "account_id": "1"},
    {"platform": "x", "account_id": "2", "organization_id": "peer", "is_own": False, "cadence": "weekly", "weekday": 7},
    {"platform": "youtube", "account_id": "1"},
    {"platform": "x", "account_id": "3"},
]
TABLES = {
    "account_days",
    "account_metric_days",
    "account_months",
    "account_weeks",
    "accounts",
    "coverage_days",
    "initiatives",
    "engagement_weeks",
    "initiative_effects",
    "metric_breaks",
    "metrics",
    "notes",
    "observations",
    "organization_months",
    "organization_weeks",
    "organizations",
    "peer_weeks",
    "platform_adoption",
    "post_days",
    "post_patterns",
    "post_performance",
    "posts",
    "weekly_scorecard",
}

WITHOUT_A_RULE = {
    "breaks": "hands on int_breaks",
    "notes": "hands on int_notes",
    "organizations": "hands on int_latest_organizations",
    "landed_files": "reads the names of files, which no unit test can give; going on from them is tested here",
    "stg_accounts": "names columns",
    "stg_calls": "names columns",
    "stg_initiatives": "names columns",
    "stg_notes": "names columns",
    "stg_organizations": "names columns",
    "stg_profiles": "names columns",
    "stg_readings": "names columns",
    "stg_runs": "names columns",
}


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def x_run(landing: Landing, number: int, again: int = 0, add: int = 0, published: int = 10) -> None:
    """A day of X: two daily accounts, a weekly one on Sundays, and a post a week, followed for two weeks.

    On its first day and its fourth nobody tells the post's kind.
    """
    on = day(number)
    rows = [value("1", "followers_count", 1000 + number * 10 + add), value("3", "followers_count", 50 + number % 7)]
    rows.append(value("3", "listed_count", 0 if number % 20 == 19 else 40))
    if on.isoweekday() == 7:
        rows.append(value("2", "followers_count", 500 + number))
    posts: list[Row] = []
    for week in range(max(0, number // 7 - 1), number // 7 + 1):
        post = {"account_id": "1", "post_id": f"p{week}"}
        post |= {"kind": None if number - week * 7 in (0, 3) else f"kind {week % 3}"}
        posts.append(post | {"published_at": at(day(week * 7), published), "title": f"post {week}"})
        rows.append(value("1", "public_metrics.like_count", (number - week * 7) * 3 + add, post_id=f"p{week}"))
        rows.append(value("1", "public_metrics.impression_count", (number - week * 7) * 30, post_id=f"p{week}"))
    landing.run(on, "x", rows, posts, [{"account_id": "1", "handle": "one"}], again=again)


def youtube_run(landing: Landing, number: int, again: int = 0, late: float = 0, fails: bool = False) -> None:
    rows = [reason("1", "unavailable")]
    if not fails:
        rows = [
            value("1", "subscriberCount", 123000 + number // 9 * 1000),
            value("1", "viewCount", 10**6 + number * 100),
        ]
    landing.run(day(number), "youtube", rows, late=late, again=again)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse of 75 days that then goes through everything that may happen, one load after the other."""
    settings = settings_of(tmp_path_factory.mktemp("home"))
    landing = Landing(settings.landing)
    landing.directory(FIRST, ACCOUNTS, ORGANIZATIONS)
    undertaken(landing, FIRST, ended_on=None)
    looked_at(landing, 65, "3")
    looked_at(landing, 69, "1")
    for number in range(DAYS):
        x_run(landing, number)
        if number % 11 != 5:
            youtube_run(landing, number, late=7 if number % 13 == 0 else 0, fails=number in (20, DAYS - 1))
    assert warehouse.build(settings).because == "there is no earlier build"

    # the day again: a number is restated, and a reason gives way to a value
    x_run(landing, DAYS - 1, again=1, add=4)
    youtube_run(landing, DAYS - 1, again=1)
    landing.run(day(DAYS - 1), "x", [reason("1", "not_found", post_id=post) for post in ("p4", "p5")], again=2)
    goes_on(settings)

    # a directory names an organization anew, and one more is our own until the next directory
    landing.directory(day(DAYS - 1), ACCOUNTS, [ORGANIZATIONS[0] | {"name": "We"}, ORGANIZATIONS[1] | {"is_own": True}])
    goes_on(settings)

    # two days without a run; the build after stops halfway, the next day lands before it is run again
    x_run(landing, DAYS + 2)
    warehouse.run_dbt(settings, "run", "--select", "+account_metric_days", "+int_posts")
    x_run(landing, DAYS + 3, published=9)
    youtube_run(landing, DAYS + 3)
    # a post that was last seen weeks ago is dated today, and again the day after
    dated_anew(landing, "p2", at(day(DAYS + 3), 10), at(day(DAYS + 3)))
    landing.run(day(DAYS + 3), "x", [value("1", "public_metrics.like_count", 70, post_id="p2")], again=1)
    goes_on(settings)

    # files of older days: a gap is filled, a reason replaced, a post's date of publication moves
    youtube_run(landing, 38)
    youtube_run(landing, 20, again=1)
    dated_anew(landing, "p3", at(day(12)), at(day(40)))
    dated_anew(landing, "p4", at(day(20)), at(day(43)))

    # and figures from elsewhere, older than everything, between everything and of a total
    imported = [(day(-400), 600, "rounded"), (day(-30), 900, "more_than"), (day(3), 77, "exact"), (day(-7), 0, "exact")]
    metric = {"platform": "x", "account_id": "1", "metric": "followers"}
    rows = [metric | {"measured_on": on, "value": figure, "precision": how} for on, figure, how in imported]
    rows.append(metric | {"account_id": None, "measured_on": day(-30), "value": 10**6})
    rows.append(metric | {"account_id": "unknown", "measured_on": day(-9), "value": 5})
    rows.append(metric | {"account_id": "2", "measured_on": day(-100), "value": 300})
    landing.readings(at(day(DAYS + 3), 23), rows)
    goes_on(settings)

    # an account is listed by mistake with its past, and taken out again on the same day
    mistaken = {"platform": "x", "account_id": "9"}
    landing.directory(day(DAYS + 3), [*ACCOUNTS, mistaken], ORGANIZATIONS)
    past = mistaken | {"metric": "followers"}
    landing.readings(
        at(day(DAYS + 3), 22), [past | {"measured_on": day(-number), "value": 500 - number} for number in (51, 44)]
    )
    goes_on(settings)
    landing.directory(day(DAYS + 3), ACCOUNTS, ORGANIZATIONS, hour=23)
    goes_on(settings)

    # and back again
    dated_anew(landing, "p4", at(day(28), 10), at(day(44)))

    # another directory: one account is new, one closed, one daily, one gone; and a platform loses its token
    changed = [
        ACCOUNTS[0] | {"closed_on": day(DAYS + 4)},
        ACCOUNTS[1] | {"cadence": "daily", "weekday": None},
        ACCOUNTS[2],
        {"platform": "x", "account_id": "unknown", "cadence": "weekly", "weekday": 1},
    ]
    landing.directory(day(DAYS + 4), changed, ORGANIZATIONS)
    undertaken(landing, day(DAYS + 4), ended_on=day(60))
    x_run(landing, DAYS + 4)
    of_posts = [value("1", "public_metrics.like_count", likes, post_id=post) for post, likes in (("p5", 9), ("p2", 71))]
    landing.run(day(DAYS + 4), "x", of_posts, again=1)
    landing.ran(day(DAYS + 4), "youtube", "no token", at(day(DAYS + 4)), "not_set_up")
    goes_on(settings)

    # a directory that lands late takes away days on which nothing was found
    landing.directory(day(DAYS + 1), ACCOUNTS[:1] + ACCOUNTS[2:3], ORGANIZATIONS)
    assert warehouse.build(settings).because is None

    # and time passes: nobody will look for what the third account published in August's first week any more
    landing.ran(day(DAYS + 11), "youtube", "still no token", at(day(DAYS + 11)), "not_set_up")
    goes_on(settings)
    return settings


def looked_at(landing: Landing, number: int, account_id: str) -> None:
    """A call that asked for an account's posts, and was read to its end."""
    run = {"platform": "x", "measured_on": day(number), "run_id": f"look{number}", "called_at": at(day(number))}
    how = {"endpoint": "posts", "credential": "", "outcome": "ok", "is_discovery": True, "is_last": True}
    landing.write(
        "calls", [run | how | {"asked": [account_id], "page": 1, "units": 1, "dollars": 0.01, "latency_ms": 5}]
    )


def undertaken(landing: Landing, on: date, ended_on: date | None) -> None:
    """The directory's initiative, with a note on its first day."""
    stamp = {"measured_on": on, "landed_at": at(on), "run_id": f"{on:%Y%m%d}T220000Z"}
    what = {"initiative_id": "voices", "name": "Voices", "organization_id": "ours", "platform": "x"}
    when = {"metric": "followers", "started_on": day(32), "ended_on": ended_on}
    landing.write("initiatives", [stamp | what | when])
    landing.write("notes", [stamp | {"noted_on": day(32), "text": "Voices began.", "hide_post": False}])


def dated_anew(landing: Landing, post_id: str, published_at: datetime, seen_at: datetime) -> None:
    post = {"platform": "x", "account_id": "1", "post_id": post_id, "status": "public", "run_id": "z"}
    landing.write("posts", [post | {"published_at": published_at, "fetched_at": seen_at}])


def goes_on(settings: Settings) -> None:
    done = warehouse.run_dbt(settings, "run")
    assert done.returncode == 0, done.stdout


def test_going_on_equals_building_from_nothing(settings: Settings, tmp_path: Path) -> None:
    gone_on, anew = marts(settings), built_from_nothing(settings, tmp_path / "anew")
    assert set(gone_on) == set(anew) == TABLES
    for table, rows in anew.items():
        assert rows, f"{table} has no row to compare"
        missing, spare = set(rows) - set(gone_on[table]), set(gone_on[table]) - set(rows)
        assert gone_on[table] == rows, (
            f"{table}: missing {sorted(missing, key=str)[:3]}, to spare {sorted(spare, key=str)[:3]}"
        )


@pytest.mark.prove
def test_building_slice_by_slice_equals_one_statement(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "SLICE_ROWS", 250)
    monkeypatch.setattr(warehouse, "ACCOUNT_DAY_ROWS", 0)
    assert len(warehouse._slices(settings.landing, warehouse._listing(settings.landing))) >= 2
    assert built_from_nothing(settings, tmp_path / "sliced") == marts(settings)


def test_a_file_that_lands_while_a_build_runs_waits_for_the_next(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    landing = Landing(settings.landing)
    landing.directory(FIRST, ACCOUNTS, ORGANIZATIONS)
    x_run(landing, 0)
    (settings.warehouse / "build").mkdir(parents=True)

    def models(*names: str) -> None:
        done = warehouse.run_dbt(settings, "build", "--select", *names, "--exclude-resource-type", "unit_test", "test")
        assert done.returncode == 0, done.stdout

    def days_read() -> list[tuple[date, int]]:
        models("int_observations")
        with duckdb.connect(str(settings.warehouse / "build" / "work.duckdb"), read_only=True) as connection:
            return connection.execute(
                "select distinct measured_on, load_id from int_observations order by 1"
            ).fetchall()

    models("landed_files", "metrics", "stg_observations", "stg_readings")
    x_run(landing, 1)
    assert days_read() == [(day(0), 1)]
    models("landed_files")
    assert days_read() == [(day(0), 1), (day(1), 2)]


def test_the_first_day_of_a_month_replaces_no_more_than_the_days_it_looks_back_on(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    landing = Landing(settings.landing)
    landing.directory(FIRST, ACCOUNTS, ORGANIZATIONS)
    (settings.warehouse / "build").mkdir(parents=True)
    assert warehouse.run_dbt(settings, "seed").returncode == 0
    last = (date(2026, 8, 1) - FIRST).days
    for number in range(last - 42, last + 1):
        if number == last:
            goes_on(settings)
        x_run(landing, number)
        looked_at(landing, number, "1")
    goes_on(settings)
    starts = {"measured_on": day(last), "week_start_on": date(2026, 7, 27), "month_start_on": date(2026, 7, 1)}
    replaced = {
        (table, column): since
        for file in ("work", "marts")
        for table, column, since in _replaced(settings.warehouse / "build" / f"{file}.duckdb")
    }
    assert {column for _, column in replaced} == starts.keys()
    too_early = {table: since for (table, column), since in replaced.items() if since < starts[column]}
    assert too_early == {}


def _replaced(file: Path) -> Iterator[tuple[str, str, date]]:
    """Of each table that goes on by periods: its column of them, and the first that the second load replaced."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "select table_name, min_by(column_name, column_index) from duckdb_columns() "
            "where column_name in ('measured_on', 'week_start_on', 'month_start_on') and table_name in "
            "(select table_name from duckdb_columns() where column_name = 'load_id') group by table_name"
        ).fetchall()
        for table, column in tables:
            found = connection.execute(f"select min({column}) from {table} where load_id = 2").fetchone()
            if found and found[0]:
                yield table, column, found[0]


def test_what_was_looked_for_is_waited_for_no_longer_than_a_fortnight(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse / "build" / "marts.duckdb"), read_only=True) as connection:
        told = "select account_id, is_pending from peer_weeks where metric = 'posts_published' and week = '2026-W32'"
        assert connection.execute(told).fetchall() == [("1", False)]


def test_a_post_that_is_gone_and_one_that_came_back(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse / "build" / "marts.duckdb"), read_only=True) as connection:
        told = "select post_id, status, title from posts where post_id in ('p4', 'p5') order by post_id"
        assert connection.execute(told).fetchall() == [("p4", "not_found", None), ("p5", "public", "post 5")]


def test_every_rule_has_a_unit_test_that_passes(settings: Settings) -> None:
    done = warehouse.run_dbt(settings, "test", "--select", "test_type:unit")
    assert "ERROR=0" in done.stdout, done.stdout
    manifest = json.loads((settings.warehouse / "build" / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    assert models - {test["model"] for test in manifest["unit_tests"].values()} == WITHOUT_A_RULE.keys()
