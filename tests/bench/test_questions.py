"""docs/questions.sql answers: each question runs on a small nation's published warehouse, and says something."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path

import duckdb
import pytest

from bench import nation, questions
from socialmetrics import warehouse
from socialmetrics.landing import Landing
from socialmetrics.settings import Settings

SMALL = nation.Nation("plan", accounts=160, days=70)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("nation"), _env_file=None)  # type: ignore[call-arg]
    nation.write(SMALL, settings.landing)
    warehouse.build(settings)
    return warehouse.publish(settings)


def test_there_are_twenty_and_every_one_is_answered(published: Path) -> None:
    asked = questions.read()
    assert len(asked) == 20
    with duckdb.connect(str(published), read_only=True) as connection:
        silent = [each.sentence for each in asked if not connection.execute(each.sql).fetchall()]
    assert silent == []


def test_the_period_s_engagement_and_its_posts_reconcile(published: Path) -> None:
    question = next(each for each in questions.read() if "reporting period" in each.sentence)
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            f"select of_the_periods_posts, reconciled from ({question.sql}) where of_the_periods_posts is not null"
        ).fetchall()
    assert rows
    assert [row for row in rows if row[0] != row[1]] == []


def test_a_share_of_voice_is_of_one_group() -> None:
    """Of two accounts of ours, each with most of its own group, and of two in one group."""
    question = next(each for each in questions.read() if "share of voice" in each.sentence)
    with duckdb.connect() as connection:
        connection.execute("create table accounts as select * from (values (1), (2), (3)) as own (account_key)")
        connection.execute("alter table accounts add column is_own boolean default true")
        connection.execute("create table weekly_scorecard as select date '2026-11-16' as week_start_on")
        connection.execute(
            """
            create table peer_weeks as
            select
                account_key, 'x' as platform, account_group, 'engagements' as metric, '2026-W47' as week,
                date '2026-11-16' as week_start_on, 'all' as stratum, share_of_voice_rate, false as is_pending,
                9 as n
            from (values (1, 'main', 0.5), (2, 'main', 0.25), (3, 'careers', 0.75))
                as shares (account_key, account_group, share_of_voice_rate)
            """
        )
        rows = connection.execute(f"select account_group, share_of_voice_rate from ({question.sql})").fetchall()
    assert rows == [("careers", 0.75), ("main", 0.75)]


def test_a_nation_lands_as_the_program_leaves_it(tmp_path: Path) -> None:
    """Closed months are put together already, so that a build finds nothing to move."""
    landing = Landing(tmp_path / "landing")
    nation.write(nation.Nation("plan", accounts=8, days=40), landing.root)
    before = sorted(landing.root.rglob("*.parquet"))
    landing.compact(datetime.combine(nation.LAST, time(22)))
    assert sorted(landing.root.rglob("*.parquet")) == before
