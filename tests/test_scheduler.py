"""A live Airflow in a home of its own: triggered, waited for, the colours of its runs and what they left."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from faults import search
from home import Home
from listeners import WebServer, web_server
from socialmetrics import warehouse
from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import World
from test_airflow import airflow_environment

pytestmark = pytest.mark.prove

STARTED_WITHIN, FINISHED_WITHIN = 180, 300  # seconds; waiting ends as soon as the thing is there
MAKEFILE = Path(__file__).parents[1] / "Makefile"
AIRFLOW = str(Path(sys.executable).with_name("airflow"))


UP = re.findall(
    r"airflow ((?:scheduler|dag-processor|triggerer|api-server)[^&\n]*)", MAKEFILE.read_text(encoding="utf-8")
)
SECRETS = {name: f"canary-{name}-4b17" for name in ("youtube", "x", "facebook", "childrens", "app_secret")}


class Standalone:
    """A running Airflow, its processes as `make up` starts them, ended by their process group."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment, self.group = environment, 0

    def command(self, *words: str) -> str:
        done = subprocess.run([AIRFLOW, *words], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def run(self, run_id: str) -> str:
        """Trigger the daily DAG and wait for its end: the run's state."""
        self.command("dags", "trigger", "daily_metrics", "--run-id", run_id)
        for _ in range(FINISHED_WITHIN // 2):
            listed = rows(self.command("dags", "list-runs", "daily_metrics", "-o", "json"))
            state = next((run["state"] for run in listed if run["run_id"] == run_id), "")
            if state in ("success", "failed"):
                return state
            time.sleep(2)
        raise AssertionError(f"{run_id} did not end within {FINISHED_WITHIN} seconds")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    world = World(peers=3)
    with Sandbox(world) as sandbox:
        home = Home(tmp_path_factory.mktemp("scheduler") / "home", sandbox)
        home.tokens = dict(SECRETS)
        own = [account for account in world.directory(datetime.now(UTC)) if account.is_own]
        home.write_directory([organization for organization in world.organizations if organization.is_own], own)
        yield home


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="module")
def standalone(network: Home, web: WebServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    port = free_port()
    environment = airflow_environment(
        tmp_path_factory.mktemp("airflow"),
        network,
        SOCIALMETRICS_RETRY_SECONDS="1",
        SOCIALMETRICS_RETRIES="1",
        SOCIALMETRICS_ALERT_WEBHOOK_URL=web.url("/hook"),
        SOCIALMETRICS_HEARTBEAT_URL=web.url("/ping"),
        AIRFLOW__CORE__PARALLELISM="3",
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__API__HOST="127.0.0.1",
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{port}/execution/",
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()),
        AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=str(free_port()),
        AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL="5",
        AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE="False",  # only what the test triggers
    )
    live = Standalone(environment)
    live.command("db", "migrate")
    live.command("pools", "set", "warehouse", "1", "one writer")
    log = Path(environment["AIRFLOW_HOME"]) / "standalone.log"
    with log.open("w") as out:
        words = " & ".join(f"{AIRFLOW} {component}" for component in UP)
        process = subprocess.Popen(
            ["bash", "-c", f"{words} & wait"], env=environment, stdout=out, stderr=out, start_new_session=True
        )
        live.group = process.pid
        try:
            wait_for_dags(live, process, log)
            yield live
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for_dags(live: Standalone, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(STARTED_WITHIN // 2):
        assert process.poll() is None, log.read_text()[-3000:]
        paused = {dag["dag_id"]: dag["is_paused"] for dag in rows(live.command("dags", "list", "-o", "json"))}
        if len(paused) == 3:
            assert set(paused.values()) == {"False"}
            return
        time.sleep(2)
    raise AssertionError(log.read_text()[-3000:])


def rows(printed: str) -> list[dict[str, str]]:
    """The table that a command printed as JSON, whatever was logged around it."""
    found = [line for line in printed.splitlines() if line.startswith("[{")]
    return list(json.loads(found[-1])) if found else []


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def told(web: WebServer) -> list[str]:
    """The causes that were told and the good runs' pings, in their order."""
    return [fact["cause"] if path == "/hook" else path for _, path, fact in web.asked]


def accounts_seen(home: Home) -> dict[str, str]:
    """By platform, of the latest day: `all`, or why no account was seen."""
    sql = (
        "select platform, accounts_expected, accounts_observed, missing_unavailable, missing_denied from coverage_days"
        " qualify measured_on = max(measured_on) over ()"
    )
    found = {}
    for name, expected, observed, unavailable, denied in warehouse.query(home.settings, sql)[1]:
        found[name] = (
            "all" if observed == expected > 0 else "unavailable" if unavailable else "denied" if denied else "?"
        )
        assert observed in (0, expected)
    return found


def test_a_dead_day_is_a_day_of_reasons_a_failing_platform_turns_it_red_and_a_good_day_is_green(
    standalone: Standalone, network: Home, web: WebServer
) -> None:
    """The failing days come first: values of the same day rightly take the place of its reasons.

    Each cause is told once, by the task that failed for good, and not again by the verdict.
    """
    network.sandbox.script([Fault(name, "", None, "503") for name in ("youtube", "x", "facebook")])
    assert standalone.run("dead") == "failed"
    assert accounts_seen(network) == {"youtube": "unavailable", "x": "unavailable", "facebook": "unavailable"}
    assert sorted(told(web)) == ["facebook-unavailable", "x-unavailable", "youtube-unavailable"]

    network.sandbox.script([Fault("x", "", None, "401")])
    assert standalone.run("one-fails") == "failed"
    assert accounts_seen(network) == {"youtube": "all", "x": "denied", "facebook": "all"}
    assert told(web)[3:] == ["x-denied"]

    network.sandbox.script([])
    assert standalone.run("well") == "success"
    assert accounts_seen(network) == {"youtube": "all", "x": "all", "facebook": "all"}
    assert told(web)[4:] == ["/ping"]


def test_no_secret_is_in_what_airflow_keeps_nor_in_a_process_list(standalone: Standalone, network: Home) -> None:
    """Neither in logs nor in tables (XComs, rendered templates) nor in arguments, after good days and bad ones."""
    home, words = Path(standalone.environment["AIRFLOW_HOME"]), list(SECRETS.values())
    assert search.found(home, words) == []
    assert search.found(network.settings.home, words) == []
    told = search.found(home, ["one-fails", "bearer token is refused"])  # what is there is found
    assert {Path(file).suffix for file, _ in told} >= {".db", ".log"}
    for process in group(standalone):
        arguments = (process / "cmdline").read_bytes().decode()
        assert not [word for word in words if word in arguments]


def test_every_port_is_on_loopback(standalone: Standalone) -> None:
    inodes = {
        link.removeprefix("socket:[").removesuffix("]")
        for process in group(standalone)
        for descriptor in (process / "fd").iterdir()
        if (link := os.readlink(descriptor)).startswith("socket:")
    }
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[9] in inodes
    ]
    assert listening
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}, listening


def group(live: Standalone) -> list[Path]:
    """The processes of Airflow's session."""
    return [
        process
        for process in Path("/proc").glob("[0-9]*")
        if (process / "stat").exists()
        and (process / "stat").read_text().rpartition(")")[2].split()[3] == str(live.group)
    ]
