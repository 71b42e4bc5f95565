"""Where the program's settings come from: the environment and `.env`; nothing else reads either."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from socialmetrics import clock, private
from socialmetrics.errors import Misconfigured

PREFIX = "SOCIALMETRICS_"
LADDER = (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 60, 90)
LADDERS = {"x": (0, 1, 3, 7, 14, 28, 90)}  # a read costs money there

LARGEST_NUMBER = 10**12
MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")

Number = TypeVar("Number", int, Decimal)


@dataclass(frozen=True)
class Network:
    """How hosts outside are reached: by `proxy`, except those that `no_proxy` names.

    `ca_bundle`: a PEM file of authorities that are trusted besides the public ones.
    """

    proxy: SecretStr | None = None
    no_proxy: str = ""
    ca_bundle: Path | None = None


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
    network: Network = Network()

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
    ca_bundle: Path | None = Field(
        default=None, description="a PEM file of authorities that are trusted besides the public ones"
    )
    alert_mail: str | None = Field(default=None, description="who is told of a red day; several with commas")
    smtp_url: SecretStr | None = Field(default=None, description="what sends the mail: smtp://USER:PASSWORD@HOST:PORT")
    alert_webhook_url: SecretStr | None = Field(default=None, description="where a red day's causes are posted as JSON")
    heartbeat_url: SecretStr | None = Field(default=None, description="what a good run asks for, for a monitor")
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

    @field_validator("alert_mail", "smtp_url", "alert_webhook_url", "heartbeat_url", "ca_bundle", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return value or None

    @field_validator("alert_mail")
    @classmethod
    def _addresses(cls, value: str | None) -> str | None:
        if wrong := [name for name in re.split(r"[,;\s]+", value or "") if name and not MAIL.fullmatch(name)]:
            raise ValueError(f"{wrong[0]!r} is no mail address")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not _is_address(value.get_secret_value(), "smtp", "smtps", has_path=False):
            raise ValueError("write it as smtp://USER:PASSWORD@HOST:587, special characters of the password as %40")
        return value

    @field_validator("alert_webhook_url", "heartbeat_url")
    @classmethod
    def _web_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not _is_address(value.get_secret_value(), "http", "https"):
            raise ValueError("it is no web address; write it as https://HOST/PATH")
        return value

    @property
    def mails(self) -> list[str]:
        """Who is told of a red day."""
        return [name for name in re.split(r"[,;\s]+", self.alert_mail or "") if name]

    @property
    def alerts(self) -> Path:
        return self.warehouse / "alerts"

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
    """Read the settings and set the clock. Raises Misconfigured, naming the variable.

    A secret may come from a file (`_SMTP_URL_FILE`).
    """
    environment = _environment()
    files = {secret: f"{PREFIX}{secret.upper()}_FILE" for secret in ("smtp_url", "alert_webhook_url", "heartbeat_url")}
    secrets: dict[str, Any] = {
        secret: _read_secret(name, Path(environment[name])) for secret, name in files.items() if name in environment
    }
    try:
        settings = Settings(**secrets)
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

    An extra may be in a file too (`_APP_SECRET_FILE`).

    Raises Misconfigured where a token file cannot be read, or a value is not what its name says.
    """
    environment = _environment()
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
        tokens[credential.rstrip("_").lower()] = secret_of(prefix + name, secret)
    found = {}
    for extra in extras:
        name = extra.upper()
        if file := own.get(f"{name}_FILE"):
            found[extra] = secret_of(f"{prefix}{name}_FILE", _read_secret(f"{prefix}{name}_FILE", Path(file)))
        elif name in own:
            found[extra] = secret_of(prefix + name, own[name])
    return Access(
        base_url(prefix + "URL", own.get("URL")),
        tokens,
        found,
        units_per_day=_number(prefix + "UNITS_PER_DAY", own.get("UNITS_PER_DAY"), int),
        dollars_per_day=_number(prefix + "DOLLARS_PER_DAY", own.get("DOLLARS_PER_DAY"), Decimal),
        dollars_per_month=_number(prefix + "DOLLARS_PER_MONTH", own.get("DOLLARS_PER_MONTH"), Decimal),
        ladder=_ladder(prefix + "LADDER", own.get("LADDER")) or LADDERS.get(platform, LADDER),
        network=network(),
    )


def network() -> Network:
    """HTTPS_PROXY, NO_PROXY and the CA bundle. Raises Misconfigured where one of them cannot be used."""
    environment = _environment()
    bundle = environment.get(PREFIX + "CA_BUNDLE")
    return Network(
        _proxy(environment.get("HTTPS_PROXY")),
        environment.get("NO_PROXY", ""),
        _authorities(Path(bundle)) if bundle else None,
    )


def _environment() -> dict[str, str]:
    """Each variable by its name in capitals, of `.env` and, before that, of the environment."""
    return {name.upper(): value for name, value in {**_dotenv(), **os.environ}.items() if value}


def keep_token(platform: str, credential: str, token: str) -> None:
    """Write a renewed token back into the file it came from, for the next run.

    Raises Misconfigured where it came from none: nothing else may change a setting.
    """
    name = f"{PREFIX}{platform}_{credential}_TOKEN".upper().replace("__", "_")
    path = _environment().get(f"{name}_FILE")
    if not path:
        raise Misconfigured(f"{name} is in no file, so its renewed form cannot be kept. Name a file in {name}_FILE.")
    private.write(Path(path), f"{token}\n")


def base_url(name: str, value: str | None) -> str | None:
    """An address that may be told and logged. Raises Misconfigured, naming the setting, where it is none."""
    if value and (not _is_address(value, "http", "https") or re.search(r"[@\s]", value)):
        raise Misconfigured(f"{name} is no address. Write it as https://HOST/PATH, without a user's name.")
    return value or None


def secret_of(name: str, value: str) -> SecretStr:
    """A secret without the blanks around it. Raises Misconfigured, naming the setting, where no header can hold it."""
    secret = value.strip()
    if not re.fullmatch(r"[!-~]+", secret):
        raise Misconfigured(f"{name} holds a blank, a line break or a sign that no token has. Copy the token again.")
    return SecretStr(secret)


def _dotenv() -> dict[str, str | None]:
    try:
        return dotenv_values(".env")
    except UnicodeDecodeError:
        raise Misconfigured(".env is not UTF-8. Save it as UTF-8 and run again.") from None


def _proxy(address: str | None) -> SecretStr | None:
    if not address:
        return None
    whole = address if "://" in address else f"http://{address}"
    if not _is_address(whole, "http", "https", has_path=False):
        raise Misconfigured(
            "HTTPS_PROXY is no proxy's address. Write it as http://USER:PASSWORD@HOST:PORT, special characters of the "
            "password as %40."
        )
    return SecretStr(whole)


def _is_address(text: str, *schemes: str, has_path: bool = True) -> bool:
    """Whether it names a scheme and a host; what stands after a `/` or `#` in a password would pass for a path."""
    try:
        parts = urlsplit(text)
        is_named = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_named and (has_path or (parts.path in ("", "/") and not parts.query and not parts.fragment))


def _authorities(path: Path) -> Path:
    name = PREFIX + "CA_BUNDLE"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise Misconfigured(f"{name} names a file without a certificate. Save the authority as PEM there.") from None
    except OSError as error:
        raise Misconfigured(f"{name} names a file that cannot be read ({error.strerror}). Correct the path.") from None
    return path


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
        raise Misconfigured(f"{name} names a file that is no text. Put the secret alone into it.") from None
    if not secret:
        raise Misconfigured(f"{name} names a file that is empty. Put the secret into it.")
    return secret
