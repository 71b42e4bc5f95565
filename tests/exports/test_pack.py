"""The folder: the same figures, the same bytes; whole or not at all; nothing written where nothing changed."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from socialmetrics.errors import Misconfigured
from socialmetrics.exports import Figures, export, remake, tables, write
from socialmetrics.exports import pack as packs
from socialmetrics.exports.figures import from_json, to_json
from socialmetrics.settings import Settings

NAMES = {
    *("manifest.json", "figures.json", "report.html", "report.xlsx"),
    *(
        "scorecard.csv",
        "weeks.csv",
        "activity.csv",
        "posts.csv",
        "notes.csv",
        "among_peers.csv",
        "missing.csv",
        "peers_gone.csv",
    ),
    *("coverage.csv", "metrics.csv", "metric_breaks.csv", "account_weeks.csv", "post_patterns.csv"),
}


class Killed(BaseException):
    """A signal in the middle of a write: nothing below catches it."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


def other_week(figures: Figures) -> Figures:
    """Figures that show something else."""
    return figures.model_copy(update={"organizations": ("Renamed Health",)})


@pytest.fixture(scope="module", autouse=True)
def drawn_once() -> Iterator[None]:
    """The charts take half a second; here the folder is tested, and each page is drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs.html, "render", functools.cache(packs.html.render))
        yield


@pytest.fixture(scope="module")
def pack_once(figures: Figures, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "2026-W47"
    assert write(figures, folder)
    return folder


@pytest.fixture
def pack(pack_once: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "exports" / "2026-W47"
    folder.mkdir(parents=True)
    for name, content in contents(pack_once).items():
        (folder / name).write_bytes(content)
    return folder


def test_the_files_and_their_checksums(pack: Path, figures: Figures) -> None:
    found = contents(pack)
    manifest = json.loads(found.pop("manifest.json"))
    assert set(found) | {"manifest.json"} == NAMES
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in found.items()
    }
    assert (manifest["week"], manifest["instant"]) == ("2026-W47", "2026-11-23T12:00:00Z")
    assert manifest["made_from"]["latest_on"] == "2026-11-22"
    assert {path.name for path in pack.parent.iterdir()} == {"2026-W47"}


def test_the_same_figures_give_the_same_bytes_on_another_machine(pack: Path, tmp_path: Path) -> None:
    """Another process, with another time zone, locale and hash seed, and without any of this machine's fonts."""
    again = tmp_path / "elsewhere" / "2026-W47"
    again.mkdir(parents=True)
    (again / "figures.json").write_bytes((pack / "figures.json").read_bytes())
    code = "import sys; from pathlib import Path; from socialmetrics.exports import remake; remake(Path(sys.argv[1]))"
    (tmp_path / "fonts.conf").write_text("<fontconfig></fontconfig>")
    elsewhere = {
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"),
        "HOME": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", code, str(again)], env=os.environ | elsewhere, check=True, timeout=120)
    assert contents(again) == contents(pack)


def test_nothing_is_written_where_nothing_changed(pack: Path, figures: Figures) -> None:
    before = stamps(pack)
    later = figures.model_copy(update={"instant": figures.instant + timedelta(hours=5)})
    assert not write(figures, pack)
    assert not write(later, pack)
    assert not remake(pack)
    assert stamps(pack) == before


def test_changed_figures_replace_the_pack_whole(pack: Path, figures: Figures) -> None:
    assert write(other_week(figures), pack)
    assert "Renamed Health" in (pack / "report.html").read_text()
    assert {path.name for path in pack.iterdir()} == NAMES


def test_a_past_pack_is_made_again_byte_for_byte(pack: Path) -> None:
    before = contents(pack)
    for name in NAMES - {"figures.json"}:
        (pack / name).unlink()
    (pack / "stray.txt").write_text("not ours")
    assert remake(pack)
    assert contents(pack) == before


def test_a_pack_frozen_before_patterns_were_told_is_made_again_as_it_was(figures: Figures, tmp_path: Path) -> None:
    told = json.loads(to_json(figures))
    del told["patterns"]
    for post in told["attention"]:
        del post["is_far_above_usual"]
    earlier = from_json(json.dumps(told).encode())
    pack = tmp_path / "2026-W47"
    assert write(earlier, pack)
    assert json.loads((pack / "figures.json").read_bytes()) == told
    assert {path.name for path in pack.iterdir()} == NAMES - {"post_patterns.csv"}
    assert "is_far_above_usual" not in (pack / "posts.csv").read_text()
    assert not remake(pack)


def test_a_pack_frozen_before_ranks_were_told_is_made_again_as_it_was(figures: Figures, tmp_path: Path) -> None:
    told = json.loads(to_json(figures))
    for score in told["scores"]:
        for name in tables.SCORE_SINCE:
            del score[name]
    pack = tmp_path / "2026-W47"
    assert write(from_json(json.dumps(told).encode()), pack)
    assert json.loads((pack / "figures.json").read_bytes()) == told
    assert "Rank among hospitals" not in (pack / "report.html").read_text()
    assert (pack / "scorecard.csv").read_text().splitlines()[0].endswith(",reason,note")
    first = openpyxl.load_workbook(pack / "report.xlsx").worksheets[0]
    assert "Rank" not in str([cell.value for row in first.iter_rows() for cell in row])
    assert not remake(pack)


def test_a_pack_that_told_the_size_of_the_published_file_stays_as_it_was(figures: Figures, tmp_path: Path) -> None:
    told = json.loads(to_json(figures))
    assert "size" not in told["source"]
    told["source"]["size"] = 123
    pack = tmp_path / "2026-W47"
    assert write(from_json(json.dumps(told).encode()), pack)
    assert json.loads((pack / "manifest.json").read_bytes())["made_from"]["size"] == 123
    assert not remake(pack)
    assert not write(figures, pack)
    assert json.loads((pack / "figures.json").read_bytes()) == told


def test_a_damaged_file_is_put_right(pack: Path, figures: Figures) -> None:
    before = contents(pack)
    (pack / "scorecard.csv").write_bytes(b"")
    assert write(figures, pack)
    assert contents(pack) == before


def test_a_pack_without_figures_cannot_be_made_again(pack: Path) -> None:
    (pack / "figures.json").write_text("{}")
    with pytest.raises(Misconfigured, match="cannot be made again"):
        remake(pack)
    with pytest.raises(Misconfigured, match="cannot be made again"):
        remake(pack.parent / "2026-W01")


def killed_at(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, nth: int) -> None:
    original: Callable[..., object] = getattr(owner, name)
    calls = 0

    def dies(*args: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise Killed
        return original(*args, **more)

    monkeypatch.setattr(owner, name, dies)


@pytest.mark.parametrize(
    ("owner", "name", "nth"), [(os, "fsync", 1), (os, "fsync", 9), (Path, "rename", 1), (Path, "rename", 2)]
)
def test_a_killed_write_leaves_the_old_pack_whole(
    pack: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, nth: int
) -> None:
    before = contents(pack)
    with monkeypatch.context() as patch:
        killed_at(patch, owner, name, nth)
        with pytest.raises(Killed):
            write(other_week(figures), pack)
    survivor = pack if pack.exists() else pack.with_name(".2026-W47.before")
    assert contents(survivor) == before
    assert not write(figures, pack)
    assert contents(pack) == before
    assert {path.name for path in pack.parent.iterdir()} == {"2026-W47"}


def test_killed_before_the_old_pack_is_removed(pack: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        killed_at(patch, packs.shutil, "rmtree", 1)
        with pytest.raises(Killed):
            write(other_week(figures), pack)
    after = contents(pack)
    assert not write(other_week(figures), pack)
    assert contents(pack) == after
    assert {path.name for path in pack.parent.iterdir()} == {"2026-W47"}


def test_what_a_killed_write_left_of_another_week_is_put_right(pack: Path, figures: Figures) -> None:
    for name in (".2026-W46.before", ".2026-W46.writing", ".2026-W45.writing"):
        (pack.parent / name).mkdir()
        (pack.parent / name / "report.html").write_text(name)
    assert not write(figures, pack)
    assert {path.name for path in pack.parent.iterdir()} == {"2026-W46", "2026-W47"}
    assert (pack.parent / "2026-W46" / "report.html").read_text() == ".2026-W46.before"


def test_a_full_disk_leaves_the_old_pack_and_one_sentence(
    pack: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, calls = contents(pack), 0

    def full(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Misconfigured, match=r"cannot be written \(No space left on device\)\. Make room"):
            write(other_week(figures), pack)
    assert contents(pack) == before
    assert {path.name for path in pack.parent.iterdir()} == {"2026-W47"}


def test_export_makes_the_weeks_folder(published: Path) -> None:
    settings = Settings(home=published.parent.parent, timezone="America/Chicago")
    folder = export(settings, "2026-W47")
    assert folder == settings.exports / "2026-W47"
    assert {path.name for path in folder.iterdir()} == NAMES
