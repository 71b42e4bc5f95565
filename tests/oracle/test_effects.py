"""What initiatives did, against a second implementation, a public package, and what was planted."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from socialmetrics.records import Account, Initiative, Organization
from socialmetrics.sandbox.world import World
from socialmetrics.warehouse import SQL

from .calibrate import Outcome, calibrate
from .effects import Effects, matched
from .expected import Expected
from .landed import Row, build, of_record, read, write
from .mutations import EFFECT_MUTATIONS
from .record import ACCOUNT_METRICS, Record, Said, Visit, Watcher, each_day, imported

FIRST, LAST = date(2026, 7, 20), date(2026, 11, 18)
EFFECTS = {"voices": 0.0012, "engage": 0.9, "everywhere": -0.0009, "after-moving": 0.004}
MOVED, MOVED_ON = "h0001", date(2026, 10, 20)  # an organization that leaves X, having closed its channel


def initiative(
    initiative_id: str,
    platform: str | None,
    metric: str,
    started_on: date,
    ended_on: date | None = None,
    cost: int | None = None,
    organization_id: str = "lakeside",
) -> Initiative:
    paid = Decimal(cost).quantize(Decimal("0.01")) if cost is not None else None
    name = initiative_id.replace("-", " ").capitalize()
    return Initiative(initiative_id, name, organization_id, platform, metric, started_on, ended_on, paid)


INITIATIVES = (
    initiative("voices", "x", "followers", date(2026, 9, 28), date(2026, 10, 25), 18000),
    initiative("nothing", "facebook", "followers", date(2026, 10, 5), date(2026, 10, 18), 2500),
    initiative("everywhere", None, "followers", date(2026, 11, 4), cost=900),
    initiative("engage", "x", "engagements", date(2026, 10, 7), date(2026, 11, 10), 700),
    initiative("publish", "facebook", "posts_published", date(2026, 10, 5), date(2026, 11, 1)),
    initiative("after-a-break", "youtube", "views", date(2026, 10, 5), date(2026, 10, 25), 50),
    initiative("soon-after-a-break", "youtube", "views", date(2026, 9, 7), date(2026, 9, 20)),
    initiative("over-a-break", "youtube", "views", date(2026, 8, 17), date(2026, 8, 30)),
    initiative("not-begun", "x", "followers", date(2026, 12, 1), date(2026, 12, 24)),
    initiative("no-such-metric", "youtube", "connections", date(2026, 10, 5), date(2026, 10, 18)),
    initiative("brief", "facebook", "connections", date(2026, 11, 13)),
    initiative("early", "x", "followers", date(2026, 7, 27), date(2026, 8, 9)),
    initiative("no-whole-week", "x", "engagements", date(2026, 9, 8), date(2026, 9, 19)),
    initiative("a-peer-s", "x", "followers", date(2026, 9, 14), date(2026, 10, 4), organization_id="h0015"),
    initiative("among-few", "x", "followers", date(2026, 10, 5), date(2026, 10, 25), organization_id="h0035"),
    initiative("nobody-s", "x", "followers", date(2026, 10, 5), date(2026, 10, 25), organization_id="h0001"),
    initiative("before-moving", None, "followers", date(2026, 10, 5), date(2026, 10, 18), 800, MOVED),
    initiative("after-moving", None, "followers", date(2026, 10, 26), date(2026, 11, 8), 800, MOVED),
    *(
        initiative(f"among-{one}", "x", metric, date(2026, 10, 5), date(2026, 10, 25), 100, one)
        for metric, ones in {
            "followers": (
                "alone-00",
                "equal-45",
                "still-00",
                "woken-00",
                "split-00",
                "split-01",
                "split-02",
                "empty-00",
                "gaps-00",
            ),
            "engagements": ("drawn-00", "drawn-01", "drawn-02", "drawn-03", "idle-00"),
        }.items()
        for one in ones
    ),
)
POOL = """
case
    when organization_id like '%-%' then split_part(organization_id, '-', 1)
    when organization_id >= 'h0035' and organization_id < 'lakeside' then 'few'
    else 'many'
