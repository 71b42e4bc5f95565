"""What the documents say is so: commands, settings, prices, platforms, examples."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from socialmetrics import directory, example, history, platforms, settings
from socialmetrics.cli import app
from socialmetrics.errors import Misconfigured
from socialmetrics.landing import Landing
from socialmetrics.platforms import Platform, x
from socialmetrics.records import Reading
from socialmetrics.sandbox import server
from socialmetrics.warehouse import SQL

ROOT = Path(__file__).parents[1]
DOCS = sorted(
    [
        *(ROOT / "docs").glob("*.md"),
        *ROOT.glob("*.md"),
        ROOT / "warehouse" / "README.md",
        ROOT / "src" / "socialmetrics" / "platforms" / "README.md",
    ]
)
COMMANDS: dict[str, Any] = getattr(get_command(app), "commands")  # noqa: B009  # click's Group, which Typer makes
SETTING = re.compile(r"SOCIALMETRICS_[A-Z_]*[A-Z]")
MACHINE_PATH = re.compile(r"(?:^|[\s`'\"(=])/(?:work|root|tmp|home|farm)\b", re.MULTILINE)
REGISTRY_HOST = re.compile(r"\b(?:pypi|pythonhosted|npmjs|crates|ghcr|quay|docker|hub\.docker)\.(?:org|com|io)\b")


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(ROOT)) for path in paths])


@named(DOCS)
def test_every_command_that_a_document_names_exists(path: Path) -> None:
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`|^ {4}.+$", _text(path), re.DOTALL | re.MULTILINE))
    used = set(re.findall(r"(?:^|[`\s])socialmetrics ([a-z][a-z-]*)", code, re.MULTILINE))
    assert used <= set(COMMANDS), f"{path.name} names {used - set(COMMANDS)}"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert [option.name for option in command.params if not getattr(option, "help", None)] == []


@named([*DOCS, ROOT / ".env.example"])
def test_every_setting_that_a_document_names_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unread = {name for name in SETTING.findall(_text(path)) if not _is_read(name, monkeypatch)}
    assert unread == set()


@named(DOCS)
def test_no_document_names_a_place_of_one_machine(path: Path) -> None:
    assert MACHINE_PATH.findall(_text(path)) == []
    assert REGISTRY_HOST.findall(_text(path)) == []


@pytest.mark.parametrize("name", platforms.NAMES)
def test_every_platform_is_documented(name: str) -> None:
    title = platforms.load(name).TITLE
    section = _sections(_text(ROOT / "docs" / "access.md"))[title]
    asked = {row.split("|")[1].strip().split(",")[0] for row in section.splitlines() if row.startswith("| ")}
    assert {"what you get", "who must ask", "how long", "cost", "set"} <= asked
    assert f"SOCIALMETRICS_{name.upper()}_TOKEN" in section
    assert {"**Quota.**", "**What ends when.**", "**Rules.**"} <= set(re.findall(r"\*\*[^*]+\.\*\*", section))
    for extra in platforms.load(name).EXTRAS:
        assert f"SOCIALMETRICS_{name.upper()}_{extra.upper()}" in section


@pytest.mark.parametrize("name", platforms.NAMES)
def test_every_platform_has_what_its_readme_asks_for(name: str) -> None:
    module, registry = platforms.load(name), [row for row in _rows("metrics.csv") if row["platform"] == name]
    contract = {member for member in vars(Platform) if not member.startswith("_")} | set(Platform.__annotations__)
    assert {member for member in contract if not hasattr(module, member)} == set()
    assert {"token", "answer", "refuse", "REFUSALS", "rows", "repeat"} <= set(vars(server.PLATFORMS[name]))
    assert {row["subject"] for row in registry} >= {"account", "post"}
    for row in [*registry, *(row for row in _rows("metric_breaks.csv") if row["platform"] == name)]:
        assert row["source_url"].startswith("https://"), row["native_metric"]


def test_access_begins_with_what_is_easiest_to_get() -> None:
    titles = [title for title in _sections(_text(ROOT / "docs" / "access.md")) if title != "What it will cost"]
    assert titles == [platforms.load(name).TITLE for name in ("youtube", "x", "facebook")]


def test_the_prices_of_x_are_those_that_the_program_counts_with() -> None:
    section = _sections(_text(ROOT / "docs" / "access.md"))["X"]
    told = {
        row.split("|")[1].strip(): row.split("|")[3].strip()
        for row in re.findall(r"^\|.*\$.*\|$", section, re.MULTILINE)
        if row.count("|") == 4
    }
    reads = len(settings.LADDERS["x"])
    users, posts = x.USER_DOLLARS * 50, 50 * 10 * x.POST_DOLLARS
    assert told == {
        "50 accounts, daily, counts alone": _dollars(users),
        "the same, and 10 new posts a day from each, on 7 days": _dollars(users + posts * reads),
        "the same, every post read on each of 30 days": _dollars(users + posts * 30),
        "20,000 accounts, daily, counts alone": _dollars(x.USER_DOLLARS * 20_000),
        "20,000 accounts, each once a week, counts alone": _dollars(x.USER_DOLLARS * 20_000 / 7),
    }
    assert f"{x.USER_DOLLARS:f} for each account read, ${x.POST_DOLLARS:f} for each post read" in section
    assert f"{reads} reads, ${reads * x.POST_DOLLARS} a post" in section
    assert f"{x.BATCH * x.PAGES} posts, {_dollars(x.POST_DOLLARS * x.BATCH * x.PAGES)}" in section


def test_the_example_directory_is_what_init_writes(tmp_path: Path) -> None:
    list(example.write(tmp_path, "UTC"))
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "directory").iterdir()}
    assert {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "directory").iterdir()} == written
    assert (
        (ROOT / ".env.example").read_text(encoding="utf-8").startswith((tmp_path / ".env").read_text(encoding="utf-8"))
    )


def test_the_example_of_an_import_can_be_imported(tmp_path: Path) -> None:
    text = _text(ROOT / "docs" / "import.md")
    (tmp_path / "old.csv").write_text(_block(text, "csv"), encoding="utf-8")
    people = _people(tmp_path)

    landing = Landing(tmp_path / "landing")
    assert history.land(landing, tmp_path / "old.csv", people) == history.Imported(5, was_new=True)
    assert history.land(landing, tmp_path / "old.csv", people) == history.Imported(5, was_new=False)

    found = [_told(reading) for reading in _parsed(tmp_path / "old.csv", people)]
    assert found == [
        ("x", "11", "followers", date(2010, 7, 27), "day", 60_000, "more_than"),
        ("x", "11", "followers", date(2010, 8, 15), "month", 66_000, "nearly"),
        ("facebook", "12", "connections", date(2010, 8, 15), "month", 23_000, "rounded"),
        ("youtube", "UC1", "followers", date(2024, 12, 31), "day", 12_345, "exact"),
        ("youtube", None, "accounts", date(2009, 3, 14), "day", 121, "exact"),
    ]


def test_the_words_of_an_import_are_those_that_are_documented() -> None:
    text = _text(ROOT / "docs" / "import.md")
    documented = re.findall(r"^\| (\w+) \| ", text, re.MULTILINE)
    assert documented == ["column", *history.COLUMNS, "precision"]  # the heads of both tables, and the first one's rows
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(history.PRECISIONS)
    (row,) = [row for row in text.splitlines() if row.startswith("| date_precision")]
    assert set(re.findall(r"`(\w+)`", row)) == set(history.DATE_PRECISIONS)


def _is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether setting a variable changes what `settings` tells, or is refused by it."""
    field = name.removeprefix(settings.PREFIX).lower()
    if field in settings.Settings.model_fields:
        return True
    with monkeypatch.context() as patched:
        patched.setenv(name, "nowhere")
        try:
            settings.load()
        except Misconfigured as wrong:
            return name in str(wrong)
    for platform in platforms.NAMES:
        extras = platforms.load(platform).EXTRAS
        before = settings.access(platform, extras)
        with monkeypatch.context() as patched:
            patched.setenv(name, __file__ if name.endswith("_FILE") else "1")
            try:
                is_read = settings.access(platform, extras) != before
            except Misconfigured as wrong:
                is_read = name in str(wrong)
            if is_read:
                return True
    return False


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    return {
        part.partition("\n")[0].strip(): part.partition("\n")[2]
        for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    }


def _block(text: str, language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(block)


def _rows(name: str) -> list[dict[str, str]]:
    with (SQL / "seeds" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _dollars(amount: Decimal) -> str:
    return f"${amount:.2f}"


def _people(folder: Path) -> directory.Directory:
    """The example directory with ids, as `resolve` fills them in."""
    list(example.write(folder, "UTC"))
    ids = {("youtube", "@ourhospital"): "UC1", ("x", "MayoClinic"): "11", ("facebook", "MayoClinic"): "12"}
    assert directory.fill_in(folder / "directory", ids) == len(ids)
    return directory.read(folder / "directory", platforms.NAMES)


def _parsed(path: Path, people: directory.Directory) -> list[Reading]:
    return history.parse(_text(path), path.name, people, history._words(history.FACTS / "words.csv"), "run")


def _told(reading: Reading) -> tuple[object, ...]:
    r = reading
    return (r.platform, r.account_id, r.metric, r.measured_on, r.date_precision, r.value, r.precision)
