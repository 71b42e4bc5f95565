"""What a person can do wrong is told in one sentence with the next step and the right exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from home import Home
from socialmetrics import cli, clock, pipeline, verdicts
from socialmetrics.errors import TooLate, Unexpected
from socialmetrics.sandbox.server import Fault
from socialmetrics.sandbox.world import World

SUNDAY = datetime(2026, 9, 20, 22, 30, tzinfo=UTC)


@pytest.fixture
def here(home: Home, world: World, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The network's own accounts, with the settings in the environment as under cron."""
    home.write_directory([o for o in world.organizations if o.is_own], [a for a in world.directory(SUNDAY) if a.is_own])
    monkeypatch.setenv("SOCIALMETRICS_HOME", str(home.settings.home))
    monkeypatch.setenv("SOCIALMETRICS_NOW", SUNDAY.isoformat())
    for name in ("YOUTUBE", "X", "FACEBOOK"):
        monkeypatch.setenv(f"SOCIALMETRICS_{name}_URL", home.sandbox.url(name.lower(), "{now}"))
        monkeypatch.setenv(f"SOCIALMETRICS_{name}_TOKEN", "token")
    monkeypatch.setenv("SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN", "token")
    return home


def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """Exit code, output and error output of a command, as the shell would see them."""
    monkeypatch.setattr(sys, "argv", ["socialmetrics", *words])
    try:
        cli.main()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return code, told.out, told.err


