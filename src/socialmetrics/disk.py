"""What the warehouse's folder takes on disk, and will in a year."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LEAST_DAYS = 7  # the first days bring weeks of posts along


@dataclass(frozen=True)
class Disk:
    """`landed` never shrinks; `built` can be made from it again. In bytes, after so many days that were run."""

    landed: int
    built: int
    days: int

    @property
    def a_year(self) -> int | None:
        """What a year adds at this pace; None after too few days to tell."""
        return round((self.landed + self.built) / self.days * 365) if self.days >= LEAST_DAYS else None

    def __str__(self) -> str:
        now = f"disk: {_size(self.landed)} landed in {self.days} days, {_size(self.built)} built from it"
        if self.a_year is None:
            return f"{now}; what a year takes is told after {LEAST_DAYS} days"
        return f"{now}; about {_size(self.a_year)} more a year"


def measure(warehouse: Path, landing: Path, days: int) -> Disk:
    """What a warehouse's folder holds now; `days`: how many were run."""
    landed = _bytes_in(landing)
    return Disk(landed, _bytes_in(warehouse) - landed, days)


def _bytes_in(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _size(size: int) -> str:
    """`70 MB`: two figures, for people."""
    for unit, bytes_of in (("GB", 10**9), ("MB", 10**6)):
        if size >= bytes_of:
            return f"{size / bytes_of:,.0f} {unit}" if size >= 10 * bytes_of else f"{size / bytes_of:.1f} {unit}"
    return f"{size / 1000:.0f} kB"
