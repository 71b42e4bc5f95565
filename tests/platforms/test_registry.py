"""What Meta has retired of its insights, by its own changelogs, stands in the registry with the day and the source.

developers.facebook.com/docs/pages-api/changelog (2025-11-15) and /docs/graph-api/changelog/version25.0 (2026-07-29)
"""

from __future__ import annotations

import csv
from datetime import date

import pytest

from socialmetrics.history import FACTS, _words
from socialmetrics.warehouse import SQL

OF_VIDEO = ("", "_unique", "_paid", "_paid_unique", "_organic", "_organic_unique", "_viral", "_viral_unique")
OF_VIDEO += ("_fan", "_fan_unique", "_fan_paid", "_fan_paid_unique")
RETIRED = {
    date(2025, 11, 15): {
        "page_fan_adds", "page_fan_adds_unique", "page_fan_removes", "page_fan_removes_unique",
        *(f"page_impressions{end}" for end in ("", "_paid", "_viral", "_nonviral")),
        *(f"post_impressions{end}" for end in ("", "_paid", "_fan", "_organic", "_viral", "_nonviral")),
    },
    date(2026, 7, 29): {
        *(f"page_impressions{end}_unique" for end in ("", "_paid", "_viral", "_nonviral")),
        *(f"page_posts_impressions{end}" for end in ("", "_unique", "_paid", "_paid_unique", "_organic_unique")),
        *(f"page_posts_impressions{end}" for end in ("_viral", "_viral_unique", "_nonviral", "_nonviral_unique")),
        "page_posts_served_impressions_organic_unique", "page_video_views_unique",
        *(f"post_impressions{end}_unique" for end in ("", "_paid", "_fan", "_organic", "_viral", "_nonviral")),
        *(f"post_video_views{end}_unique" for end in ("", "_organic", "_paid")),
        *(f"total_video_impressions{end}" for end in OF_VIDEO),
        *(f"total_video_views{end}_unique" for end in ("", "_organic", "_paid")),
        "PAGE_STORY_IMPRESSIONS_BY_STORY_ID", "PAGE_STORY_IMPRESSIONS_BY_STORY_ID_UNIQUE",
    },
}  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (SQL / "seeds" / name).open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["platform"] == "facebook"]


@pytest.mark.parametrize(("on", "names"), RETIRED.items(), ids=map(str, RETIRED))
def test_what_is_retired_has_a_row_and_a_break(on: date, names: set[str]) -> None:
    assert names - {row["native_metric"] for row in rows("metrics.csv")} == set()
    broken = {row["native_metric"]: row for row in rows("metric_breaks.csv") if row["effective_on"] == str(on)}
    assert names - broken.keys() == set()
    assert {broken[name]["is_comparable"] for name in names} == {"false"}
    assert broken.keys() - names <= {"fan_count"}


def test_a_second_name_of_a_figure_is_read_as_the_figure() -> None:
    """One native name stands for a house name, so that a day has one figure; an import knows the other by its word."""
    words = _words(FACTS / "words.csv")
    assert words["metric", "facebook", "page_fans"] == "connections"
    assert words["metric", "facebook", "page_follows"] == "followers"
    named = {row["metric"]: row for row in rows("metrics.csv") if row["subject"] == "account"}
    assert "page_fans" in named["connections"]["definition"]
    assert "page_follows" in named["followers"]["definition"]


def test_the_break_of_connections_names_the_breakdowns_that_no_row_can_hold() -> None:
    (told,) = [row["what_changed"] for row in rows("metric_breaks.csv") if row["native_metric"] == "fan_count"]
    for name in ("page_fans", "page_fans_city", "page_fans_country", "page_fans_locale"):
        assert name in told
