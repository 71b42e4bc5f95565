"""The pack of an ISO week: figures frozen from the published file first, then one module per format.

freeze   read the week's figures from the published file
write    make the folder of them: page, workbook, CSV files, figures.json, manifest.json
remake   make a past folder again from its own figures.json
"""

from __future__ import annotations

from pathlib import Path

from socialmetrics import clock
from socialmetrics.exports.figures import Figures
from socialmetrics.exports.freeze import freeze
from socialmetrics.exports.pack import remake, write
from socialmetrics.settings import Settings

__all__ = ["Figures", "export", "freeze", "remake", "write"]


def export(settings: Settings, week: str) -> Path:
    """Make the pack of `week` (`2026-W47`) from the published file; its folder. Raises Misconfigured."""
    figures = freeze(settings.published, week, clock.now(), settings.timezone)
    folder = settings.exports / figures.week
    write(figures, folder)
    return folder
