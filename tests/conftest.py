"""What several tests share: a home folder with the world's directory, the sandbox on loopback, and a still clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

from home import Home
from socialmetrics import clock
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World

MONTH = {f"tests/oracle/test_{name}.py" for name in ("engagement", "oracle", "peers", "things", "why")}


class ByFile(LoadFileScheduling):
    """A process takes whole files, and all files that share the oracle's costly month."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "month" if file in MONTH else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test reads the environment's or the checkout's settings, and none leaves the clock held."""
    for name in [name for name in os.environ if name.startswith("SOCIALMETRICS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield
    clock.hold(None)


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def sandbox(world: World) -> Iterator[Sandbox]:
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox, world: World) -> Iterator[Home]:
    """The world's own directory, pulled from the sandbox; the sandbox's log and faults are cleared."""
    sandbox.script([])
    sandbox.requests.clear()
    home = Home(tmp_path / "home", sandbox)
    home.write_directory(list(world.organizations), list(world.directory(datetime(2026, 9, 14, tzinfo=UTC))))
    yield home
    sandbox.script([])
