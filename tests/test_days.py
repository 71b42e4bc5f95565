"""Which day a run belongs to, through the real command and the real DAG: late, past midnight, twice, in another order,
missed, on the 23 and the 25 hours of America/Chicago, by hand, cleared."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from home import Home
from socialmetrics import cli, clock, warehouse
from socialmetrics.records import Account
from socialmetrics.sandbox.world import World
from test_airflow import DAGS, airflow_environment, python

CHICAGO = ZoneInfo("America/Chicago")
ON_TIME, LATE, TOO_LATE, BEFORE = "on time", "late", "too late", "superseded"
VISITS = (  # the clock in Chicago, what is asked for, the day it is, and what that makes of the day's value
    ("2026-03-08 22:05", "", "2026-03-08", ON_TIME),  # 23 hours after the evening before,
    ("2026-03-08 22:30", "--day 2026-03-07", "2026-03-07", LATE),  # so that two days can be filled, the older second
    ("2026-03-10 00:30", "", "2026-03-09", ON_TIME),  # past midnight
    ("2026-03-10 22:00", "", "2026-03-10", BEFORE),
    ("2026-03-10 23:00", "--again", "2026-03-10", ON_TIME),  # twice
    ("2026-03-13 05:00", "", "2026-03-12", LATE),  # by seven hours, and the 11th is missed
    ("2026-10-31 22:00", "", "2026-10-31", ON_TIME),
    ("2026-11-01 21:30", "--day 2026-10-31", "2026-10-31", TOO_LATE),  # 24.5 hours after, and no other day has ended
    ("2026-11-01 22:00", "", "2026-11-01", ON_TIME),  # 25 hours after
    ("2026-11-03 22:00", "", "2026-11-03", ON_TIME),  # the 2nd is missed
)


def instant(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=CHICAGO).astimezone(UTC)


@pytest.fixture
def account(home: Home, world: World) -> Account:
    """The one account that is followed."""
    listed = world.directory(instant(VISITS[0][0]))
    [account] = [a for a in listed if a.is_own and (a.platform, a.account_group) == ("x", "main")]
    home.write_directory([o for o in world.organizations if o.is_own], [account])
    home.settings.timezone = CHICAGO.key
    return account


def test_days_through_the_command(
    home: Home, world: World, account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCIALMETRICS_HOME", str(home.settings.home))
    monkeypatch.setenv("SOCIALMETRICS_TIMEZONE", CHICAGO.key)
    monkeypatch.setenv("SOCIALMETRICS_X_URL", home.sandbox.url("x", "{now}"))
    monkeypatch.setenv("SOCIALMETRICS_X_TOKEN", "token")
    for local, asked, _, outcome in VISITS:
        command = "run" if local == VISITS[-1][0] else "extract"
        monkeypatch.setenv("SOCIALMETRICS_NOW", instant(local).isoformat())
        monkeypatch.setattr(sys, "argv", ["socialmetrics", command, "--platform", "x", *asked.split()])
        code = 0
        try:
            cli.main()
        except SystemExit as left:
            code = int(left.code or 0)
        assert code == (outcome == TOO_LATE), local
        out, err = capsys.readouterr()
        assert ("2026-10-31 could be observed until 2026-11-02 03:00 UTC" in err) == (outcome == TOO_LATE)

    one = world.account("x", account.account_id or "")
    assert one
    published = world.posts(one, instant("2026-11-01 22:00"), instant("2026-11-03 22:00"))
    posts = sum(post.kind not in ("reply", "retweet") for post in published)
    assert posts
    assert (
        f"x: nothing was counted on 2026-11-02. Back: {posts} posts published since, with the counts of now. Derived: "
        "what 1 account gained or lost over it. Gone: the counts of 1 account-day.\n"
    ) in out

    _, rows = warehouse.query(
        home.settings,
        "select measured_on, value, is_late, reason, fetched_at, change_1d, change_since_previous "
        "from account_metric_days where metric = 'followers' order by measured_on",
    )
    told = {row[0]: row[1:] for row in rows}
    missed = [day for day, (value, *_) in told.items() if value is None]
    assert {date(2026, 3, 11), date(2026, 11, 2)} < set(missed)
    assert {told[day][2] for day in missed} == {"not_collected"}
    counted = [(local, date.fromisoformat(day), outcome) for local, _, day, outcome in VISITS]
    counted = [visit for visit in counted if visit[2] in (ON_TIME, LATE)]
    assert {day for _, day, _ in counted} == set(told) - set(missed)
    values = {day: world.value(one, "followers_count", instant(local)) for local, day, _ in counted}
    late = {day for _, day, outcome in counted if outcome == LATE}
    for local, day, _ in counted:
        value, is_late, reason, fetched_at, change, since = told[day]
        assert (value, is_late, reason, fetched_at) == (
            values[day],
            day in late,
            None,
            instant(local).replace(tzinfo=None),
        )
        before = day - timedelta(days=1)
        is_daily = before in values and not late & {day, before}
        assert change == ((values[day] or 0) - (values[before] or 0) if is_daily else None)
        earlier = [other for other in values if other < day]
        assert since == ((values[day] or 0) - (values[max(earlier)] or 0) if earlier else None)


@pytest.mark.prove
def test_days_through_the_dag(home: Home, world: World, account: Account, tmp_path: Path) -> None:
    """The autumn's Sunday has 25 hours. What is built is built once, at the end."""
    sunday = clock.scheduled_instant(date(2026, 11, 1), CHICAGO)
    runs = (  # the clock in Chicago, the run's logical date
        ("2026-11-02 05:30", sunday),  # past midnight, late
        ("2026-11-02 08:00", sunday),  # cleared: the day is asked again
        ("2026-11-02 22:10", None),  # by hand, which has no logical date: Monday
        ("2026-11-04 09:00", sunday),  # an old run cleared: too late to ask, built from what landed
        ("2026-11-04 22:01", instant("2026-11-03 22:00")),  # nothing landed that day, and it is too late
    )
    environment = airflow_environment(tmp_path / "airflow", home, SOCIALMETRICS_NOW=instant(runs[0][0]).isoformat())
    environment["SOCIALMETRICS_TIMEZONE"] = CHICAGO.key
    for name in ("YOUTUBE", "FACEBOOK"):
        del environment[f"AIRFLOW_CONN_SOCIALMETRICS_{name}"]
    subprocess.run(
        [Path(sys.executable).with_name("airflow"), "db", "migrate"], env=environment, check=True, capture_output=True
    )
    asked = [(instant(local).isoformat(), when and when.isoformat()) for local, when in runs]
    code = (
        "import json, os\n"
        "from datetime import datetime\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "from socialmetrics import pipeline\n"
        f"bag, told, real = DagBag({str(DAGS)!r}), [], (pipeline.model, pipeline.publish)\n"
        f"asked = {asked!r}\n"
        "for now, when in asked:\n"
        "    is_last = (now, when) == asked[-1]\n"
        "    pipeline.model, pipeline.publish = real if is_last else (lambda _: None, lambda _: 'published')\n"
        "    os.environ['SOCIALMETRICS_NOW'] = now\n"
        "    when = when and datetime.fromisoformat(when)\n"
        "    run = bag.dags['daily_metrics'].test(logical_date=when, run_after=datetime.fromisoformat(now))\n"
        "    states = {one.task_id: str(one.state) for one in run.get_task_instances()}\n"
        "    told.append([str(run.state), states['platform.extract'], states['model'], states['verdict']])\n"
        "print(json.dumps(told))"
    )
    assert python(code, environment) == [
        ["success", "success", "success", "success"],
        ["success", "success", "success", "success"],
        ["success", "success", "success", "success"],
        ["success", "failed", "success", "success"],
        ["failed", "failed", "success", "failed"],
    ]
    _, rows = warehouse.query(
        home.settings,
        "select measured_on, fetched_at, is_late from account_metric_days "
        "where metric = 'followers' and value is not null order by measured_on",
    )
    assert rows == [
        (date(2026, 11, 1), instant("2026-11-02 08:00").replace(tzinfo=None), True),
        (date(2026, 11, 2), instant("2026-11-02 22:10").replace(tzinfo=None), False),
    ]
