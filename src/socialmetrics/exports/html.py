"""The page: one file that loads nothing. What platforms and people wrote is escaped; only our own drawings are not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from socialmetrics.exports import charts, words
from socialmetrics.exports.figures import Figures, Score, Series, tells_ranks

GONE_SHOWN = 12

Notes = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Panel:
    """One score with its charts and the number of its footnote."""

    score: Score
    series: Series
    note: int | None
    strip: charts.Chart
    changes: charts.Chart
    levels: charts.Chart


def render(figures: Figures) -> str:
    """The page as text."""
    template = _environment().get_template("report.html.j2")
    notes = _notes(figures)
    return template.render(
        figures=figures,
        panels=[_panel(score, series, notes) for score, series in zip(figures.scores, figures.series, strict=True)],
        notes=notes,
        is_ranked=tells_ranks(figures),
        has_one_organization=len({s.organization_id for s in figures.scores}) <= 1,
        is_over=figures.source.latest_on is not None and figures.source.latest_on >= figures.week_end_on,
        gone_shown=GONE_SHOWN,
        weeks_of_change=charts.WEEKS_OF_CHANGE,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["words"] = words
    environment.filters["drawing"] = _drawing
    return environment


def _drawing(chart: charts.Chart) -> Markup:
    return Markup(chart.svg)


def _notes(figures: Figures) -> Notes:
    """The footnotes' numbers, in the order of the scorecard; a definition that no score needs has none."""
    defined = {(d.platform, d.metric) for d in figures.definitions if d.subject == "account"}
    shown = dict.fromkeys((s.platform, s.metric) for s in figures.scores)
    return {key: number for number, key in enumerate((key for key in shown if key in defined), start=1)}


def _panel(score: Score, series: Series, notes: Notes) -> Panel:
    return Panel(
        score,
        series,
        notes.get((score.platform, score.metric)),
        charts.usual_strip(score),
        charts.weekly_changes(score, series),
        charts.year_of_levels(score, series),
    )