end
"""


def pool(organization_id: str) -> str:
    kind, dash, _ = organization_id.partition("-")
    return kind if dash else "few" if "h0035" <= organization_id < "lakeside" else "many"


# Organizations outside the world: one on its own, many of one size, some that stand still, among calm ones a loud one
# with an initiative and one that wakes up; some of which two have a small account that was followed for longer and one
# had a big one that was closed; one without followers, one that was seldom looked at; and some whose posts draw a few a
# week, or no longer do.
HOW_MANY = {
    "alone": 1,
    "equal": 60,
    "still": 24,
    "woken": 24,
    "split": 24,
    "empty": 1,
    "gaps": 1,
    "drawn": 32,
    "idle": 3,
}
MADE_UP = tuple(f"{kind}-{n:02d}" for kind, of in HOW_MANY.items() for n in range(of))
SIZES = {"split-00-careers": 0.2, "split-01-careers": 0.2, "split-02-former": 4}  # other accounts, to the first one
SEEN = {  # by week; else each
    "split-00": (*range(-5, 1), 3),
    "split-01": range(-9, 1),
    "split-02-former": range(-9, -1),
    "gaps-00": (-9, -8, 0, 3),
}

DRAWN = ("drawn", "idle")

Rows = dict[tuple[str, str], Row]


@dataclass
class Autumn:
    folder: Path
    found: Rows
    expected: Effects


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Autumn:
    """Four months of the whole world, with posts on two platforms, and initiatives of every kind."""
    world, record = World(peers=44, effects=EFFECTS, initiatives=INITIATIVES), Record(ZoneInfo("UTC"))
    organizations = (*world.organizations, *(Organization(one, one, False) for one in MADE_UP))
    directory, watcher = tuple(listed(world)), Watcher(world, record)
    moved = tuple(one for one in directory if (one.organization_id, one.platform) != (MOVED, "x"))
    for day in each_day(FIRST, LAST):
        for platform in ACCOUNT_METRICS:
            lines = directory if day < MOVED_ON else moved
            watcher.visit(Visit(platform, day, record.scheduled_at(day)), lines, organizations)
    record.said += [*readings(directory), *sundays(record)]
    folder = tmp_path_factory.mktemp("autumn")
    write(folder / "landing", of_record(record, INITIATIVES))
    build(folder, "+initiative_effects", effect_pool=POOL)
    return Autumn(folder, rows_in(folder), Effects(Expected(record), organizations, INITIATIVES, pool))


def listed(world: World) -> Iterator[Account]:
    """The world's directory; accounts open or close in the time before an initiative or within it."""
    terms = {
        ("lakeside", "x", "careers"): {"opened_on": date(2026, 8, 20)},
        ("lakeside", "facebook", "childrens"): {"closed_on": date(2026, 11, 10)},
        (MOVED, "youtube", "main"): {"closed_on": date(2026, 10, 5)},
    }
    for account in world.directory(datetime(2026, 7, 20, tzinfo=UTC)):
        key = (account.organization_id, account.platform, account.account_group or "")
        yield replace(account, **terms.get(key, {}))
    for one in (*MADE_UP, *SIZES):
        closed_on = date(2026, 9, 21) if one.endswith("former") else None
        yield Account("-".join(one.split("-")[:2]), "x", one, one, cadence="never", closed_on=closed_on)


def rows_in(folder: Path) -> Rows:
    return {(row["initiative_id"], row["platform"]): row for row in read(folder, "initiative_effects")}


def readings(directory: tuple[Account, ...]) -> Iterator[Said]:
    """Figures from elsewhere on the last days before an initiative, which would spoil it if they counted."""
    at = datetime(2026, 11, 18, 9, tzinfo=UTC)
    peers = [account for account in directory if account.platform == "x" and not account.is_own]
    for peer in peers[12:20]:
        for day in each_day(date(2026, 9, 24), date(2026, 9, 27)):
            yield imported(peer, "followers", day, 1, "exact", at)


