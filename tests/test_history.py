"""Figures from elsewhere: every line is checked, and a file lands whole or not at all."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from socialmetrics import clock, directory, history, platforms
from socialmetrics.directory import Directory
from socialmetrics.errors import Misconfigured
from socialmetrics.landing import Landing
from socialmetrics.records import Reading

PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "hospital_adoption"
HEADER = "platform,account,metric,measured_on,date_precision,value,precision,source\n"
GOOD = "x,MayoClinic,followers,2010-07-27,day,60000,more_than,https://example.org/\n"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def people(tmp_path: Path) -> Directory:
    folder = tmp_path / "directory"
    folder.mkdir()
    (folder / "organizations.csv").write_text(
        "organization_id,name,is_own\nours,Ours,true\nmayo-clinic,Mayo Clinic,false\n"
    )
    (folder / "accounts.csv").write_text(
        "organization_id,platform,handle,account_id,cadence\n"
        "mayo-clinic,x,MayoClinic,14592723,never\nmayo-clinic,facebook,MayoClinic,7673082516,never\n"
        "ours,youtube,unresolved,,daily\nours,youtube,ours,UCours,daily\n"
    )
    return directory.read(folder, platforms.NAMES)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def land(landing: Landing, people: Directory, text: str, name: str = "file.csv") -> history.Imported:
    path = landing.root.parent / name
    path.write_bytes(text.encode())
    with clock.still(NOON):
        return history.land(landing, path, people)


def landed(landing: Landing) -> list[dict[str, object]]:
    files = sorted(landing.root.glob("readings/*/*.parquet"))
    return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]


def test_a_reading_lands_with_its_source_and_its_precision(landing: Landing, people: Directory) -> None:
    assert land(landing, people, HEADER + GOOD) == history.Imported(1, True)
    [row] = landed(landing)
    assert row == {
        "platform": "x",
        "account_id": "14592723",
        "metric": "followers",
        "measured_on": date(2010, 7, 27),
        "date_precision": "day",
        "value": 60000,
        "precision": "more_than",
        "source": "https://example.org/",
        "imported_at": NOON.replace(tzinfo=None),
        "run_id": row["run_id"],
    }


def test_the_same_file_twice_changes_nothing(landing: Landing, people: Directory) -> None:
    land(landing, people, HEADER + GOOD)
    before = {path: path.read_bytes() for path in landing.root.rglob("*.parquet")}
    assert land(landing, people, HEADER + GOOD, "another name.csv") == history.Imported(1, False)
    assert {path: path.read_bytes() for path in landing.root.rglob("*.parquet")} == before


def test_words_of_the_file_are_mapped_to_ours(landing: Landing, people: Directory) -> None:
    land(
        landing,
        people,
        HEADER
        + "Twitter,@mayoclinic,Tweets,2013-04-29,day,10500,A Little Over,s\n"
        + "facebook,7673082516,fans,2010-08-15,Month Only,23000,well over,s\n"
        + "any,,hospitals,2010-08-15,day,700,exact,s\n",
    )
    assert [
        (r["platform"], r["account_id"], r["metric"], r["precision"], r["date_precision"]) for r in landed(landing)
    ] == [
        ("x", "14592723", "posts", "more_than", "day"),
        ("facebook", "7673082516", "connections", "more_than", "month"),
        ("all", None, "organizations", "exact", "day"),
    ]


def test_a_words_file_of_one_s_own(landing: Landing, people: Directory, tmp_path: Path) -> None:
    words, file = tmp_path / "words.csv", tmp_path / "file.csv"
    words.write_text("column,word,ours\nplatform,zwitscher,x\n")
    file.write_text(HEADER + GOOD.replace("x,", "Zwitscher,", 1))
    assert history.land(landing, file, people, words).readings == 1
    words.write_text("from,to\na,b\n")
    with pytest.raises(Misconfigured, match=r"words\.csv line 1: column column, word, ours is missing"):
        history.land(landing, file, people, words)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("platform", "myspace"),
        ("account", "nobody"),
        ("metric", "happiness"),
        ("metric", "organizations"),
        ("measured_on", "July 2010"),
        ("measured_on", "2010-02-30"),
        ("measured_on", ""),
        ("date_precision", "hour"),
        ("value", "60,000"),
        ("value", "-1"),
        ("value", "6e4"),
        ("value", "1.5"),
        ("value", ""),
        ("value", str(2**63)),
        ("value", "9" * 5000),
        ("value", "٣"),
        ("precision", "roughly"),
        ("source", ""),
    ],
)
def test_a_wrong_cell_is_told_with_file_line_column_and_value(
    landing: Landing, people: Directory, column: str, value: str
) -> None:
    cells = dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True)) | {column: value}
    text = HEADER + GOOD + ",".join(f'"{cell}"' for cell in cells.values()) + "\n"
    with pytest.raises(Misconfigured) as caught:
        land(landing, people, text)
    first, told, *rest = str(caught.value).splitlines()
    assert first == "file.csv has 1 fault; nothing was imported. Correct and import again."
    assert told.strip().startswith(f"file.csv line 3, {column} {value!r}: ")
    assert rest == []
    assert landed(landing) == []
    assert not landing.root.exists()


@pytest.mark.parametrize(
    ("platform", "metric"),
    [
        ("x", "connections"),
        ("x", "likes"),
        ("x", "subscribers"),
        ("x", "views"),
        ("youtube", "impressions"),
        ("youtube", "fans"),
        ("facebook", "views"),
        ("facebook", "tweets"),
    ],
)
def test_a_metric_that_the_platform_does_not_have_is_told_with_those_it_has(
    landing: Landing, people: Directory, platform: str, metric: str
) -> None:
    account = {"x": "14592723", "youtube": "UCours", "facebook": "7673082516"}[platform]
    with pytest.raises(Misconfigured) as caught:
        land(landing, people, HEADER + GOOD + f"{platform},{account},{metric},2026-11-01,day,5000,exact,s\n")
    _, told = str(caught.value).splitlines()
    place, _, right = told.strip().partition(": is none of ")
    assert place == f"file.csv line 3, metric {metric!r}"
    names, _, of = right.partition(", which ")
    assert of == f"{platform} counts of an account"
    assert set(names.split(", ")) == of_accounts(platform)
    assert landed(landing) == []


def of_accounts(platform: str) -> set[str]:
    with (history.SQL / "seeds" / "metrics.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {row["metric"] for row in rows if (row["platform"], row["subject"]) == (platform, "account")}


def test_every_metric_of_a_platform_s_accounts_can_be_imported(landing: Landing, people: Directory) -> None:
    accounts = {"x": "14592723", "youtube": "UCours", "facebook": "7673082516"}
    told = [(platform, account, metric) for platform, account in accounts.items() for metric in of_accounts(platform)]
    lines = [f"{platform},{account},{metric},2010-07-27,day,1,exact,s\n" for platform, account, metric in told]
    assert land(landing, people, HEADER + "".join(lines)).readings == len(lines) > 20
    assert {(row["platform"], row["account_id"], row["metric"]) for row in landed(landing)} == set(told)


def test_a_word_may_be_one_platform_s_alone(landing: Landing, people: Directory) -> None:
    lines = ["facebook,MayoClinic,likes", "youtube,ours,subscribers", "youtube,ours,videos", "x,MayoClinic,tweets"]
    land(landing, people, HEADER + "".join(f"{line},2010-07-27,day,1,exact,s\n" for line in lines))
    assert [(row["platform"], row["metric"]) for row in landed(landing)] == [
        ("facebook", "connections"), ("youtube", "followers"), ("youtube", "posts"), ("x", "posts"),
    ]  # fmt: skip


def test_a_words_file_may_name_the_platform_of_a_word(landing: Landing, people: Directory, tmp_path: Path) -> None:
    words, file = tmp_path / "words.csv", tmp_path / "file.csv"
    words.write_text("column,word,ours,platform\nmetric,anhänger,followers,x\nmetric,anhänger,connections,facebook\n")
    lines = GOOD + GOOD.replace("x,", "facebook,", 1)
    file.write_text(HEADER + lines.replace("followers", "Anhänger"))
    assert history.land(landing, file, people, words).readings == 2
    assert {(row["platform"], row["metric"]) for row in landed(landing)} == {
        ("x", "followers"), ("facebook", "connections"),
    }  # fmt: skip


def test_all_or_nothing_and_every_fault_at_once(landing: Landing, people: Directory) -> None:
    lines = [GOOD, *(GOOD.replace("60000", f"bad{n}").replace("07-27", f"07-{n:02}") for n in range(1, 26))]
    with pytest.raises(Misconfigured) as caught:
        land(landing, people, HEADER + "".join(lines))
    told = str(caught.value).splitlines()
    assert told[0].startswith("file.csv has 25 faults")
    assert len(told) == 1 + history.SHOWN_FAULTS + 1
    assert told[-1].strip() == "and 5 more"
    assert landed(landing) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("platform,account\nx,y\n", "line 1: column metric, measured_on"),
        ("", "line 1: column platform"),
        (HEADER + GOOD + GOOD, "stands on line 2 already"),
        (HEADER + GOOD.strip() + ",surplus\n", "more cells than the 8 columns"),
        (HEADER + "x,MayoClinic,followers\n", "is no date"),
        (HEADER + GOOD.replace("MayoClinic", "unresolved").replace("x,", "youtube,", 1), "run `socialmetrics resolve`"),
        (HEADER + GOOD.replace("x,", f'"{"a" * 140_000}",', 1), "is no CSV"),
    ],
)
def test_what_is_no_such_file_is_told(landing: Landing, people: Directory, text: str, said: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        land(landing, people, text)
    assert said in str(caught.value)
    assert landed(landing) == []


def test_a_file_that_cannot_be_read(landing: Landing, people: Directory, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        history.land(landing, tmp_path / "nowhere.csv", people)
    (tmp_path / "latin.csv").write_bytes(b"\xe4")
    with pytest.raises(Misconfigured, match="byte 0 is not UTF-8"):
        history.land(landing, tmp_path / "latin.csv", people)


def test_is_read_as_a_spreadsheet_saves_it(landing: Landing, people: Directory) -> None:
    text = "\ufeff" + (HEADER + GOOD).replace(",", ";").replace("\n", "\r\n")
    assert land(landing, people, text).readings == 1


def test_the_shipped_facts_are_without_fault(landing: Landing, people: Directory) -> None:
    for name, count in (("mayo_clinic.csv", 15), ("hospital_directory.csv", 45)):
        assert history.land(landing, history.FACTS / name, people) == history.Imported(count, True)
    rows = landed(landing)
    assert all(row["source"] for row in rows)
    mayo = {(r["platform"], r["metric"], r["measured_on"]): r for r in rows if r["account_id"]}
    first, last = mayo["x", "followers", date(2010, 7, 27)], mayo["x", "followers", date(2014, 10, 1)]
    assert (first["value"], first["precision"], last["value"]) == (60_000, "more_than", 858_932)


def shipped(people: Directory, name: str) -> list[Reading]:
    text = (history.FACTS / name).read_text(encoding="utf-8")
    return history.parse(text, name, people, history._words(history.FACTS / "words.csv"), "run")


def published(name: str) -> list[dict[str, str]]:
    if not PUBLISHED.exists():
        pytest.skip("the published figures are not part of the project's checkout")
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_mayo_clinic_s_figures_are_the_published_ones(people: Directory) -> None:
    ours = {
        "twitter": "x",
        "fans": "connections",
        "tweets": "posts",
        "likes": "connections",
        "subscribers": "followers",
    }
    expected = {
        (
            ours.get(r["platform"], r["platform"]),
            ours.get(r["metric"], r["metric"]),
            r["as_of"],
            int(r["value"]),
            r["source_url"],
        )
        for r in published("mayo_clinic_published_counts.csv")
    }
    found = {(r.platform, r.metric, str(r.measured_on), r.value, r.source) for r in shipped(people, "mayo_clinic.csv")}
    assert found == expected
    assert len(found) == 15


def test_the_hospital_directory_s_figures_are_the_published_ones(people: Directory) -> None:
    columns = {"hospitals": "all", "youtube": "youtube", "facebook": "facebook", "twitter": "x", "blogs": "blog"}
    columns |= {"linkedin": "linkedin", "foursquare": "foursquare", "total_sites": "all"}
    expected = Counter(
        (columns[column], row["as_of"], int(row[column]))
        for row in published("hospital_social_adoption.csv")
        for column in columns
        if row[column] and not row["scope"].startswith("of 210")  # another body of hospitals: not a total of the list
    )
    readings = [r for r in shipped(people, "hospital_directory.csv") if r.metric != "population"]
    assert Counter((r.platform, str(r.measured_on), r.value) for r in readings) == expected
    sources = {row["source_url"] for row in published("hospital_social_adoption.csv")}
    assert {r.source for r in readings if r.source.startswith("http")} <= sources
