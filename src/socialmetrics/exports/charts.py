"""The report's charts, each an SVG of its own: the weeks' net change beside the usual range, and the level over a year.

Every position is given in numbers and every label is placed by hand, so that no font, locale or time zone of the
machine can move a line: the same figures give the same bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import vl_convert

from socialmetrics.exports.figures import Break, Note, Score, Series, WeekPoint
from socialmetrics.exports.words import between, compact, is_exact, level, number, short_day, signed, usual

WIDTH, HEIGHT = 348, 112
PADDING = {"left": 52, "right": 10, "top": 16, "bottom": 22}
WEEKS_OF_CHANGE = 16
INK, MUTED, GRID, PALE, BAND, ACCENT = "#1d2529", "#58656b", "#dfe4e5", "#aebabf", "#f0e9da", "#0b5a73"
ACCENT_PALE, PALEST, BAND_STRONG = "#7fb0bf", "#d5dcde", "#e3d8bf"


@dataclass(frozen=True)
class Chart:
    """`svg` is markup made here and safe as it is; `description` is what the chart says, in words."""

    svg: str
    description: str


def weekly_changes(score: Score, series: Series) -> Chart:
    """The net change of each of the last 16 weeks; this week in colour, the usual range as a band."""
    points = series.points[-WEEKS_OF_CHANGE:]
    known = [p for p in points if p.change is not None]
    if not known:
        return Chart("", "No week of the last sixteen can be compared with the week before it.")
    ends = [v for p in known for v in (p.change, p.change_low, p.change_high) if v is not None]
    usual_ends = _usual_change(score)
    y = _Axis.over([0, *ends, *usual_ends])
    x = alt.X("x:Q", scale=alt.Scale(domain=[-0.5, len(points) - 0.5], nice=False), axis=_months(points))
    layers: list[Any] = []
    if len(usual_ends) == 2:
        layers.append(
            _mark([{"low": usual_ends[0], "high": usual_ends[1]}])
            .mark_rect(color=BAND, stroke=BAND, strokeWidth=1)
            .encode(y=y.encode("low"), y2="high:Q")
        )
    bars = [_bar(i, p, i == len(points) - 1) for i, p in enumerate(points) if p.change is not None]
    width = WIDTH / len(points) * 0.62
    layers.append(
        _mark(bars)
        .mark_bar(size=width)
        .encode(x=x, y=y.encode("from"), y2="to:Q", color=alt.Color("color:N", scale=None))
    )
    rounded = [bar for bar in bars if bar["is_rounded"]]
    if rounded:
        tick = _mark(rounded).mark_tick(orient="horizontal", size=width, thickness=2)
        layers.append(tick.encode(x=x, y=y.encode("change"), color=alt.Color("strong:N", scale=None)))
    layers.append(_mark([{"y": 0}]).mark_rule(color=INK, strokeWidth=1).encode(y=y.encode("y")))
    began = next(i for i, p in enumerate(points) if p.value is not None or p.change is not None)
    absent = [{"x": i, "y": 0, "text": "×"} for i, p in enumerate(points) if p.change is None and i > began]
    if absent:
        layers.append(
            _mark(absent).mark_text(color=MUTED, fontSize=12, dy=-7).encode(x=x, y=y.encode("y"), text="text:N")
        )
    layers += _note_marks(series.notes, points, x, y)
    return Chart(_svg(layers), _say_changes(score, points) + _say_notes(series.notes, points))


def _usual_change(score: Score) -> list[int]:
    """The ends of the usual net change, or none: the usual range of a flow is one of its own figures."""
    ends = (score.usual_low, score.usual_high) if score.compared_value is None else ()
    return [end for end in ends if end is not None]


def year_of_levels(score: Score, series: Series) -> Chart:
    """The level at each week's end over a year: open where a week has no figure, parted where a definition changed."""
    points = series.points
    known = [(i, p) for i, p in enumerate(points) if p.value is not None]
    if not known:
        return Chart("", "No week of the last year has a figure.")
    y = _Axis.over([v for _, p in known for v in (p.value, p.low, p.high) if v is not None])
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, len(points) - 1], nice=False), axis=_months(points))
    parts = _parts(points, series.breaks)
    lines = [
        {
            "x": i,
            "value": p.value,
            "low": p.value if p.low is None else p.low,
            "high": p.value if p.high is None else p.high,
            "part": n,
        }
        for n, part in enumerate(parts)
        for i, p in part
    ]
    layers: list[Any] = []
    if any(not is_exact(p.value, p.low, p.high) for _, p in known):
        band = _mark(lines).mark_area(color=PALEST, opacity=1)
        layers.append(band.encode(x=x, y=y.encode("low"), y2="high:Q", detail="part:N"))
    line = _mark(lines).mark_line(color=MUTED, strokeWidth=1.8, strokeJoin="round", strokeCap="round")
    layers.append(line.encode(x=x, y=y.encode("value"), detail="part:N"))
    alone = [{"x": part[0][0], "value": part[0][1].value} for part in parts if len(part) == 1]
    if alone:
        layers.append(_mark(alone).mark_circle(color=MUTED, size=14, opacity=1).encode(x=x, y=y.encode("value")))
    layers += _break_rules(series.breaks, points, x, y)
    layers += _note_marks(series.notes, points, x, y)
    if points[-1].value is not None:
        now = [{"x": len(points) - 1, "value": points[-1].value}]
        layers.append(_mark(now).mark_circle(color=ACCENT, size=42, opacity=1).encode(x=x, y=y.encode("value")))
    return Chart(_svg(layers), _say_levels(score, points, series.breaks) + _say_notes(series.notes, points))


