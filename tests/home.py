"""A home folder whose days are pulled from the sandbox, through the vendors' own clients, at the instant each ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import SecretStr

from socialmetrics import clock, example, pipeline, platforms
from socialmetrics.costs import Cost
from socialmetrics.directory import Directory
from socialmetrics.landing import Landing
from socialmetrics.pipeline import Day, Extracted, day_of, extract
from socialmetrics.records import Account, Initiative, Organization
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.settings import LADDER, LADDERS, Access, Settings


class Home:
    """A home folder whose days can be pulled from the sandbox at the instant they end."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.settings = Settings(home=folder, patience_seconds=5)
        self.sandbox = sandbox
        self.tokens: dict[str, str] = {}

    def write_directory(
        self, organizations: list[Organization], accounts: list[Account], initiatives: Iterable[Initiative] = ()
    ) -> None:
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        for name, text in example.directory_files(organizations, accounts, initiatives).items():
            (self.settings.directory / name).write_text(text, encoding="utf-8")

    def reach(self, platform: str) -> Access:
        token = SecretStr(self.tokens.get(platform, "token"))
        tokens = {"": token, "childrens": token}
        return Access(self.sandbox.url(platform, "{now}"), tokens, ladder=LADDERS.get(platform, LADDER))

    def day(self, on: date) -> Day:
        return day_of(self.settings, on)

    def pull(self, on: date, *names: str, later_hours: float = 0) -> dict[str, Extracted]:
        day = self.day(on)
        with clock.still(day.scheduled_at + timedelta(hours=later_hours)):
            return {name: extract(self.settings, name, day, self.reach(name)) for name in names or platforms.NAMES}

    def cost(self, on: date, platform: str) -> Cost:
        """What `plan` prints for a day."""
        day = self.day(on)
        with clock.still(day.scheduled_at):
            return pipeline.cost(self.settings, platform, day, self.reach(platform))[0]

    @property
    def people(self) -> Directory:
        return pipeline.read_directory(self.settings)

    @property
    def landing(self) -> Landing:
        return Landing(self.settings.landing)

    def rows(self, kind: str, platform: str = "*") -> list[dict[str, Any]]:
        """A landing table's rows, in the order of their files."""
        files = sorted(self.settings.landing.glob(f"{kind}/platform={platform}/*/*.parquet"))
        return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
