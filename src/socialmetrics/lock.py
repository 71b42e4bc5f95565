"""A lock file that one process holds at a time; who is killed lets go of it."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from socialmetrics.errors import Locked


@contextmanager
def hold(path: Path, place: Path | None = None, wait: bool = False) -> Iterator[None]:
    """Hold `path` for the block. Where another process does: wait, or raise Locked, which names it and `place`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            file.seek(0)
            raise held_by(file.read().strip() or "another", place or path) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def held_by(process: str, place: Path) -> Locked:
    return Locked(f"Process {process} holds {place}. Wait until it has ended, or end it, then run again.")


def kept_out(published: Path, message: str) -> Locked | None:
    """Who keeps all readers out of the published file, if that is what DuckDB says."""
    if holder := named(message):
        return Locked(
            f"Process {holder[0]} has opened {published} for writing, which keeps readers out. Close it there and open "
            "it read-only; after the next `socialmetrics publish` it is free in any case."
        )
    return None


def named(message: str) -> tuple[str, Path] | None:
    """The process and the file that DuckDB names where a file is locked."""
    found = re.search(r"Could not set lock on file \"?([^\":]+)\"?.*?\(PID (\d+)\)", message, re.DOTALL)
    return (found[2], Path(found[1])) if found else None
