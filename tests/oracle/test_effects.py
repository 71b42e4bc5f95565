"""What initiatives did, against a second implementation, a public package, and what was planted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from socialmetrics.records import Account, Initiative
from socialmetrics.sandbox.world import World

from .calibrate import calibrate
from .effects import Effects
from .expected import Expected
from .landed import Row, build, of_record, read, write
from .record import ACCOUNT_METRICS, Record, Said, Visit, Watcher, each_day, imported

FIRST, LAST = date(2026, 7, 20), date(2026, 11, 18)
EFFECTS = {"voices": 0.0012, "engage": 0.9, "everywhere": -0.0009}
GRAIN = ["initiative_id", "platform"]


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
    initiative("a-peer-s", "x", "followers", date(2026, 9, 14), date(2026, 10, 4), organization_id="h0014"),
    initiative("among-few", "x", "followers", date(2026, 10, 5), date(2026, 10, 25), organization_id="h0035"),
    initiative("nobody-s", "x", "followers", date(2026, 10, 5), date(2026, 10, 25), organization_id="h0001"),
)
POOL = "case when organization_id >= 'h0035' and organization_id < 'lakeside' then 'few' else 'many' end"


def pool(organization_id: str) -> str:
    return "few" if "h0035" <= organization_id < "lakeside" else "many"


@dataclass
class Autumn:
    found: dict[tuple[str, str], Row]
    expected: Effects
    world: World


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Autumn:
    """Four months of the whole world, with posts on two platforms, and initiatives of every kind."""
    world, record = World(peers=44, effects=EFFECTS, initiatives=INITIATIVES), Record(ZoneInfo("UTC"))
    directory, watcher = world.directory(datetime(2026, 7, 20, tzinfo=UTC)), Watcher(world, record)
    for day in each_day(FIRST, LAST):
        for platform in ACCOUNT_METRICS:
            watcher.visit(Visit(platform, day, record.scheduled_at(day)), directory)
    record.said += list(readings(directory))
    folder = tmp_path_factory.mktemp("autumn")
    write(folder / "landing", of_record(record, world.organizations, INITIATIVES))
    build(folder, "initiative_effects", effect_pool=POOL)
    found = {(row["initiative_id"], row["platform"]): row for row in read(folder, "initiative_effects")}
    return Autumn(found, Effects(Expected(record), world.organizations, INITIATIVES, pool), world)


def readings(directory: tuple[Account, ...]) -> list[Said]:
    """Figures from elsewhere that would spoil an effect if they counted, one of them on an anchor."""
    at = datetime(2026, 11, 18, 9, tzinfo=UTC)
    on_x = [account for account in directory if account.platform == "x" and not account.is_own]
    return [
        imported(one, "followers", day, 1, "exact", at)
        for one in on_x[12:20]
        for day in each_day(date(2026, 9, 24), date(2026, 9, 27))
    ]


def test_every_row_is_that_of_the_second_implementation(autumn: Autumn) -> None:
    wanted, found = (
        pd.DataFrame(list(rows.values())).set_index(GRAIN).sort_index() for rows in (autumn.expected.rows, autumn.found)
    )
    assert list(found.index) == list(wanted.index)
    assert set(found.columns) == set(wanted.columns)
    texts = [name for name in wanted if wanted[name].map(type).eq(str).any() or name in ("ended_on", "cost_usd")]
    for name in wanted.columns:
        if name in texts:
            assert found[name].map(str).to_dict() == wanted[name].map(str).to_dict(), name
        else:
            pd.testing.assert_series_equal(
                found[name], wanted[name], check_dtype=False, rtol=1e-9, atol=1e-12, obj=name
            )
