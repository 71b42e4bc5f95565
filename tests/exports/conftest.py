"""A small published file made by hand: one hospital of ours on three platforms, 60 weeks, six peers on each."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from socialmetrics.exports import Figures, freeze
from socialmetrics.exports.weeks import week_of
from socialmetrics.records import Reason

WEEK, MONDAY, SUNDAY = "2026-W47", date(2026, 11, 16), date(2026, 11, 22)
INSTANT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LINES = (
    ("facebook", "followers"),
    ("facebook", "connections"),
    ("x", "followers"),
    ("youtube", "followers"),
    ("youtube", "views"),
)
START = {"followers": 48_212, "connections": 45_010, "views": 21_400_000}
PLACES = {
    ("facebook", "followers"): (7, 7, 41, "bed_size", "300-499"),
    ("facebook", "connections"): (8, 8, 41, "bed_size", "300-499"),
    ("x", "followers"): (4, 4, 7, "all", "all"),
    ("youtube", "followers"): (3, 5, 28, "bed_size", "300-499"),
}
STEP = {"followers": 120, "connections": 95, "views": 61_000}
RANK = ("rank_from", "rank_to", "rank_n", "rank_stratum", "rank_stratum_value")
NASTY = '=HYPERLINK("http://evil.example","x")<script>alert(\'1\')</script> & \u202egpj.exe ../../etc/passwd'

SEEDS = Path(__file__).parents[2] / "sql" / "seeds"
_MISSING = ", ".join(f"missing_{reason} bigint default 0" for reason in Reason)
_TABLES = f"""
create table organizations (organization_id varchar, name varchar, is_own boolean);
create table accounts (
    account_key bigint, platform varchar, account_id varchar, organization_id varchar, handle varchar, name varchar,
    url varchar, label varchar, account_group varchar, is_own boolean, cadence varchar, opened_on date, closed_on date,
    status varchar, first_observed_on date, last_observed_on date);
create table posts (
    account_key bigint, platform varchar, account_id varchar, post_id varchar, published_at timestamp,
    published_on date, kind varchar, title varchar, url varchar, status varchar, first_seen_at timestamp);
create table notes (noted_on date, platform varchar, post_id varchar, text varchar, hide_post boolean);
create table metrics as from read_csv('{SEEDS}/metrics.csv');
create table metric_breaks as from read_csv('{SEEDS}/metric_breaks.csv');
create table account_metric_days (
    account_key bigint, platform varchar, account_id varchar, organization_id varchar, metric varchar, measured_on date,
    value bigint, low bigint, high bigint, is_imported boolean, reason varchar, fetched_at timestamp);
create table post_days (
    account_key bigint, platform varchar, account_id varchar, post_id varchar, measured_on date, age_days integer,
    comments bigint, engagements bigint, previous_on date, engagements_change bigint);
create table post_performance (
    account_key bigint, platform varchar, account_id varchar, post_id varchar, is_far_above_usual boolean,
    is_mostly_comments boolean);
create table post_patterns (
    account_key bigint, platform varchar, account_id varchar, dimension varchar, dimension_value varchar,
    latest_on date, posts_published integer, posts_with_lift integer, median_lift_7d double);
create table account_weeks (
    account_key bigint, platform varchar, account_id varchar, organization_id varchar, metric varchar, kind varchar,
    week varchar, week_start_on date, end_on date, value bigint, low bigint, high bigint, reason varchar,
    change bigint, change_low bigint, change_high bigint, growth_rate double, weekly_growth_rate double,
    days_expected bigint, days_observed bigint, is_complete boolean, usual_low bigint, usual_high bigint,
    usual_weeks bigint, reading varchar, last_year_value bigint, last_year_change bigint,
    change_since_last_year bigint);
create table peer_weeks (
    account_key bigint, platform varchar, account_id varchar, organization_id varchar, account_group varchar,
    metric varchar, week varchar, stratum varchar, value bigint, low bigint, high bigint, n integer, rank_from integer,
    rank_to integer, growth_rate double, growth_n integer, growth_rank_from integer, growth_rank_to integer,
    growth_median double, is_below_floor boolean);
