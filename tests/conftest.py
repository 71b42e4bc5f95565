"""What several tests share: a home folder with the world's directory, the sandbox on loopback, and a still clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from socialmetrics import clock, example, platforms
from socialmetrics.pipeline import Day, Extracted, day_of, extract
from socialmetrics.records import Account, Organization
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World
from socialmetrics.settings import Access, Settings


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test reads the environment's or the checkout's settings, and none leaves the clock held."""
    import os

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


class Home:
    """A home folder whose days can be pulled from the sandbox at the instant they end."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.settings = Settings(home=folder, patience_seconds=5)
        self.sandbox = sandbox
        self.tokens: dict[str, str] = {}

    def write_directory(self, organizations: list[Organization], accounts: list[Account]) -> None:
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        for name, text in example.directory_files(organizations, accounts).items():
            (self.settings.directory / name).write_text(text, encoding="utf-8")

    def reach(self, platform: str) -> Access:
        token = SecretStr(self.tokens.get(platform, "token"))
        tokens = {"": token, "childrens": token}
        return Access(self.sandbox.url(platform, "{now}"), tokens, ladder=platforms_ladder(platform))

    def day(self, on: date) -> Day:
        return day_of(self.settings, on)

    def pull(self, on: date, *names: str, later_hours: float = 0) -> dict[str, Extracted]:
        from datetime import timedelta

        day = self.day(on)
        with clock.still(day.scheduled_at + timedelta(hours=later_hours)):
            return {
                name: extract(self.settings, name, day, self.reach(name)) for name in names or platforms.NAMES
            }


def platforms_ladder(platform: str) -> tuple[int, ...]:
    from socialmetrics.settings import LADDER, LADDERS

    return LADDERS.get(platform, LADDER)


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox, world: World) -> Iterator[Home]:
    """The world's own directory, pulled from the sandbox; the sandbox's log and faults are cleared."""
    sandbox.script([])
    sandbox.requests.clear()
    home = Home(tmp_path / "home", sandbox)
    home.write_directory(list(world.organizations), list(world.directory(datetime(2026, 9, 14, tzinfo=UTC))))
    yield home
    sandbox.script([])
