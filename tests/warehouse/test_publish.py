"""What readers get: a finished file, swapped in whole, that they can only read."""

from __future__ import annotations

import errno
import re
import shutil
import struct
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from socialmetrics import warehouse
from socialmetrics.errors import BuildFailed, Locked, Misconfigured
from socialmetrics.settings import Settings

from .conftest import Landing, reason, settings_of, value

FIRST = date(2026, 11, 20)
V1_2_0 = 65  # https://duckdb.org/docs/stable/internals/storage, in the header from byte 12


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    landing = Landing(settings_of(tmp_path_factory.mktemp("home")).landing)
    landing.directory(FIRST, [{"platform": "x", "account_id": "1"}])
    for number in range(3):
        landing.run(FIRST + timedelta(days=number), "x", [value("1", "followers_count", 100 + number)])
    landing.run(FIRST, "x", [value("1", "followers_count", 99), value("1", "mystery_count", 1)], late=2, again=1)
    return landing


@pytest.fixture(scope="module")
def settings(landing: Landing) -> Settings:
    settings = settings_of(landing.root.parents[1])
    built = warehouse.build(settings)
    assert "native_metrics_have_a_meaning: Got 1 result" in built.warnings[0]
    assert warehouse.publish(settings) == settings.published
    return settings


def ask(settings: Settings, sql: str) -> Any:
    return warehouse.query(settings, sql)[1]


def test_the_file_is_read_only_and_opens_in_older_clients(settings: Settings) -> None:
    assert settings.published.stat().st_mode & 0o777 == 0o444
    header = settings.published.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert struct.unpack("<Q", header[12:20]) == (V1_2_0,)
    assert list(settings.warehouse.glob("build/publishing*")) == []


def test_a_column_named_after_a_metric_tells_what_each_platform_counts(settings: Settings) -> None:
    told = dict(
        ask(settings, "select table_name || '.' || column_name, comment from duckdb_columns() where not internal")
    )
    meanings = ask(settings, "select subject, metric, platform || ': ' || definition from metrics")
    for subject, metric, meaning in meanings:
        column = f"{'post' if subject == 'post' else 'account'}_days.{metric}"
        assert meaning in told.get(column, meaning), column
    assert "youtube: Accounts subscribed to the channel." in told["account_days.followers"]
    assert "facebook: Comments under the post" in told["post_days.comments"]
    assert "Accounts subscribed" not in told["post_days.views"]
    means = {
        column.partition(".")[0] for column, comment in told.items() if re.search(r"\b(youtube|x|facebook): ", comment)
    }
    assert means == {"account_days", "post_days", "engagement_weeks"}, "a column only shares a metric's name"


def test_marts_lie_in_main_with_their_descriptions(settings: Settings) -> None:
    told = ask(settings, "select schema_name, comment from duckdb_tables()")
    assert {schema for schema, _ in told} == {"main"}
    assert all(re.search(r"\bOne row per .+\.$", comment) for _, comment in told)
    assert (
        ask(settings, "select table_name, column_name from duckdb_columns() where comment is null and not internal")
        == []
    )
    assert warehouse.query(settings, "from account_weeks limit 1")[0][:3] == ["account_key", "platform", "account_id"]


def test_as_of_an_instant(settings: Settings) -> None:
    asked = (
        "select value from observations_as_of(timestamp '{}') where metric = 'followers' and measured_on = '2026-11-20'"
    )
    assert ask(settings, asked.format("2026-11-20 22:00:00")) == []
    assert ask(settings, asked.format("2026-11-20 23:00:00")) == [(100,)]
    assert ask(settings, asked.format("2026-11-21 01:00:00")) == [(99,)]


