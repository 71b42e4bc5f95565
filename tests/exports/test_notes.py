"""A person's words: they stand in the week's pack and on its charts, and can keep a post out of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

from socialmetrics.exports import Figures, charts, csv_files, html
from socialmetrics.exports.figures import from_json, to_json
from socialmetrics.exports.words import short_day

from .conftest import NASTY

WING, NEWS = "Our new children's wing opened.", "An interview on the evening news."


def hide(post_id: str, platform: str | None) -> str:
    place = f"'{platform}'" if platform else "null"
    return f"insert into notes values ('2026-06-01', {place}, '{post_id}', 'Posted by mistake.', true)"


def test_the_weeks_notes_are_in_the_figures(figures: Figures) -> None:
    first, second = figures.notes
    assert (first.noted_on, first.platform, first.platform_name, first.text) == (date(2026, 11, 18), None, None, WING)
    assert (second.platform_name, second.post_id) == ("X", "x-0")
    assert second.text.startswith("=HYPERLINK")


def test_a_chart_has_the_notes_of_its_weeks_and_of_its_platform(figures: Figures) -> None:
    noted = {series.platform: [note.noted_on for note in series.notes] for series in figures.series}
    assert noted == {
        "facebook": [date(2026, 10, 6), date(2026, 11, 18)],
        "x": [date(2026, 11, 18), date(2026, 11, 19)],
        "youtube": [date(2026, 11, 18)],
    }


def test_a_chart_marks_each_noted_week_once_and_says_so(figures: Figures) -> None:
    days = ", ".join(short_day(date(2026, 11, day)) for day in (18, 19))
    score, series = next((s, t) for s, t in zip(figures.scores, figures.series, strict=True) if s.platform == "x")
    bare = series.model_copy(update={"notes": ()})
    for draw in (charts.weekly_changes, charts.year_of_levels):
        marked, plain = draw(score, series), draw(score, bare)
        assert marked.svg.count("<path") == plain.svg.count("<path") + 1
        assert marked.description == plain.description + f" Notes on {days}."


def test_the_page_shows_the_words_as_text(figures: Figures) -> None:
    page = html.render(figures)
    assert "Noted this week" in page
    assert page.count("Our new children&#39;s wing opened.") == 1
    assert f"▲ {short_day(date(2026, 10, 6))}: {NEWS}" in page
    assert NASTY not in page
    assert "Before everything" not in page


def test_a_page_without_notes_does_not_speak_of_them(changed: Callable[[str], Figures]) -> None:
    page = html.render(changed("delete from notes"))
    assert "Noted this week" not in page
    assert "▲" not in page


def test_a_hidden_post_is_not_in_the_pack(figures: Figures, changed: Callable[[str], Figures]) -> None:
    assert "x-0" in {post.post_id for post in figures.attention}
    assert "x-0" not in {post.post_id for post in changed(hide("x-0", "x")).attention}


def test_a_post_is_hidden_on_its_own_platform(changed: Callable[[str], Figures]) -> None:
    assert "x-0" in {post.post_id for post in changed(hide("x-0", "facebook")).attention}
    assert "x-0" not in {post.post_id for post in changed(hide("x-0", None)).attention}


def test_a_pack_frozen_before_there_were_notes_is_made_again_without_them(figures: Figures) -> None:
    told = json.loads(to_json(figures))
    del told["notes"]
    for series in told["series"]:
        del series["notes"]
    earlier = from_json(json.dumps(told).encode())
    assert json.loads(to_json(earlier)) == told
    assert "Noted this week" not in html.render(earlier)
    assert "notes.csv" not in csv_files.render(earlier)
