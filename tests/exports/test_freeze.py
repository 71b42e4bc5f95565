"""What is read from the published file, on the hand-made one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from socialmetrics.errors import Misconfigured
from socialmetrics.exports import Figures, freeze
from socialmetrics.exports.figures import from_json, is_same, to_json

from .conftest import RANK

Changed = Callable[[str], Figures]


def test_the_scorecard_is_the_marts_line_for_line(figures: Figures, published_once: Path) -> None:
    columns = "platform, metric, value, low, high, change, change_low, change_high, usual_low, usual_high, reading"
    with duckdb.connect(str(published_once), read_only=True) as connection:
        rows = connection.execute(f"select {columns} from weekly_scorecard where week = '2026-W47'").fetchall()
    shown = [tuple(getattr(s, name) for name in columns.split(", ")) for s in figures.scores]
    assert sorted(shown) == sorted(rows)
    assert [s.display_name for s in figures.scores if s.platform == "facebook"] == ["Followers", "Connections"]


def test_a_year_of_weeks_with_the_gap_left_open(figures: Figures) -> None:
    x = next(s for s in figures.series if s.platform == "x")
    assert len(x.points) == 53
    assert all(
        b.week_start_on - a.week_start_on == timedelta(days=7) for a, b in zip(x.points, x.points[1:], strict=False)
    )
    assert [p.week for p in x.points if p.value is None] == ["2026-W16", "2026-W17"]


def test_a_line_without_this_week_says_so(changed: Changed) -> None:
    figures = changed("delete from weekly_scorecard where week = '2026-W47' and platform = 'x'")
    x = next(s for s in figures.scores if s.platform == "x")
    assert (x.value, x.reading, x.cannot_tell_because) == (None, "cannot tell", "due, but not asked in time")


def test_the_rank_is_the_marts_or_says_why_there_is_none(figures: Figures, changed: Changed) -> None:
    facebook, _, x, youtube, views = figures.scores
    assert [tuple(getattr(s, name) for name in RANK) for s in (facebook, x, youtube)] == [
        (7, 7, 41, "bed_size", "300-499"),
        (4, 4, 7, "all", "all"),
        (3, 5, 28, "bed_size", "300-499"),
    ]
    assert (facebook.no_rank_because, views.rank_from, views.no_rank_because) == (None, None, "not compared")
    unranked = (
        "update weekly_scorecard set rank_from = null, rank_to = null, rank_n = null, rank_stratum = null,"
        "rank_stratum_value = null; update peer_weeks set rank_from = null, rank_to = null,"
        "is_below_floor = platform = 'x'; update weekly_scorecard set value = null, low = null, high = null,"
        "reason = 'denied' where platform = 'youtube'"
    )
    why = {(s.platform, s.metric): s.no_rank_because for s in changed(unranked).scores}
    assert why == {
        ("facebook", "followers"): "too few to compare with",
        ("facebook", "connections"): "not compared",
        ("x", "followers"): "too few followers to compare",
        ("youtube", "followers"): None,
        ("youtube", "views"): None,
    }


def test_days_and_what_they_are_compared_over_are_the_marts(changed: Changed) -> None:
    figures = changed(
        "update weekly_scorecard set compared_days = 5, compared_value = 900, days_observed = 5 where metric = 'views'"
    )
    facebook, *_, views = figures.scores
    assert (facebook.compared_days, facebook.compared_value) == (7, None)
    assert (facebook.days_observed, facebook.days_expected) == (7, 7)
    assert (views.compared_days, views.compared_value, views.days_observed, views.days_expected) == (5, 900, 5, 7)


UNTIL_JANUARY = (
    "delete from weekly_scorecard where platform = 'facebook' and week_start_on >= '2026-01-12';"
    "delete from account_metric_days where account_id = 'f0';"
)


@pytest.mark.parametrize(
    "why",
    [
        "update accounts set closed_on = '2026-01-12' where account_id = 'f0'",
        "update accounts set closed_on = '2026-11-16' where account_id = 'f0'",
        "update accounts set cadence = 'never' where account_id = 'f0'",
        "update accounts set organization_id = null, is_own = false, cadence = null where account_id = 'f0'",
        "select 'taken out of the directory: what it last said of the account stays in the mart'",
    ],
)
def test_an_account_that_is_not_asked_any_more_has_no_line(changed: Changed, why: str) -> None:
    figures = changed(UNTIL_JANUARY + why)
    assert {s.platform for s in figures.scores} == {s.platform for s in figures.series} == {"x", "youtube"}
    assert figures.headline.first_line.startswith("A usual week")


def test_imported_history_of_an_account_that_is_never_asked_is_no_line(changed: Changed) -> None:
    figures = changed(
        "delete from weekly_scorecard where platform = 'facebook' and week = '2026-W47';"
        "delete from coverage_days where platform = 'facebook';"
        "update account_metric_days set is_imported = true where account_id = 'f0';"
        "update accounts set cadence = 'never' where account_id = 'f0'"
    )
    assert {s.platform for s in figures.scores} == {"x", "youtube"}


def test_a_line_stays_where_a_second_account_is_asked(changed: Changed) -> None:
    figures = changed(
        "update accounts set closed_on = '2026-01-12' where account_id = 'f0';"
        "update accounts set closed_on = '2026-11-17', organization_id = 'own', is_own = true where account_id = 'f1';"
        "insert into account_metric_days (account_key, platform, metric, measured_on, is_imported, reason) "
        "select account_key, platform, 'followers', '2026-11-22', false, 'denied' from accounts "
        "where account_id = 'f1';" + UNTIL_JANUARY
    )
    (line,) = (s for s in figures.scores if s.platform == "facebook")
    assert (line.metric, line.cannot_tell_because) == ("followers", "due, but not asked in time")


A_WEEK_EARLIER = (
    "delete from weekly_scorecard where platform = 'facebook' and week = '2026-W47';"
    "update account_metric_days set measured_on = measured_on - 7 where platform = 'facebook';"
    "update coverage_days set measured_on = measured_on - 7 where platform = 'facebook';"
)


def test_a_platform_that_is_not_set_up_keeps_its_line_and_says_so(changed: Changed) -> None:
    figures = changed(A_WEEK_EARLIER)
    lines = [(s.metric, s.reason, s.cannot_tell_because) for s in figures.scores if s.platform == "facebook"]
    assert lines == [(m, "not_set_up", "the platform is not set up") for m in ("followers", "connections")]
    assert "Facebook is missing since Monday 16 November (it is not set up any more)" in figures.headline.first_line


def test_imported_history_of_a_platform_that_is_not_set_up_yet_keeps_its_line(changed: Changed) -> None:
    figures = changed(
        A_WEEK_EARLIER + "delete from coverage_days where platform = 'facebook';"
        "update account_metric_days set is_imported = true where platform = 'facebook'"
    )
    assert {s.reason for s in figures.scores if s.platform == "facebook"} == {"not_set_up"}


@pytest.mark.parametrize("closed_on", ["2026-11-16", "2026-11-18"])
def test_a_page_that_was_closed_is_not_missing(changed: Changed, closed_on: str) -> None:
    figures = changed(A_WEEK_EARLIER + f"update accounts set closed_on = '{closed_on}' where account_id = 'f0'")
    assert figures.headline.notices == ()


def test_a_suspended_account_that_was_taken_out_is_not_missing(changed: Changed) -> None:
    suspended = (
        "update account_metric_days set value = null, reason = 'suspended', measured_on = measured_on - {} "
        "where account_id = 'x0'"
    )
    figures = changed(suspended.format(0))
    assert figures.headline.notices[0].startswith("X is missing since Monday 16 November (suspended by the platform)")
    assert changed(suspended.format(14)).headline.notices == ()


def test_a_line_that_the_file_ends_before_says_so(changed: Changed) -> None:
    figures = changed(
        "delete from weekly_scorecard where week = '2026-W47';"
        "update account_metric_days set measured_on = measured_on - 7;"
        "update coverage_days set measured_on = measured_on - 7"
    )
    assert {s.cannot_tell_because for s in figures.scores} == {"the file ends before the week does"}
    assert len(figures.scores) == 5


def test_attention_is_the_weeks_engagement_and_says_when_it_was_comments(figures: Figures) -> None:
    first, second = figures.attention[:2]
    assert (first.post_id, first.engagements, first.comments, first.is_mostly_comments) == (
        "facebook-0",
        612,
        76,
        False,
    )
    assert (second.post_id, second.engagements, second.comments, second.is_mostly_comments) == ("x-0", 488, 428, True)


def test_what_stands_out_is_what_post_performance_says(figures: Figures, changed: Changed) -> None:
    assert [(p.post_id, p.is_far_above_usual) for p in figures.attention[:2]] == [("facebook-0", True), ("x-0", True)]
    assert {p.is_far_above_usual for p in figures.attention} == {True, None}
    statement = "update post_performance set is_mostly_comments = {} where post_id = 'x-0'"
    for told, shown in (("null", False), ("false", False), ("true", True)):
        assert changed(statement.format(told)).attention[1].is_mostly_comments is shown
    figures = changed("delete from post_performance")
    assert {(p.is_mostly_comments, p.is_far_above_usual) for p in figures.attention} == {(False, None)}


def test_patterns_are_ours_with_their_number_of_posts(figures: Figures) -> None:
    assert figures.patterns is not None
    assert [(p.account, p.dimension_value, p.posts, p.median_lift_7d) for p in figures.patterns] == [
        ("Riverside Health", "09", 7, 1.25),
        ("Riverside Health", "14", 4, None),
    ]


def test_engagement_of_another_week_is_not_counted(changed: Changed) -> None:
    figures = changed("update post_days set measured_on = '2026-11-15' where post_id = 'facebook-0' and age_days = 0")
    assert next(p.engagements for p in figures.attention if p.post_id == "facebook-0") == 459


def test_a_post_that_is_not_public_any_more_keeps_its_count_only(changed: Changed) -> None:
    post = changed("update posts set status = 'not_found' where post_id = 'x-0'").attention[1]
    assert (post.post_id, post.engagements, post.title, post.url, post.is_public) == ("x-0", 488, None, None, False)


def test_peers_posts_are_never_shown(changed: Changed) -> None:
    figures = changed("update accounts set is_own = false where platform = 'x' and account_id = 'x0'")
    assert {p.platform for p in figures.attention} == {"facebook", "youtube"}


def test_what_is_missing_of_ours(figures: Figures) -> None:
    (line,) = figures.missing
    assert (line.platform, line.metrics, line.reason, line.days) == ("facebook", ("Connections",), "hidden", 2)
    assert (line.first_on, line.last_on) == (date(2026, 11, 17), date(2026, 11, 18))


def test_a_peer_that_is_gone_is_one_line(figures: Figures, changed: Changed) -> None:
    (gone,) = figures.gone
    assert (gone.account, gone.reason, gone.since_on, gone.is_new) == (
        "Peer Hospital 3",
        "suspended",
        date(2026, 11, 19),
        True,
    )
    back = (
        "update account_metric_days set value = 9, reason = null where account_id = 'x3' and measured_on = '2026-11-22'"
    )
    assert changed(back).gone == ()


def test_ranks_are_the_marts_and_growth_is_not_ranked_where_the_platform_rounds(figures: Figures) -> None:
    facebook, _, youtube = figures.standings
    assert (facebook.best_rank, facebook.worst_rank, facebook.ranked) == (4, 4, 7)
    assert (facebook.growth_best_rank, facebook.growth_worst_rank, facebook.growth_ranked) == (5, 6, 7)
    assert facebook.median_growth_rate == 0.003
    assert (youtube.best_rank, youtube.worst_rank) == (4, 5)
    assert (youtube.growth_best_rank, youtube.growth_worst_rank, youtube.median_growth_rate) == (None, None, None)


def test_an_account_without_a_rank_is_not_among_its_peers(changed: Changed) -> None:
    figures = changed("update peer_weeks set rank_from = null, rank_to = null where platform = 'x'")
    assert {s.platform for s in figures.standings} == {"facebook", "youtube"}


def test_a_missing_platform_is_in_the_first_line(changed: Changed) -> None:
    figures = changed(
        "update account_metric_days set value = null, reason = 'denied' "
        "where platform = 'x' and account_id = 'x0' and measured_on >= '2026-11-21'"
    )
    assert figures.headline.first_line.startswith(
        "X is missing since Saturday 21 November (the platform refused our token): "
        "this pack is made from the file published with figures to Sunday 22 November. A usual week"
    )


def test_a_platform_whose_token_is_gone_is_in_the_first_line(changed: Changed) -> None:
    figures = changed(
        "delete from account_metric_days where platform = 'x' and measured_on > '2026-11-18';"
        "delete from coverage_days where platform = 'x' and measured_on > '2026-11-18'"
    )
    assert figures.headline.notices[0].startswith("X is missing since Thursday 19 November (it is not set up any more)")


def test_one_missing_metric_or_a_day_that_came_back_is_no_missing_platform(figures: Figures, changed: Changed) -> None:
    assert figures.headline.notices == ()
    once = "update account_metric_days set value = null, reason = 'unavailable' where measured_on = '2026-11-18'"
    assert changed(once).headline.notices == ()


def test_a_stale_file_is_in_the_first_line(changed: Changed) -> None:
    figures = changed(
        "delete from account_metric_days where measured_on > '2026-11-19';"
        "delete from coverage_days where measured_on > '2026-11-19'"
    )
    assert figures.headline.first_line.startswith("No build is newer than Thursday 19 November")
    assert len(figures.headline.notices) == 1


def test_an_empty_file_still_makes_a_pack(published: Path, changed: Changed) -> None:
    with duckdb.connect(str(published)) as connection:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
    figures = changed(";".join(f"delete from {name}" for name in tables))
    assert figures.headline.verdict == "cannot tell"
    assert figures.headline.first_line.startswith("No day has been collected yet")


def test_the_file_is_only_read_and_may_be_read_only(published: Path, figures: Figures) -> None:
    before = published.read_bytes()
    published.chmod(0o444)
    instant = figures.instant + timedelta(hours=3)
    assert is_same(freeze(published, "2026-W47", instant, "America/Chicago"), figures)
    assert published.read_bytes() == before


def test_figures_go_to_json_and_back_unchanged(figures: Figures) -> None:
    assert from_json(to_json(figures)) == figures
    assert to_json(from_json(to_json(figures))) == to_json(figures)


@pytest.mark.parametrize("week", ["2026-47", "2026-W54", "2026-W00", "../../etc", "2026-W4", "", "2025-W53"])
def test_a_week_that_is_none(published_once: Path, figures: Figures, week: str) -> None:
    with pytest.raises(Misconfigured, match="is no ISO week; write it as 2026-W47"):
        freeze(published_once, week, figures.instant)


def test_no_file_a_broken_file_and_a_file_of_another_make(tmp_path: Path, published: Path, figures: Figures) -> None:
    with pytest.raises(Misconfigured, match="There is no published file at"):
        freeze(tmp_path / "absent.duckdb", "2026-W47", figures.instant)
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(b"not a database" * 1000)
    with pytest.raises(Misconfigured, match="cannot be read"):
        freeze(broken, "2026-W47", figures.instant)
    with duckdb.connect(str(published)) as connection:
        connection.execute("drop table weekly_scorecard")
    with pytest.raises(Misconfigured, match="weekly_scorecard"):
        freeze(published, "2026-W47", figures.instant)


def test_the_hand_made_file_has_the_marts_columns(published_once: Path) -> None:
    described = (Path(__file__).parents[2] / "sql/models/marts").glob("_*.yml")
    models = [model for path in described for model in yaml.safe_load(path.read_text()).get("models", ())]
    real = {model["name"]: {column["name"] for column in model["columns"]} for model in models}
    real["metric_breaks"] = real.pop("breaks", real.get("metric_breaks", set()))
    with duckdb.connect(str(published_once), read_only=True) as connection:
        rows = connection.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
    strangers = {f"{table}.{column}" for table, column in rows if table != "metrics" and column not in real[table]}
    assert strangers == set()
