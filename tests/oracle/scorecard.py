"""`weekly_scorecard` as it must be: an organization's week in one line, from what the other tables must be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from .expected import FLOWS, USUAL_AT_LEAST, USUAL_PERIODS, USUAL_WITHIN, WEEK, Expected, Row, Rows, break_on, less
from .record import each_day
from .things import organizations, seed

HEADLINE = ("followers", "views", "connections")
LIKE_US = ("bed_size", "all")
FROM_THE_WEEK = (
    "organization_id", "platform", "metric", "kind", "week", "week_start_on", "accounts", "value", "low", "high",
    "change", "change_low", "change_high", "growth_rate", "growth_rate_low", "growth_rate_high",
    "usual_low", "usual_high", "usual_weeks", "reading",
    "last_year_value", "change_since_last_year", "change_since_last_year_low", "change_since_last_year_high",
    "is_complete", "reason", "is_rounded",
)  # fmt: skip


def weekly_scorecard(expected: Expected, peers: Rows, headline: Sequence[str] = HEADLINE) -> Rows:
    """By organization, platform, metric and week; `peers`: what peer_weeks must be."""
    names = {row["organization_id"]: row["name"] for row in organizations(expected).values() if row["is_own"]}
    display_names, notes = _display_names(), _notes()
    days = _days(expected)
    places, pending = _places(peers), _pending(expected)
    table: Rows = {}
    for key, week in expected.organization_weeks.items():
        organization_id, platform, metric, start = key
        if organization_id not in names or metric not in headline:
            continue
        place = places.get(key, {})
        table[key] = {name: week[name] for name in FROM_THE_WEEK} | {
            "name": names[organization_id],
            "display_name": display_names[platform, metric],
            "compared_days": 7,
            "compared_value": week["value"] if week["kind"] == "flow" else None,
            **_growth_since_last_year(week),
            "rank_from": place.get("rank_from"),
            "rank_to": place.get("rank_to"),
            "rank_n": place.get("n"),
            "rank_stratum": place.get("stratum"),
            "rank_stratum_value": place.get("stratum_value"),
            **days[key],
            "note": notes.get((platform, metric, start)),
            **pending.get(key, {}),
        }
    return table


def _growth_since_last_year(week: Row) -> Row:
    """The change and its ends as shares of the value then, which the least is a change from the most of."""
    found = {}
    for end, now in (("", "value"), ("_low", "low"), ("_high", "high")):
        change = week[f"change_since_last_year{end}"]
        then = less(week[now], change)
        found[f"growth_since_last_year_rate{end}"] = change / then if change is not None and then else None
    return found


def _pending(expected: Expected) -> dict[tuple[Any, ...], Row]:
    """Weeks of a flow of which nothing is missing but days that have not settled, beside the same weekdays before."""
    days: dict[tuple[Any, ...], dict[date, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in expected.days.values():
        if (row["platform"], row["metric"]) in FLOWS and row["organization_id"] and row["date_precision"] == "day":
            days[row["organization_id"], row["platform"], row["metric"]][row["measured_on"]].append(row)
    found: dict[tuple[Any, ...], Row] = {}
    for series, told in days.items():
        values = {day: sum(row["value"] for row in rows) for day, rows in told.items() if all(map(_is_known, rows))}
        for start in {WEEK.start(day) for day in told}:
            rows = [row for day in each_day(start, WEEK.end(start)) for row in told.get(day, ())]
            if {row["reason"] for row in rows} - {None} == {"pending"}:
                known = [day for day in each_day(start, WEEK.end(start)) if day in values]
                found[*series, start] = _beside_the_same_weekdays(series, known, values)
    return found


def _is_known(row: Row) -> bool:
    return row["value"] is not None


def _beside_the_same_weekdays(series: tuple[str, str, str], known: Sequence[date], values: Mapping[date, int]) -> Row:
    _, platform, metric = series
    usual: list[int] = []
    for back in (timedelta(weeks=number) for number in range(1, USUAL_WITHIN + 1)):
        is_alike = [
            day - back in values and break_on(platform, metric, day - back) == break_on(platform, metric, day)
            for day in known
        ]
        if known and all(is_alike):
            usual.append(sum(values[day - back] for day in known))
    usual = usual[:USUAL_PERIODS]
    value = sum(values[day] for day in known) if known else None
    low, high = (min(usual), max(usual)) if len(usual) >= USUAL_AT_LEAST else (None, None)
    row = {"compared_days": len(known), "usual_low": low, "usual_high": high, "usual_weeks": len(usual)}
    reading = "cannot tell"
    if value is not None and low is not None and high is not None:
        reading = "higher than usual" if value > high else "lower than usual" if value < low else "usual"
    return row | {"compared_value": value, "reading": reading}


def _days(expected: Expected) -> Mapping[tuple[Any, ...], Row]:
    """Days due and observed over an organization's accounts."""
    found: dict[tuple[Any, ...], Row] = defaultdict(lambda: {"days_expected": 0, "days_observed": 0})
    for row in expected.weeks.values():
        of_it = found[row["organization_id"], row["platform"], row["metric"], row["week_start_on"]]
        for name in of_it:
            of_it[name] += row[name]
    return found


def _places(peers: Rows) -> dict[tuple[Any, ...], Row]:
    """Where the largest main account stands among hospitals like it, or among all."""
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in peers.values():
        if row["account_group"] == "main" and row["stratum"] in LIKE_US and row["rank_from"] is not None:
            found[row["organization_id"], row["platform"], row["metric"], row["week_start_on"]].append(row)
    return {
        key: min(rows, key=lambda row: (LIKE_US.index(row["stratum"]), -row["value"], row["account_key"]))
        for key, rows in found.items()
    }


def _accounts_metrics() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["platform"], row["native_metric"]): row for row in seed("metrics") if row["subject"] == "account"}


def _display_names() -> dict[tuple[str, str], str]:
    return {(platform, row["metric"]): row["display_name"] for (platform, _), row in _accounts_metrics().items()}


def _notes() -> dict[tuple[str, str, date], str]:
    """What changed in a week, the earliest and the latest of it."""
    registry = _accounts_metrics()
    told: dict[tuple[str, str, date], list[tuple[date, str]]] = defaultdict(list)
    for row in seed("metric_breaks"):
        if named := registry.get((row["platform"], row["native_metric"])):
            on = date.fromisoformat(row["effective_on"])
            told[row["platform"], named["metric"], WEEK.start(on)].append((on, row["what_changed"]))
    return {key: " ".join(dict(sorted({min(all_), max(all_)})).values()) for key, all_ in told.items()}
