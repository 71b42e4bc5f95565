"""What the one on call has on the command line: a `run` that tells or pings, `status`, `check --network`."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from gateway import Authority, Proxy, hosts, serving
from home import Home
from listeners import WebServer, mail_server, web_server
from socialmetrics import clock, demo, pipeline, settings, warehouse
from socialmetrics.errors import BuildFailed
from socialmetrics.sandbox.server import Fault
from socialmetrics.sandbox.world import World
from socialmetrics.settings import Settings
from test_cli import call

SUNDAY = date(2026, 9, 20)
TEN_PM = datetime(2026, 9, 20, 22, tzinfo=UTC)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def here(home: Home, world: World, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The network's own accounts under cron, with someone to tell; the warehouse is not built."""
    home.write_directory([o for o in world.organizations if o.is_own], [a for a in world.directory(TEN_PM) if a.is_own])
    monkeypatch.setenv("SOCIALMETRICS_HOME", str(home.settings.home))
    monkeypatch.setenv("SOCIALMETRICS_PATIENCE_SECONDS", "0")
    monkeypatch.setenv("SOCIALMETRICS_ALERT_WEBHOOK_URL", web.url("/hook"))
    monkeypatch.setenv("SOCIALMETRICS_HEARTBEAT_URL", web.url("/ping"))
    for name in ("YOUTUBE", "X", "FACEBOOK"):
        monkeypatch.setenv(f"SOCIALMETRICS_{name}_URL", home.sandbox.url(name.lower(), "{now}"))
        monkeypatch.setenv(f"SOCIALMETRICS_{name}_TOKEN", "token")
    monkeypatch.setenv("SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN", "token")
    monkeypatch.setattr(pipeline, "model", lambda _: None)
    monkeypatch.setattr(pipeline, "publish", lambda _: None)
    return home