def sundays(record: Record) -> Iterator[Said]:
    """Followers of those outside the world, and what a post drew, from nine weeks before their initiatives on."""
    for one in (*MADE_UP, *SIZES):
        kind, n, *_ = one.split("-")
        likes = 1000
        for week in SEEN.get(one, (*range(-9, 1), *((1, 2) if kind in DRAWN else ()), 3)):
            day, value = date(2026, 10, 4) + timedelta(weeks=week), int(made_up(kind, n, week) * SIZES.get(one, 1))
            at = record.scheduled_at(day)
            run_id = f"{at:%Y%m%dT%H%M%SZ}"
            yield Said("x", one, None, "followers", day, value, None, at, run_id, at)
            if kind in DRAWN:
                record.published["x", one, f"{one}-1"] = datetime(2026, 7, 25, tzinfo=UTC)
                likes += drawn(kind, int(n), week)
                yield Said("x", one, f"{one}-1", "likes", day, likes, None, at, run_id, at)


def made_up(kind: str, n: str, week: int) -> int:
    """5000 at the beginning, and with a wobble before it, as wide as the number, unless it stands still or is empty."""
    if kind == "empty":
        return 0
    if kind == "still":
        return 6000 + int(n) if week > 0 else 5000
    if (kind, n, week) == ("woken", "05", 3):
        return 90_000_000
    width = 500 if (kind, n) == ("woken", "00") else int(n)
    return 5000 + (40 + int(n) if week > 0 else week * 10 + (week % 2) * width)


def drawn(kind: str, n: int, week: int) -> int:
    """A few a week and with the first initiative twice as many; of others nothing before, nothing within, or less."""
    if kind == "idle":
        return 6 + week % 3 if week <= 0 or n == 0 else 0
    if (n == 1 and week <= 0) or (n in (2, 6) and week > 0):
        return 0
    if n == 3 and week > 0:
        return -2
    if (n, week) in ((4, -3), (5, -2), (5, -1)):
        return 3 - n  # a week of -1, and two of -2
    return (2 + n % 4 + (n * 7 + week * 5) % 3) * (2 if n == 0 and week > 0 else 1)


def test_every_row_is_that_of_the_second_implementation(autumn: Autumn) -> None:
    assert differences(autumn.expected.rows, autumn.found) == ""