def usual_strip(score: Score) -> Chart:
    """This week's change or a flow's figure, a dot or where rounded a bar, on the usual range; empty without either."""
    usual_low, usual_high, is_flow = score.usual_low, score.usual_high, score.compared_value is not None
    now, now_low, now_high = score.change, score.change_low, score.change_high
    if is_flow:
        now, now_low, now_high = score.compared_value, None, None
    if now is None or usual_low is None or usual_high is None:
        return Chart("", "")
    low = now if now_low is None else now_low
    high = now if now_high is None else now_high
    start, end = min(low, usual_low), max(high, usual_high)

    def at(value: int) -> float:
        return round(5 + 110 * (value - start) / ((end - start) or 1), 1)

    width = max(at(usual_high) - at(usual_low), 2)
    band = f'<rect x="{at(usual_low)}" y="3" width="{width:.1f}" height="6" fill="{BAND_STRONG}"/>'
    reach = (
        f'<rect x="{at(low)}" y="4.5" width="{at(high) - at(low):.1f}" height="3" fill="{ACCENT_PALE}"/>'
        if low < high
        else ""
    )
    dot = f'<circle cx="{at(now)}" cy="6" r="3.6" fill="{ACCENT}"/>'
    rule = f'<path d="M0,6H120" stroke="{GRID}"/>'
    svg = f'<svg viewBox="0 0 120 12" aria-hidden="true" focusable="false">{rule}{band}{reach}{dot}</svg>'
    told = number(now) if is_flow else signed(now)
    return Chart(svg, f"{told} against a usual {usual(usual_low, usual_high, is_flow)}")


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    ticks: tuple[int, ...]

    @staticmethod
    def over(values: Sequence[int]) -> _Axis:
        """An axis that holds all values with a little air; three round ticks or more where whole numbers allow it."""
        low, high = min(values), max(values)
        if low == high:
            low, high = low - 1, high + 1
        air = (high - low) * 0.08
        low_end, high_end = (low - air if low else 0), (high + air if high else 0)
        size = 10 ** math.floor(math.log10(high_end - low_end))
        steps: list[float] = [
            step for m in (5, 2.5, 2, 1, 0.5, 0.25, 0.2, 0.1) if (step := m * size) >= 1 and step == int(step)
        ] or [1]
        step = next((s for s in steps if len(_multiples(s, low_end, high_end)) >= 3), steps[-1])
        return _Axis(low_end, high_end, tuple(_multiples(int(step), low_end, high_end)))

    def encode(self, field: str) -> alt.Y:
        digits = next((n for n in range(3, 10) if len({compact(t, n) for t in self.ticks}) == len(self.ticks)), 10)
        labels = _labels({tick: compact(tick, digits) for tick in self.ticks})
        axis = alt.Axis(
            values=list(self.ticks), labelExpr=labels, title=None, domain=False, ticks=False, labelPadding=6,
            labelOverlap=False, labelBound=False, grid=True,
        )  # fmt: skip
        return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[self.low, self.high], nice=False, zero=False), axis=axis)


