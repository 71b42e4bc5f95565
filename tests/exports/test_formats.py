"""What the page, the workbook and the CSV files show, and that nothing a platform sent does anything in them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, datetime
from html.parser import HTMLParser

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from socialmetrics.exports import Figures, charts, csv_files, html, words, xlsx
from socialmetrics.exports.tables import Sheet, account_weeks, sheets

FORMULA = '=HYPERLINK("http://evil.example","x")'
NASTY = [
    FORMULA,
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "<script>alert(1)</script>",
    "</title>",
    "{{ 7 * 7 }}",
    "ok'\"",
]


class Page(HTMLParser):
    """What a browser would load, follow or run, and the text it would show."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self._hidden = False
        self.feed(content)
        self.text = re.sub(r"\s+", " ", self.text.replace(words.NO_BREAK, " "))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag in ("style", "title")
        for name, value in attrs:
            if tag == "a" and name == "href":
                self.links.append(value or "")
            elif name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster", "background"):
                self.loads.append(f"{tag} {name}={value}")
            elif name.startswith("on"):
                self.handlers.append(f"{tag} {name}")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += f" {data}"


@pytest.fixture(scope="module")
def content(figures: Figures) -> str:
    return html.render(figures)


@pytest.fixture(scope="module")
def workbook(figures: Figures) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(xlsx.render(figures)))


def with_titles(figures: Figures, *titles: str) -> Figures:
    posts = [p.model_copy(update={"title": title}) for title, p in zip(titles, figures.attention * 2, strict=False)]
    missing = [m.model_copy(update={"account": title}) for title in titles for m in figures.missing]
    return figures.model_copy(
        update={"attention": tuple(posts), "missing": tuple(missing), "organizations": (titles[0],)}
    )


def rows_of(sheet: Sheet) -> list[list[str]]:
    return [["" if value is None else str(value) for value in row] for row in sheet.rows]


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_page_loads_nothing_and_runs_nothing(content: str) -> None:
    page = Page(content)
    assert page.loads == []
    assert page.handlers == []
    assert not {"script", "iframe", "object", "embed", "img", "link", "base", "form"} & set(page.tags)
    assert not re.search(r"url\(|@import|javascript:", content)
    assert all(link.startswith(("https://", "http://", "#")) for link in page.links)
    assert "https://example.org/facebook/facebook-0?a=1&b=2" in page.links


def test_the_first_line_comes_first(content: str, changed: Callable[[str], Figures]) -> None:
    assert "<h1>A usual week" in content
    stale = changed("delete from coverage_days where measured_on > '2026-11-19'")
    page = Page(html.render(stale))
    assert page.text.strip().startswith(stale.headline.notices[0])
    assert page.text.index(stale.headline.notices[0]) < page.text.index(stale.headline.sentence)


def test_nasty_titles_are_text_on_the_page(figures: Figures, content: str) -> None:
    page = Page(html.render(with_titles(figures, *NASTY)))
    assert sorted(page.tags.count(tag) for tag in ("script", "title")) == [0, 1]
    assert page.handlers == []
    assert "{{ 7 * 7 }}" in page.text
    assert "<script>alert(1)</script>" in page.text
    assert [p.title for p in figures.attention if "evil" in (p.title or "")] == [
        f"{FORMULA}<script>alert('1')</script> & gpj.exe ../../etc/passwd"
    ]
    assert "javascript" not in content


def test_a_cell_that_begins_like_a_formula_is_text(figures: Figures) -> None:
    nasty = with_titles(figures, *NASTY)
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(nasty)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "b", "d"}
    assert FORMULA in {cell.value for cell in cells}
    titles = [row[5] for row in read_csv(csv_files.render(nasty)["posts.csv"])[1:]]
    assert titles == [f"'{t}" if t.startswith(("=", "+", "-", "@", "\t", "\r")) else t for t in NASTY]


