"""Ten readers without pause while a hundred publishes go by; who opens the file to write; who writes second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from socialmetrics import warehouse
from socialmetrics.errors import Locked
from socialmetrics.exports import freeze
from socialmetrics.settings import Settings

from .conftest import Landing, settings_of, value

pytestmark = pytest.mark.prove

PUBLISHES = 100
NOBODY = 65534
ASKED = "select first.number, last.number, (select count(*) from account_metric_days) from first, last"
READER = f"""
import json, os, sys, duckdb
path, answers = sys.argv[1], []
os.nice(19)
print("ready", flush=True)
while not answers or answers[-1][0] < {PUBLISHES}:
    with duckdb.connect(path, read_only=True) as connection:
        for _ in range(3):
            answers.append(connection.execute({ASKED!r}).fetchone())
        assert len(set(answers[-3:])) == 1, answers[-3:]
print(json.dumps(answers))
"""
WRITER = f"""
import json, os, sys, duckdb
path, refused, answers = sys.argv[1], [], []
os.nice(19)  # the machine is the publisher's first
if os.geteuid() == 0:
    os.setuid({NOBODY})
print("ready", flush=True)
while not answers or answers[-1][0] < {PUBLISHES}:
    try:
        duckdb.connect(path)
    except duckdb.IOException as error:
        refused.append(str(error))
    with duckdb.connect(path, read_only=True) as connection:
        answers.append(connection.execute({ASKED!r}).fetchone())
assert len(refused) == len(answers) and all("Permission denied" in text for text in refused), refused[:1]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A published file that another user of the machine can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = settings_of(Path(folder))
        landing = Landing(settings.landing)
        landing.directory(date(2026, 11, 20), [{"platform": "x", "account_id": "1"}])
        landing.run(date(2026, 11, 20), "x", [value("1", "followers_count", 100)])
        warehouse.build(settings)
        publish(settings, 0)
        yield settings


def publish(settings: Settings, number: int) -> None:
    """Publish a build that bears a number in its first and in its last table."""
    build = settings.warehouse / "build"
    with duckdb.connect(str(build / "marts.duckdb")) as connection:
        for table in ("first", "last"):
            connection.execute(f"create or replace table {table} as select {number} as number")
    ready = json.loads((build / "ready.json").read_text())
    told = (build / "marts.duckdb").stat()
    (build / "ready.json").write_text(json.dumps(ready | {"marts": [told.st_size, told.st_mtime_ns]}))
    warehouse.publish(settings)


def test_every_answer_is_of_one_publish_and_who_would_write_is_refused(settings: Settings) -> None:
    with ExitStack() as stack:
        readers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code, str(settings.published)], stdout=subprocess.PIPE, text=True
                )
            )
            for code in [READER] * 9 + [WRITER]
        ]
        for reader in readers:
            assert reader.stdout
            assert reader.stdout.readline() == "ready\n"
        for number in range(1, PUBLISHES + 1):
            publish(settings, number)
        told = [json.loads(reader.communicate(timeout=30)[0]) for reader in readers]
    rows = told[0][0][2]
    assert rows > 0
    for answers in told:
        assert all(first == last and counted == rows for first, last, counted in answers)
        assert [first for first, _, _ in answers] == sorted(first for first, _, _ in answers)
    assert len({first for answers in told for first, _, _ in answers}) > PUBLISHES / 2


def test_who_has_it_open_to_write_is_named_and_the_next_publish_lets_readers_in(settings: Settings) -> None:
    """Only a superuser can: the file's mode refuses everyone else."""
    if os.geteuid():
        pytest.skip("needs a superuser")
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(settings.published)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        assert writer.stdout.readline()
        kept_out = f"Process {writer.pid} has opened .* for writing.*open it read-only"
        with pytest.raises(Locked, match=kept_out):
            warehouse.query(settings, "select 1")
        with pytest.raises(Locked, match=kept_out):
            freeze(settings.published, "2026-W47", datetime(2026, 11, 23, tzinfo=UTC))
        publish(settings, PUBLISHES + 1)
        assert warehouse.query(settings, "select number from first")[1] == [(PUBLISHES + 1,)]
        writer.communicate()


def test_a_second_writer_is_told_who_holds_the_build(settings: Settings) -> None:
    """A killed holder holds nothing, whatever its lock file says."""
    folder = settings.warehouse / "build"
    code = (
        "import sys, time; from pathlib import Path; from socialmetrics import lock\n"
        "with lock.hold(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder / "lock")], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline()
        for write in (warehouse.build, warehouse.publish):
            with pytest.raises(Locked, match=f"Process {holder.pid} holds .*build. Wait until it has ended"):
                write(settings)
        holder.kill()
    assert (folder / "lock").read_text() == str(holder.pid)
    publish(settings, PUBLISHES + 2)
