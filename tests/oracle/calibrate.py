"""How often the 95 % interval of `initiative_effects` holds the truth, over many seeded worlds in one build.

    python -m tests.oracle.calibrate [worlds]

Each world has one initiative that adds to the growth of followers or takes from it (on X, over four weeks), and one
that adds nothing (on Facebook, over two). The worlds have no scripted events: these happen to peers alone, so that the
organization would not be one like them. Worlds land under ids of their own, and `effect_pool` keeps their peers apart.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import comb, log1p
from pathlib import Path

from socialmetrics.sandbox.world import World, WorldAccount, unit, weekday

from .landed import Row, build, read, write

WORLDS, PEERS = 200, 120
PLATFORMS = ("x", "facebook")
WITH, WITHOUT = "patient-voices", "flu-season"
FIRST, LAST = date(2026, 7, 6), date(2026, 11, 8)  # from fourteen weeks before the first initiative on
LARGEST = 0.0024  # a day's growth of the logarithm
OUTSIDE = 0.005  # on either side of the band
POOL = "split_part(organization_id, '_', 1)"


@dataclass(frozen=True)
class Outcome:
    """How many of so many came true, with the counts between which 99 % of such samples lie."""

    what: str
    count: int
    of: int
    promised: float

    @property
    def band(self) -> tuple[int, int]:
        low, high = 0, self.of
        while self._share(range(low + 1)) <= OUTSIDE:
            low += 1
        while self._share(range(high, self.of + 1)) <= OUTSIDE:
            high -= 1
        return low, high

    @property
    def is_inside(self) -> bool:
        low, high = self.band
        return low <= self.count <= high

    def __str__(self) -> str:
        low, high = (f"{bound / self.of:.1%}" for bound in self.band)
        told = f"{self.what}: {self.count} of {self.of} = {self.count / self.of:.1%}, promised {self.promised:.0%}"
        return f"{told}, 99 % band {low} to {high}: {'inside' if self.is_inside else 'OUTSIDE'}"

    def _share(self, counts: range) -> float:
        return sum(comb(self.of, n) * self.promised**n * (1 - self.promised) ** (self.of - n) for n in counts)


def calibrate(worlds: int, folder: Path) -> tuple[Outcome, Outcome]:
    """Land the worlds in `folder`, build once, and hold the findings against what was planted."""
    planted = land(worlds, folder / "landing")
    build(folder, "+initiative_effects", effect_pool=POOL)
    rows = {row["initiative_id"]: row for row in read(folder, "initiative_effects")}
    covered = alarms = 0
    for initiative_id, effect in planted.items():
        row = rows[initiative_id]
        if row["finding"] == "cannot tell":
            raise LookupError(f"{initiative_id}: {row['finding_text']}")
        if initiative_id.endswith(WITH):
            covered += log1p(row["effect_rate_low"]) <= effect <= log1p(row["effect_rate_high"])
        else:
            alarms += row["finding"] != "no difference seen"
    return (
        Outcome("intervals that hold the planted effect", covered, worlds, 0.95),
        Outcome("false alarms where nothing was planted", alarms, worlds, 0.05),
    )


def land(worlds: int, landing: Path) -> dict[str, float]:
    """Write what the worlds showed; returns what each initiative added to the logarithm over all its days."""
    tables: dict[str, list[Row]] = {"runs": list(runs())}  # and the directory, which is one snapshot of all worlds
    planted = {}
    for seed in range(worlds):
        prefix = f"w{seed:03d}"
        daily = {WITH: LARGEST * (2 * unit(seed, "planted") - 1), WITHOUT: 0.0}
        world = World(seed, PEERS, daily, events=())
        for kind, row in rows_of(world):
            for name in row.keys() & {"organization_id", "account_id", "initiative_id"}:
                row[name] = f"{prefix}_{row[name]}"
            tables.setdefault(kind, []).append(row)
        write(landing, {"observations": tables.pop("observations")}, prefix)
        for each in world.initiatives:
            days = ((each.ended_on or LAST) - each.started_on).days + 1
            planted[f"{prefix}_{each.initiative_id}"] = daily[each.initiative_id] * days
    write(landing, tables)
    return planted


def runs() -> Iterator[Row]:
    for platform in PLATFORMS:
        for day in (FIRST, LAST):
            told = {"run_id": f"{day}", "platform": platform, "measured_on": day, "status": "complete"}
            yield told | {"scheduled_at": evening(day), "started_at": evening(day)}


def rows_of(world: World) -> Iterator[tuple[str, Row]]:
    """One world's directory and its accounts' followers: the own ones' daily, a peer's on its weekday."""
    stamp = {"measured_on": FIRST, "landed_at": evening(FIRST), "run_id": f"{FIRST}"}
    for organization in world.organizations:
        yield "organizations", asdict(organization) | stamp
    for initiative in world.initiatives:
        yield "initiatives", asdict(initiative) | stamp
    for account in world.directory(evening(FIRST).replace(tzinfo=UTC)):
        yield "accounts", asdict(account) | stamp | {"cadence": "never"}  # what is due and missing is not in question
    for each in world.accounts:
        for number in range((LAST - FIRST).days + 1 if each.platform in PLATFORMS else 0):
            day = FIRST + timedelta(days=number)
            if each.is_own or day.isoweekday() == weekday(each.account_id):
                yield "observations", followers(world, each, day)


def followers(world: World, account: WorldAccount, day: date) -> Row:
    at = evening(day)
    value = world.value(account, "followers_count", at.replace(tzinfo=UTC))
    seen = {"metric": "followers_count", "measured_on": day, "value": value, "fetched_at": at, "run_id": f"{day}"}
    return {"platform": account.platform, "account_id": account.account_id} | seen


def evening(day: date) -> datetime:
    return datetime.combine(day, time(22))


def main() -> int:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else WORLDS
    with tempfile.TemporaryDirectory() as folder:
        outcomes = calibrate(worlds, Path(folder))
    print(f"{worlds} worlds, each with {PEERS} other hospitals", *outcomes, sep="\n")
    return 0 if all(outcome.is_inside for outcome in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
