"""`make bench`: prints what the work costs at the size of a nation, and writes it to a JSON file."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from . import extraction, figures, nation, questions
from .measure import GIB, Cost, machine, socialmetrics
from .nation import Nation

MOST_MEMORY = 12 * GIB
MOST_GROWTH = 1.3
MOST_SECONDS_A_QUESTION = 0.2
MOST_TIMES_BARE = 3.0
MONTH_DAYS = 30
DAYS_MORE = 3


def main() -> None:
    asked = _arguments()
    found = _found_before(asked.figures) | {"machine": machine()}
    _say("machine: " + ", ".join(f"{name} {value}" for name, value in found["machine"].items()))
    for shape in asked.shapes:
        found[shape] = _shape(Nation(shape, asked.accounts, asked.days), asked.folder / shape, asked.keep)
        _keep(found, asked.figures)
    found["extract"] = _extract(asked.folder / "extract", asked.posts)
    _keep(found, asked.figures)
    if asked.document:
        figures.put(found, asked.document)
    told = _promises(found)
    for line in told:
        _say(line)
    sys.exit(1 if any(line.startswith("BROKEN") for line in told) else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--accounts", type=int, default=20_000, help="accounts, four an organization")
    parser.add_argument("--days", type=int, default=1095, help="days of history")
    parser.add_argument("--posts", type=int, default=100_000, help="posts extracted; a multiple of 100")
    parser.add_argument("--shapes", nargs="+", default=["plan", "daily"], choices=["plan", "daily"])
    parser.add_argument("--folder", type=Path, default=Path("demo/bench"), help="where to work; emptied first")
    parser.add_argument("--figures", type=Path, default=Path("demo/bench.json"), help="where the figures go")
    parser.add_argument("--document", type=Path, help="Markdown to put the figures into, as docs/performance.md")
    parser.add_argument("--keep", action="store_true", help="leave the warehouses in the folder")
    return parser.parse_args()


def _found_before(figures: Path) -> dict[str, Any]:
    """What a run of the other shape left, so that the two can be run on two evenings."""
    return dict(json.loads(figures.read_text(encoding="utf-8"))) if figures.exists() else {}


def _keep(found: dict[str, Any], figures: Path) -> None:
    figures.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _shape(size: Nation, folder: Path, keep: bool) -> dict[str, Any]:
    """One shape: the nation over years, and its last month alone to compare one more day with."""
    shutil.rmtree(folder, ignore_errors=True)
    years, month = folder / "years", folder / "month"
    found: dict[str, Any] = {"accounts": size.accounts, "days": size.days}
    nation.write(size, years / "warehouse" / "landing")
    found["observations"], found["landing_bytes"] = nation.size(years / "warehouse" / "landing")
    _say(f"{size.shape}: {size.accounts:,} accounts, {size.days:,} days, {found['observations']:,} observations")

    full = _step(years, size.last, "model")
    found |= {"full_seconds": full.seconds, "full_peak_bytes": full.peak_bytes}
    _say(f"  full build {full.seconds:.0f} s, at most {full.peak_bytes / GIB:.1f} GiB")
    found |= _published(years, size)
    found["questions"] = questions.times(years / "warehouse" / "socialmetrics.duckdb")
    slowest = max(found["questions"], key=lambda each: float(each["seconds"]))
    _say(
        f"  {len(found['questions'])} questions, the slowest {slowest['seconds'] * 1000:.0f} ms: {slowest['question']}"
    )

    short = Nation(size.shape, size.accounts, min(MONTH_DAYS, size.days), size.last)
    nation.write(short, month / "warehouse" / "landing")
    _step(month, size.last, "model")
    found |= _days_more({"month": (month, short), "years": (years, size)})
    found["day_ratio"] = found["day_on_years_seconds"] / found["day_on_month_seconds"]
    if not keep:
        shutil.rmtree(folder)
    return found


def _days_more(compared: dict[str, tuple[Path, Nation]]) -> dict[str, Any]:
    """Days landed and built in turn here and there, so that whatever else the machine does meets both; the medians."""
    costs: dict[str, list[Cost]] = {name: [] for name in compared}
    for number in range(DAYS_MORE):
        for name, (home, nation_before) in compared.items():
            of = replace(
                nation_before, days=nation_before.days + number, last=nation_before.last + timedelta(days=number)
            )
            nation.add_day(of, home / "warehouse" / "landing")
            costs[name].append(_step(home, of.last + timedelta(days=1), "model"))
            _say(f"  one more day on {of.days:,} days {costs[name][-1].seconds:.1f} s")
    found: dict[str, Any] = {}
    for name, spent in costs.items():
        found[f"day_on_{name}_seconds"] = median(cost.seconds for cost in spent)
        found[f"day_on_{name}_peak_bytes"] = max(cost.peak_bytes for cost in spent)
    return found


def _published(home: Path, size: Nation) -> dict[str, Any]:
    cost = _step(home, size.last, "publish")
    sizes = {name: (home / "warehouse" / "build" / f"{name}.duckdb").stat().st_size for name in ("work", "marts")}
    published = (home / "warehouse" / "socialmetrics.duckdb").stat().st_size
    _say(f"  publishing {cost.seconds:.1f} s, {published / 1e9:.2f} GB; work {sizes['work'] / 1e9:.2f} GB")
    told = {f"{name}_bytes": of_it for name, of_it in sizes.items()}
    return {"publish_seconds": cost.seconds, "published_bytes": published} | told


def _step(home: Path, day: Any, command: str) -> Cost:
    return socialmetrics(home, datetime.combine(day, time(23, 59)), command)


def _extract(folder: Path, posts: int) -> dict[str, Any]:
    shutil.rmtree(folder, ignore_errors=True)
    compared = extraction.compare(folder, posts)
    shutil.rmtree(folder)
    _say(
        f"extract: {posts:,} posts {compared.extract_seconds:.1f} s, bare {compared.bare_seconds:.1f} s, "
        f"{compared.ratio:.1f} times"
    )
    return {
        "posts": posts,
        "observations": compared.observations,
        "bare_seconds": compared.bare_seconds,
        "extract_seconds": compared.extract_seconds,
        "ratio": compared.ratio,
    }


def _promises(found: dict[str, Any]) -> list[str]:
    """Each promise of the design with what was measured, the kept ones marked so."""
    told = [("extract at most 3 times the bare requests", found["extract"]["ratio"] <= MOST_TIMES_BARE)]
    for shape in ("plan", "daily"):
        if shape in found:
            of_it = found[shape]
            slow = [each for each in of_it["questions"] if each["seconds"] > MOST_SECONDS_A_QUESTION]
            told += [
                (f"{shape}: a full build under 12 GiB", of_it["full_peak_bytes"] < MOST_MEMORY),
                (f"{shape}: one more day at most 1.3 times that on a month", of_it["day_ratio"] <= MOST_GROWTH),
                (f"{shape}: every question under 200 ms", not slow),
            ]
    return [f"{'kept' if is_kept else 'BROKEN'}: {promise}" for promise, is_kept in told]


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
