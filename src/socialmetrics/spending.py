"""What was paid for and has not landed: a run notes each call at once, so that one that is killed has spent it too."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from socialmetrics import clock

KEPT_FOR = timedelta(days=62)  # longer than any budget's month


@dataclass(frozen=True)
class Spending:
    """A platform's notes: a file a run and process, gone once its calls have landed."""

    folder: Path

    def note(self, run_id: str, instant: datetime, units: int, dollars: Decimal) -> None:
        """Add what a call may cost before it is made, and afterwards by how much it cost less."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._file(run_id).open("a", encoding="utf-8") as file:
            file.write(f"{instant.isoformat()} {units} {dollars}\n")

    def has_landed(self, run_id: str, instant: datetime) -> None:
        """Drop a run's notes, and those of runs that no budget counts any more."""
        self._file(run_id).unlink(missing_ok=True)
        oldest = clock.stamp(instant - KEPT_FOR)
        for file in self.folder.glob("*"):
            if file.name < oldest:
                file.unlink(missing_ok=True)

    def since(self, instant: datetime) -> list[tuple[str, int, Decimal]]:
        """Of each run that was killed or goes on, what it spent since an instant: units and dollars."""
        found = []
        for file in self.folder.glob("*"):
            with suppress(FileNotFoundError):  # it has landed meanwhile
                lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
                told = [line.split() for line in lines if line.endswith("\n")]
                costs = [(int(u), Decimal(d)) for at, u, d in told if datetime.fromisoformat(at) >= instant]
                found.append((file.name, sum(u for u, _ in costs), sum((d for _, d in costs), Decimal(0))))
        return found

    def _file(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.{os.getpid()}"
