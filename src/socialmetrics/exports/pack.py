"""The pack's folder: written whole or not at all, left alone where nothing changed, made again from its figures.

The new pack is written beside the old one and swapped in by two renames; what a killed write left behind is put right
by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from socialmetrics.errors import Misconfigured
from socialmetrics.exports import csv_files, html, xlsx
from socialmetrics.exports.figures import Figures, from_json, is_same, to_json

FIGURES, MANIFEST, REPORT, WORKBOOK = "figures.json", "manifest.json", "report.html", "report.xlsx"


def write(figures: Figures, folder: Path) -> bool:
    """Make `folder` the pack of these figures; False where it is that already, and then no file is touched.

    A pack that shows the same keeps its own instant. Raises Misconfigured where the folder cannot be written; the pack
    that was there then stays.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.parent):
            _put_right(folder.parent)
            before = _figures_in(folder)
            files = _files(before if before and is_same(before, figures) else figures)
            if _holds(folder, files):
                return False
            _swap_in(folder, files)
            return True
    except OSError as error:
        raise Misconfigured(
            f"The pack {folder} cannot be written ({error.strerror or error}). "
            f"Make room or correct its permissions, then run `socialmetrics export --week {figures.week}` again."
        ) from error


def remake(folder: Path) -> bool:
    """Make a past pack again from its own frozen figures; False where every file is as it should be.

    Raises Misconfigured where the folder holds no figures this program can read.
    """
    return write(_frozen(folder), folder)


def change(folder: Path, how: Callable[[Figures], Figures]) -> bool:
    """Make a past pack of its own frozen figures, changed; False where the change changes nothing.

    Raises Misconfigured as `remake` and `write` do.
    """
    figures = _frozen(folder)
    return how(figures) != figures and write(how(figures), folder)


def _frozen(folder: Path) -> Figures:
    if folder.parent.is_dir():
        with _alone(folder.parent):
            _put_right(folder.parent)
    figures = _figures_in(folder)
    if figures is None:
        raise Misconfigured(
            f"{folder / FIGURES} is missing or not readable, so this pack cannot be made again. Export its week anew."
        )
    return figures


def weeks(exports: Path) -> list[Path]:
    """The packs' folders, also one whose writing was cut short."""
    names = {path.name.removeprefix(".").partition(".")[0] for path in exports.glob("*") if path.is_dir()}
    return [exports / name for name in sorted(names)]


def _files(figures: Figures) -> dict[str, bytes]:
    files = {
        FIGURES: to_json(figures),
        REPORT: html.render(figures).encode(),
        WORKBOOK: xlsx.render(figures),
        **csv_files.render(figures),
    }
    return {**files, MANIFEST: _manifest(figures, files)}


def _manifest(figures: Figures, files: dict[str, bytes]) -> bytes:
    content = {
        "week": figures.week,
        "instant": figures.model_dump(mode="json")["instant"],
        "program": f"socialmetrics {version('socialmetrics')}",
        "made_from": figures.source.model_dump(mode="json", exclude_unset=True),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in sorted(files.items())
        },
    }
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _figures_in(folder: Path) -> Figures | None:
    try:
        return from_json((folder / FIGURES).read_bytes())
    except (OSError, ValueError):
        return None


def _holds(folder: Path, files: dict[str, bytes]) -> bool:
    if not folder.is_dir() or {path.name for path in folder.iterdir()} != set(files):
        return False
    return all((folder / name).is_file() and (folder / name).read_bytes() == content for name, content in files.items())


def _beside(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(f".{folder.name}.writing"), folder.with_name(f".{folder.name}.before")


def _swap_in(folder: Path, files: dict[str, bytes]) -> None:
    writing, before = _beside(folder)
    try:
        writing.mkdir()
        for name, content in files.items():
            with (writing / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(before)
        writing.rename(folder)
    except OSError:
        _put_right(folder.parent)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _put_right(exports: Path) -> None:
    """Undo what killed writes left: an old pack goes back to its place, a half-written one goes."""
    for before in exports.glob(".*.before"):
        folder = exports / before.name.removeprefix(".").removesuffix(".before")
        if not folder.exists():
            before.rename(folder)
    for leftover in (*exports.glob(".*.writing"), *exports.glob(".*.before")):
        shutil.rmtree(leftover)


@contextmanager
def _alone(exports: Path) -> Iterator[None]:
    """Hold the exports' folder: one pack is written at a time, and a killed writer's hold ends with it."""
    handle = os.open(exports, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
