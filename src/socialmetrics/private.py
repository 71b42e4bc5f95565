"""Files that hold secrets: for their owner alone, and whole at every instant."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put a text in the place of what was there, or leave that as it was; a link's target is what changes."""
    place = path.resolve()
    for leftover in place.parent.glob(f".{place.name}.*.part"):  # of a killed write
        leftover.unlink(missing_ok=True)
    fresh = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        os.replace(fresh, place)
    finally:
        fresh.unlink(missing_ok=True)
