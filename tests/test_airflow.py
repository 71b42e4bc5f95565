"""The DAGs: light to parse, right in shape, one run through `dag.test`; the live scheduler is in test_scheduler.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

from home import Home
from listeners import web_server
from socialmetrics import warehouse

DAGS = Path(__file__).parents[1] / "dags"
HEAVY = ("google", "googleapiclient", "tweepy", "facebook", "duckdb", "dbt", "pandas")


def airflow_environment(folder: Path, home: Home | None = None, **more: str) -> dict[str, str]:
    """An Airflow home of its own; with `home`, the platforms' sandbox and that home's settings."""
    environment = dict(os.environ) | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    if home:
        environment["SOCIALMETRICS_HOME"] = str(home.settings.home)
        for name in ("youtube", "x", "facebook"):
            connection = {
                "conn_type": "http",
                "host": home.sandbox.url(name, "{now}" if "SOCIALMETRICS_NOW" in more else None),
                "password": home.tokens.get(name, "token"),
                "extra": {
                    "credentials": {"childrens": home.tokens.get("childrens", "token")},
                    "app_secret": home.tokens.get("app_secret", "secret"),
                },
            }
            environment[f"AIRFLOW_CONN_SOCIALMETRICS_{name.upper()}"] = json.dumps(connection)
    return environment | more


def python(code: str, environment: dict[str, str]) -> Any:
    """What a fresh interpreter prints last, as JSON."""
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_parsing_the_dags_imports_no_vendor_no_dbt_and_no_duckdb(tmp_path: Path) -> None:
    code = (
        "import sys, json, runpy\n"
        "import airflow.sdk\n"
        f"for path in {[str(p) for p in sorted(DAGS.glob('*.py'))]!r}: runpy.run_path(path)\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    assert python(code, airflow_environment(tmp_path)) == []


def test_the_dags_have_their_tasks_edges_and_rules(tmp_path: Path) -> None:
    code = (
        "import json\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        f"bag = DagBag({str(DAGS)!r})\n"
        "assert bag.import_errors == {}, bag.import_errors\n"
        "print(json.dumps({dag_id: {'tasks': {t.task_id: [sorted(t.downstream_task_ids), t.trigger_rule.value, t.pool]"
        " for t in dag.tasks}, 'paused': dag.is_paused_upon_creation, 'catchup': dag.catchup,"
        " 'schedule': dag.timetable.expression,"
        " 'untold': [t.task_id for t in dag.tasks if not t.on_failure_callback]} for dag_id, dag in bag.dags.items()}))"
    )
    found = python(code, airflow_environment(tmp_path))
    daily, weekly = found["daily_metrics"], found["weekly_pack"]
    assert daily["tasks"] == {
        "shards": [["platform.extract"], "all_success", "default_pool"],
        "platform.extract": [["model", "verdict"], "all_success", "default_pool"],
        "model": [["publish"], "all_done", "warehouse"],
        "publish": [["heartbeat"], "all_success", "warehouse"],
        "verdict": [["heartbeat"], "all_done", "default_pool"],
        "heartbeat": [[], "all_success", "default_pool"],
    }
    assert list(weekly["tasks"]) == ["export"]
    assert (daily["schedule"], weekly["schedule"]) == ("0 22 * * *", "0 6 * * MON")
    assert not any(dag["paused"] or dag["catchup"] or dag["untold"] for dag in (daily, weekly))


def test_one_day_and_its_pack_run_through_dag_test(home: Home, tmp_path: Path) -> None:
    """A missing token on one platform is not set up; the run is green and the pack is written."""
    sunday = date(2026, 9, 20)
    instant = home.day(sunday).scheduled_at.isoformat()
    environment = airflow_environment(tmp_path / "airflow", home, SOCIALMETRICS_NOW=instant)
    del environment["AIRFLOW_CONN_SOCIALMETRICS_X"]
    subprocess.run(
        [Path(sys.executable).with_name("airflow"), "db", "migrate"], env=environment, check=True, capture_output=True
    )
    code = (
        "import json\n"
        "from datetime import datetime\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        f"bag = DagBag({str(DAGS)!r})\n"
        f"instant = datetime.fromisoformat({instant!r})\n"
        "runs = [bag.dags[name].test(logical_date=instant) for name in ('daily_metrics', 'weekly_pack')]\n"
        "print(json.dumps([str(run.state) for run in runs]))"
    )
    assert python(code, environment) == ["success", "success"]
    _, rows = warehouse.query(home.settings, "select platform, is_complete from coverage_days order by platform")
    assert rows == [("facebook", True), ("youtube", True)]
    assert (home.settings.exports / "2026-W38" / "report.html").exists()


def test_a_task_that_has_failed_for_good_is_told(home: Home, tmp_path: Path) -> None:
    """Each cause once, whatever task it fails; the verdict has told its own."""
    code = (
        "import json\n"
        "from datetime import datetime\n"
        "from types import SimpleNamespace as Told\n"
        "from airflow.sdk.exceptions import AirflowFailException\n"
        "from socialmetrics import airflow\n"
        "from socialmetrics.errors import *\n"
        "def failed(task, error, **more):\n"
        "    run = Told(logical_date=None, run_after=datetime.fromisoformat('2026-09-20T22:00:00+00:00'))\n"
        "    airflow.failed({'exception': error, 'ti': Told(task_id=task), 'dag_run': run, **more})\n"
        "failed('shards', Misconfigured('The directory has a fault.'))\n"
        "failed('platform.extract', KeyError('x'), label='x-1of2')\n"
        "failed('platform.extract', KeyError('x'), label='x-2of2')\n"
        "failed('platform.extract', TooLate('Over.'), label='youtube')\n"
        "failed('model', BuildFailed('A test failed.'))\n"
        "failed('publish', Locked('Held.'))\n"
        "failed('export', Misconfigured('No figures.'))\n"
        "failed('verdict', AirflowFailException('failed'))\n"
        "failed('heartbeat', None)\n"
        "print(json.dumps(None))"
    )
    with web_server() as web:
        told = {"SOCIALMETRICS_NOW": "2026-09-20T23:00:00Z", "SOCIALMETRICS_ALERT_WEBHOOK_URL": web.url("/hook")}
        python(code, airflow_environment(tmp_path, home, **told))
    assert [fact["cause"] for _, _, fact in web.asked] == ["settings", "x-program", "too_late", "build", "pack"]
    assert {fact["day"] for _, _, fact in web.asked} == {"2026-09-20"}


def test_retries_follow_the_meaning_of_the_error(tmp_path: Path) -> None:
    """What passes is asked again when the platform says, else after longer and longer waits; the rest stops."""
    decided = {
        "Throttled('wait', 120)": ["retry", 120],
        "Throttled('wait')": ["retry", 900],
        "Unavailable('down')": ["retry", 900],
        "Exhausted('spent', datetime(2026, 9, 15, 7, tzinfo=UTC))": ["retry", 9 * 3600],
        "Exhausted('spent')": ["fail", None],
        "Denied('no')": ["fail", None],
        "Unexpected('what')": ["fail", None],
        "TooLate('over')": ["fail", None],
        "KeyError('a defect')": ["default", None],
    }
    code = (
        "import json\n"
        "from datetime import UTC, datetime\n"
        "from socialmetrics.airflow import ByMeaning, settings\n"
        "from socialmetrics.errors import *\n"
        "settings()\n"
        "def told(error, attempt=1):\n"
        "    found = ByMeaning().evaluate(error, attempt, 5)\n"
        "    return [str(found.action.value), found.retry_delay.total_seconds() if found.retry_delay else None]\n"
        f"decided = {{text: told(eval(text)) for text in {list(decided)!r}}}\n"
        "waits = [told(Unavailable('down'), attempt)[1] for attempt in range(1, 6)]\n"
        "print(json.dumps([decided, waits]))"
    )
    found, waits = python(code, airflow_environment(tmp_path, SOCIALMETRICS_NOW="2026-09-14T22:00:00Z"))
    assert found == decided
    assert waits == [900, 1800, 3600, 7200, 14400]
