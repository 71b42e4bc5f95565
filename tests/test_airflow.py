"""The DAGs: light to parse, right in shape, one run through `dag.test`; the live scheduler is in test_scheduler.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from home import Home
from listeners import web_server
from socialmetrics import warehouse
from socialmetrics.sandbox.server import Fault

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


def python(code: str, environment: dict[str, str], *words: str) -> Any:
    """What a fresh interpreter prints last, as JSON."""
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
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
    daily, hourly, weekly = (found[name] for name in ("daily_metrics", "missing_counts", "weekly_pack"))
    assert daily["tasks"] == {
        "shards": [["platform.extract"], "all_success", "default_pool"],
        "platform.extract": [["model", "verdict"], "all_success", "default_pool"],
        "model": [["publish"], "all_done", "warehouse"],
        "publish": [["heartbeat"], "all_success", "warehouse"],
        "verdict": [["heartbeat"], "all_done", "default_pool"],
        "heartbeat": [[], "all_success", "default_pool"],
    }
    assert hourly["tasks"] == {
        "extract": [["model"], "all_success", "default_pool"],
        "model": [["publish"], "all_success", "warehouse"],
        "publish": [["heartbeat"], "all_success", "warehouse"],
        "heartbeat": [[], "all_success", "default_pool"],
    }
    assert list(weekly["tasks"]) == ["export"]
    assert [dag["schedule"] for dag in (daily, hourly, weekly)] == ["0 22 * * *", "45 * * * *", "0 6 * * MON"]
    assert not any(dag["paused"] or dag["catchup"] or dag["untold"] for dag in (daily, hourly, weekly))


@pytest.mark.prove
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
        "def failed(task, error, dag_id='daily_metrics', at='2026-09-20T22:00:00+00:00', **more):\n"
        "    run = Told(dag_id=dag_id, logical_date=None, run_after=datetime.fromisoformat(at))\n"
        "    airflow.failed({'exception': error, 'ti': Told(task_id=task), 'dag_run': run, **more})\n"
        "failed('shards', Misconfigured('The directory has a fault.'))\n"
        "failed('platform.extract', KeyError('x'), label='x-1of2')\n"
        "failed('platform.extract', KeyError('x'), label='x-2of2')\n"
        "failed('platform.extract', TooLate('Over.'), label='youtube')\n"
        "failed('model', BuildFailed('A test failed.'))\n"
        "failed('publish', Locked('Held.'))\n"
        "failed('publish', Locked('Held.'), 'missing_counts', '2026-09-21T03:45:00+00:00')\n"
        "failed('export', Misconfigured('No figures.'), 'weekly_pack', '2026-09-21T06:00:00+00:00')\n"
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
    """What passes is asked again when the platform says, else after longer and longer waits; the rest stops.

    So does a wait of more than an hour: the hourly run asks again.
    """
    decided = {
        "Throttled('wait', 120)": ["retry", 120],
        "Throttled('wait')": ["retry", 900],
        "Unavailable('down')": ["retry", 900],
        "Locked('held')": ["retry", 900],
        "Throttled('wait', 3601)": ["fail", None],
        "Exhausted('spent', datetime(2026, 9, 14, 22, 30, tzinfo=UTC))": ["retry", 1800],
        "Exhausted('spent', datetime(2026, 9, 15, 7, tzinfo=UTC))": ["fail", None],
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
    assert waits == [900, 1800, 3600, 3600, 3600]


@pytest.mark.prove
def test_an_hourly_run_makes_up_what_is_missing_and_skips_where_nothing_is(home: Home, tmp_path: Path) -> None:
    """X is silent at 22:00; at 23:45 it answers, and is in the published file. At 0:45 nobody is asked."""
    day = home.day(date(2026, 9, 14))
    home.sandbox.script([Fault("x", "", None, "503")])
    home.settings.patience_seconds = 0
    home.pull(day.date)
    home.sandbox.script([])
    hours = [(day.scheduled_at + timedelta(hours=hours)).isoformat() for hours in (1.75, 2.75)]
    code = (
        "import json, sys\n"
        "from datetime import datetime\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        f"dag = DagBag({str(DAGS)!r}).dags['missing_counts']\n"
        "run = dag.test(logical_date=datetime.fromisoformat(sys.argv[1]))\n"
        "print(json.dumps({each.task_id: str(each.state) for each in run.get_task_instances()}))"
    )
    found = []
    for number, hour in enumerate(hours):
        environment = airflow_environment(tmp_path / "airflow", home, SOCIALMETRICS_NOW=hour)
        if not number:
            airflow = Path(sys.executable).with_name("airflow")
            subprocess.run([airflow, "db", "migrate"], env=environment, check=True, capture_output=True)
        home.sandbox.requests.clear()
        found.append(python(code, environment, hour))
        assert {request.platform for request in home.sandbox.requests} == ({"x"} if not number else set())
    assert found == [
        dict.fromkeys(("extract", "model", "publish", "heartbeat"), state) for state in ("success", "skipped")
    ]
    sql = "select platform from coverage_days where accounts_observed = accounts_expected order by platform"
    assert [name for (name,) in warehouse.query(home.settings, sql)[1]] == ["facebook", "x", "youtube"]
