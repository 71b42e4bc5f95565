"""A figure's whole life: what is said of plain, rounded, restated, missing and redefined ones, and where they stand."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from socialmetrics import cli, pipeline
from socialmetrics.errors import Misconfigured
from socialmetrics.exports.words import between, signed
from socialmetrics.landed import Landed
from socialmetrics.life import Life
from socialmetrics.why import heading, words

from .conftest import LATE, NO_RUN, SILENT_LATER, TWICE, X_IS_SILENT, Scenario
from .expected import Row
from .record import ACCOUNT_METRICS, POST_METRICS

PLAIN = date(2026, 8, 20)
REDEFINED = date(2026, 8, 24)
Asked = Callable[..., Life]


@pytest.fixture(scope="module")
def why(month: Scenario) -> Asked:
    def asked(platform: str, account: str, metric: str, day: date, post_id: str | None = None) -> Life:
        return pipeline.why(month.settings, platform, account, metric, day, post_id)

    return asked


def told(life: Life) -> str:
    """All that is printed, on one line."""
    return heading(life) + " | " + " | ".join(f"{label} {text}" for label, text in words(life))


def rows(month: Scenario, **wanted: Any) -> list[Row]:
    return [row for row in month.expected.days.values() if wanted.items() <= row.items()]


def at(life: Life) -> Any:
    """What stands in landing where the figure is said to stand, read a second way."""
    place = life.current.place if life.current else None
    assert place is not None
    assert place.path is not None, life
    with gzip.open(place.file, "rt", encoding="utf-8") as lines:
        value = json.loads(list(lines)[(place.line or 0) - 1])
    for name, index in re.findall(r"\.?(\w+)|\[(\d+)\]", place.path):
        value = value[int(index)] if index else value[name]
    return value


def test_an_owner_s_exact_figure_is_told_beside_the_public_one(month: Scenario, why: Asked) -> None:
    row = next(row for row in rows(month, is_imported=False) if row["owner_value"] is not None)
    life = why(row["platform"], row["account_id"], row["metric"], row["measured_on"])
    assert f"| owner {row['owner_value']:,} exactly, imported" in told(life)


@pytest.mark.parametrize(("platform", "metric"), [(p, m) for p, metrics in ACCOUNT_METRICS.items() for m in metrics])
def test_each_metric_of_an_account_is_found_in_its_answer(
    month: Scenario, why: Asked, platform: str, metric: str
) -> None:
    """All accounts are asked for in one call, so that only their places tell them apart."""
    of_the_day = rows(month, platform=platform, metric=metric, measured_on=PLAIN, reason=None, is_imported=False)
    assert len(of_the_day) > 1
    for row in of_the_day:
        life = why(platform, row["account_id"], metric, PLAIN)
        assert life.day["value"] == row["value"] == int(at(life))
        place = life.current and life.current.place
        assert place
        assert place.path
        assert place.path.endswith(ACCOUNT_METRICS[platform][metric])
    assert len({str(why(platform, row["account_id"], metric, PLAIN).current) for row in of_the_day}) == len(of_the_day)


@pytest.mark.parametrize("platform", POST_METRICS)
def test_each_metric_of_a_post_is_found_in_its_answer(month: Scenario, why: Asked, platform: str) -> None:
    seen = set()
    posts = [row for row in month.expected.post_days.values() if row["platform"] == platform and not row["reason"]]
    for row in posts[:: max(1, len(posts) // 4)]:
        for metric in POST_METRICS[platform]:
            if row[metric] is None:
                continue
            life = why(platform, row["account_id"], metric, row["measured_on"], row["post_id"])
            assert life.day["value"] == row[metric]
            if metric == "shares" and row[metric] == 0:
                assert "the field is left out, which stands for 0" in told(life)
            else:
                assert int(at(life)) == row[metric]
            seen.add(metric)
    assert seen == POST_METRICS[platform].keys()


def test_a_plain_figure(month: Scenario, why: Asked) -> None:
    row = rows(month, platform="x", metric="followers", measured_on=PLAIN + timedelta(days=1), reason=None)[0]
    said = told(why("x", row["account_id"], "followers_count", row["measured_on"]))
    assert f"| figure {row['value']:,} |" in said
    assert "| told 2026-08-21 22:00:00 UTC; fetched by run 20260821T220000Z |" in said
    assert "followers: Accounts that follow the account." in said
    assert "X's API calls it followers_count, the owner's own screen Followers" in said
    assert "| answer line 1, users: body.data[" in said
    assert "responses/platform=x/fetched_on=2026-08-21/20260821T220000Z.jsonl.gz" in said
    assert "rounding" not in said
    assert "versions" not in said


def test_a_handle_is_as_good_as_an_id(month: Scenario, why: Asked) -> None:
    life = why("youtube", "@LakesideHealth", "followers", PLAIN)
    assert why("youtube", life.account["account_id"], "subscriberCount", PLAIN) == life
    assert heading(life) == "Followers of @lakesidehealth on YouTube on 2026-08-20"


def test_a_rounded_figure(month: Scenario, why: Asked) -> None:
    row = next(
        r for r in rows(month, platform="youtube", metric="followers", measured_on=LATE) if r["high"] != r["low"]
    )
    life = why("youtube", row["account_id"], "followers", LATE + timedelta(days=7))
    low, high = life.day["low"], life.day["high"]
    assert life.day["value"] == low < high
    assert f"figure {low:,}, rounded: between {low:,} and {high:,}" in told(life)
    assert f"cuts what follows the first three figures to zeros; the true figure is between {low:,}" in told(life)
    assert "the owner's own screen Subscribers" in told(life)
    week = next(change for change in life.changes if change.days == 7)
    assert week.low is not None
    assert week.high is not None
    assert week.low < (week.change or 0) < week.high
    since = life.day["change_since_previous_low"], life.day["change_since_previous_high"]
    assert since[0] < life.day["change_since_previous"] < since[1]
    assert f"the figure before: {signed(life.day['change_since_previous'])} ({between(*since)})" in told(life)


def test_a_restated_figure(month: Scenario, why: Asked) -> None:
    """Two runs of a day, five hours apart: where the figure moved, both stand there with their answers."""
    of_the_day = rows(month, platform="x", metric="followers", measured_on=TWICE, reason=None)
    lives = [why("x", row["account_id"], "followers", TWICE) for row in of_the_day]
    life = next(life for life in lives if len(life.versions) == 2)
    first, second = life.versions
    assert (first.is_current, second.is_current) == (False, True)
    assert second.value == life.day["value"] != first.value
    assert first.place
    assert second.place
    assert first.place.file != second.place.file
    assert re.search(rf"versions 1\. {first.value:,}, 2026-08-28 22:00:00 UTC, run 20260828T220000Z \|", told(life))
    assert re.search(
        rf"2\. {second.value:,}, 2026-08-29 03:00:00 UTC, run 20260829T030000Z, which counts \|", told(life)
    )


def test_a_figure_told_twice_has_one_version(month: Scenario, why: Asked) -> None:
    of_the_day = rows(month, platform="youtube", metric="followers", measured_on=TWICE, reason=None)
    life = next(
        life for row in of_the_day if len((life := why("youtube", row["account_id"], "followers", TWICE)).versions) == 1
    )
    assert "told 2026-08-28 22:00:00 UTC, last told 2026-08-29 03:00:00 UTC; fetched by run 20260828T220000Z" in told(
        life
    )


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("hidden", r"hidden by the owner .*answer line 1, channels.list: body.items.*hiddenSubscriberCount"),
        ("not_found", r"the account is not found any more .*answer line 1,"),
        ("suspended", r"suspended by the platform .*body.errors\[\d+\] is .*Forbidden"),
        ("forbidden", r"closed by the owner's settings .*body.errors\[\d+\] is"),
        ("retired", r"the platform no longer gives this figure .*body.data\[\d+\] is"),
        (
            "unavailable",
            r"no usable answer came .*answer line 1, \S+ ?\S*: no answer\. .*503.* run Run \w+ ended failed",
        ),
        ("not_collected", r"due, but not asked in time .*run \w+ was not asked at all on 2026-08-14"),
    ],
)
def test_a_missing_figure_says_why(month: Scenario, why: Asked, reason: str, sentence: str) -> None:
    row = rows(month, reason=reason)[0]
    life = why(row["platform"], row["account_id"], row["metric"], row["measured_on"])
    assert f"figure none ({reason}): " in told(life)
    assert re.search(sentence, told(life)), told(life)
    assert {change.why_not for change in life.changes} == {"this day has no figure"}


def test_a_reason_after_a_value_does_not_count(month: Scenario, why: Asked) -> None:
    row = rows(month, platform="x", metric="followers", measured_on=SILENT_LATER, reason=None)[0]
    life = why("x", row["account_id"], "followers", SILENT_LATER)
    assert [(version.reason, version.is_current) for version in life.versions] == [(None, True), ("unavailable", False)]


def test_a_figure_at_a_break(month: Scenario, why: Asked) -> None:
    row = rows(month, platform="youtube", metric="views", measured_on=REDEFINED, is_break=True)[0]
    life = why("youtube", row["account_id"], "views", REDEFINED)
    said = told(life)
    assert "meaning in force since 2026-08-24: A view of any format counts" in said
    assert "Growth is not drawn across that day." in said
    assert "before that since 2025-03-31" in said
    assert "The metric was redefined since the figure before it, of 2026-08-23: no growth is drawn." in said
    assert "growth 1 day: not known, the metric was redefined in between" in said
    before = told(why("youtube", row["account_id"], "views", REDEFINED - timedelta(days=1)))
    assert "redefined on 2026-08-24" in before


def test_what_follows_for_growth(month: Scenario, why: Asked) -> None:
    def said(**wanted: Any) -> str:
        row = rows(month, **wanted)[0]
        return told(why(row["platform"], row["account_id"], row["metric"], row["measured_on"]))

    late = rows(month, platform="x", metric="followers", is_late=True)[0]
    after = told(why("x", late["account_id"], "followers", LATE + timedelta(days=1)))
    assert "1 day: not known, one of the two days was fetched late" in after
    assert "fetched more than 6 hours after its instant" in told(why("x", late["account_id"], "followers", LATE))
    assert "taken for a slip of the platform's" in said(is_anomaly=True, is_imported=False)
    assert "a baseline, not a gain" in said(is_baseline=True)
    assert "further back than the account's cadence: a gap" in said(is_gap=True)
    assert f"1 day: not known, {NO_RUN} has no figure (due, but not asked in time)" in said(
        platform="x", metric="listed", measured_on=NO_RUN + timedelta(days=1), reason=None
    )


def test_an_imported_figure_names_its_source_and_file(month: Scenario, why: Asked) -> None:
    row = next(r for r in rows(month, is_imported=True, precision="more_than") if r["high"] is None)
    said = told(why(row["platform"], row["account_id"], row["metric"], row["measured_on"]))
    assert f"rounded: at least {row['value']:,}" in said
    assert "imported from a page" in said
    assert "said to be more than this" in said
    assert re.search(r"file \S+readings/imported_on=2026-09-10/\S+\.parquet", said)
    met = rows(month, platform="x", metric="followers", measured_on=X_IS_SILENT, is_imported=True)[0]
    assert "1. none (unavailable)" in told(why("x", met["account_id"], "followers", X_IS_SILENT))


def test_answers_that_are_gone_are_told(month: Scenario, why: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Landed, "responses_file", lambda *_: None)
    assert "answer The responses of run 20260820T220000Z are no longer kept." in told(
        why("youtube", "lakesidehealth", "followers", PLAIN)
    )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("myspace", "tom", "followers", PLAIN), "no account on 'myspace', only on facebook, x and youtube"),
        (("x", "LakesideHelth", "followers", PLAIN), "handle or id 'LakesideHelth'. Nearest: LakesideHealth"),
        (("x", "LakesideHealth", "views", PLAIN), "no metric 'views' of accounts on x, only followers, following"),
        (("x", "LakesideHealth", "impressions", PLAIN), "Counts of a post need --post ID"),
        (("x", "LakesideHealth", "followers", date(2026, 10, 1)), "The published file ends on 2026-09-09"),
        (("x", "LakesideHealth", "followers", date(2025, 7, 1)), "nothing was asked of x then. Nearest: 2025-"),
        (("x", "LakesideHealth", "likes", PLAIN, "123"), "Nothing was ever asked or told about likes of post 123"),
    ],
)
def test_what_is_not_there_is_one_sentence(why: Asked, asked: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(sentence)):
        why(*asked)


def test_a_weekly_account_is_not_due_every_day(month: Scenario, why: Asked) -> None:
    row = next(
        r for r in rows(month, platform="x", metric="followers", is_gap=False) if r["organization_id"] == "h0003"
    )
    with pytest.raises(Misconfigured, match=r"the account is looked at weekly\. Nearest: "):
        why("x", row["account_id"], "followers", row["measured_on"] + timedelta(days=1))


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_screen_and_leaves_paths_whole(
    month: Scenario, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIALMETRICS_HOME", str(month.settings.home))
    monkeypatch.setattr(cli.out, "_width", width)
    monkeypatch.setattr(sys, "argv", ["socialmetrics", "why", "youtube", "lakesidehealth", "views", "2026-08-24"])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith("/20260824T220000Z.jsonl.gz") for line in lines)
    assert [line for line in lines if len(line) > width and "/" not in line] == []
    assert lines[0] == "Views of @lakesidehealth on YouTube on 2026-08-24"


def test_json_holds_the_same_facts(
    month: Scenario, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIALMETRICS_HOME", str(month.settings.home))
    asked = ["socialmetrics", "why", "youtube", "lakesidehealth", "followers", str(PLAIN), "--json"]
    monkeypatch.setattr(sys, "argv", asked)
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    found = json.loads(capsys.readouterr().out)
    place = found["versions"][0]["place"]
    assert Path(place["file"]).exists()
    assert place["path"].endswith(".statistics.subscriberCount")
    assert found["meaning"]["shown_as"] == "Subscribers"
    assert [change["days"] for change in found["changes"]] == [1, 7, 28, 365]
    assert found["day"]["measured_on"] == "2026-08-20"
