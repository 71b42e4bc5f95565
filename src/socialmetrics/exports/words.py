"""How numbers, dates, names and reasons are written for people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

NO_BREAK = "\u00a0"
MINUS = "\u2212"

# Spelled as the platforms spell themselves, where a capital letter alone does not do it.
PLATFORMS = {"youtube": "YouTube", "linkedin": "LinkedIn", "tiktok": "TikTok"}

NOT_SET_UP = "not_set_up"

REASONS = {
    "hidden": "hidden by the owner",
    "not_found": "the account is not found any more",
    "suspended": "suspended by the platform",
    "forbidden": "closed by the owner's settings",
    "denied": "the platform refused our token",
    "retired": "the platform no longer gives this figure",
    "pending": "not settled yet",
    "unavailable": "asked, but no usable answer came",
    "unreadable": "an answer came that we do not understand",
    "purged": "erased under the platform's rules",
    "not_collected": "due, but not asked in time",
    NOT_SET_UP: "the platform is not set up",
}

# Marks that reorder the text around them; a title holding one could make its neighbours read otherwise.
_REORDERING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


def platform_name(platform: str) -> str:
    return PLATFORMS.get(platform, platform[:1].upper() + platform[1:])


def reason_words(reason: str | None) -> str:
    return REASONS.get(reason or "", "no figure came")


def one_line(text: str | None, longest: int = 240) -> str | None:
    """What a platform or a person wrote, as one line of at most `longest` characters without control characters."""
    if text is None:
        return None
    kept = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text.translate(_REORDERING))
    line = re.sub(r"\s+", " ", kept).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def link(url: str | None) -> str | None:
    """The address where it is http or https without blanks or quotes, else None."""
    return url if url and re.fullmatch(r"https?://[^\s\"'<>\\^`{|}]{1,2000}", url, re.IGNORECASE) else None


def number(value: int | None) -> str:
    """`1,234,567`, with a true minus; a dash for none."""
    return "—" if value is None else f"{value:,}".replace("-", MINUS)


def signed(value: int | None) -> str:
    return number(value) if value is None or value <= 0 else f"+{value:,}"


def rate(value: float | None) -> str:
    """A share as a signed percentage with one decimal; what would read as zero and is not says so."""
    if value is None:
        return "—"
    percent = round(value * 100, 1)
    if percent == 0 and value != 0:
        return f"under {MINUS if value < 0 else '+'}0.1{NO_BREAK}%"
    return f"{percent:+,.1f}{NO_BREAK}%".replace("-", MINUS) if percent else f"0.0{NO_BREAK}%"


def compact(value: int, digits: int = 3) -> str:
    """`1.98 M` from a million on, to so many digits, else the whole number: for rounded figures and for axes."""
    if abs(value) < 1_000_000:
        return number(value)
    for unit, size in (("B", 1_000_000_000), ("M", 1_000_000)):
        if abs(value) >= size:
            return f"{value / size:.{digits}g}{NO_BREAK}{unit}".replace("-", MINUS)
    raise AssertionError("unreachable: every size from a million on has a unit")


def is_exact(value: int | None, low: int | None, high: int | None) -> bool:
    return value is None or (low == value and high == value)


def level(value: int | None, low: int | None, high: int | None) -> str:
    """A level or counter as shown: exact, rounded, or open to one side."""
    if value is None or is_exact(value, low, high):
        return number(value)
    if high is None and low is not None:
        return f"more than {number(low)}"
    if low is None and high is not None:
        return f"nearly {number(high)}"
    return f"{compact(value)} (rounded)"


def between(low: int | None, high: int | None) -> str:
    """An interval of signed numbers; an open end is said in words."""
    if low is None and high is None:
        return "—"
    if low is None:
        return f"at most {signed(high)}"
    if high is None:
        return f"at least {signed(low)}"
    return signed(low) if low == high else f"{signed(low)} to {signed(high)}"


def since(change: int | None, low: int | None, high: int | None) -> str:
    """A change, or where the platform rounds what it can be; a pack frozen before these ends were told has none."""
    return signed(change) if low == high else between(low, high)


def usual(low: int | None, high: int | None, is_flow: bool) -> str:
    """The usual range: of changes, or of a flow's own figures."""
    if not is_flow or low is None or high is None:
        return between(low, high)
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def settled(compared_days: int | None, compared_value: int | None) -> str:
    """Over which days a flow is compared that has not settled; empty for anything else."""
    if not compared_days or compared_days == 7 or compared_value is None:
        return ""
    return f"over {count(compared_days, 'day')}; this week {number(compared_value)}"


def days_there(observed: int | None, expected: int | None) -> str:
    """How many of the days due there are; empty where none is missing."""
    if observed is None or expected is None or observed >= expected:
        return ""
    return f"{number(observed)} of {count(expected, 'day')}"


def place(best: int, worst: int, of: int) -> str:
    """A rank, which spans where figures are rounded or equal."""
    return f"{number(best)} of {number(of)}" if best == worst else f"{number(best)} to {number(worst)} of {number(of)}"


def like_us(stratum: str, value: str) -> str:
    """Whom a rank is among: those who share a stratum of the directory, or all."""
    if stratum == "all":
        return "all hospitals"
    span = re.sub(r"(?<=\d)\s*[-\u2013]\s*(?=\d)", " to ", value)
    return f"{span} beds" if stratum == "bed_size" else f"{stratum.replace('_', ' ')}: {value}"


def short_day(day: date | None) -> str:
    return "—" if day is None else f"{day.day}{NO_BREAK}{day:%b}{NO_BREAK}{day.year}"


def week_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def days(first: date, last: date) -> str:
    """`16 to 22 November 2026`, naming month and year twice only where they differ."""
    if first == last:
        return f"{first.day} {first:%B} {first.year}"
    if first.year != last.year:
        return f"{first.day} {first:%B} {first.year} to {last.day} {last:%B} {last.year}"
    month = f" {first:%B}" if first.month != last.month else ""
    return f"{first.day}{month} to {last.day} {last:%B} {last.year}"


def moment(instant: datetime, timezone: str) -> str:
    """An aware instant in the reader's own zone, to the minute."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{long_day(local.date())}, {local:%H:%M %Z}"


def listing(items: Sequence[str], most: int = 4) -> str:
    """`A, B and C`; what goes beyond `most` is counted."""
    shown = list(items) if len(items) <= most else [*items[: most - 1], f"{len(items) - most + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def spelled(amount: int) -> str:
    """Small numbers in letters, as a sentence has them."""
    letters = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return letters[amount] if 0 <= amount < len(letters) else number(amount)


def count(amount: int, noun: str, plural: str | None = None) -> str:
    return f"{number(amount)} {noun if amount == 1 else plural or noun + 's'}"