def _multiples(step: float, low: float, high: float) -> list[int]:
    return [int(step * n) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _bar(at: int, point: WeekPoint, is_this_week: bool) -> dict[str, Any]:
    exact = is_exact(point.change, point.change_low, point.change_high)
    low = point.change if exact or point.change_low is None else point.change_low
    high = point.change if exact or point.change_high is None else point.change_high
    strong, soft = (ACCENT, ACCENT_PALE) if is_this_week else (MUTED, PALEST)
    plain = ACCENT if is_this_week else PALE
    return {
        "x": at,
        "from": 0 if exact else low,
        "to": high,
        "change": point.change,
        "is_rounded": not exact,
        "color": plain if exact else soft,
        "strong": strong,
    }


def _parts(points: Sequence[WeekPoint], breaks: Sequence[Break]) -> list[list[tuple[int, WeekPoint]]]:
    """Stretches of weeks that one line may join: no week missing in between and no definition changed."""
    parts: list[list[tuple[int, WeekPoint]]] = []
    changes = [b.effective_on for b in breaks if not b.is_comparable]
    for i, point in enumerate(points):
        if point.value is None:
            continue
        joins = bool(parts) and parts[-1][-1][0] == i - 1
        if joins and any(_week_at(points, day) == i for day in changes):
            joins = False
        if joins:
            parts[-1].append((i, point))
        else:
            parts.append([(i, point)])
    return parts


def _week_at(points: Sequence[WeekPoint], day: date) -> int:
    """The index of the week `day` falls in; below 0 where it lies before the first."""
    return (day - points[0].week_start_on).days // 7


def _break_rules(breaks: Sequence[Break], points: Sequence[WeekPoint], x: alt.X, y: _Axis) -> list[Any]:
    """A dashed rule just before the first week's end under the new definition, with its date on the roomier side."""
    rows = []
    for b in breaks:
        at = _week_at(points, b.effective_on) - 0.5
        if 0 <= at <= len(points) - 1:
            is_late = at > len(points) * 0.6
            text = f"{b.effective_on.day} {b.effective_on:%b}: {'new definition' if not b.is_comparable else 'change'}"
            rows.append(
                {"x": at, "y": y.high, "text": text, "align": "right" if is_late else "left", "is_late": is_late}
            )
    if not rows:
        return []
    layers: list[Any] = [_mark(rows).mark_rule(color=INK, strokeWidth=1, strokeDash=[3, 3]).encode(x=x)]
    for is_late in (False, True):
        side = [row for row in rows if row["is_late"] == is_late]
        if side:
            text = _mark(side).mark_text(
                align="right" if is_late else "left", baseline="bottom", dx=0, dy=-4, fontSize=11, color=INK
            )
            layers.append(text.encode(x=x, y=y.encode("y"), text="text:N"))
    return layers


def _note_marks(notes: Sequence[Note], points: Sequence[WeekPoint], x: alt.X, y: _Axis) -> list[Any]:
    """A small triangle below each week that a person said something about."""
    weeks = sorted({at for note in notes if (at := _week_at(points, note.noted_on)) >= 0})
    if not weeks:
        return []
    marks = _mark([{"x": at, "y": y.low} for at in weeks])
    return [
        marks.mark_point(shape="triangle-up", filled=True, color=INK, size=36, opacity=1, yOffset=5).encode(
            x=x, y=y.encode("y")
        )
    ]


def _months(points: Sequence[WeekPoint]) -> alt.Axis:
    """A label under the first week of a month: of every month, or of every second or third where they would crowd."""
    firsts = {i: p.week_start_on for i, p in enumerate(points) if p.week_start_on.day <= 7}
    apart = max(1, math.ceil(len(firsts) / 6))
    labels = {
        i: f"{day:%b}" if day.month != 1 else f"{day:%b} {day.year}"
        for i, day in firsts.items()
        if (day.month - 1) % apart == 0
    }
    return alt.Axis(
        values=list(labels), labelExpr=_labels(labels), title=None, grid=False, domain=False, tickSize=4,
        tickColor=PALE, labelPadding=4, labelOverlap=False, labelBound=False,
    )  # fmt: skip


def _labels(texts: dict[Any, str]) -> str:
    """A Vega expression that looks a tick's label up; the keys are numbers and the texts are ours."""
    pairs = ", ".join(f"'{_key(value)}': '{text}'" for value, text in texts.items())
    return f"({{{pairs}}})[toString(datum.value)]"


def _key(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _mark(rows: Iterable[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def _svg(layers: Sequence[Any]) -> str:
    chart = (
        alt.layer(*layers)
        .properties(width=WIDTH, height=HEIGHT, padding=PADDING, autosize={"type": "none"}, background="transparent")
        .configure(aria=False)
        .configure_view(stroke=None, clip=False)
        .configure_axis(gridColor=GRID, labelColor=MUTED, labelFontSize=11, labelFont="sans-serif")
        .configure_text(font="sans-serif")
    )
    major, minor = alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2]
    svg = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=f"v{major}_{minor}")
    return _trimmed(svg)


def _trimmed(svg: str) -> str:
    """The drawing alone: it scales with its column and leaves its font to the page."""
    head, _, rest = svg.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    plain = re.sub(r' (aria-[a-z]+|role|class|pointer-events|font-family)="[^"]*"', "", rest)
    plain = re.sub(r"(\d+\.\d{3})\d+", r"\1", plain)
    return f'<svg {box.group() if box else ""} aria-hidden="true" focusable="false">{plain}'


def _say_changes(score: Score, points: Sequence[WeekPoint]) -> str:
    this = points[-1]
    name = f"{score.platform_name} {score.display_name.lower()}"
    if this.change is None:
        now = "no comparable figure this week"
    elif is_exact(this.change, this.change_low, this.change_high):
        now = f"{signed(this.change)} this week"
    else:
        now = f"{between(this.change_low, this.change_high)} this week, rounded by the platform"
    told = (
        f", usual range {between(score.usual_low, score.usual_high)}"
        if _usual_change(score)
        else ", no usual range yet"
        if score.compared_value is None
        else ""
    )
    absent = sum(p.change is None for p in points)
    gaps = f"; {absent} of {len(points)} weeks cannot be compared and are left open" if absent else ""
    return f"{name}, net change of each of the last {len(points)} weeks: {now}{told}{gaps}."


def _say_levels(score: Score, points: Sequence[WeekPoint], breaks: Sequence[Break]) -> str:
    known = [p for p in points if p.value is not None]
    first, last = known[0], known[-1]
    name = f"{score.platform_name} {score.display_name.lower()}"
    told = (
        f"{name} at each week's end: "
        f"{level(first.value, first.low, first.high)} in the week of {short_day(first.week_start_on)}, "
        f"{level(last.value, last.low, last.high)} in the week of {short_day(last.week_start_on)}"
    )
    absent = len(points) - len(known)
    gaps = f"; {absent} of {len(points)} weeks have no figure and are left open" if absent else ""
    changed = f"; definition changed on {', '.join(short_day(b.effective_on) for b in breaks)}" if breaks else ""
    return f"{told}{gaps}{changed}."


def _say_notes(notes: Sequence[Note], points: Sequence[WeekPoint]) -> str:
    days = [short_day(note.noted_on) for note in notes if _week_at(points, note.noted_on) >= 0]
    return f" Notes on {', '.join(dict.fromkeys(days))}." if days else ""
