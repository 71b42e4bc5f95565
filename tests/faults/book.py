"""docs/faults.md, from what happened on the days of the book."""

from __future__ import annotations

import tempfile
from pathlib import Path

from home import Home
from socialmetrics import clock, platforms
from socialmetrics.errors import Exhausted, Throttled, Unavailable
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World

from .days import Struck, all_days

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

_HEAD = """# The fault book

What is left of a day on which a platform misbehaves. `tests/faults` pulls each of these days from the sandbox, with one
own account and one peer's, after a good day; `make faults` writes this page from what happened, and a test fails when
it is stale. Two sorts of answer are asked for by nothing here yet: YouTube Analytics' and Instagram's.

* **holds**: what the warehouse holds of the own account, of the peer's, and of their posts that were due. A reason
  stands where there is no number, and a number is never made up.
* **coverage**: observed of expected in `coverage_days`, and what is missing.
* **says**: the line that makes the day red; in brackets what the run notes without being red.
* **calls**: requests over the wire, those made again among them. A good day takes 3 or 4 of YouTube and X, and 1 or 2
  of Facebook.
* **then**: what Airflow does with the task: it asks again, for what is missing alone, when the platform said, or after
  15 and 30 minutes, and holds no slot until then; or it stops, because a person must act. From then on the DAG
  `missing_counts` asks each hour until the day's 24 hours are over, a refused token too. On the command line `run`
  waits in place for at most `SOCIALMETRICS_PATIENCE_SECONDS`, and the next `run` of that day asks for what is missing;
  `run --missing`, each hour, does what the DAG does."""


_TAIL = """
## Bad weeks

The faults of `make quarter` follow from a seed, the call and the instant alone. Gusts make single calls fail and pass
within three seconds; storms keep a platform silent for whole hours, sometimes for more than a day: 5xx, 429 with and
without a reset, a refused token, a spent quota, HTML, no answer. So it can be told without asking what could have been
had within the 24 hours of each day. 91 days are pulled at the instants at which Airflow asks; then the warehouse holds
each figure that could be had, of own accounts and of peers, none twice, and for each that could not the reason.
`make prove` does so for two weeks.

`make soak` runs days by the command, under random faults, and kills most runs with SIGKILL at a random instant; beside
them stands a home whose days were pulled in peace. On some days a platform answers nobody at all, in both. At the end
both published files hold the same rows, but for what was spent on asking (`calls`, `units`, `dollars`), the run and the
build in which a row came, and the versions in `observations` that were replaced later. `make soak MINUTES=10 SEED=2`
is shorter.
"""


def written(home: Home, days: list[Struck]) -> str:
    parts = [_HEAD]
    for name in platforms.NAMES:
        parts.append(f"\n## {platforms.load(name).TITLE}\n\n| what happens | holds | coverage | says | calls | then |")
        parts.append("| --- | --- | --- | --- | --- | --- |")
        parts += [_row(home, struck) for struck in days if struck.case.platform == name]
    return "\n".join(parts) + "\n" + _TAIL


def _row(home: Home, struck: Struck) -> str:
    own, peer, posts = struck.held
    holds = own if own == peer == posts else f"{own} / {peer} / {posts}"
    says = struck.says.replace(str(struck.day), "DAY").replace("|", "\\|")
    calls = f"at most {struck.case.most}" if struck.case.trick == "impatient" else str(struck.calls)
    return f"| {struck.case.what} | {holds} | {struck.coverage} | {says} | {calls} | {_then(struck, home)} |"


def _then(struck: Struck, home: Home) -> str:
    problem = struck.problem
    if isinstance(problem, Throttled) and problem.retry_after:
        return f"again in {problem.retry_after / 60:.0f} min"
    if isinstance(problem, Exhausted) and problem.resets_at:
        wait = problem.resets_at - home.day(struck.day).scheduled_at
        return f"again in {wait.total_seconds() / 3600:.0f} h" if wait <= clock.FILLABLE_FOR else "stop"
    if isinstance(problem, Throttled | Unavailable):
        return "again"
    return "stop" if problem else ""


def main() -> None:
    world = World(peers=170)
    with tempfile.TemporaryDirectory() as folder, Sandbox(world) as sandbox:
        home = Home(Path(folder) / "home", sandbox)
        PAGE.write_text(written(home, all_days(home, world)), encoding="utf-8")


if __name__ == "__main__":
    main()
