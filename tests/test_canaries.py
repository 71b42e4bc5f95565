"""No secret is in any file, log or message: canaries are planted in the settings, all is broken, all is searched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from faults import search
from home import Home
from socialmetrics import cli, platforms, warehouse
from socialmetrics.sandbox.server import PAGES_OF_HTML, PLATFORMS, WIRE_FAULTS, Fault, Sandbox
from socialmetrics.sandbox.world import World
from socialmetrics.settings import Settings

DAY = date(2026, 9, 20)
SECRETS = {
    "SOCIALMETRICS_YOUTUBE_TOKEN": "canary-key-51d0",
    "SOCIALMETRICS_X_TOKEN": "canary-bearer-77a2",
    "SOCIALMETRICS_FACEBOOK_TOKEN": "canary-page-03fe",
    "SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN": "canary-childrens-9c41",
    "SOCIALMETRICS_FACEBOOK_APP_SECRET": "canary-app-e6b8",
}
PROXY, SMTP, HOOK, BEAT = "canary-proxy-2b90", "canary-smtp-8d13", "canary-hook-64c7", "canary-beat-fa25"

# What stands in the environment of a process under Airflow, beside a proxy, or where somebody named it otherwise.
OTHERS = {
    "AIRFLOW_CONN_SOCIALMETRICS_X": '{"conn_type": "http", "password": "canary-bearer-77a2"}',
    "HTTPS_PROXY": f"http://robot:{PROXY}@proxy.example.org:3128",
    "AIRFLOW__SMTP__SMTP_PASSWORD": SMTP,
    "HOOK": f"https://example.org/{HOOK}",
}


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def words() -> list[str]:
    """Every secret as it is, as a proof made with it, and as a header spells a user's password."""
    secret = SECRETS["SOCIALMETRICS_FACEBOOK_APP_SECRET"].encode()
    tokens = [value for name, value in SECRETS.items() if name.endswith("TOKEN")]
    proofs = [hmac.new(secret, token.encode(), hashlib.sha256).hexdigest() for token in tokens]
    pairs = [f"robot:{PROXY}", f"robot:{SMTP}", f"\0robot\0{SMTP}"]
    return [
        *SECRETS.values(),
        PROXY,
        SMTP,
        HOOK,
        BEAT,
        *proofs,
        *(base64.b64encode(p.encode()).decode() for p in pairs),
    ]


