"""`make soak`: days with random faults, of which runs are killed at random instants; then everything is as if not.

Each day is run by the command until nothing is left to ask: its first runs meet faults, and most are killed. Beside it
stands a home whose days were pulled in peace. On some days a platform answers nobody at all, in both. At the end both
warehouses hold the same rows, but for what the calls cost, and what an answer that was taken back had said.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from home import Home
from socialmetrics import clock, pipeline, platforms
from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.weather import GUSTS
from socialmetrics.sandbox.world import World

from .rows import differences

FIRST = date(2026, 9, 14)
PLACES = {
    "youtube": ("", "v3/channels", "playlistItems", "batchGetStats"),
    "x": ("", "2/users?", "/tweets?max", "2/tweets?"),
    "facebook": ("", "?fields=id,name", "?fields=id,shares"),
}
COMMAND = Path(sys.executable).with_name("socialmetrics")


@dataclass
class Soak:
    """One soak: what it does to whom follows from the seed, and from how long the commands take."""

    folder: Path
    sandbox: Sandbox
    seed: int
    usual_seconds: dict[str, float] = field(default_factory=lambda: {"extract": 5.0, "run": 20.0})
    days: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        world = self.sandbox.world
        self.shaken, self.calm = (Home(self.folder / name, self.sandbox) for name in ("shaken", "calm"))
        people = world.directory(datetime(2026, 9, 14, tzinfo=UTC))
        for home in (self.shaken, self.calm):
            home.write_directory(list(world.organizations), list(people))
            home.settings.patience_seconds = 0

    def day(self) -> None:
        on = FIRST + timedelta(days=self.days)
        silent = [Fault(name, "", None, "503") for name in platforms.NAMES if self.chance.random() < 0.08]
        for _ in range(self.chance.randint(1, 3)):
            self.sandbox.script([*silent, *self._faults()])
            command = self.chance.choice(("extract", "run"))
            part = self.chance.random() * 1.1 if self.chance.random() < 0.7 else None
            self._run(command, on, part and part * self.usual_seconds[command])
        self.sandbox.script(silent)
        code = self._run("run" if self.chance.random() < 0.3 else "extract", on, None)
        if code not in (0, 1):
            self.faults.append(f"{on}: the last run ended with {code}")
        self.sandbox.script(silent)
        day = self.calm.day(on)
        with clock.still(day.scheduled_at):
            for name in platforms.NAMES:
                reach = changed(self.calm.reach(name), url=self.sandbox.url(name, day.scheduled_at))
                pipeline.extract(self.calm.settings, name, day, reach)
        self.counts["silent"] += len(silent)
        self.days += 1

    def _faults(self) -> list[Fault]:
        """A few of each platform's next requests fail."""
        found = []
        for name in platforms.NAMES:
            for _ in range(self.chance.randint(0, 3)):
                place = self.chance.choice(PLACES[name])
                kinds = [
                    kind
                    for kind in GUSTS
                    if not (name == "facebook" and place and kind in ("reset", "drop", "truncate"))
                ]
                found.append(Fault(name, place, self.chance.choice((None, 1, 2, 3)), self.chance.choice(kinds)))
        self.counts["faults scripted"] += len(found)
        return found

    def _run(self, command: str, on: date, kill_after: float | None) -> int | None:
        """A command for a day, killed where it has not ended by then."""
        began = time.monotonic()
        log = self.folder / "run.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [COMMAND, command], env=self._environment(on), cwd=self.folder, stdout=out, stderr=out
            )
            try:
                code = process.wait(kill_after)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                self.counts[f"{command} killed"] += 1
                return None
        self.usual_seconds[command] = time.monotonic() - began
        self.counts[f"{command} ended"] += 1
        return code

    def _environment(self, on: date) -> dict[str, str]:
        at = self.shaken.day(on).scheduled_at
        found = {name: value for name, value in os.environ.items() if not name.startswith("SOCIALMETRICS_")}
        found |= {
            "SOCIALMETRICS_HOME": str(self.shaken.settings.home),
            "SOCIALMETRICS_NOW": at.isoformat(),
            "SOCIALMETRICS_PATIENCE_SECONDS": "0",
        }
        for name in platforms.NAMES:
            prefix = f"SOCIALMETRICS_{name.upper()}"
            found |= {f"{prefix}_URL": self.sandbox.url(name, at)}
            found |= {f"{prefix}_{key}": "token" for key in ("TOKEN", "CHILDRENS_TOKEN")}
        return found

    def compared(self) -> list[str]:
        """What the homes differ in."""
        last = FIRST + timedelta(days=self.days - 1)
        if self._run("run", last, None) not in (0, 1):
            self.faults.append("the last run failed")
        with clock.still(self.calm.day(last).scheduled_at):
            pipeline.model(self.calm.settings)
            pipeline.publish(self.calm.settings)
        return self.faults + differences(self.calm.settings.published, self.shaken.settings.published)


def soak(folder: Path, seconds: float, seed: int) -> dict[str, Any]:
    """Days for as long as `seconds` last, one at least; the differences should be none."""
    began = time.monotonic()
    with Sandbox(World(peers=6)) as sandbox:
        run = Soak(folder, sandbox, seed)
        while not run.days or time.monotonic() - began < seconds:
            run.day()
        met = sum(request.status not in (200,) for request in sandbox.requests)
        found = run.compared()
        return {
            "differences": found,
            "days": run.days,
            "requests": len(sandbox.requests),
            "refused": met,
            **run.counts,
            "seconds": round(time.monotonic() - began),
        }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = soak(Path(folder), 60 * given.minutes, given.seed)
    print(json.dumps(figures, indent=2))
    return 1 if figures["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
