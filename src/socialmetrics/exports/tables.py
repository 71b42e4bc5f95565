"""The figures as plain tables, for the workbook and the CSV files alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from socialmetrics.exports.figures import Figures, Frozen, tells_ranks
from socialmetrics.exports.words import reason_words

Value = str | int | float | bool | date | None


@dataclass(frozen=True)
class Sheet:
    """`name` is the CSV file's name without its ending, `title` the workbook's tab."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def sheets(figures: Figures) -> list[Sheet]:
    """One sheet for each kind of row, in the order of the report."""
    weeks, is_told = account_weeks(figures), figures.patterns is not None  # packs frozen earlier do not tell it
    return [
        _sheet("scorecard", "Scorecard", figures.scores, _SCORE + SCORE_SINCE * tells_ranks(figures)),
        _weeks(figures),
        _sheet("activity", "Activity", figures.activity, _ACTIVITY),
        _sheet("posts", "Posts that drew attention", figures.attention, _ATTENTION + _ATTENTION_SINCE * is_told),
        *[_sheet("notes", "Notes", figures.notes or (), _NOTE)] * (figures.notes is not None),
        _sheet("among_peers", "Among peers", figures.standings, _STANDING),
        _missing(figures),
        _gone(figures),
        _coverage(figures),
        _sheet("metrics", "What the figures mean", figures.definitions, _DEFINITION),
        _sheet("metric_breaks", "Changed definitions", figures.breaks, _BREAK),
        weeks,
        *[_sheet("post_patterns", "Kinds and hours", figures.patterns or (), _PATTERN)] * is_told,
    ]


def account_weeks(figures: Figures) -> Sheet:
    table = figures.account_weeks
    dates = {i for i, name in enumerate(table.columns) if name.endswith("_on")}
    rows = tuple(
        tuple(date.fromisoformat(v) if i in dates and isinstance(v, str) else v for i, v in enumerate(row))
        for row in table.rows
    )
    return Sheet("account_weeks", "Every account", table.columns or ("week",), rows)


_SCORE = (
    "organization_id", "organization", "platform", "metric", "display_name", "shown_as", "accounts",
    "value", "low", "high", "change", "change_low", "change_high", "growth_rate",
    "usual_low", "usual_high", "usual_weeks", "reading", "cannot_tell_because",
    "last_year_value", "change_since_last_year", "rate_since_last_year", "is_complete", "is_rounded", "reason", "note",
)  # fmt: skip
SCORE_SINCE = (
    "change_since_last_year_low", "change_since_last_year_high",
    "rank_from", "rank_to", "rank_n", "rank_stratum", "rank_stratum_value", "no_rank_because",
    "compared_days", "compared_value", "days_expected", "days_observed",
)  # fmt: skip
_ACTIVITY = (
    "platform", "account", "posts_published", "posts_usual_low", "posts_usual_high", "posts_reading",
    "engagements", "engagements_usual_low", "engagements_usual_high", "engagements_reading",
)  # fmt: skip
_ATTENTION = (
    "platform", "account", "post_id", "kind", "is_public", "title", "url", "published_on",
    "engagements", "comments", "is_mostly_comments",
)  # fmt: skip
_ATTENTION_SINCE = ("is_far_above_usual",)
_PATTERN = (
    "platform", "account", "dimension", "dimension_value", "latest_on", "posts", "posts_with_lift", "median_lift_7d",
)  # fmt: skip
_NOTE = ("noted_on", "platform", "post_id", "text")
_STANDING = (
    "platform", "account", "followers", "low", "high", "best_rank", "worst_rank", "ranked",
    "weekly_growth_rate", "growth_best_rank", "growth_worst_rank", "growth_ranked", "median_growth_rate",
)  # fmt: skip
_DEFINITION = (
    "platform", "subject", "metric", "native_metric", "display_name", "shown_as", "definition", "rounding",
    "source_url",
)  # fmt: skip
_BREAK = ("platform", "metric", "effective_on", "is_comparable", "what_changed", "source_url")
_POINT = ("week", "week_start_on", "value", "low", "high", "change", "change_low", "change_high")


def _sheet(name: str, title: str, records: Iterable[Frozen], columns: Sequence[str]) -> Sheet:
    rows = tuple(tuple(getattr(record, column) for column in columns) for record in records)
    return Sheet(name, title, tuple(columns), rows)


def _weeks(figures: Figures) -> Sheet:
    rows = tuple(
        (series.organization_id, series.platform, series.metric, *(getattr(point, name) for name in _POINT))
        for series in figures.series
        for point in series.points
    )
    return Sheet("weeks", "The year by week", ("organization_id", "platform", "metric", *_POINT), rows)


def _missing(figures: Figures) -> Sheet:
    columns = ("platform", "account", "metrics", "reason", "in_words", "days", "first_on", "last_on")
    rows = tuple(
        (m.platform, m.account, ", ".join(m.metrics), m.reason, reason_words(m.reason), m.days, m.first_on, m.last_on)
        for m in figures.missing
    )
    return Sheet("missing", "Missing", columns, rows)


def _gone(figures: Figures) -> Sheet:
    columns = ("platform", "organization", "account", "url", "reason", "in_words", "since_on", "is_new")
    rows = tuple(
        (g.platform, g.organization, g.account, g.url, g.reason, reason_words(g.reason), g.since_on, g.is_new)
        for g in figures.gone
    )
    return Sheet("peers_gone", "Peers gone", columns, rows)


def _coverage(figures: Figures) -> Sheet:
    columns = (
        "platform", "platform_name", "days", "days_incomplete", "expected", "observed", "missing_because",
        "complete_through_on", "status", "message",
    )  # fmt: skip
    rows = tuple(
        (
            c.platform, c.platform_name, c.days, c.days_incomplete, c.expected, c.observed,
            ", ".join(f"{reason}: {amount}" for reason, amount in c.missing),
            c.complete_through_on, c.status, c.message,
        )
        for c in figures.coverage
    )  # fmt: skip
    return Sheet("coverage", "Coverage", columns, rows)
