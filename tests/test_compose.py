"""The container files, checked without a container engine: their promises, and each service's command run from here."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from cryptography.fernet import Fernet
from dotenv import dotenv_values

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer")
OURS = (*AIRFLOW, "init", "sandbox")
SECRETS = ("POSTGRES_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
BIN = Path(sys.executable).parent


def test_there_are_airflows_four_services_their_database_and_the_sandbox_on_demand() -> None:
    assert set(SERVICES) == {*AIRFLOW, "postgres", "init", "sandbox"}
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["sandbox"]
    for name in AIRFLOW:
        assert SERVICES[name]["command"] == ["airflow", name]
        assert SERVICES[name]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
        assert SERVICES[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}
    assert SERVICES["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"init"}))
def test_each_lasting_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


def test_the_directory_and_the_warehouse_are_volumes_where_the_tasks_run() -> None:
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES["scheduler"]["volumes"]}
    home = SERVICES["scheduler"]["environment"]["SOCIALMETRICS_HOME"]
    assert mounted[f"{home}/directory"] == "./directory"
    assert mounted[f"{home}/warehouse"] == "./warehouse"
    assert [name for name, service in SERVICES.items() if "env_file" in service] == ["scheduler"]


def test_every_published_port_listens_on_loopback_alone() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"api-server": ["127.0.0.1:8080:8080"]}
    assert SERVICES["sandbox"]["network_mode"] == "service:scheduler"


def test_no_secret_stands_in_a_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    required = {name for name, kind, _ in VARIABLE.findall(text) if kind == "?"}
    assert required == set(SECRETS)
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET|KEY|CONN", name):
                assert VARIABLE.search(value), name
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: example[name] for name in SECRETS} == dict.fromkeys(SECRETS, "")
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_image_is_built_from_the_lock_file_and_runs_as_no_root() -> None:
    lines = _dockerfile()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert all(line.split()[1] == "python:3.12-slim" for line in lines if line.startswith("FROM"))
    syncs = [line for line in lines if "uv sync" in line]
    assert syncs
    assert all("--locked" in line for line in syncs)
    for extra in {name for line in syncs for name in re.findall(r"--extra (\S+)", line)}:
        assert any("psycopg2" in each for each in project["optional-dependencies"][extra])
    assert [line for line in lines if line.startswith("USER")][-1] == "USER 1000:0"
    assert not [line for line in lines if line.startswith("ADD")]


def test_the_build_sees_what_it_copies_and_nothing_that_is_private() -> None:
    copied = [
        part
        for line in _dockerfile()
        if line.startswith("COPY") and "--from" not in line
        for part in line.split()[1:-1]
    ]
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {name for name in copied if not (ROOT / name).exists() or _is_ignored(name, rules)} == set()
    private = (".env", "warehouse", "directory", ".git", "demo", "sql/target", "sql/logs")
    assert [name for name in private if not _is_ignored(name, rules)] == []


def test_each_command_is_one_that_its_program_knows(tmp_path: Path) -> None:
    commands = [part.split() for part in SERVICES["init"]["command"][2].replace("'", "").split(" && ")]
    commands[1][5:] = [" ".join(commands[1][5:])]
    commands += [SERVICES[name]["command"] for name in AIRFLOW]
    commands += [SERVICES[name]["healthcheck"]["test"][1:] for name in ("dag-processor", "triggerer")]
    assert {command[0] for command in commands} == {"airflow"}
    program = (
        "import json, sys\n"
        "from airflow.cli.cli_parser import get_parser\n"
        "for command in json.loads(sys.argv[1]): get_parser().parse_args(command)\n"
    )
    arguments = json.dumps([command[1:] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", program, arguments],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    _run([str(BIN / "socialmetrics"), *SERVICES["sandbox"]["command"][1:], "--help"], dict(os.environ), tmp_path)


@pytest.mark.prove
def test_the_services_start_and_find_themselves_healthy(tmp_path: Path) -> None:
    """As compose would, from the project's own environment: SQLite for Postgres, free ports for the fixed ones."""
    ports = {
        "8080": _free_port(),
        "8974": _free_port(),
        "8793": _free_port(),
        "8794": _free_port(),
        "8800": _free_port(),
    }
    environment = os.environ | _environment("scheduler", tmp_path, ports)
    _run([SERVICES["init"]["command"][0], *SERVICES["init"]["command"][1:]], environment, tmp_path)
    pools = _run(["airflow", "pools", "list", "--output", "json"], environment, tmp_path)
    assert {pool["pool"]: str(pool["slots"]) for pool in json.loads(pools[pools.index("[") :])}["warehouse"] == "1"

    commands = {name: SERVICES[name]["command"] for name in AIRFLOW}
    commands["sandbox"] = [*SERVICES["sandbox"]["command"], "--port", ports["8800"]]
    with _started(commands, environment, tmp_path):
        for name in commands:
            _wait_until_healthy(name, environment, tmp_path, ports)
        with urlopen(f"http://127.0.0.1:{ports['8080']}/api/v2/monitor/health", timeout=10) as answer:
            health = json.load(answer)
    assert {name: part["status"] for name, part in health.items()} == dict.fromkeys(
        ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
    )


