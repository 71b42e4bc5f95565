"""Settings come from the environment and `.env`; a wrong one is told in one sentence that names it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from socialmetrics import clock, settings
from socialmetrics.errors import Misconfigured
from socialmetrics.settings import LADDER, LADDERS, Access, Network


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def secrets(access: Access) -> dict[str, str]:
    return {name: token.get_secret_value() for name, token in access.tokens.items()}


def test_defaults(tmp_path: Path) -> None:
    here = settings.load()
    assert here.home == Path(".")
    assert here.timezone == "UTC"
    assert here.fiscal_year_start == 1
    assert here.landing == Path("warehouse/landing")
    assert not settings.access("x").is_set_up
    assert settings.access("x").ladder == LADDERS["x"]
    assert settings.access("youtube").ladder == LADDER
    assert settings.access("youtube").units_per_day is None


def test_from_the_environment(env: pytest.MonkeyPatch) -> None:
    env.setenv("SOCIALMETRICS_HOME", "/srv/sm")
    env.setenv("SOCIALMETRICS_TIMEZONE", "America/Chicago")
    env.setenv("SOCIALMETRICS_X_TOKEN", "one")
    env.setenv("SOCIALMETRICS_X_URL", "http://127.0.0.1:1/x/{now}")
    env.setenv("SOCIALMETRICS_X_DOLLARS_PER_DAY", "2.50")
    env.setenv("SOCIALMETRICS_YOUTUBE_UNITS_PER_DAY", "900")
    env.setenv("SOCIALMETRICS_X_LADDER", "7, 0,1")
    assert settings.load().warehouse == Path("/srv/sm/warehouse")
    x = settings.access("x")
    assert secrets(x) == {"": "one"}
    assert (x.dollars_per_day, x.units_per_day, x.ladder) == (Decimal("2.50"), None, (0, 1, 7))
    assert settings.access("youtube").units_per_day == 900
    with clock.still(datetime(2026, 11, 22, 22, tzinfo=UTC)):
        assert x.at_the_present().url == "http://127.0.0.1:1/x/20261122T220000Z"
    assert Access().at_the_present().url is None


def test_from_a_file_beside_and_the_environment_wins(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path(".env").write_text(
        "SOCIALMETRICS_TIMEZONE=America/Chicago\nSOCIALMETRICS_X_TOKEN=from-file\nSOCIALMETRICS_YOUTUBE_TOKEN=kept\n"
        "SOCIALMETRICS_FACEBOOK_TOKEN=\n"
    )
    env.setenv("SOCIALMETRICS_X_TOKEN", "from-environment")
    assert settings.load().timezone == "America/Chicago"
    assert secrets(settings.access("x")) == {"": "from-environment"}
    assert secrets(settings.access("youtube")) == {"": "kept"}
    assert not settings.access("facebook").is_set_up


def test_named_credentials_and_extras(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    env.setenv("SOCIALMETRICS_FACEBOOK_TOKEN_FILE", str(tmp_path / "secret"))
    env.setenv("SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN", "two")
    env.setenv("SOCIALMETRICS_FACEBOOK_ST_MARYS_TOKEN_FILE", str(tmp_path / "secret"))
    env.setenv("SOCIALMETRICS_FACEBOOK_APP_SECRET", "shh")
    found = settings.access("facebook", ("app_secret",))
    assert secrets(found) == {"": "from-a-file", "childrens": "two", "st_marys": "from-a-file"}
    assert {name: value.get_secret_value() for name, value in found.extras.items()} == {"app_secret": "shh"}
    assert settings.access("facebook").extras == {}
    env.setenv("SOCIALMETRICS_FACEBOOK_APP_SECRET_FILE", str(tmp_path / "secret"))
    assert settings.access("facebook", ("app_secret",)).extras["app_secret"].get_secret_value() == "from-a-file"


@pytest.mark.parametrize("name", ["smtp_url", "alert_webhook_url", "heartbeat_url"])
def test_what_tells_people_may_be_in_a_file(env: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    address = "smtp://press:word@mail.example.org" if name == "smtp_url" else "https://example.org/key"
    (tmp_path / "secret").write_text(f"{address}\n")
    env.setenv(f"SOCIALMETRICS_{name.upper()}_FILE", str(tmp_path / "secret"))
    assert getattr(settings.load(), name).get_secret_value() == address
    (tmp_path / "secret").write_text("nonsense")
    with pytest.raises(Misconfigured, match=f"SOCIALMETRICS_{name.upper()} is wrong"):
        settings.load()
    (tmp_path / "secret").unlink()
    with pytest.raises(Misconfigured, match=f"SOCIALMETRICS_{name.upper()}_FILE names a file that cannot be read"):
        settings.load()


def test_no_secret_is_shown() -> None:
    assert "shh" not in repr(Access(tokens={"": SecretStr("shh")}, extras={"app_secret": SecretStr("shh")}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Chicago"),
        ("TIMEZONE", "America"),
        ("TIMEZONE", "../../etc/passwd"),
        ("TIMEZONE", "/etc/passwd"),
        ("FISCAL_YEAR_START", "0"),
        ("FISCAL_YEAR_START", "13"),
        ("FISCAL_YEAR_START", "July"),
        ("NOW", "yesterday"),
        ("NOW", "2026-11-22T22:00:00"),
        ("PATIENCE_SECONDS", "-1"),
        ("PATIENCE_SECONDS", "long"),
        ("RETRY_SECONDS", "x"),
    ],
)
def test_a_wrong_setting_is_named(env: pytest.MonkeyPatch, name: str, value: str) -> None:
    env.setenv(f"SOCIALMETRICS_{name}", value)
    with pytest.raises(Misconfigured) as caught:
        settings.load()
    check_sentence(caught.value, f"SOCIALMETRICS_{name}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X_DOLLARS_PER_DAY", "five"),
        ("X_DOLLARS_PER_DAY", "NaN"),
        ("X_DOLLARS_PER_DAY", "Infinity"),
        ("X_DOLLARS_PER_DAY", "-5"),
        ("X_UNITS_PER_DAY", "1.5"),
        ("X_UNITS_PER_DAY", "-1"),
        ("X_LADDER", "0,one"),
        ("X_LADDER", "-1,3"),
        ("X_TOKEN", "Bearer canary"),
        ("X_TOKEN", "canary\u2019"),
        ("X_TOKEN", "canary\ncanary"),
        ("X_CHILDRENS_TOKEN", " "),
        ("X_URL", "127.0.0.1:8800/x"),
        ("X_URL", "https://robot:canary@x.example.org"),
        ("X_URL", "http://[bad"),
        ("X_URL", "http://x.example.org/two words"),
        ("X_TOKEN_FILE", "nowhere"),
        ("X_TOKEN_FILE", "."),
        ("X_TOKEN_FILE", "binary"),
        ("X_TOKEN_FILE", "empty"),
    ],
)
def test_a_wrong_platform_setting_is_named(env: pytest.MonkeyPatch, name: str, value: str) -> None:
    Path("binary").write_bytes(b"\xff\xfe\x00secret")
    Path("empty").write_text("\n")
    env.setenv(f"SOCIALMETRICS_{name}", value)
    with pytest.raises(Misconfigured) as caught:
        settings.access("x")
    check_sentence(caught.value, f"SOCIALMETRICS_{name}")
    assert "canary" not in str(caught.value)


def test_blanks_around_a_token_are_nobody_s_intention(env: pytest.MonkeyPatch) -> None:
    env.setenv("SOCIALMETRICS_X_TOKEN", " one\n")
    assert secrets(settings.access("x")) == {"": "one"}


def test_the_way_out_is_read_in_either_spelling(env: pytest.MonkeyPatch) -> None:
    """curl reads https_proxy, others HTTPS_PROXY; under cron both stand in .env."""
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        env.delenv(name, raising=False)
    assert settings.network() == Network()
    Path(".env").write_text("https_proxy=proxy.hospital.example:3128\nNO_PROXY=.hospital.example\n", encoding="utf-8")
    found = settings.access("x").network
    assert found == settings.network()
    assert found.proxy
    assert (found.proxy.get_secret_value(), found.no_proxy) == (
        "http://proxy.hospital.example:3128",
        ".hospital.example",
    )
    env.setenv("HTTPS_PROXY", "https://press:p%40ss@proxy.hospital.example:3129")
    assert "p%40ss" not in repr(settings.network())


@pytest.mark.parametrize(
    "value", ["http://", "socks5://proxy:1080", "http://proxy:port", "http://press:p@ss/word@proxy"]
)
def test_a_proxy_that_is_no_address_is_named_without_its_password(env: pytest.MonkeyPatch, value: str) -> None:
    env.setenv("HTTPS_PROXY", value)
    with pytest.raises(Misconfigured) as caught:
        settings.network()
    check_sentence(caught.value, "HTTPS_PROXY")
    assert "p@ss" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"\x30\x82\x01", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_bundle_without_a_certificate_is_named(env: pytest.MonkeyPatch, content: bytes | None) -> None:
    if content is not None:
        Path("authority.pem").write_bytes(content)
    env.setenv("SOCIALMETRICS_CA_BUNDLE", "authority.pem")
    with pytest.raises(Misconfigured) as caught:
        settings.access("x")
    check_sentence(caught.value, "SOCIALMETRICS_CA_BUNDLE")


def test_a_file_that_is_no_text_is_named() -> None:
    Path(".env").write_bytes(b"SOCIALMETRICS_X_TOKEN=\xff\xfe\n")
    for read in (settings.load, lambda: settings.access("x")):
        with pytest.raises(Misconfigured, match=r"\.env is not UTF-8"):
            read()


def check_sentence(error: Misconfigured, name: str) -> None:
    told = str(error)
    assert name in told
    assert "\n" not in told
    assert told.endswith(".")
    assert "Traceback" not in told


def test_the_clock_is_held_by_a_setting(env: pytest.MonkeyPatch) -> None:
    env.setenv("SOCIALMETRICS_NOW", "2026-11-22T16:00:00-06:00")
    settings.load()
    assert clock.now() == datetime(2026, 11, 22, 22, tzinfo=UTC)
    env.delenv("SOCIALMETRICS_NOW")
    settings.load()
    assert clock.now().year >= 2026
    assert clock.now() != datetime(2026, 11, 22, 22, tzinfo=UTC)
