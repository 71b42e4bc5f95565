"""How often the 95 % interval of `initiative_effects` holds the truth, over many seeded worlds in one build.

    python -m tests.oracle.calibrate [worlds]

Of a level and of each activity, a world has one initiative that adds to it or takes from it, and one that adds
nothing: to followers on X over four weeks and on Facebook over two; over four to engagements on Facebook, where posts
are many, to engagements on YouTube, where they are few, and to how many there are, two a week. More posts draw more:
engagements on YouTube have both added. The worlds have no scripted events: these happen to peers alone, so that the
organization would not be one like them. Worlds land under ids of their own, and `effect_pool` keeps their peers apart.
Posts are seen for some weeks and not their whole ladder, and by one count alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import comb, log1p
from pathlib import Path

from socialmetrics.records import Initiative
from socialmetrics.sandbox.world import FOLLOWERS, INITIATIVES, OWN, World, WorldAccount, WorldPost, unit, weekday

from .landed import Row, build, look, read, write
from .record import Visit, each_day

WORLDS, PEERS = 200, 120
PLATFORMS = ("x", "facebook", "youtube")
FIRST, LAST = date(2026, 7, 6), date(2026, 11, 8)  # two weeks more than the time before the first initiative
WITHOUT, WITH = (date(2026, 9, 14), date(2026, 10, 11)), (date(2026, 10, 12), LAST)
ACTIVITIES = (
    Initiative("photo-contest", "Photo contest", OWN, "facebook", "engagements", *WITHOUT),
    Initiative("open-house", "Open house", OWN, "facebook", "engagements", *WITH),
    Initiative("new-jingle", "New jingle", OWN, "youtube", "engagements", *WITHOUT),
    Initiative("new-studio", "New studio", OWN, "youtube", "engagements", *WITH),
    Initiative("guest-list", "Guest list", OWN, "youtube", "posts_published", *WITHOUT),
    Initiative("second-camera", "Second camera", OWN, "youtube", "posts_published", *WITH),
)
# What was planted, and nothing.
KINDS = {
    "followers": ("patient-voices", "flu-season"),
    "engagements of many posts": ("open-house", "photo-contest"),
    "engagements of few posts": ("new-studio", "new-jingle"),
    "posts, where they are few": ("second-camera", "guest-list"),
}
# The most that is planted, to either side: a day's growth of the logarithm, or in logarithms what a post draws and how
# many there are.
LARGEST = {"patient-voices": 0.0024, "open-house": 0.8, "new-studio": 0.8, "second-camera": 0.8}
COUNTS = {"facebook": "reactions.summary.total_count", "youtube": "statistics.likeCount"}
SEEN_FOR = {"facebook": timedelta(days=14), "youtube": timedelta(days=28)}
NOTHING = "comes to nothing."  # where there was no post in four weeks nothing is told, and so nothing held or missed
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


def calibrate(worlds: int, folder: Path) -> tuple[Outcome, ...]:
    """Land the worlds in `folder`, build once, and hold the findings against what was planted."""
    planted = land(worlds, folder / "landing")
    build(folder, "+initiative_effects", effect_pool=POOL)
    rows = read(folder, "initiative_effects")
    return tuple(
        outcome
        for what, names in KINDS.items()
        for outcome in outcomes(what, [row for row in rows if row["initiative_id"].endswith(names)], planted)
    )


def outcomes(what: str, rows: list[Row], planted: dict[str, float]) -> Iterator[Outcome]:
    """How often intervals hold what was planted, and how often something was found where nothing was."""
    covered, alarms = [], []
    for row in rows:
        effect = planted[row["initiative_id"]]
        if row["finding"] == "cannot tell":
            if not row["finding_text"].endswith(NOTHING):
                raise LookupError(f"{row['initiative_id']}: {row['finding_text']}")
            continue
        if effect:
            covered.append(log1p(row["effect_rate_low"]) <= effect <= log1p(row["effect_rate_high"]))
        else:
            alarms.append(row["finding"] != "no difference seen")
    yield Outcome(f"{what}: intervals that hold the planted effect", sum(covered), len(covered), 0.95)
    yield Outcome(f"{what}: false alarms where nothing was planted", sum(alarms), len(alarms), 0.05)


def land(worlds: int, landing: Path) -> dict[str, float]:
    """Write what the worlds showed; returns what each initiative added to the logarithm (of a level, in all)."""
    tables: dict[str, list[Row]] = {"runs": list(runs())}  # and the directory, which is one snapshot of all worlds
    planted = {}
    for seed in range(worlds):
        prefix = f"w{seed:03d}"
        added = {name: most * (2 * unit(seed, name) - 1) for name, most in LARGEST.items()}
        world = World(seed, PEERS, added, (*INITIATIVES, *ACTIVITIES), events=())
        of_world: dict[str, list[Row]] = {}
        for kind, row in rows_of(world):
            for name in row.keys() & {"organization_id", "account_id", "initiative_id"}:
                row[name] = f"{prefix}_{row[name]}"
            if kind == "calls":
                row["asked"] = [f"{prefix}_{one}" for one in row["asked"]]
            of_world.setdefault(kind, []).append(row)
        write(landing, {kind: of_world.pop(kind) for kind in ("observations", "posts")}, prefix)
        for kind, rows in of_world.items():
            tables.setdefault(kind, []).extend(rows)
        for each in world.initiatives:
            days = 1 if each in ACTIVITIES else ((each.ended_on or LAST) - each.started_on).days + 1
            planted[f"{prefix}_{each.initiative_id}"] = added.get(each.initiative_id, 0.0) * days
        planted[f"{prefix}_new-studio"] += added["second-camera"]
    write(landing, tables)
    return planted


def runs() -> Iterator[Row]:
    for platform in PLATFORMS:
        for day in (FIRST, LAST):
            told = {"run_id": f"{day}", "platform": platform, "measured_on": day, "status": "complete"}
            yield told | {"scheduled_at": evening(day), "started_at": evening(day)}


def rows_of(world: World) -> Iterator[tuple[str, Row]]:
    """One world's directory, its accounts' followers, their posts' counts and the looks for posts: the own ones' daily,
    a peer's on its weekday."""
    stamp = {"measured_on": FIRST, "landed_at": evening(FIRST), "run_id": f"{FIRST}"}
    for organization in world.organizations:
        yield "organizations", asdict(organization) | stamp
    for initiative in world.initiatives:
        yield "initiatives", asdict(initiative) | stamp
    for account in world.directory(evening(FIRST).replace(tzinfo=UTC)):
        yield "accounts", asdict(account) | stamp | {"cadence": "never"}  # what is due and missing is not in question
    for day in each_day(FIRST, LAST):
        seen = [each for each in world.accounts if each.is_own or day.isoweekday() == weekday(each.account_id)]
        for each in seen:
            yield "observations", followers(world, each, day)
            for post in posts(world, each, day):
                yield "observations", count(world, each, post, day)
        channels = [each.account_id for each in seen if each.platform == "youtube"]
        yield "calls", look(Visit("youtube", day, evening(day)), channels)
    for each in world.accounts:
        for post in posts(world, each, LAST, LAST - FIRST):
            yield "posts", found(post)


