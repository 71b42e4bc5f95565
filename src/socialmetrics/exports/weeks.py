"""ISO weeks as the pack spells them: `2026-W47`, Monday to Sunday."""

from __future__ import annotations

import re
from datetime import date

from socialmetrics.errors import Misconfigured


def monday_of(week: str) -> date:
    """The Monday of an ISO week. Raises Misconfigured where `week` is none."""
    if re.fullmatch(r"\d{4}-W\d{2}", week):
        try:
            return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
        except ValueError:
            pass
    raise Misconfigured(f"{week!r} is no ISO week; write it as 2026-W47.")


def week_of(day: date) -> str:
    """The ISO week a day falls in."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02d}"