def test_patterns_are_for_the_desk_and_not_on_leadership_s_page(figures: Figures, content: str) -> None:
    assert "post_patterns.csv" in csv_files.render(figures)
    page = Page(content)
    assert "1.25" not in page.text
    assert "hour" not in page.text.lower().replace("hour by hour", "")
    assert openpyxl.load_workbook(io.BytesIO(xlsx.render(figures)))["Kinds and hours"]["H2"].number_format == "0.00"


@pytest.mark.parametrize(
    ("comments", "told"),
    [(428, "Mostly comments: 428 of 488"), (100, "Mostly comments, beside this account’s usual"), (None, "beside")],
)
def test_the_page_says_mostly_comments_as_it_is(figures: Figures, comments: int | None, told: str) -> None:
    post = figures.attention[1].model_copy(update={"comments": comments})
    page = Page(html.render(figures.model_copy(update={"attention": (post,)})))
    assert told in page.text
    assert "Far above this account’s usual" in page.text
    assert not re.search(r"\b(best|top|working)\b", page.text.lower())


def test_negative_numbers_stay_numbers(figures: Figures) -> None:
    rows = read_csv(csv_files.render(figures)["account_weeks.csv"])
    changes = {row[rows[0].index("change")] for row in rows[1:]}
    assert "-50" in changes
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(figures)))
    lows = {cell.value for cell in column(book["Scorecard"], "change_low")}
    assert all(isinstance(low, int) for low in lows)


def column(sheet: Worksheet, name: str) -> list[openpyxl.cell.Cell]:
    at = [cell.value for cell in sheet[1]].index(name)
    return [row[at] for row in sheet.iter_rows(min_row=2)]


def test_every_table_is_the_same_in_csv_and_in_the_figures(figures: Figures) -> None:
    files = csv_files.render(figures)
    for sheet in sheets(figures):
        rows = read_csv(files[f"{sheet.name}.csv"])
        assert rows[0] == list(sheet.columns)
        plain = [[v.lower() if v in ("True", "False") else v for v in row] for row in rows_of(sheet)]
        assert [[cell.removeprefix("'") for cell in row] for row in rows[1:]] == plain, sheet.name


def test_every_table_is_the_same_in_the_workbook_and_in_the_figures(
    figures: Figures, workbook: openpyxl.Workbook
) -> None:
    def shown(value: object) -> object:
        # a workbook holds 16 digits of a rate
        return value.date() if isinstance(value, datetime) else round(value, 12) if isinstance(value, float) else value

    for sheet in sheets(figures):
        tab = workbook["Our accounts" if sheet.name == "account_weeks" else sheet.title]
        own = sheet.columns.index("is_own") if sheet.name == "account_weeks" else None
        expected = [tuple(map(shown, row)) for row in sheet.rows if own is None or row[own]]
        rows = [tuple(shown(cell) for cell in row) for row in tab.iter_rows(values_only=True)]
        assert rows[0] == sheet.columns
        assert rows[1:] == expected, sheet.name


def test_the_page_shows_the_figures(figures: Figures, content: str) -> None:
    text = Page(content).text
    for score in figures.scores:
        assert words.level(score.value, score.low, score.high).replace(words.NO_BREAK, " ") in text
        assert words.between(score.usual_low, score.usual_high) in text
        if not score.is_rounded:
            assert words.signed(score.change) in text
    assert "2.05 M (rounded)" in text
    assert "Mostly comments: 428 of 488" in text
    assert "Peer Hospital 3: suspended by the platform, since 19 Nov 2026, new this week" in text
    assert "Monday 23 November 2026, 06:00 CST" in text
    assert "YouTube’s own screen calls it “Subscribers”" in text


def lines_of(content: str) -> dict[str, str]:
    """The scorecard's lines as a reader sees them, by the figure's name."""
    table = content[content.index('id="scorecard"') : content.index("</table>")]
    rows = [Page(row).text.strip() for row in table.split("<tr")[2:]]
    return {re.sub(r"^[^>]*> | \d .*", "", row): row for row in rows}