def test_the_secrets_are_made_as_the_document_says(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "containers.md").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text("SOCIALMETRICS_TIMEZONE=UTC\n", encoding="utf-8")
    _run(["bash", "-c", re.findall(r"```bash\n(.*?)```", text, re.DOTALL)[0]], dict(os.environ), tmp_path)
    made = dotenv_values(tmp_path / ".env")
    assert set(made) == {"SOCIALMETRICS_TIMEZONE", *SECRETS}
    assert re.fullmatch(r"[0-9a-f]{48}", made["POSTGRES_PASSWORD"] or "")  # it stands inside a URL
    assert Fernet(made["AIRFLOW_FERNET_KEY"] or "")


def _dockerfile() -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _is_ignored(name: str, rules: list[str]) -> bool:
    """The last rule that matches decides, as Docker reads the file."""
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        if rule and not rule.startswith("#") and (fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/")):
            ignored = not rule.startswith("!")
    return ignored


def _environment(name: str, folder: Path, ports: dict[str, str]) -> dict[str, str]:
    """A service's environment with its variables filled in, moved from the container to a folder and free ports."""
    fernet_key = "c29jaWFsbWV0cmljcy10ZXN0LWtleS0zMi1ieXRlcyE="
    given = dict.fromkeys(SECRETS, "0123456789abcdef" * 4) | {"AIRFLOW_FERNET_KEY": fernet_key}
    filled = {
        key: VARIABLE.sub(lambda m: given.get(m[1], m[3] or ""), value)
        for key, value in SERVICES[name]["environment"].items()
    }
    return filled | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{ports['8080']}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": ports["8080"],
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": ports["8974"],
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": ports["8793"],
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": ports["8794"],
        "SOCIALMETRICS_HOME": str(folder),
    }


@contextmanager
def _started(commands: dict[str, list[str]], environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Services, each in a session of its own with a log; all are ended, with what they started, when the block ends."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for name, command in commands.items():
            with (folder / f"{name}.log").open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        command, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
                    )
                )
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)


def _wait_until_healthy(name: str, environment: dict[str, str], folder: Path, ports: dict[str, str]) -> None:
    command = list(SERVICES[name]["healthcheck"]["test"][1:])
    for fixed, free in ports.items():
        command = [part.replace(f":{fixed}/", f":{free}/") for part in command]
    until = time.monotonic() + 180
    while time.monotonic() < until:
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        time.sleep(2)
    log = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    pytest.fail(f"{name} was not healthy after 180 s: {done.stderr[-500:]}\n{log[-3000:]}")


def _run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])
