"""Every command that the README shows runs, in its order, and the demo prints what the README says it prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from home import Home
from socialmetrics.cli import app
from socialmetrics.sandbox.world import World

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
SHOWN = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
MADE = sorted(
    set(re.findall(r"`make ([a-z]+)`", README)) | {line.split()[1] for line in SHOWN if line.startswith("make ")}
)


@pytest.mark.parametrize("target", MADE)
def test_every_make_target_exists(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_commands_for_real_run_in_their_order(home: Home, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the sandbox: after `init` the directory is edited, that is, the network's own is put in its place."""
    sunday = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    where = home.settings.home
    monkeypatch.chdir(where)
    for name in ("youtube", "x", "facebook"):
        monkeypatch.setenv(f"SOCIALMETRICS_{name.upper()}_URL", home.sandbox.url(name, "{now}"))
        monkeypatch.setenv(f"SOCIALMETRICS_{name.upper()}_TOKEN", "token")
    monkeypatch.setenv("SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN", "token")
    monkeypatch.setenv("SOCIALMETRICS_NOW", sunday.isoformat())
    monkeypatch.setenv("SOCIALMETRICS_TIMEZONE", "UTC")
    commands = [shlex.split(line)[1:] for line in SHOWN if line.startswith("socialmetrics ")]
    for words in sorted(commands, key=lambda words: words[0] in ("query", "why")):
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, (words, done.output)
        if words[0] == "init":
            accounts = [account for account in world.directory(sunday) if account.is_own]
            home.write_directory([o for o in world.organizations if o.is_own], accounts)
    assert (where / "warehouse" / "exports" / "2026-W47" / "report.html").exists()


@pytest.mark.prove
def test_the_demo_prints_what_the_readme_shows_and_a_second_one_changes_no_figure(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("socialmetrics"), "demo"]
    shown = [line.rstrip() for line in BLOCKS[0].splitlines()[1:]]
    packs = []
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert [line.rstrip() for line in done.stdout.rstrip().splitlines()] == shown
        pack = tmp_path / "demo" / "warehouse" / "exports" / "2026-W47"
        packs.append({path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(pack.iterdir())})
    assert packs[0] == packs[1]
