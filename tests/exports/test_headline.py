"""Was the week good? The sentence for every mix of readings."""

from __future__ import annotations

from datetime import date

import pytest

from socialmetrics.exports.figures import Score
from socialmetrics.exports.headline import headline, missing_platform, stale_file, why_cannot_tell

HIGHER, USUAL, LOWER, UNKNOWN = "higher than usual", "usual", "lower than usual", "cannot tell"
LINES = [("X", "Followers"), ("Facebook", "Followers"), ("Facebook", "Connections"), ("YouTube", "Followers")]


def score(platform: str = "X", display_name: str = "Followers", reading: str = USUAL, **more: object) -> Score:
    plain: dict[str, object] = dict.fromkeys(Score.model_fields) | {
        "organization_id": "own",
        "organization": "Riverside Health",
        "platform": platform.lower(),
        "platform_name": platform,
        "metric": display_name.lower(),
        "display_name": display_name,
        "reading": reading,
        "usual_weeks": 12,
        "is_complete": True,
        "is_rounded": False,
    }
    return Score.model_validate(plain | more)


def scores(*readings: str) -> list[Score]:
    names = LINES + [("YouTube", f"Figure {n}") for n in range(20)]
    return [score(*name, reading=reading) for name, reading in zip(names, readings, strict=False)]


@pytest.mark.parametrize(
    ("readings", "verdict", "sentence"),
    [
        ([USUAL] * 5, "usual", "A usual week: growth was within its usual range everywhere."),
        (
            [USUAL] * 4 + [UNKNOWN],
            "usual",
            "A usual week: growth was within its usual range wherever it can be compared.",
        ),
        (
            [HIGHER] + [USUAL] * 8,
            "usual",
            "A usual week, with one exception: growth was higher than usual for X followers.",
        ),
        (
            [LOWER] + [USUAL] * 3,
            "usual",
            "A usual week, with one exception: growth was lower than usual for X followers.",
        ),
        (
            [HIGHER, HIGHER, USUAL, USUAL],
            "good",
            "A good week: growth was higher than usual for X followers and Facebook followers.",
        ),
        (
            [USUAL, LOWER, LOWER, LOWER],
            "not good",
            "Not a good week: growth was lower than usual for Facebook followers, Facebook connections and "
            "YouTube followers.",
        ),
        (
            [HIGHER, LOWER, USUAL, USUAL],
            "mixed",
            "A mixed week: growth was higher than usual for X followers; "
            "growth was lower than usual for Facebook followers.",
        ),
        (
            [UNKNOWN] * 5,
            "cannot tell",
            "Cannot tell whether the week was good: no figure can be compared with earlier weeks.",
        ),
        ([], "cannot tell", "Cannot tell whether the week was good: no figure can be compared with earlier weeks."),
        (
            [HIGHER, UNKNOWN, UNKNOWN],
            "cannot tell",
            "Cannot tell whether the week was good: only one of three figures can be compared with earlier weeks; "
            "growth was higher than usual for X followers.",
        ),
        ([USUAL], "usual", "A usual week: growth was within its usual range everywhere."),
        (
            [LOWER],
            "cannot tell",
            "Cannot tell whether the week was good from one figure alone: growth was lower than usual for X followers.",
        ),
        (
            [HIGHER, UNKNOWN],
            "cannot tell",
            "Cannot tell whether the week was good: only one of two figures can be compared with earlier weeks; "
            "growth was higher than usual for X followers.",
        ),
        (
            [USUAL, UNKNOWN],
            "usual",
            "A usual week: growth was within its usual range wherever it can be compared.",
        ),
        (
            [LOWER, USUAL],
            "usual",
            "A usual week, with one exception: growth was lower than usual for X followers.",
        ),
        (
            [LOWER, LOWER],
            "not good",
            "Not a good week: growth was lower than usual for X followers and Facebook followers.",
        ),
        (
            [HIGHER, LOWER],
            "mixed",
            "A mixed week: growth was higher than usual for X followers; "
            "growth was lower than usual for Facebook followers.",
        ),
        (
            [USUAL, HIGHER, UNKNOWN, USUAL],
            "usual",
            "A usual week, with one exception: growth was higher than usual for Facebook followers.",
        ),
        (
            [HIGHER, HIGHER, HIGHER],
            "good",
            "A good week: growth was higher than usual for X followers, Facebook followers and Facebook connections.",
        ),
        (
            [LOWER, LOWER, HIGHER],
            "mixed",
            "A mixed week: growth was higher than usual for Facebook connections; "
            "growth was lower than usual for X followers and Facebook followers.",
        ),
    ],
)
def test_the_sentence(readings: list[str], verdict: str, sentence: str) -> None:
    told = headline(scores(*readings), [])
    assert (told.verdict, told.sentence, told.first_line) == (verdict, sentence, sentence)