def posts(world: World, account: WorldAccount, day: date, age: timedelta | None = None) -> tuple[WorldPost, ...]:
    """Those of the account that are asked for on a day."""
    if account.platform not in COUNTS:
        return ()
    at = evening(day).replace(tzinfo=UTC)
    return world.posts(account, at - (age or SEEN_FOR[account.platform]), at)


def followers(world: World, account: WorldAccount, day: date) -> Row:
    metric = FOLLOWERS[account.platform]
    value = world.value(account, metric, evening(day).replace(tzinfo=UTC))
    return observed(account, day) | {"metric": metric, "value": value}


def count(world: World, account: WorldAccount, post: WorldPost, day: date) -> Row:
    metric = COUNTS[account.platform]
    value = world.post_value(post, metric, evening(day).replace(tzinfo=UTC))
    reason = "not_found" if value is None else None
    return observed(account, day) | {"post_id": post.post_id, "metric": metric, "value": value, "reason": reason}


def observed(account: WorldAccount, day: date) -> Row:
    seen = {"measured_on": day, "fetched_at": evening(day), "run_id": f"{day}"}
    return {"platform": account.platform, "account_id": account.account_id} | seen


def found(post: WorldPost) -> Row:
    at = post.published_at.replace(tzinfo=None)
    seen = {"published_at": at, "fetched_at": at, "run_id": "r", "status": "public", "kind": post.kind}
    return {"platform": post.platform, "account_id": post.account_id, "post_id": post.post_id} | seen


def evening(day: date) -> datetime:
    return datetime.combine(day, time(22))


def main() -> int:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else WORLDS
    with tempfile.TemporaryDirectory() as folder:
        found_out = calibrate(worlds, Path(folder))
    print(f"{worlds} worlds, each with {PEERS} other hospitals", *found_out, sep="\n")
    return 0 if all(outcome.is_inside for outcome in found_out) else 1


if __name__ == "__main__":
    raise SystemExit(main())
