"""The pack of an ISO week: figures frozen from the published file first, then one module per format.

freeze   read the week's figures from the published file
write    make the folder of them: page, workbook, CSV files, figures.json, manifest.json
remake   make a past folder again from its own figures.json
forget   make those past folders again that show a withdrawn post
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from socialmetrics import clock
from socialmetrics.exports.figures import Figures, Note
from socialmetrics.exports.freeze import freeze
from socialmetrics.exports.pack import change, remake, weeks, write
from socialmetrics.landed import Landed
from socialmetrics.settings import Settings
from socialmetrics.withdrawn import NOTE, Withdrawn, read

WITHDRAWN = "A withdrawn post: its title and link were removed, its counts stay"

__all__ = ["Figures", "export", "forget", "freeze", "remake", "write"]


def export(settings: Settings, week: str) -> Path:
    """Make the pack of `week` (`2026-W47`) from the published file; its folder. Raises Misconfigured."""
    figures = freeze(settings.published, week, clock.now(), settings.timezone)
    figures = _without(read(Landed(settings.landing)), figures)
    folder = settings.exports / figures.week
    write(figures, folder)
    return folder


def forget(exports: Path, withdrawn: Withdrawn) -> list[str]:
    """Take the words of withdrawn posts out of every past pack; the packs that changed. Raises Misconfigured."""
    return [folder.name for folder in weeks(exports) if change(folder, partial(_without, withdrawn))]


def _without(withdrawn: Withdrawn, figures: Figures) -> Figures:
    """The figures with a sentence in place of a withdrawn post's title, and no link; so of what was noted about it."""

    def told(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(
            note.model_copy(update={"text": NOTE}) if withdrawn.holds(note.platform, note.post_id) else note
            for note in notes
        )

    bare = {"title": WITHDRAWN, "url": None, "is_public": False}
    attention = tuple(
        post.model_copy(update=bare) if withdrawn.holds(post.platform, post.post_id) else post
        for post in figures.attention
    )
    series = tuple(
        each.model_copy(update={"notes": told(each.notes)}) if each.notes else each for each in figures.series
    )
    changed = {"attention": attention, "series": series}
    return figures.model_copy(update=changed | ({"notes": told(figures.notes)} if figures.notes else {}))