@pytest.mark.parametrize(
    ("unusual", "of", "verdict"), [(1, 9, "usual"), (2, 9, "good"), (2, 18, "usual"), (3, 18, "good")]
)
def test_one_unusual_reading_in_nine_never_makes_the_headline(unusual: int, of: int, verdict: str) -> None:
    assert headline(scores(*[HIGHER] * unusual, *[USUAL] * (of - unusual)), []).verdict == verdict


@pytest.mark.parametrize("of", range(1, 20))
@pytest.mark.parametrize("reading", [HIGHER, LOWER])
def test_a_week_without_a_usual_reading_is_no_usual_week(reading: str, of: int) -> None:
    for known in range(1, of + 1):
        told = headline(scores(*[reading] * known, *[UNKNOWN] * (of - known)), [])
        assert told.verdict != "usual"
        assert told.verdict == "cannot tell" or known > 1


def test_the_notices_come_first() -> None:
    notice = missing_platform("X", date(2026, 11, 21), "the platform refused our token", date(2026, 11, 22))
    told = headline(scores(USUAL, USUAL), [notice])
    assert told.first_line == (
        "X is missing since Saturday 21 November (the platform refused our token): this pack is made from the file "
        "published with figures to Sunday 22 November. A usual week: growth was within its usual range everywhere."
    )


def test_a_stale_file_is_said() -> None:
    assert stale_file(date(2026, 11, 19), date(2026, 11, 22)) == (
        "No build is newer than Thursday 19 November: this pack is made from the file published with figures to that "
        "day, and the week ends on Sunday 22 November."
    )


def test_two_organizations_are_told_apart_only_where_they_differ() -> None:
    def week(other: str) -> list[Score]:
        lines = [score(), score("Facebook"), score(organization_id="b", organization="Children's", reading=other)]
        return [
            lines[0].model_copy(update={"reading": HIGHER}),
            lines[1].model_copy(update={"reading": HIGHER}),
            lines[2],
        ]

    assert "X followers (Riverside Health)" in headline(week(USUAL), []).sentence
    assert "for X followers and Facebook followers (Riverside Health)." in headline(week(HIGHER), []).sentence


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"reason": "denied"}, "the platform refused our token"),
        ({"value": 5, "note": "Counted anew."}, "the definition changed"),
        ({"value": 5}, "no comparable figure a week before"),
        ({"value": 5, "change": 1, "usual_weeks": 1}, "only 1 comparable week so far, it takes 6"),
        (
            {"value": 5, "change": 1, "change_low": -9, "change_high": 11, "usual_low": 0, "usual_high": 2},
            "the platform rounds too coarsely",
        ),
        ({"value": 5, "compared_value": 5, "usual_weeks": 2}, "only 2 comparable weeks so far, it takes 6"),
        ({"value": 5, "compared_value": 5, "usual_weeks": 0, "note": "Counted anew."}, "the definition changed"),
        (
            {"value": 5, "compared_value": 5, "usual_low": 4, "usual_high": 9, "is_complete": False},
            "a day of the week is missing",
        ),
    ],
)
def test_why_a_reading_cannot_be_told(more: dict[str, object], why: str) -> None:
    assert why_cannot_tell(score(reading=UNKNOWN, **more)) == why
    assert why_cannot_tell(score(reading=USUAL, **more)) is None


def test_a_week_the_file_does_not_end_cannot_be_told() -> None:
    told = why_cannot_tell(score(reading=UNKNOWN, value=5), is_over=False)
    assert told == "the file ends before the week does"