def at(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    monkeypatch.setenv("SOCIALMETRICS_NOW", (TEN_PM + timedelta(hours=hours)).isoformat())


def told(web: WebServer) -> list[str]:
    return [fact["cause"] if fact else path for _, path, fact in web.asked]


def published(settings: Settings, through: date) -> None:
    """A published file that holds days up to this one."""
    settings.published.parent.mkdir(parents=True, exist_ok=True)
    settings.published.unlink(missing_ok=True)
    with duckdb.connect(str(settings.published)) as made:
        made.execute("create table coverage_days as select cast(? as date) as measured_on", [through])


def test_run_tells_on_red_once_and_pings_on_green(
    here: Home, web: WebServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here.sandbox.script([Fault("x", "", None, "401")])
    for hours in (0.1, 1):
        at(monkeypatch, hours)
        assert call(capsys, monkeypatch, "run")[0] == 1
    assert told(web) == ["x-denied"]
    here.sandbox.script([])
    at(monkeypatch, 2)
    assert call(capsys, monkeypatch, "run")[0] == 0
    assert told(web) == ["x-denied", "/ping"]


def test_a_closed_way_is_one_cause_for_all(
    here: Home, web: WebServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("YOUTUBE", "X", "FACEBOOK"):
        monkeypatch.delenv(f"SOCIALMETRICS_{name}_URL")
    at(monkeypatch, 0.1)
    with serving(Proxy({}, "press:word")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://press:wrong@127.0.0.1:{proxy.port}")
        assert call(capsys, monkeypatch, "run")[0] == 1
    assert proxy.refused == 3
    ((_, _, fact),) = web.asked
    assert fact["text"].startswith(
        "The proxy, or a certificate, stands in the way since 10:06 pm. Today's followers can be taken until 10 pm "
        "tomorrow. Then: `socialmetrics check --network && socialmetrics run`."
    )
    assert len(fact["details"]) == 3


def test_a_build_that_fails_is_told_and_nothing_is_pinged(
    here: Home, web: WebServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Settings) -> None:
        raise BuildFailed("A test of the marts failed.")

    monkeypatch.setattr(pipeline, "model", failing)
    at(monkeypatch, 0.1)
    code, _, err = call(capsys, monkeypatch, "run")
    assert (code, err.strip()) == (1, "A test of the marts failed.")
    ((_, _, fact),) = web.asked
    assert fact["text"].startswith(
        "The warehouse is not built since 10:06 pm. What came is kept, and readers see the last good build. "
        "Then: `socialmetrics model && socialmetrics publish`."
    )


def test_cron_s_pack_that_fails_is_told_and_a_person_s_is_not(
    here: Home, web: WebServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 10)
    assert call(capsys, monkeypatch, "export", "--week", "2026-W38")[0] == 1
    assert told(web) == []
    assert call(capsys, monkeypatch, "export")[0] == 1
    assert told(web) == ["pack"]


def test_what_stops_the_whole_run_is_told(
    here: Home, web: WebServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = here.settings.directory / "accounts.csv"
    accounts.write_text(accounts.read_text().replace("daily", "hourly"), encoding="utf-8")
    at(monkeypatch, 0.1)
    assert call(capsys, monkeypatch, "run")[0] == 1
    ((_, _, fact),) = web.asked
    assert fact["what"] == "The directory or the settings are wrong"
    assert fact["lost"] == "Today's followers can be taken until 10 pm tomorrow."
    assert "accounts.csv line 2, cadence 'hourly'" in fact["text"]


def test_an_alert_that_cannot_be_sent_is_said_beside_the_faults(
    here: Home, web: WebServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    web.status = 503
    here.sandbox.script([Fault("x", "", None, "401")])
    at(monkeypatch, 0.1)
    code, _, err = call(capsys, monkeypatch, "run")
    assert code == 1
    assert err.strip().splitlines()[-1] == "The alert could not be sent by webhook: 127.0.0.1 answered 503."
    here.sandbox.script([])
    at(monkeypatch, 0.2)
    code, _, err = call(capsys, monkeypatch, "run")
    assert (code, err.strip()) == (0, "The heartbeat could not be sent: 127.0.0.1 answered 503.")


def test_status_says_each_platforms_last_good_day_and_fails_after_26_hours(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 1)
    code, out, _ = call(capsys, monkeypatch, "status")
    assert (code, out.splitlines()) == (1, [f"{name}: no good day" for name in ("youtube", "x", "facebook")])

    here.pull(SUNDAY - timedelta(days=1))
    here.sandbox.script([Fault("x", "", None, "401")])
    here.pull(SUNDAY)
    here.sandbox.script([])
    assert call(capsys, monkeypatch, "status")[0] == 1  # nothing is published
    published(here.settings, SUNDAY)

    code, out, _ = call(capsys, monkeypatch, "status", "--json")
    assert code == 0
    assert json.loads(out) == [
        {"platform": "youtube", "state": "good", "last_good_on": "2026-09-20", "hours_old": 1.0},
        {"platform": "x", "state": "good", "last_good_on": "2026-09-19", "hours_old": 25.0},
        {"platform": "facebook", "state": "good", "last_good_on": "2026-09-20", "hours_old": 1.0},
    ]
    for hours, exits in ((2, 0), (2.01, 1)):
        at(monkeypatch, hours)
        assert call(capsys, monkeypatch, "status")[0] == exits, hours
    code, out, _ = call(capsys, monkeypatch, "status")
    assert out.splitlines() == [
        "youtube: 2026-09-20, 2 hours old",
        "x: 2026-09-19, 26 hours old, over 26",
        "facebook: 2026-09-20, 2 hours old",
    ]
    published(here.settings, SUNDAY - timedelta(days=1))  # built no more since
    at(monkeypatch, 2.01)
    assert [row["last_good_on"] for row in json.loads(call(capsys, monkeypatch, "status", "--json")[1])] == [
        "2026-09-19"
    ] * 3


def test_an_account_that_is_new_today_spoils_no_day_before(
    here: Home, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [a for a in world.directory(TEN_PM) if a.is_own]
    known = [a for a in own if a != next(a for a in own if a.platform == "x")]
    here.write_directory([o for o in world.organizations if o.is_own], known)
    here.pull(SUNDAY)
    published(here.settings, SUNDAY)
    here.write_directory([o for o in world.organizations if o.is_own], own)
    at(monkeypatch, 10)
    assert call(capsys, monkeypatch, "status")[0] == 0


def test_a_platform_without_a_token_is_not_late_unless_there_is_no_other(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 0.1)
    monkeypatch.delenv("SOCIALMETRICS_X_TOKEN")
    assert call(capsys, monkeypatch, "run")[0] == 0
    published(here.settings, SUNDAY)
    code, out, _ = call(capsys, monkeypatch, "status")
    assert code == 0
    assert "x: not set up" in out.splitlines()
    for name in ("YOUTUBE_TOKEN", "FACEBOOK_TOKEN", "FACEBOOK_CHILDRENS_TOKEN"):
        monkeypatch.delenv(f"SOCIALMETRICS_{name}")
    at(monkeypatch, 24.1)
    assert call(capsys, monkeypatch, "run")[0] == 1
    code, out, _ = call(capsys, monkeypatch, "status")
    assert (code, out.splitlines()) == (1, [f"{name}: not set up" for name in ("youtube", "x", "facebook")])


def test_check_network_says_how_far_each_host_is_reached(
    here: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One host answers, one has a stranger's certificate, one the proxy forbids; the mail server is gone."""
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    for name in ("YOUTUBE", "X", "FACEBOOK"):
        monkeypatch.delenv(f"SOCIALMETRICS_{name}_URL")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    monkeypatch.setenv("SOCIALMETRICS_SMTP_URL", f"smtp://127.0.0.1:{closed}")
    monkeypatch.setenv("SOCIALMETRICS_CA_BUNDLE", str(authority.bundle))
    fronts = dict.fromkeys(("youtube.googleapis.com", "api.twitter.com"), ("/health", here.sandbox.port))
    with (
        hosts(authority.server_context("youtube.googleapis.com"), fronts) as one,
        hosts(stranger.server_context("api.twitter.com"), fronts) as other,
        serving(Proxy({"youtube.googleapis.com": one, "api.twitter.com": other}, "press:word")) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://press:word@127.0.0.1:{proxy.port}")
        code, out, _ = call(capsys, monkeypatch, "check", "--network")
        assert code == 1
        assert out.splitlines() == [
            "youtube.googleapis.com: reached, through the proxy",
            "api.twitter.com: certificate not trusted, unable to get local issuer certificate",
            "graph.facebook.com: refused, the proxy answered 403 Forbidden",
            "127.0.0.1: reached",
            "127.0.0.1: reached",
            "127.0.0.1: refused, Connection refused",
        ]
        monkeypatch.setenv("HTTPS_PROXY", f"http://press:wrong@127.0.0.1:{proxy.port}")
        with mail_server() as mails:
            monkeypatch.setenv("SOCIALMETRICS_SMTP_URL", f"smtp://127.0.0.1:{mails.port}")
            code, out, _ = call(capsys, monkeypatch, "check", "--network", "--json")
        assert code == 1
        assert [row["state"] for row in json.loads(out)] == ["proxy refused the password"] * 3 + ["reached"] * 3
        assert "wrong" not in out
        assert mails.mails == []
    assert not here.sandbox.requests


def test_the_demo_tells_nobody(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be run where the real one's .env lies."""
    ran: list[dict[str, Any]] = []
    (tmp_path / ".env").write_text("SOCIALMETRICS_HEARTBEAT_URL=https://monitor.example/\n", encoding="utf-8")
    done = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr("socialmetrics.demo.subprocess.run", lambda _, **how: ran.append(how) or done)
    demo._airflow(home.settings, home.sandbox, "daily_metrics", TEN_PM, Console(quiet=True))
    assert ran
    for how in ran:
        monkeypatch.chdir(how.get("cwd") or tmp_path)
        monkeypatch.setattr("os.environ", how["env"])
        assert settings.load().heartbeat_url is None


def test_the_published_file_says_how_far_it_goes(here: Home) -> None:
    assert warehouse.published_through(here.settings) is None
    published(here.settings, SUNDAY)
    assert warehouse.published_through(here.settings) == SUNDAY
    clock.hold(None)