def test_the_rank_stands_in_the_line(figures: Figures, content: str, workbook: openpyxl.Workbook) -> None:
    lines = lines_of(content)
    assert "Rank among hospitals like us" in Page(content).text
    assert "7 of 41 300 to 499 beds complete" in lines["Facebook followers"]
    assert "4 of 7 all hospitals complete" in lines["X followers"]
    assert "3 to 5 of 28 300 to 499 beds complete" in lines["YouTube followers"]
    assert "— not compared complete" in lines["YouTube views"]
    first = [[cell.value for cell in row] for row in workbook.worksheets[0].iter_rows()]
    (heads,) = (row for row in first if row[0] == "Platform")
    ranks = [row[heads.index("Rank among hospitals like us")] for row in first[first.index(heads) + 1 :]]
    assert ranks[:5] == [
        "7 of 41, 300 to 499 beds",
        "8 of 41, 300 to 499 beds",
        "4 of 7, all hospitals",
        "3 to 5 of 28, 300 to 499 beds",
        "—, not compared",
    ]


def test_the_rank_of_several_accounts_is_the_main_ones(figures: Figures) -> None:
    scores = tuple(s.model_copy(update={"accounts": 3}) for s in figures.scores)
    lines = lines_of(html.render(figures.model_copy(update={"scores": scores})))
    assert "7 of 41 300 to 499 beds, the main account complete" in lines["Facebook followers"]


def test_a_week_with_missing_days_says_how_many_there_are(changed: Callable[[str], Figures]) -> None:
    figures = changed("update weekly_scorecard set is_complete = false, days_observed = 5 where platform = 'x'")
    page, book = html.render(figures), openpyxl.load_workbook(io.BytesIO(xlsx.render(figures)))
    assert lines_of(page)["X followers"].endswith("incomplete 5 of 7 days")
    assert lines_of(page)["Facebook followers"].endswith("complete")
    assert "incomplete, 5 of 7 days" in [cell.value for row in book.worksheets[0].iter_rows() for cell in row]


def test_a_flow_that_has_not_settled_is_compared_over_the_days_that_have(changed: Callable[[str], Figures]) -> None:
    figures = changed(
        "update weekly_scorecard set value = 1120, low = 1120, high = 1120, change = null, change_low = null,"
        "change_high = null, usual_low = 900, usual_high = 1400, compared_days = 5, compared_value = 1120,"
        "is_complete = false, days_observed = 5 where metric = 'views' and week = '2026-W47'"
    )
    page, book = html.render(figures), openpyxl.load_workbook(io.BytesIO(xlsx.render(figures)))
    assert "900 to 1,400 over 5 days; this week 1,120 usual" in lines_of(page)["YouTube views"]
    assert "900 to 1,400, over 5 days; this week 1,120" in [c.value for r in book.worksheets[0].iter_rows() for c in r]
    views = next(s for s in figures.scores if s.metric == "views")
    assert charts.usual_strip(views).description == "1,120 against a usual 900 to 1,400"
    settled = views.model_copy(update={"compared_days": 7})
    assert "over" not in lines_of(html.render(figures.model_copy(update={"scores": (settled,) * 5})))["YouTube views"]


def test_the_band_of_a_flow_s_usual_is_not_drawn_on_its_changes(figures: Figures) -> None:
    score, series = figures.scores[0], figures.series[0]
    flow = score.model_copy(update={"compared_value": score.value, "usual_low": 40_000, "usual_high": 50_000})
    bare = score.model_copy(update={"usual_low": None, "usual_high": None})
    assert charts.weekly_changes(flow, series).svg == charts.weekly_changes(bare, series).svg
    assert "usual" not in charts.weekly_changes(flow, series).description


def test_the_words_stay_sober(content: str, workbook: openpyxl.Workbook) -> None:
    told = Page(content).text + " ".join(str(c.value) for sheet in workbook for row in sheet.iter_rows() for c in row)
    assert not re.search(r"\b(best post|top|winner|working|viral|success story)\b", told, re.IGNORECASE)


def test_the_page_is_accessible(content: str, figures: Figures) -> None:
    labels = re.findall(r'<div role="img" aria-label="([^"]+)"><svg', content)
    assert len(labels) == 2 * len(figures.scores)
    assert all(label.endswith(".") for label in labels)
    assert content.count("<svg") == content.count('aria-hidden="true" focusable="false"')
    assert '<html lang="en">' in content
    assert 'name="viewport"' in content