create table coverage_days (
    platform varchar, measured_on date, expected bigint, observed bigint, missing bigint, {_MISSING},
    accounts_expected bigint, accounts_observed bigint, is_complete boolean, complete_through_on date,
    calls bigint, units bigint, dollars decimal(18, 6), status varchar, message varchar);
create table weekly_scorecard (
    organization_id varchar, name varchar, platform varchar, metric varchar, display_name varchar, week varchar,
    week_start_on date, accounts bigint, value bigint, low bigint, high bigint, change bigint, change_low bigint,
    change_high bigint, growth_rate double, usual_low bigint, usual_high bigint, usual_weeks bigint, reading varchar,
    last_year_value bigint, change_since_last_year bigint, change_since_last_year_low bigint,
    change_since_last_year_high bigint, is_complete boolean, reason varchar, is_rounded boolean,
    note varchar, compared_days integer, compared_value bigint, rank_from integer, rank_to integer, rank_n integer,
    rank_stratum varchar, rank_stratum_value varchar, days_expected integer, days_observed integer);
"""


def insert(connection: duckdb.DuckDBPyConnection, table: str, **row: Any) -> None:
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


def key_of(platform: str, account_id: str) -> int:
    return zlib.crc32(f"{platform}|{account_id}".encode())


def _wobble(*parts: object) -> float:
    """A fixed number between -1 and 1 for any words."""
    return zlib.crc32("|".join(map(str, parts)).encode()) % 2001 / 1000 - 1


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    for statement in _TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    insert(connection, "organizations", organization_id="own", name="Riverside Health", is_own=True)
    _directory(connection)
    _scorecard(connection)
    _days(connection)
    _posts(connection)
    _patterns(connection)
    _notes(connection)


def _directory(connection: duckdb.DuckDBPyConnection) -> None:
    for n in range(1, 7):
        insert(connection, "organizations", organization_id=f"peer{n}", name=f"Peer Hospital {n}", is_own=False)
    for platform in ("facebook", "x", "youtube"):
        for n in range(7):
            is_own, account_id = n == 0, f"{platform[0]}{n}"
            insert(
                connection, "accounts", account_key=key_of(platform, account_id), platform=platform,
                account_id=account_id, organization_id="own" if is_own else f"peer{n}",
                handle="riversidehealth" if is_own else f"peerhospital{n}",
                name="Riverside Health" if is_own else f"Peer Hospital {n}", url=f"https://example.org/{platform}/{n}",
                is_own=is_own, cadence="daily", status="active",
            )  # fmt: skip
            value = 48_212 if is_own else 20_000 + 9_000 * n
            low, high = (value // 100 * 100, value // 100 * 100 + 99) if platform == "youtube" else (value, value)
            rate = 0.0025 if is_own else 0.001 * n
            insert(
                connection, "account_weeks", account_key=key_of(platform, account_id), platform=platform,
                account_id=account_id, organization_id="own" if is_own else f"peer{n}", metric="followers",
                kind="level", week=WEEK, week_start_on=MONDAY, end_on=SUNDAY, value=low, low=low, high=high,
                change=-50 if n == 1 else 120,
                change_low=-50, change_high=120, growth_rate=rate, weekly_growth_rate=rate, days_expected=7,
                days_observed=7, is_complete=True, usual_weeks=12, reading="usual",
            )  # fmt: skip
        is_rounded = platform == "youtube"
        insert(
            connection, "peer_weeks", account_key=key_of(platform, f"{platform[0]}0"), platform=platform,
            account_id=f"{platform[0]}0", organization_id="own", account_group="main", metric="followers", week=WEEK,
            stratum="all", is_below_floor=False,
            value=48_200 if is_rounded else 48_212, low=48_200 if is_rounded else 48_212,
            high=48_299 if is_rounded else 48_212, n=7, rank_from=4, rank_to=5 if is_rounded else 4,
            growth_rate=0.0025, growth_n=7, growth_rank_from=None if is_rounded else 5,
            growth_rank_to=None if is_rounded else 6, growth_median=0.003,
        )  # fmt: skip
        for metric, value, low, high in (("posts_published", 9, 5, 11), ("engagements", 1_840, 900, 2_600)):
            insert(
                connection, "account_weeks", account_key=key_of(platform, f"{platform[0]}0"), platform=platform,
                account_id=f"{platform[0]}0", organization_id="own", metric=metric, kind="flow", week=WEEK,
                week_start_on=MONDAY, end_on=SUNDAY, value=value, low=value, high=value, usual_low=low, usual_high=high,
                usual_weeks=12, reading="usual", is_complete=True, days_expected=7, days_observed=7,
            )  # fmt: skip


def _scorecard(connection: duckdb.DuckDBPyConnection) -> None:
    """60 weeks of each line: a week missing in spring, YouTube rounded to three figures and redefined in August."""
    for platform, metric in LINES:
        value, previous = START[metric] - 59 * STEP[metric], None
        if platform == "youtube" and metric == "followers":
            value = 1_912_000
        for back in range(59, -1, -1):
            monday = MONDAY - timedelta(weeks=back)
            is_rounded = platform == "youtube" and metric == "followers"
            value += round(STEP[metric] * (20 if is_rounded else 1) * (1 + 0.6 * _wobble(platform, metric, back)))
            seen = value // 10_000 * 10_000 if is_rounded else value
            is_gap = platform == "x" and back in (30, 31)
            is_break = metric == "views" and monday <= date(2026, 8, 24) <= monday + timedelta(days=6)
            change = None if previous is None or is_gap or is_break else seen - previous
            last_year = (
                None if metric == "views" else 1_790_000 if is_rounded else START[metric] - 52 * STEP[metric] - 400
            )
            since, step = None if last_year is None or is_gap else seen - last_year, 9_999 * is_rounded
            insert(
                connection, "weekly_scorecard", organization_id="own", name="Riverside Health", platform=platform,
                metric=metric, display_name=metric.capitalize(), week=week_of(monday), week_start_on=monday, accounts=1,
                value=None if is_gap else seen, low=None if is_gap else seen,
                high=None if is_gap else seen + 9_999 * is_rounded, change=change,
                change_low=None if change is None else change - 9_999 * is_rounded,
                change_high=None if change is None else change + 9_999 * is_rounded,
                growth_rate=None if change is None or not previous else change / previous,
                usual_low=0 if is_rounded else round(STEP[metric] * 0.4),
                usual_high=10_000 if is_rounded else round(STEP[metric] * 1.6),
                usual_weeks=12, reading="cannot tell" if is_rounded else "usual", last_year_value=last_year,
                change_since_last_year=since, change_since_last_year_low=None if since is None else since - step,
                change_since_last_year_high=None if since is None else since + step,
                is_complete=not is_gap,
                reason="denied" if is_gap else None, is_rounded=is_rounded,
                note="A view of any format counts from its first frame." if is_break else None,
                compared_days=7, days_expected=7, days_observed=0 if is_gap else 7,
                **dict(zip(RANK, PLACES.get((platform, metric), ()), strict=False)),
            )  # fmt: skip
            previous = None if is_gap else seen


def _days(connection: duckdb.DuckDBPyConnection) -> None:
    for n in range(7):
        day = MONDAY + timedelta(days=n)
        for platform, metric in LINES:
            account_id = f"{platform[0]}0"
            insert(
                connection, "account_metric_days", account_key=key_of(platform, account_id), platform=platform,
                account_id=account_id, organization_id="own", metric=metric, measured_on=day, value=100 + n,
                low=100 + n, high=100 + n, is_imported=False, fetched_at=f"{day} 22:03:04",
            )  # fmt: skip
        for platform in ("facebook", "x", "youtube"):
            insert(
                connection, "coverage_days", platform=platform, measured_on=day, expected=14, observed=13, missing=1,
                missing_hidden=1, accounts_expected=7, accounts_observed=7, is_complete=True, complete_through_on=day,
                calls=2, units=2, dollars=0, status="complete",
            )  # fmt: skip
        insert(
            connection, "account_metric_days", account_key=key_of("x", "x3"), platform="x", account_id="x3",
            organization_id="peer3", metric="followers", measured_on=day, value=None if n > 2 else 9, is_imported=False,
            reason="suspended" if n > 2 else None, fetched_at=f"{day} 22:03:04",
        )  # fmt: skip
    connection.execute(
        "update account_metric_days set value = null, low = null, high = null, reason = 'hidden' "
        "where metric = 'connections' and measured_on in ('2026-11-17', '2026-11-18')"
    )


def _posts(connection: duckdb.DuckDBPyConnection) -> None:
    titles = {
        "facebook": (
            "Our new children's wing opens on Monday: what families should know",
            "Flu shots, no appointment needed",
        ),
        "x": ("Parking at the north entrance is closed this week. We are sorry for the longer walk.", NASTY),
        "youtube": ("How our transplant team prepares, hour by hour", "Ask a nurse: sleep"),
    }
    for platform, own in titles.items():
        for n, title in enumerate(own):
            account_id, post_id = f"{platform[0]}0", f"{platform}-{n}"
            gained = {"facebook": 612, "x": 488, "youtube": 301}[platform] - 150 * n
            comments = gained - 60 if platform == "x" and n == 0 else gained // 8
            common = {
                "account_key": key_of(platform, account_id),
                "platform": platform,
                "account_id": account_id,
                "post_id": post_id,
            }
            insert(
                connection, "posts", **common, published_at="2026-11-17 15:00:00", published_on=date(2026, 11, 17),
                kind="video" if platform == "youtube" else "post", title=title, status="public",
                url="javascript:alert(1)" if title == NASTY else f"https://example.org/{platform}/{post_id}?a=1&b=2",
            )  # fmt: skip
            insert(
                connection, "post_performance", **common, is_far_above_usual={0: True, 1: None}[n],
                is_mostly_comments=platform == "x" and n == 0,
            )  # fmt: skip
            for day, part in ((date(2026, 11, 17), 3), (date(2026, 11, 19), 1)):
                is_first = part == 3
                insert(
                    connection, "post_days", **common, measured_on=day, age_days=(day - date(2026, 11, 17)).days,
                    comments=comments // 4 if is_first else comments, engagements=gained // 4 if is_first else gained,
                    previous_on=None if is_first else date(2026, 11, 17),
                    engagements_change=gained // 4 if is_first else gained - gained // 4,
                )  # fmt: skip


def _patterns(connection: duckdb.DuckDBPyConnection) -> None:
    for account_id in ("y0", "y1"):
        for hour, posts, lift in (("09", 7, 1.25), ("14", 4, None)):
            insert(
                connection, "post_patterns", account_key=key_of("youtube", account_id), platform="youtube",
                account_id=account_id, dimension="hour", dimension_value=hour, latest_on=SUNDAY, posts_published=posts,
                posts_with_lift=posts, median_lift_7d=lift,
            )  # fmt: skip


def _notes(connection: duckdb.DuckDBPyConnection) -> None:
    for day, platform, post_id, text in (
        (date(2026, 11, 18), None, None, "Our new children's wing opened."),
        (date(2026, 11, 19), "x", "x-0", NASTY),
        (date(2026, 10, 6), "facebook", None, "An interview on the evening news."),
        (date(2025, 10, 6), None, None, "Before everything that is shown."),
        (date(2026, 11, 23), None, None, "After it."),
        (date(2026, 11, 18), "mastodon", None, "Where we are not."),
    ):
        insert(connection, "notes", noted_on=day, platform=platform, post_id=post_id, text=text, hide_post=False)


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "socialmetrics.duckdb"
    with duckdb.connect(str(path)) as connection:
        fill(connection)
    return path


@pytest.fixture
def published(published_once: Path, tmp_path: Path) -> Path:
    """A copy of the file, a test's own to change."""
    path = tmp_path / "warehouse" / "socialmetrics.duckdb"
    path.parent.mkdir()
    path.write_bytes(published_once.read_bytes())
    return path


@pytest.fixture
def changed(published: Path) -> Callable[[str], Figures]:
    """The figures after a statement has changed the file."""

    def freeze_after(statements: str) -> Figures:
        with duckdb.connect(str(published)) as connection:
            connection.execute(statements)
        return freeze(published, WEEK, INSTANT, "America/Chicago")

    return freeze_after


@pytest.fixture(scope="session")
def figures(published_once: Path) -> Figures:
    return freeze(published_once, WEEK, INSTANT, "America/Chicago")
