"""The workbook: a first sheet to read, then one sheet for each table. Text is always written as text."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from socialmetrics.exports import tables
from socialmetrics.exports.figures import Figures, Score, tells_ranks
from socialmetrics.exports.tables import Sheet, Value
from socialmetrics.exports.words import (
    between,
    days,
    days_there,
    level,
    like_us,
    link,
    moment,
    number,
    place,
    rate,
    settled,
    short_day,
    signed,
    since,
    usual,
)

INK, MUTED, RULE, TINT = "#1d2529", "#58656b", "#c9d0d2", "#eef3f4"
WIDEST = 60


@dataclass(frozen=True)
class Formats:
    title: Format
    lead: Format
    notice: Format
    head: Format
    text: Format
    wrapped: Format
    muted: Format
    whole: Format
    change: Format
    rate: Format
    times: Format
    day: Format
    link: Format


def render(figures: Figures) -> bytes:
    """The workbook's bytes; the zip's dates are fixed by the library, the document's by the pack's instant."""
    content = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    workbook = xlsxwriter.Workbook(content, options)
    workbook.set_properties(
        {
            "title": f"Social media, week {figures.week}",
            "subject": figures.headline.first_line[:250],
            "author": "socialmetrics",
            "created": figures.instant.replace(tzinfo=None),
        }
    )
    formats = _formats(workbook)
    _summary(workbook.add_worksheet("Week"), figures, formats)
    for sheet in map(_ours_only, tables.sheets(figures)):
        _table(workbook.add_worksheet(sheet.title), sheet, formats)
    workbook.close()
    return content.getvalue()


def _formats(workbook: Workbook) -> Formats:
    font = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "top"}

    def made(**more: object) -> Format:
        return workbook.add_format({**font, **more})

    return Formats(
        title=made(font_size=20, bold=True, text_wrap=True),
        lead=made(font_size=12, text_wrap=True),
        notice=made(font_size=12, bold=True, text_wrap=True, bg_color=TINT, left=5),
        head=made(bold=True, bottom=1, bottom_color=INK, text_wrap=True),
        text=made(),
        wrapped=made(text_wrap=True),
        muted=made(font_color=MUTED, text_wrap=True),
        whole=made(num_format="#,##0"),
        change=made(num_format="+#,##0;-#,##0;0"),
        rate=made(num_format="+0.0%;-0.0%;0.0%"),
        times=made(num_format="0.00"),
        day=made(num_format="yyyy-mm-dd", align="left"),
        link=made(font_color="#0b5a73", underline=1),
    )


def _summary(sheet: Worksheet, figures: Figures, formats: Formats) -> None:
    """What leadership reads, in words, as the page has it; the sheets behind hold the numbers as numbers."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    is_ranked = tells_ranks(figures)
    for column, width in enumerate((14, 16, 22, 32, 12, 26, 24, 30, *(30,) * is_ranked, 36)):
        sheet.set_column(column, column, width)
    row = 0
    for notice in figures.headline.notices:
        _wide(sheet, row, notice, formats.notice, 34)
        row += 1
    _wide(sheet, row, figures.headline.sentence, formats.title, 54)
    _wide(sheet, row + 1, figures.headline.summary, formats.lead, 20)
    who = ", ".join(figures.organizations)
    span = days(figures.week_start_on, figures.week_end_on)
    _wide(sheet, row + 2, f"{who}, week {figures.week}, {span}", formats.muted, 18)
    row += 4
    heads = ["Platform", "Figure", "Now", "This week", "Growth", "Usual week", "Reading", "Since last year", "Remark"]
    heads[-1:-1] = ["Rank among hospitals like us"] * is_ranked
    for column, head in enumerate(heads):
        sheet.write_string(row, column, head, formats.head)
    for score in figures.scores:
        row += 1
        change = signed(score.change)
        if score.change is not None and score.is_rounded:
            change = between(score.change_low, score.change_high)
        remark = score.cannot_tell_because or ("" if score.is_complete else "incomplete")
        there = days_there(score.days_observed, score.days_expected)
        change_low, change_high = score.change_since_last_year_low, score.change_since_last_year_high
        since_then = since(score.change_since_last_year, change_low, change_high)
        last_year = f"{since_then} ({rate(score.rate_since_last_year)})"
        cells = (
            score.platform_name if len(figures.organizations) < 2 else f"{score.platform_name}, {score.organization}",
            score.display_name,
            level(score.value, score.low, score.high),
            change,
            rate(score.growth_rate),
            _joined(
                usual(score.usual_low, score.usual_high, score.compared_value is not None),
                settled(score.compared_days, score.compared_value),
            ),
            score.reading,
            "—" if score.change_since_last_year is None else last_year,
            *[_rank(score)] * is_ranked,
            " ".join(part for part in (_joined(remark, there), score.note) if part),
        )
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, formats.wrapped)
    source = figures.source
    made = f"Made {moment(figures.instant, figures.timezone)} from {source.name}"
    made += f", published with figures to {short_day(source.latest_on)}."
    _wide(sheet, row + 2, made, formats.muted, 18)
    _wide(
        sheet,
        row + 3,
        f"{number(len(figures.account_weeks.rows))} lines of every account are in account_weeks.csv.",
        formats.muted,
        18,
    )


def _rank(score: Score) -> str:
    if score.rank_from is None or score.rank_to is None or score.rank_n is None:
        return _joined("—", score.no_rank_because)
    among = like_us(score.rank_stratum or "all", score.rank_stratum_value or "")
    is_one_of_many = (score.accounts or 0) > 1
    return _joined(place(score.rank_from, score.rank_to, score.rank_n), among, "the main account" * is_one_of_many)


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _wide(sheet: Worksheet, row: int, text: str, style: Format, height: int) -> None:
    sheet.merge_range(row, 0, row, 8, "", style)
    sheet.write_string(row, 0, text, style)
    sheet.set_row(row, height)


def _ours_only(sheet: Sheet) -> Sheet:
    """Of every account only ours: a nation's accounts belong in the CSV file."""
    if sheet.name != "account_weeks" or "is_own" not in sheet.columns:
        return sheet
    at = sheet.columns.index("is_own")
    return Sheet(sheet.name, "Our accounts", sheet.columns, tuple(row for row in sheet.rows if row[at]))


def _table(sheet: Worksheet, table: Sheet, formats: Formats) -> None:
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, formats.head)
        longest = max([len(name), *(len(str(row[column])) for row in table.rows if row[column] is not None)])
        sheet.set_column(column, column, min(longest + 2, WIDEST))
    for at, row in enumerate(table.rows, start=1):
        for column, (name, value) in enumerate(zip(table.columns, row, strict=True)):
            _cell(sheet, at, column, name, value, formats)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)


def _cell(sheet: Worksheet, row: int, column: int, name: str, value: Value, formats: Formats) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, formats.text)
    elif isinstance(value, (int, float)):
        is_change = name.startswith("change") or name in ("usual_low", "usual_high")
        style = (
            formats.rate
            if name.endswith("_rate") or name.startswith("rate_")
            else formats.times
            if "_lift_" in name
            else formats.change
            if is_change
            else formats.whole
        )
        sheet.write_number(row, column, value, style)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats.day)
    elif name.endswith("url") and link(value):
        sheet.write_url(row, column, value, formats.link, value)
    else:
        sheet.write_string(row, column, value, formats.text)