def test_the_workbook_opens_on_the_answer(workbook: openpyxl.Workbook, figures: Figures) -> None:
    first = workbook.worksheets[0]
    assert first["A1"].value == figures.headline.sentence
    assert workbook.properties.created == datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001  (openpyxl reads it naive)


def test_the_table_of_every_account_holds_peers(figures: Figures) -> None:
    sheet = account_weeks(figures)
    assert {row[sheet.columns.index("is_own")] for row in sheet.rows} == {True, False}
    assert all(isinstance(row[sheet.columns.index("end_on")], date) for row in sheet.rows)


def lines_in(svg: str) -> int:
    """The strokes of the level's line: one for each stretch that it joins."""
    return sum(d.count("L") > 0 for d in re.findall(r'<path d="([^"]*)" stroke="#58656b"', svg))


def test_a_gap_and_a_break_part_the_line(figures: Figures) -> None:
    drawn = {
        (score.platform, score.metric): charts.year_of_levels(score, series)
        for score, series in zip(figures.scores, figures.series, strict=True)
    }
    assert lines_in(drawn["facebook", "followers"].svg) == 1
    assert lines_in(drawn["x", "followers"].svg) == 2
    assert "2 of 53 weeks have no figure and are left open" in drawn["x", "followers"].description
    assert lines_in(drawn["youtube", "views"].svg) == 2
    assert "24 Aug: new definition" in drawn["youtube", "views"].svg


def test_no_figure_at_all_is_said_in_words(figures: Figures) -> None:
    score, series = figures.scores[0], figures.series[0]
    nothing = dict.fromkeys(("value", "low", "high", "change", "change_low", "change_high"))
    empty = series.model_copy(update={"points": tuple(p.model_copy(update=nothing) for p in series.points)})
    assert charts.weekly_changes(score, empty).svg == ""
    assert charts.year_of_levels(score, empty).description == "No week of the last year has a figure."


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (words.number(-1_234_567), "\u22121,234,567"),
        (words.signed(0), "0"),
        (words.rate(0.1234), "+12.3\u00a0%"),
        (words.rate(-0.0001), "under \u22120.1\u00a0%"),
        (words.rate(0.0), "0.0\u00a0%"),
        (words.level(1_980_000, 1_980_000, 1_989_999), "1.98\u00a0M (rounded)"),
        (words.since(10_000, 1, 19_999), "+1 to +19,999"),
        (words.since(1_234, 1_234, 1_234), "+1,234"),
        (words.since(1_234, None, None), "+1,234"),
        (words.since(None, None, None), "—"),
        (words.level(60_000, 60_000, None), "more than 60,000"),
        (words.level(60_000, None, 60_000), "nearly 60,000"),
        (words.between(-9_999, 9_999), "\u22129,999 to +9,999"),
        (words.between(5, None), "at least +5"),
        (words.between(7, 7), "+7"),
        (words.place(3, 5, 1041), "3 to 5 of 1,041"),
        (words.place(3, 3, 41), "3 of 41"),
        (words.like_us("all", "all"), "all hospitals"),
        (words.like_us("bed_size", "500 or more"), "500 or more beds"),
        (words.like_us("bed_size", "100-299"), "100 to 299 beds"),
        (words.like_us("region", "Mid-West"), "region: Mid-West"),
        (words.compact(1_005_900, 5), "1.0059\u00a0M"),
        (words.days(date(2026, 12, 28), date(2027, 1, 3)), "28 December 2026 to 3 January 2027"),
        (words.one_line(" a\n\tb\u202ec\x00 "), "a bc"),
        (words.link("javascript:alert(1)"), None),
        (words.link('https://x.example/"onclick='), None),
        (words.link("HTTPS://x.example/a?b=1"), "HTTPS://x.example/a?b=1"),
    ],
)
def test_how_things_are_written(made: str | None, text: str | None) -> None:
    assert made == text