class Stage:
    """A home with canaries for secrets. All that commands say, and every log of any level, is kept beside it."""

    def __init__(self, home: Home, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.patch, self.capsys = home, patch, capsys
        self.said = home.settings.home / "said"
        self.said.mkdir(parents=True)
        self.number = 0

    def call(self, *command: str) -> str:
        """What a command prints, tracebacks too."""
        self.patch.setattr(sys, "argv", ["socialmetrics", *command])
        try:
            cli.main()
        except SystemExit:
            pass
        except Exception:
            logging.getLogger("unforeseen").exception("a traceback")
        told = self.capsys.readouterr()
        self.number += 1
        (self.said / f"{self.number:03}-{command[0]}.txt").write_text(told.out + told.err)
        return told.out + told.err

    def set(self, settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            self.patch.setenv(name, value)

    def at(self, urls: Mapping[str, str]) -> None:
        self.set({f"SOCIALMETRICS_{name.upper()}_URL": url for name, url in urls.items()})

    @property
    def secrets(self) -> list[str]:
        return words()

    def plant(self, secret: str) -> None:
        """What a leak would look like: a line of a log."""
        logging.getLogger("planted").debug("Authorization: %s", secret)

    def found(self) -> list[tuple[str, str]]:
        return search.found(self.home.settings.home, words())


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    world = World(peers=2)
    with Sandbox(world) as sandbox:
        home = Home(tmp_path / "home", sandbox)
        instant = home.day(DAY).scheduled_at
        home.write_directory(list(world.organizations), list(world.directory(instant)))
        stage = Stage(home, monkeypatch, capsys)
        settings = SECRETS | {
            "SOCIALMETRICS_HOME": str(home.settings.home),
            "SOCIALMETRICS_NOW": instant.isoformat(),
            "SOCIALMETRICS_PATIENCE_SECONDS": "0",
            "SOCIALMETRICS_SMTP_URL": f"smtp://robot:{SMTP}@127.0.0.1:{closed_port()}",
            "SOCIALMETRICS_ALERT_MAIL": "desk@example.org",
            "SOCIALMETRICS_ALERT_WEBHOOK_URL": f"http://127.0.0.1:{closed_port()}/{HOOK}",
            "SOCIALMETRICS_HEARTBEAT_URL": f"http://127.0.0.1:{closed_port()}/{BEAT}",
        }
        stage.set(settings)
        log = logging.FileHandler(stage.said / "every.log")
        root, level = logging.getLogger(), logging.getLogger().level
        root.addHandler(log)
        root.setLevel(logging.DEBUG)
        yield stage
        root.removeHandler(log)
        root.setLevel(level)
        log.close()


def test_no_secret_is_in_a_word_or_a_log_whatever_breaks(stage: Stage) -> None:
    for url in (f"http://127.0.0.1:{closed_port()}", "http://[bad", "no-scheme/at all", f"http://robot:{PROXY}@[::1"):
        stage.at(dict.fromkeys(platforms.NAMES, url))
        for command in ("check", "resolve", "extract"):
            stage.call(command, "--again") if command == "extract" else stage.call(command)

    for odd in ("{}\nmore", "{}\u2019", " {}", "{} {}"):
        stage.set({name: odd.format(secret, secret) for name, secret in SECRETS.items()})
        for command in ("check", "extract"):
            stage.call(command)
    stage.set(SECRETS)

    with refusing_proxy() as proxy:
        stage.at({name: f"https://{name}.example.org" for name in platforms.NAMES})
        for port in (proxy.port, closed_port()):
            spelled = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
            stage.set(dict.fromkeys(spelled, f"http://robot:{PROXY}@127.0.0.1:{port}"))
            for command in ("check", "extract"):
                stage.call(command)
        assert len(proxy.heard) >= 6, "the proxy was not asked"
        stage.set(dict.fromkeys(spelled, ""))

    stage.at({name: stage.home.sandbox.url(name, "{now}") for name in platforms.NAMES})
    refusals = {kind for name in platforms.NAMES for kind in PLATFORMS[name].REFUSALS}
    slow, spent = {"slow", "drip", "huge"}, {"quota", "quota-429"}  # after `spent` YouTube is not asked any more
    others = [*PAGES_OF_HTML, *sorted(set(WIRE_FAULTS) - slow), "null_item", "people"]
    for kind in [*others, *sorted(refusals - spent), *sorted(spent)]:
        known = [name for name in platforms.NAMES if kind in PLATFORMS[name].REFUSALS or kind in others]
        stage.home.sandbox.script([Fault(name, "", None, kind) for name in known])
        for name in known:
            said = stage.call("extract", "--again", "--platform", name)
            assert kind in ("404", "people") or "failed. " in said or "partial. " in said, (name, kind, said)
        if kind == "401":
            assert stage.call("check").count("refused") >= len(platforms.NAMES)
    assert stage.found() == []

    for secret in stage.secrets:
        stage.plant(secret)
    assert {secret for _, secret in stage.found()} == set(stage.secrets)


@pytest.mark.prove
def test_no_secret_is_in_a_warehouse_a_pack_or_a_process_list(stage: Stage) -> None:
    """A red day through the shell: one platform refuses the token, another one's answers are full of people."""
    stage.at({name: stage.home.sandbox.url(name, "{now}") for name in platforms.NAMES})
    stage.set(OTHERS)
    stage.set({"NO_PROXY": "127.0.0.1"})
    stage.home.sandbox.script([Fault("x", "", None, "401"), Fault("facebook", "", None, "people")])
    program, seen = str(Path(sys.executable).with_name("socialmetrics")), {}
    for words in (["run"], ["export", "--week", "2026-W38"]):
        with (
            (stage.said / f"{words[0]}.out").open("w") as out,
            subprocess.Popen([program, *words], stdout=out, stderr=out) as run,
        ):
            while run.poll() is None:
                seen |= dict(descendants(run.pid))
                time.sleep(0.02)
        assert run.returncode == (words == ["run"]), (stage.said / f"{words[0]}.out").read_text()
    assert "the bearer token is refused" in (stage.said / "run.out").read_text()
    builders = {key: told for key, told in seen.items() if b"dbt" in key[1]}  # the others are on their way to be one
    assert builders
    said = [*builders.values(), *(arguments for _, arguments in seen)]
    assert [word for word in stage.secrets if any(word.encode() in each for each in said)] == []
    assert stage.found() == []
    kinds = {path.suffix for path in stage.home.settings.home.rglob("*") if path.is_file()}
    assert {".gz", ".parquet", ".duckdb", ".json", ".html", ".xlsx", ".csv", ".log", ".out"} <= kinds


def descendants(pid: int) -> Iterator[tuple[tuple[int, bytes], bytes]]:
    """The processes that a process started: id and arguments, and their environment."""
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                with suppress(OSError):
                    place = Path(f"/proc/{child}")
                    yield (child, (place / "cmdline").read_bytes()), (place / "environ").read_bytes()
                yield from descendants(child)


@dataclass
class Proxy:
    port: int
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def refusing_proxy() -> Iterator[Proxy]:
    """A proxy that wants another password, and says in its answer which one it got."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        proxy = Proxy(int(listener.getsockname()[1]))

        def answer() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    asked = line.recv(65536)
                    proxy.heard.append(asked)
                    head = (
                        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: "
                    )
                    line.sendall(head + str(len(asked)).encode() + b"\r\n\r\n" + asked)

        threading.Thread(target=answer, daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)


def test_the_process_that_builds_is_given_no_secret(stage: Stage) -> None:
    """Under Airflow its connections stand in the environment, and so does a proxy's password."""
    started = []
    stage.set(OTHERS)
    stage.patch.setattr(subprocess, "run", lambda words, env, **rest: started.append([words, env]))
    warehouse.run_dbt(Settings(home=stage.home.settings.home), "build")
    assert all(value in str(os.environ) for value in OTHERS.values())
    assert [word for word in stage.secrets if word in str(started)] == []
    assert {"PATH", "SOCIALMETRICS_BUILD"} <= started[0][1].keys()