@pytest.mark.parametrize(
    "words",
    [
        ("extract", "--platform", "myspace"),
        ("plan", "--day", "yesterday"),
        ("frobnicate",),
        ("extract", "--dat"),
        ("reparse",),
        ("query",),
    ],
)
def test_wrong_usage_is_exit_2(
    words: tuple[str, ...], here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = call(capsys, monkeypatch, *words)
    assert code == 2
    assert err


def test_a_faulty_directory_stops_before_anything_is_pulled(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = here.settings.directory / "accounts.csv"
    accounts.write_text(accounts.read_text().replace("daily", "hourly"), encoding="utf-8")
    code, _, err = call(capsys, monkeypatch, "run")
    assert code == 1
    assert "accounts.csv line 2, cadence 'hourly'" in err
    assert "nothing was pulled" in err
    assert not here.sandbox.requests
    assert not list(here.settings.landing.glob("**/fetched_on=*"))


def test_no_directory_names_the_command_that_makes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIALMETRICS_HOME", str(tmp_path / "nowhere"))
    code, _, err = call(capsys, monkeypatch, "check")
    assert code == 1
    assert "socialmetrics init" in err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SOCIALMETRICS_TIMEZONE", "Mars/Olympus", "SOCIALMETRICS_TIMEZONE"),
        ("SOCIALMETRICS_NOW", "yesterday", "SOCIALMETRICS_NOW"),
        ("SOCIALMETRICS_X_DOLLARS_PER_DAY", "five", "SOCIALMETRICS_X_DOLLARS_PER_DAY"),
        ("SOCIALMETRICS_X_TOKEN_FILE", "missing-file", "SOCIALMETRICS_X_TOKEN_FILE"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str,
    value: str,
    told: str,
    here: Home,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    code, _, err = call(capsys, monkeypatch, "extract")
    assert code == 1
    assert told in err
    assert len(err.strip().splitlines()) == 1


def test_a_refused_token_is_told_and_the_others_go_on(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIALMETRICS_X_TOKEN", "fail-401")
    code, out, _ = call(capsys, monkeypatch, "check", "--json")
    states = {row["platform"]: row["state"] for row in json.loads(out)}
    assert (code, states) == (1, {"youtube": "works", "x": "refused", "facebook": "works"})
    code, out, _ = call(capsys, monkeypatch, "extract", "--json")
    runs = {row["platform"]: row for row in json.loads(out)}
    assert code == 1
    assert {name: row["status"] for name, row in runs.items()} == {
        "youtube": "complete",
        "x": "failed",
        "facebook": "complete",
    }
    assert "SOCIALMETRICS_X_TOKEN" in runs["x"]["message"]
    assert "fail-401" not in out


def test_a_refused_page_token_of_a_named_credential_is_found_by_check(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN", "fail-401")
    code, out, _ = call(capsys, monkeypatch, "check")
    assert code == 1
    assert "facebook: refused" in out
    assert "childrens" in out


def test_a_second_run_asks_for_what_is_missing_and_for_all_again_when_told(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here.sandbox.script([Fault("x", "", None, "503")])
    assert call(capsys, monkeypatch, "extract")[0] == 1
    here.sandbox.script([])
    here.sandbox.requests.clear()
    monkeypatch.setenv("SOCIALMETRICS_NOW", "2026-09-20T22:45:00Z")
    assert call(capsys, monkeypatch, "extract")[0] == 0
    assert {asked.platform for asked in here.sandbox.requests} == {"x"}
    here.sandbox.requests.clear()
    monkeypatch.setenv("SOCIALMETRICS_NOW", "2026-09-20T23:00:00Z")
    assert call(capsys, monkeypatch, "extract", "--again")[0] == 0
    assert {asked.platform for asked in here.sandbox.requests} == {"youtube", "x", "facebook"}
    clock.hold(None)


def test_a_day_that_is_over_is_too_late_but_is_built_from_what_landed(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here.pull(date(2026, 9, 20))
    monkeypatch.setenv("SOCIALMETRICS_NOW", "2026-09-22T09:00:00Z")
    code, out, err = call(capsys, monkeypatch, "run", "--day", "2026-09-20")
    assert (code, out.strip()) == (1, "2026-09-20: complete")
    assert "could be observed until 2026-09-21 22:00 UTC" in err
    assert here.settings.published.exists()
    clock.hold(None)


def test_an_unreadable_csv_imports_nothing(
    here: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "figures.csv"
    file.write_bytes(b"platform;account\xff\n")
    code, _, err = call(capsys, monkeypatch, "import", str(file))
    assert code == 1
    assert "not UTF-8" in err
    assert call(capsys, monkeypatch, "import", "nowhere.csv")[0] == 1
    assert not list((here.settings.landing / "readings").glob("imported_on=*"))


def test_a_held_warehouse_names_the_process_that_holds_it(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here.pull(date(2026, 9, 20), "youtube")
    build = here.settings.warehouse / "build"
    build.mkdir(parents=True)
    held = str(build / "work.duckdb")
    code = f"import duckdb, time; c = duckdb.connect({held!r}); print('open', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        holder.stdout.readline()
        code_of_exit, _, err = call(capsys, monkeypatch, "model")
    finally:
        holder.kill()
        holder.wait()
    assert code_of_exit == 1
    assert str(holder.pid) in err


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of a file's size stands in for the disk's end; both fail the same write."""
    code = (
        "import resource, signal, sys\n"
        "from socialmetrics import cli\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "sys.argv = ['socialmetrics', 'extract', '--platform', 'facebook']\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(here.settings.landing.glob("*/platform=facebook/fetched_on=*/*.parquet"))
    here.pull(date(2026, 9, 20), "facebook")
    assert not list(here.settings.landing.glob("**/*.part"))
    assert verdicts.verdict(here.settings, here.day(date(2026, 9, 20))).runs[0].status == "complete"


def test_query_is_read_only_and_prints_json_and_csv(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here.settings.published.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(here.settings.published)) as made:
        made.execute("create table t as select 1 as one, null as nothing")
    code, out, _ = call(capsys, monkeypatch, "query", "from t", "--json")
    assert (code, json.loads(out)) == (0, [{"one": 1, "nothing": None}])
    assert call(capsys, monkeypatch, "query", "from t", "--csv")[1].splitlines() == ["one,nothing", "1,"]
    for wrong in ("drop table t", "select * from 'accounts.csv'", "from nowhere"):
        code, _, err = call(capsys, monkeypatch, "query", wrong)
        assert code == 1
        assert "The query did not run" in err


def test_a_defect_in_one_platforms_module_leaves_the_others_whole(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("token")

    monkeypatch.setattr("socialmetrics.platforms.x.plan", broken)
    code, out, err = call(capsys, monkeypatch, "run")
    assert code == 1
    assert "youtube: complete" in out
    assert "facebook: complete" in out
    assert "x: this program failed (RuntimeError)" in err
    assert here.settings.published.exists()


def test_what_stands_in_brackets_is_told_whole(
    here: Home, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Brackets are a handle's or a message's own, never a colour."""
    own = [account for account in world.directory(SUNDAY) if account.is_own]
    here.write_directory(
        [o for o in world.organizations if o.is_own],
        [*own, replace(own[0], platform="x", handle="[bold]nobody[red]", account_id=None, weekday=None)],
    )
    code, _, err = call(capsys, monkeypatch, "resolve", "--platform", "x")
    assert code == 1
    assert "[bold]nobody[red]" in err


def test_a_late_day_does_not_hide_a_defect(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: object, name: str, *_: object, **__: object) -> None:
        if name == "youtube":
            raise RuntimeError("defect")
        raise TooLate("It is too late.")

    here.pull(date(2026, 9, 20))
    monkeypatch.setattr(pipeline, "extract", broken)
    _, _, err = call(capsys, monkeypatch, "run")
    assert "youtube: this program failed" in err
    assert err.count("It is too late.") == 1


def test_an_answer_that_check_cannot_read_is_one_platforms_trouble(
    here: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise Unexpected("The answer has no id at $.items[0].", "$.items[0]")

    monkeypatch.setattr("socialmetrics.platforms.youtube.parse", unreadable)
    code, out, _ = call(capsys, monkeypatch, "check")
    assert code == 1
    assert "youtube: refused. The answer has no id" in out
    assert "x: works" in out
