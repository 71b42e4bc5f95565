"""Where the program's settings come from: the environment and `.env`; nothing else reads either."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from socialmetrics import clock
from socialmetrics.errors import Misconfigured

PREFIX = "SOCIALMETRICS_"
LADDER = (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 60, 90)
LADDERS = {"x": (0, 1, 3, 7, 14, 28, 90)}  # a read costs money there

LARGEST_NUMBER = 10**12

Number = TypeVar("Number", int, Decimal)


@dataclass(frozen=True)
class Access:
    """How to reach one platform, and what it may cost.

    `url`: the base (None: the vendor's). `tokens`: one per credential, '' is the platform's own. `units_per_day`,
    `dollars_per_day`, `dollars_per_month`: the budget of its quota day, and of the calendar month in its zone (None: no
    limit). `ladder`: the ages in days at which a post is asked for.
    """

    url: str | None = None
    tokens: dict[str, SecretStr] = field(default_factory=dict)
    extras: dict[str, SecretStr] = field(default_factory=dict)
    units_per_day: int | None = None
    dollars_per_day: Decimal | None = None
    dollars_per_month: Decimal | None = None
    ladder: tuple[int, ...] = LADDER

    @property
    def is_set_up(self) -> bool:
        return bool(self.tokens)

    def at_the_present(self) -> Access:
        """The same with `{now}` in the base URL filled in from the clock, for the sandbox."""
        return replace(self, url=self.url.replace("{now}", clock.stamp(clock.now())) if self.url else None)


class Settings(BaseSettings):
    """Every setting, each as `SOCIALMETRICS_NAME` in the environment or in `.env`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    home: Path = Field(default=Path("."), description="holds directory/ and warehouse/")
    timezone: str = Field(default="UTC", description="the zone whose 22:00 ends a day")
    fiscal_year_start: int = Field(default=1, ge=1, le=12, description="the month in which the fiscal year starts")
    now: datetime | None = Field(default=None, description="holds the clock at this ISO instant")
    patience_seconds: float = Field(
        default=3600, ge=0, description="the longest a running command waits for a platform"
    )
    retry_seconds: float = Field(default=900, ge=0, description="after how long Airflow asks a silent platform again")
    retries: int = Field(default=2, ge=0, description="how often Airflow asks it again in the day's own run")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, as America
            raise ValueError(f"{value!r} is no time zone; use a name such as America/Chicago") from None
        return value

    @field_validator("now")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value and value.tzinfo is None:
            raise ValueError("needs an offset, as in 2026-11-22T22:00:00Z")
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def directory(self) -> Path:
        return self.home / "directory"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def landing(self) -> Path:
        return self.warehouse / "landing"

    @property
    def published(self) -> Path:
        return self.warehouse / "socialmetrics.duckdb"

    @property
    def exports(self) -> Path:
        return self.warehouse / "exports"


def load() -> Settings:
    """Read the settings and set the clock. Raises Misconfigured, naming the variable."""
    _dotenv()
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise Misconfigured(
            f"{name} is wrong: {first['msg'].removeprefix('Value error, ')}. Correct it and run again."
        ) from None
    clock.hold(settings.now)
    return settings


def access(platform: str, extras: tuple[str, ...] = ()) -> Access:
    """A platform's `_URL`, `_TOKEN` or `_TOKEN_FILE`, `_<CREDENTIAL>_TOKEN`, budgets, `_LADDER` and the named extras.

    Raises Misconfigured where a token file cannot be read or a number is none.
    """
    environment = {k.upper(): v for k, v in {**_dotenv(), **os.environ}.items() if v}
    prefix = f"{PREFIX}{platform.upper()}_"
    own = {name.removeprefix(prefix): value for name, value in environment.items() if name.startswith(prefix)}
    tokens: dict[str, SecretStr] = {}
    for name, value in own.items():
        if name.endswith("TOKEN_FILE"):
            credential, secret = name.removesuffix("TOKEN_FILE"), _read_secret(prefix + name, Path(value))
        elif name.endswith("TOKEN"):
            credential, secret = name.removesuffix("TOKEN"), value
        else:
            continue
        tokens[credential.rstrip("_").lower()] = SecretStr(secret)
    found = {extra: SecretStr(own[extra.upper()]) for extra in extras if extra.upper() in own}
    return Access(
        own.get("URL"),
        tokens,
        found,
        units_per_day=_number(prefix + "UNITS_PER_DAY", own.get("UNITS_PER_DAY"), int),
        dollars_per_day=_number(prefix + "DOLLARS_PER_DAY", own.get("DOLLARS_PER_DAY"), Decimal),
        dollars_per_month=_number(prefix + "DOLLARS_PER_MONTH", own.get("DOLLARS_PER_MONTH"), Decimal),
        ladder=_ladder(prefix + "LADDER", own.get("LADDER")) or LADDERS.get(platform, LADDER),
    )


def _dotenv() -> dict[str, str | None]:
    try:
        return dotenv_values(".env")
    except UnicodeDecodeError:
        raise Misconfigured(".env is not UTF-8. Save it as UTF-8 and run again.") from None


def _number(name: str, value: str | None, kind: Callable[[str], Number]) -> Number | None:
    try:
        number = kind(value) if value else None
        if number is not None and not 0 <= number < LARGEST_NUMBER:
            raise ValueError(value)
    except (ValueError, ArithmeticError):
        raise Misconfigured(f"{name} is {value!r}, which is no number from 0. Correct it and run again.") from None
    return number


def _ladder(name: str, value: str | None) -> tuple[int, ...]:
    rungs = (rung.strip() for rung in value.split(",")) if value else ()
    return tuple(sorted({_number(name, rung, int) or 0 for rung in rungs if rung}))


def _read_secret(name: str, path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(
            f"{name} names a file that cannot be read ({error.strerror}). Correct the path or its permissions."
        ) from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{name} names a file that is no text. Put the token alone into it.") from None
    if not secret:
        raise Misconfigured(f"{name} names a file that is empty. Put the token into it.")
    return secret