def differences(wanted: Rows, found: Rows) -> str:
    """In words where the mart is not what it must be; empty where it is."""
    lines = [f"missing: {key}" for key in sorted(wanted.keys() - found.keys())]
    lines += [f"to spare: {key}" for key in sorted(found.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & found.keys()):
        for name in sorted(wanted[key].keys() | found[key].keys()):
            must, is_ = wanted[key].get(name, "no such column"), found[key].get(name, "no such column")
            both = isinstance(must, float) and isinstance(is_, float)
            if not (math.isclose(must, is_, rel_tol=1e-9, abs_tol=1e-12) if both else must == is_):
                lines.append(f"{key} {name}: must be {must!r}, is {is_!r}")
    return "\n".join(lines)


def test_the_autumn_has_every_kind_of_initiative(autumn: Autumn) -> None:
    rows = list(autumn.found.values())
    assert {row["finding"] for row in rows} == {
        "more than expected", "less than expected", "no difference seen", "cannot tell"
    }  # fmt: skip
    obstacles = {row["finding_text"] for row in rows if row["finding"] == "cannot tell"}
    assert len(obstacles) == 17
    assert {row["kind"] for row in rows} == {"level", "counter", "flow", None}
    assert {row["is_ongoing"] for row in rows} == {True, False}
    assert {row["accounts"] for row in rows} >= {1, 2, 3, None}
    assert {row["pre_weeks"] for row in rows} >= {5, 7, 8}
    assert {row["organization_id"] for row in rows if row["effect"]} >= {"lakeside", "h0015", "h0035", "equal-45"}
    assert any(row["cost_per_gained_usd"] for row in rows)
    assert any(row["time_placebo_rank"] for row in rows)
    assert any(row["placebo_n"] in range(1, 19) for row in rows)


@pytest.mark.parametrize("name", ["voices", "everywhere", "engage"])
def test_the_interval_holds_what_was_planted(autumn: Autumn, name: str) -> None:
    row = autumn.found[name, "x"]
    days = 1 if row["kind"] == "flow" else (row["measured_until_on"] - row["started_on"]).days + 1
    assert row["effect_rate_low"] < math.expm1(days * EFFECTS[name]) < row["effect_rate_high"]


@pytest.mark.parametrize(("name", "platform"), [("voices", "x"), ("everywhere", "facebook"), ("engage", "x")])
def test_statsmodels_finds_the_same_difference_in_differences(autumn: Autumn, name: str, platform: str) -> None:
    """Least squares over organizations and the two times, of an activity a Poisson regression; the interaction is the
    effect."""
    told = next(one for one in INITIATIVES if one.initiative_id == name)
    units = autumn.expected.units(autumn.expected.window(told, platform))
    peers = matched("lakeside", units, "lakeside")
    panel = pd.DataFrame(
        {"figure": figure, "treated": int(unit is units["lakeside"]), "within": within}
        for unit in (units["lakeside"], *peers)
        for within, figure in enumerate(unit.weekly or (unit.before, unit.after))
    )
    family = sm.families.Poisson() if units["lakeside"].weekly else sm.families.Gaussian()
    fitted = smf.glm("figure ~ treated * within", panel, family=family).fit(tol=1e-14)
    assert fitted.params["treated:within"] == pytest.approx(autumn.found[name, platform]["effect"], rel=1e-9)


def test_intervals_hold_the_truth_as_often_as_promised(tmp_path: Path) -> None:
    """The smaller form of `make calibrate`."""
    for outcome in calibrate(30, tmp_path):
        assert outcome.is_inside, str(outcome)


@pytest.mark.parametrize(
    ("of", "promised", "band"), [(200, 0.95, (181, 197)), (200, 0.05, (3, 19)), (30, 0.05, (0, 5))]
)
def test_a_band_holds_99_of_100_samples(of: int, promised: float, band: tuple[int, int]) -> None:
    low, high = band
    outcome = Outcome("it came true", low, of, promised)
    assert outcome.band == band
    shares = [math.comb(of, n) * promised**n * (1 - promised) ** (of - n) for n in range(of + 1)]
    assert sum(shares[low : high + 1]) >= 0.99
    assert not replace(outcome, count=high + 1).is_inside


@pytest.mark.parametrize("name", EFFECT_MUTATIONS)
def test_a_mutation_still_has_its_place(name: str) -> None:
    mutation = EFFECT_MUTATIONS[name]
    assert (SQL / mutation.file).read_text(encoding="utf-8").count(mutation.search) == 1


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.prove) for name in EFFECT_MUTATIONS])
def test_a_mutation_is_noticed(autumn: Autumn, name: str, tmp_path: Path) -> None:
    mutation = EFFECT_MUTATIONS[name]
    shutil.copytree(SQL, tmp_path / "sql", ignore=shutil.ignore_patterns("target", "logs"))
    for file in ("work.duckdb", "marts.duckdb"):
        shutil.copyfile(autumn.folder / file, tmp_path / file)
    (tmp_path / "landing").symlink_to(autumn.folder / "landing")
    path = tmp_path / "sql" / mutation.file
    path.write_text(path.read_text(encoding="utf-8").replace(mutation.search, mutation.instead), encoding="utf-8")
    build(tmp_path, "int_effect_windows+", tmp_path / "sql", effect_pool=POOL)
    assert differences(autumn.expected.rows, rows_in(tmp_path)) != ""
