"""A figure's whole life in words, for the day somebody says that the platform shows another number."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime

from socialmetrics.exports.words import between, number, one_line, platform_name, rate, reason_words, signed
from socialmetrics.life import Life, Row, Version
from socialmetrics.trace import Place


def heading(life: Life) -> str:
    """`Followers of @lakesidehealth on YouTube on 2026-11-22`."""
    account = life.account
    who = (
        f"post {life.post_id}"
        if life.post_id
        else f"@{account['handle']}"
        if account["handle"]
        else account["account_id"]
    )
    return f"{life.meaning['display_name']} of {who} on {platform_name(account['platform'])} on {life.measured_on}"


def words(life: Life) -> Iterator[tuple[str, str]]:
    """Labels and sentences; a label is empty where the sentence goes with the one before."""
    day, meaning, current = life.day, life.meaning, life.current
    platform = platform_name(life.account["platform"])
    yield "figure", _figure(life)
    if day.get("owner_value") is not None and not day["is_imported"]:
        yield "owner", f"{number(day['owner_value'])} exactly, imported; what anyone sees serves comparisons"
    if current:
        again = f", last told {_instant(current.last_seen_at)}" if current.last_seen_at > current.first_seen_at else ""
        how = f"imported from {one_line(current.source)}" if current.source else f"fetched by run {current.run_id}"
        yield "told", f"{_instant(current.first_seen_at)}{again}; {how}"
    yield "metric", f"{meaning['metric']}: {meaning['definition']}"
    yield "", f"{platform}'s API calls it {meaning['native_metric']}, the owner's own screen {meaning['shown_as']}"
    yield "", meaning["source_url"]
    if rounding := _rounding(day, meaning, platform):
        yield "rounding", rounding
    if current:
        yield from _answer(current)
    if day["value"] is None:
        yield from _runs(life, platform)
    if len(life.versions) > 1:
        for version in life.versions:
            yield "versions" if version is life.versions[0] else "", _version(version)
    yield from _breaks(life)
    for sentence in _flags(life):
        yield "note", sentence
    yield from _growth(life)


def _figure(life: Life) -> str:
    day = life.day
    if day["value"] is None:
        return f"none ({life.day['reason']}): {_of_what(life)}"
    if day["low"] == day["value"] == day["high"]:
        return number(day["value"])
    return f"{number(day['value'])}, rounded: {_interval(day['low'], day['high'])}"


def _of_what(life: Life) -> str:
    told = reason_words(life.day["reason"])
    return told.replace("the account", "the post") if life.post_id else told


def _interval(low: int | None, high: int | None) -> str:
    if high is None:
        return f"at least {number(low)}"
    return f"at most {number(high)}" if low is None else f"between {number(low)} and {number(high)}"


def _rounding(day: Row, meaning: Row, platform: str) -> str | None:
    if day["value"] is None or day["low"] == day["value"] == day["high"]:
        return None
    true = _interval(day["low"], day["high"])
    if day.get("is_imported"):
        told = {"more_than": "said to be more than this", "nearly": "said to be nearly this"}
        return f"The imported figure is {told.get(day['precision'], 'rounded')}; the true one is {true}."
    if meaning["rounding"] == "three_figures_down":
        return f"{platform} cuts what follows the first three figures to zeros; the true figure is {true}."
    return f"The true figure is {true}."


def _answer(version: Version) -> Iterator[tuple[str, str]]:
    place = version.place
    if version.source:
        yield "file", _file(place) if place else f"The file of import {version.run_id} is no longer kept."
    elif place is None:
        yield "answer", f"The responses of run {version.run_id} are no longer kept."
    elif place.line is None:
        yield (
            "answer",
            "Today's program reads none of that run's answers so; `socialmetrics reparse` makes its rows again.",
        )
        yield "", _file(place)
    else:
        yield "answer", f"line {place.line}, {place.endpoint}: {_at(version, place)}"
        yield "", _file(place)


def _at(version: Version, place: Place) -> str:
    if place.path:
        return f"{place.path} is {one_line(json.dumps(place.said, ensure_ascii=False))}"
    if place.message:
        return f"no answer. {one_line(place.message)}"
    return "the field is left out, which stands for 0" if version.value is not None else "it does not speak of it"


def _runs(life: Life, platform: str) -> Iterator[tuple[str, str]]:
    if not life.runs:
        yield "run", f"{platform} was not asked at all on {life.measured_on}."
    for run in life.runs:
        said = f": {one_line(run.message)}" if run.message else "."
        yield "run", f"Run {run.run_id} ended {run.status.replace('_', ' ')}{said}"


def _version(version: Version) -> str:
    told = number(version.value) if version.value is not None else f"none ({version.reason})"
    how = (
        f"imported, {version.precision}, from {one_line(version.source)}" if version.source else f"run {version.run_id}"
    )
    until = f" to {_instant(version.last_seen_at)}" if version.last_seen_at > version.first_seen_at else ""
    counts = ", which counts" if version.is_current else ""
    return f"{version.version}. {told}, {_instant(version.first_seen_at)}{until}, {how}{counts}"


def _breaks(life: Life) -> Iterator[tuple[str, str]]:
    earlier = [each for each in life.breaks if each["effective_on"] <= life.measured_on]
    later = [each for each in life.breaks if each["effective_on"] > life.measured_on]
    if earlier:
        compared = "" if earlier[-1]["is_comparable"] else " Growth is not drawn across that day."
        yield "meaning", f"in force since {earlier[-1]['effective_on']}: {earlier[-1]['what_changed']}{compared}"
    if len(earlier) > 1:
        yield "", f"before that since {earlier[-2]['effective_on']}: {earlier[-2]['what_changed']}"
    if later:
        yield "" if earlier else "meaning", f"redefined on {later[0]['effective_on']}: {later[0]['what_changed']}"


def _flags(life: Life) -> Iterator[str]:
    day = life.day
    if day.get("is_imported"):
        yield "The figure comes from elsewhere; no figure of the platform's own is known for this day."
    if day.get("is_baseline"):
        yield "It is the first figure to grow from: a baseline, not a gain."
    if day.get("is_anomaly"):
        yield "It is taken for a slip of the platform's: it stands, and is kept out of growth."
    if day.get("is_late"):
        yield "It was fetched more than 6 hours after its instant: it stands, and the 1-day changes beside it do not."
    if day.get("is_gap"):
        yield f"The figure before it is of {day['previous_on']}, further back than the account's cadence: a gap."
    if day.get("is_break"):
        yield f"The metric was redefined since the figure before it, of {day['previous_on']}: no growth is drawn."
    if day.get("is_decrease"):
        yield "A counter that fell: the platform took counts back. The fall stands."


def _growth(life: Life) -> Iterator[tuple[str, str]]:
    day = life.day
    if life.post_id:
        published = day["published_at"]
        if published is not None:
            yield "post", f"published {_instant(published)}, {day['age_days']} days before; {day['url'] or 'no link'}"
        if day["engagements"] is not None:
            since = f"since {day['previous_on']}" if day["previous_on"] else "since it was published"
            gained = f", {signed(day['engagements_change'])} {since}" if day["engagements_change"] is not None else ""
            yield "", f"{number(day['engagements'])} engagements in all{gained}"
        return
    if day["value"] is None:
        return
    for change in life.changes:
        label = "growth" if change is life.changes[0] else ""
        if change.why_not:
            yield label, f"{_days(change.days)}: not known, {change.why_not}"
        else:
            told = _changed(change.change, change.low, change.high)
            yield label, f"{_days(change.days)}: {told}, {rate(change.growth_rate)}, since {change.since_on}"
    if day["change_since_previous"] is not None:
        ends = day["change_since_previous_low"], day["change_since_previous_high"]
        yield "", f"since {day['previous_on']}, the figure before: {_changed(day['change_since_previous'], *ends)}"


def _changed(change: int | None, low: int | None, high: int | None) -> str:
    return signed(change) if low == change == high else f"{signed(change)} ({between(low, high)})"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def _file(place: Place) -> str:
    return os.path.relpath(place.file)