@pytest.mark.parametrize(
    "sql",
    [
        "from read_csv('/etc/hostname')",
        "from '/etc/hostname'",
        "copy posts to 'posts.csv'",
        "attach 'other.duckdb'",
        "delete from posts",
        "create table mine (i int)",
        "set enable_external_access = true",
        "load httpfs",
        "install httpfs",
        "install httpfs from 'http://127.0.0.1:1'",
        "load 'mine.duckdb_extension'",
        "from no_such_table",
        "from glob('/etc/*')",
        "from read_text('/etc/hostname')",
        "from read_blob('/etc/hostname')",
        "from read_json_auto('/etc/hostname')",
        "from parquet_metadata('/etc/hostname')",
        "create temp macro mine() as table from read_csv('/etc/hostname'); from mine()",
        "from 'https://127.0.0.1:1/mine.csv'",
        "from read_parquet('s3://mine/mine')",
        "from a_frame",
        "copy (select 1) to '/dev/stdout'",
        "select 1; copy posts to 'posts.csv'",
        "export database 'all'",
        "import database 'all'",
        "attach ':memory:' as mine",
        "create secret (type s3)",
        "from duckdb_secrets()",
        "set lock_configuration = false",
        "reset enable_external_access",
        "set temp_directory = 'mine'",
        "set profiling_output = 'mine.json'",
        "call enable_logging(storage = 'file', storage_path = 'mine')",
        "update posts set title = 'mine'",
        "insert into posts from posts",
        "drop table posts",
        "create macro mine() as 1",
        "comment on table posts is 'mine'",
    ],
)
def test_a_query_only_reads(settings: Settings, sql: str) -> None:
    """No statement reaches a file, an extension, the network, our variables, or changes what is published."""
    a_frame = pa.table({"mine": [1]})
    before = files_of(settings), files_of(settings.model_copy(update={"home": Path()}))
    with pytest.raises(Misconfigured, match="The query did not run: "):
        warehouse.query(settings, sql)
    assert (files_of(settings), files_of(settings.model_copy(update={"home": Path()}))) == before
    assert a_frame.num_rows == 1


def files_of(settings: Settings) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in settings.home.rglob("*") if path.is_file()}


def test_a_reader_goes_on_with_the_file_it_opened(settings: Settings, landing: Landing) -> None:
    counted = "select count(*) from account_days"
    with duckdb.connect(str(settings.published), read_only=True) as reader:
        assert reader.execute(counted).fetchall() == [(3,)]
        landing.run(FIRST + timedelta(days=3), "x", [value("1", "followers_count", 107)])
        assert warehouse.build(settings).because is None
        warehouse.publish(settings)
        assert reader.execute(counted).fetchall() == [(3,)]
    assert ask(settings, counted) == [(4,)]


@pytest.mark.prove
def test_a_failed_build_is_not_published(settings: Settings, landing: Landing) -> None:
    before = settings.published.read_bytes()
    ((last_on,),) = ask(settings, "select max(measured_on) from account_days")
    on = last_on + timedelta(days=1)
    landing.run(on, "x", [reason("1", "no such reason", "followers_count")])
    bad = next(landing.root.glob(f"observations/*/{on:%Y%m%d}*"))
    with pytest.raises(BuildFailed, match=r"published file stays as it was: test one_of\w*reason\w*: Got 1 result"):
        warehouse.build(settings)
    with pytest.raises(BuildFailed, match=r"The last build failed.*dbt\.log says why"):
        warehouse.publish(settings)
    assert settings.published.read_bytes() == before

    # the next day is well, and the bad one is still there
    landing.run(on + timedelta(days=1), "x", [value("1", "followers_count", 109)])
    with pytest.raises(BuildFailed, match="one_of"):
        warehouse.build(settings)
    bad.unlink()
    assert "is gone" in str(warehouse.build(settings).because)
    warehouse.publish(settings)
    assert ask(
        settings, "select reason from account_metric_days where metric = 'followers' and reason is not null"
    ) == [("not_collected",)]


def test_a_full_disk_leaves_the_published_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings.published.read_bytes()

    def full(source: Path, place: Path) -> None:
        place.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(place))

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        with pytest.raises(OSError, match="No space left on device"):
            warehouse.publish(settings)
    assert settings.published.read_bytes() == before
    assert list(settings.warehouse.glob("build/publishing*")) == []


def test_what_a_killed_publish_left_is_removed(settings: Settings) -> None:
    leftover = settings.warehouse / "build" / "publishing" / "socialmetrics.duckdb"
    leftover.parent.mkdir()
    leftover.write_bytes(b"half")
    warehouse.publish(settings)
    assert not leftover.exists()


def test_who_holds_the_working_files_is_named(settings: Settings) -> None:
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    path = settings.warehouse / "build" / "work.duckdb"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline()
        with pytest.raises(Locked, match=f"Process {holder.pid} holds .*work.duckdb"):
            warehouse.build(settings, full_refresh=True)
        holder.communicate()


def test_before_anything_landed_or_was_built(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with pytest.raises(Misconfigured, match="Nothing has landed"):
        warehouse.build(settings)
    with pytest.raises(BuildFailed, match="no build to publish"):
        warehouse.publish(settings)
    with pytest.raises(Misconfigured, match="There is no "):
        warehouse.query(settings, "select 1")


def test_the_second_run_of_a_day_counts(settings: Settings) -> None:
    told = ask(
        settings, "select version, value, is_current from observations where measured_on = '2026-11-20' order by 1"
    )
    assert told == [(1, 100, False), (2, 99, True)]
