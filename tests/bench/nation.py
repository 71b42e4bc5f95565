"""A nation's landing: 5,000 organizations, 20,000 accounts on three platforms, years of days; written with SQL.

The files lie as the program leaves them: closed months put together, the open month run by run. Every figure is a
closed form of account and day, so that one more day can be added later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from socialmetrics.directory import weekday_of
from socialmetrics.landing import CLOSES_AFTER
from socialmetrics.records import COLUMNS
from socialmetrics.settings import LADDER, LADDERS

LAST = date(2026, 11, 22)
TRACKED_DAYS = 60
DAYS_BETWEEN_POSTS = 2
POSTS_A_CALL = 100

# Of each platform: what an account's count is, as a multiple of its followers, and what a post's is.
ACCOUNT_METRICS = {
    "youtube": {"subscriberCount": 1, "viewCount": 140, "videoCount": 0.01},
    "x": {
        "followers_count": 1,
        "following_count": 0.2,
        "tweet_count": 0.8,
        "listed_count": 0.01,
        "like_count": 0.5,
        "media_count": 0.3,
    },
    "facebook": {"followers_count": 1, "fan_count": 0.9},
}
POST_METRICS = {
    "youtube": {"statistics.viewCount": 0.1, "statistics.likeCount": 0.004, "statistics.commentCount": 0.0005},
    "x": {
        "public_metrics.impression_count": 0.3,
        "public_metrics.like_count": 0.004,
        "public_metrics.reply_count": 0.0006,
        "public_metrics.retweet_count": 0.001,
        "public_metrics.quote_count": 0.0002,
        "public_metrics.bookmark_count": 0.0003,
    },
    "facebook": {"reactions.summary.total_count": 0.006, "comments.summary.total_count": 0.0008, "shares.count": 0.001},
}
ACCOUNTS_A_CALL = {"youtube": 50, "x": 100, "facebook": 50}
STRATA = {
    "region": ("Midwest", "Northeast", "South", "West"),
    "bed_size": ("1-99", "100-399", "400-999", "1000+"),
    "ownership": ("nonprofit", "public", "for-profit"),
    "teaching": ("major", "minor", "none"),
    "setting": ("urban", "suburban", "rural"),
}

_VIEWS = """
create macro share(text) as (hash(text) % 1000000) / 1000000.0;
create macro since(day) as day - date '2023-01-01';
create macro pick(key, number) as hash(key) % number;

create view asked as
select
    accounts.*,
    days.measured_on,
    days.measured_on + interval 22 hour + interval (number // 100) second as fetched_at,
    strftime(days.measured_on, '%Y%m%dT220000Z') as run_id,
    size * exp(growth * since(days.measured_on)) as followers,
    case
        when number % 100 = 7 and days.measured_on > (select max(published_on) - 41 from publishing_days) then 0.0015
        else share(account_id || days.measured_on)
    end as chance
from accounts, days
where weekday is null or weekday = isodow(days.measured_on);

create table published as
select
    * exclude (key),
    published_on + interval 8 hour + interval (pick(key, 43200)) second as published_at,
    case platform
        when 'youtube' then substr(md5(key), 1, 11)
        when 'x' then cast(1500000000000000000 + pick(key, 400000000000000000) as varchar)
        else account_id || '_' || substr(md5(key), 1, 15)
    end as post_id,
    pow(10, 1.5 * share(md5(key)) - 1) as attention,
    size * exp(growth * since(published_on)) as followers
from (
    select accounts.*, days.published_on, account_id || days.published_on as key
    from accounts, publishing_days as days
    where (number + since(days.published_on)) % 2 = 0
);

create view looked_up as
select
    published.*,
    rungs.age,
    days.measured_on,
    days.measured_on + interval 22 hour + interval 10 minute as fetched_at,
    strftime(days.measured_on, '%Y%m%dT220000Z') as run_id
from published
inner join rungs on published.platform = rungs.platform
inner join days on published.published_on + rungs.age = days.measured_on;

create view account_counts as
select *, floor(followers * multiple * (1 + 0.001 * sin(number + 0.9 * since(measured_on)))) as counted
from asked join account_metrics using (platform);

create view post_counts as
select
    *,
    share(post_id || measured_on) < 0.001 as is_gone,
    floor(followers * multiple * attention * (1 - exp(-(age + 0.3) / 3))) as counted
from looked_up join post_metrics using (platform);
"""

# In the order in which a run lands them.
_ROWS = {
    "observations": """
        select platform, account_id, null as post_id, metric, measured_on,
            case
                when chance < 0.002 then null
                when metric = 'subscriberCount'
                    then trunc(counted, 2 - cast(floor(log10(greatest(counted, 100))) as int))
                else counted
            end as value,
            case when chance < 0.001 then 'unavailable' when chance < 0.002 then 'not_found' end as reason,
            fetched_at, run_id, number as place
        from account_counts
        union all
        select platform, account_id, post_id, metric, measured_on,
            case when not is_gone then counted end, case when is_gone then 'not_found' end,
            fetched_at, run_id, 1000000000 + number
        from post_counts
    """,
    "profiles": """
        select platform, account_id, handle, 'Hospital ' || organization_id as name,
            'https://example.org/' || handle as url,
            timestamp '2010-05-01' + interval (pick(handle, 3000)) day as created_at,
            'public' as status, fetched_at, run_id, measured_on, number as place
        from asked where chance >= 0.002
    """,
    "posts": """
        select platform, account_id, post_id, published_at, 'post' as kind,
            case when is_own then 'Post of ' || published_on end as title,
            'https://example.org/' || post_id as url, 'public' as status,
            measured_on + interval 22 hour + interval 10 minute as fetched_at,
            strftime(measured_on, '%Y%m%dT220000Z') as run_id, measured_on, number as place
        from published, beginning, days
        where greatest(published_on, first_on) = measured_on
    """,
    "calls": """
        select platform,
            case platform when 'youtube' then 'channels' when 'x' then 'users' else 'batch' end as endpoint,
            '' as credential, list(account_id order by number) as asked, 1 as page, 'ok' as outcome,
            platform = 'facebook' as is_discovery, true as is_last, 1 as units,
            case platform when 'x' then 0.010 * count(*) else 0 end as dollars,
            120 + pick(min(account_id), 80) as latency_ms,
            measured_on, max(fetched_at) as called_at, run_id, min(number) as place
        from asked join batches using (platform)
        group by platform, measured_on, run_id, number // 3 // accounts_a_call
        union all
        select platform, case platform when 'x' then 'users/tweets' else 'playlistItems' end, '', [account_id], 1,
            'ok', true, true, 1, case platform when 'x' then 0.0025 else 0 end, 90,
            measured_on, fetched_at, run_id, 1000000 + number
        from asked
        where platform = 'x'
            or (platform = 'youtube' and (is_own or weekday is not null or (number + since(measured_on)) % 2 = 0))
        union all
        select platform, case platform when 'x' then 'tweets' else 'videos.batchGetStats' end, '', list(post_id), 1,
            'ok', false, true, 1, case platform when 'x' then 0.005 * count(*) else 0 end, 110,
            measured_on, max(fetched_at), run_id, 1000000000 + min(number)
        from (
            select
                *,
                row_number() over (partition by platform, measured_on order by number, published_on) // 100 as batch
            from looked_up where platform <> 'facebook'
        )
        group by platform, measured_on, run_id, batch
    """,
    "runs": """
        select strftime(measured_on, '%Y%m%dT220000Z') as run_id, platform, measured_on,
            measured_on + interval 22 hour as scheduled_at, measured_on + interval 22 hour as started_at,
            'complete' as status, null as message, 0 as place
        from days, (select distinct platform from accounts)
    """,
}


@dataclass(frozen=True)
class Nation:
    """`shape`: `plan` (own accounts daily, peers weekly, as `init` has it) or `daily` (all of them)."""

    shape: str
    accounts: int = 20_000
    days: int = 1095
    last: date = LAST

    @property
    def first(self) -> date:
        return self.last - timedelta(days=self.days - 1)


def write(nation: Nation, landing: Path) -> None:
    """The whole landing; the folder must be empty."""
    connection = _world(nation)
    for kind, columns in COLUMNS.items():
        _write(landing / kind / "columns.parquet", columns.empty_table())
    _write_directory(nation, landing)
    _write_readings(nation, landing)
    closed = (datetime.combine(nation.last, time(22)) - CLOSES_AFTER).date().replace(day=1)
    first = nation.first
    while first < closed:
        end = (first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        _write_days(connection, landing, first, end, f"fetched_on={end}/{first:%Y-%m}.parquet")
        first = end + timedelta(days=1)
    while first <= nation.last:
        _write_day(connection, landing, first)
        first += timedelta(days=1)
    _write_restated(connection, landing, nation.last - timedelta(days=1))


def add_day(nation: Nation, landing: Path) -> None:
    """The runs of the day after the last."""
    _write_day(_world(nation), landing, nation.last + timedelta(days=1))


def size(landing: Path) -> tuple[int, int]:
    """How many observations landed, and the bytes of all Parquet files."""
    rows = sum(pq.read_metadata(path).num_rows for path in landing.glob("observations/**/*.parquet"))
    return rows, sum(path.stat().st_size for path in landing.glob("**/*.parquet"))


def _world(nation: Nation) -> duckdb.DuckDBPyConnection:
    """A connection that holds who there is; `days` is filled in for each file."""
    connection = duckdb.connect()
    accounts = pa.Table.from_pylist(_accounts(nation))
    connection.register("listed", accounts)
    connection.execute("""
        create table accounts as
        select *, pow(10, 2 + 3.5 * (hash(account_id) % 1000) / 1000.0) as size,
            ((hash(handle) % 1000) / 1000.0 - 0.2) / 1500 as growth
        from listed
    """)
    for table, factors in (("account_metrics", ACCOUNT_METRICS), ("post_metrics", POST_METRICS)):
        connection.execute(f"create table {table} (platform text, metric text, multiple double)")
        rows = [(name, metric, multiple) for name, of_it in factors.items() for metric, multiple in of_it.items()]
        connection.executemany(f"insert into {table} values (?, ?, ?)", rows)
    connection.execute("create table rungs (platform text, age int)")
    rungs = [(name, age) for name in ACCOUNT_METRICS for age in LADDERS.get(name, LADDER)]
    connection.executemany("insert into rungs values (?, ?)", rungs)
    connection.execute("create table batches (platform text, accounts_a_call int)")
    connection.executemany("insert into batches values (?, ?)", list(ACCOUNTS_A_CALL.items()))
    began = nation.last - timedelta(days=TRACKED_DAYS - 1)
    connection.execute(f"""
        create table publishing_days as
        select cast(unnest(generate_series(date '{began}', date '{nation.last}' + 1, interval 1 day)) as date)
            as published_on;
        create table beginning as select date '{nation.first}' as first_on;
        create table days (measured_on date)
    """)
    connection.execute(_VIEWS)
    return connection


def _accounts(nation: Nation) -> list[dict[str, Any]]:
    """Four an organization, over three platforms; the first organization is ours."""
    found = []
    for number in range(nation.accounts):
        platform = ("youtube", "x", "facebook")[number % 3]
        digits = f"{(number + 1) * 7919 * 104729 * 1299709 % 10**16:016d}"
        account_id = {"youtube": f"UC{digits}hospital", "x": digits.lstrip("0"), "facebook": f"1{digits[:14]}"}[
            platform
        ]
        is_own = number < 4
        is_daily = is_own or nation.shape == "daily"
        found.append(
            {
                "number": number,
                "organization_id": "ours" if is_own else f"h{number // 4:05d}",
                "platform": platform,
                "handle": f"hospital{number}",
                "account_id": account_id,
                "account_group": "careers" if number % 4 == 3 else "main",
                "opened_on": date(2009, 1, 1) + timedelta(days=number * 37 % 3650),
                "cadence": "daily" if is_daily else "weekly",
                "credential": "",
                "is_own": is_own,
                "weekday": None if is_daily else weekday_of(account_id),
            }
        )
    return found


def _write_directory(nation: Nation, landing: Path) -> None:
    stamp = {"measured_on": nation.first, "landed_at": datetime.combine(nation.first, time(22)), "run_id": "first"}
    organizations = [
        {"organization_id": "ours" if n == 0 else f"h{n:05d}", "name": f"Hospital {n}", "is_own": n == 0}
        | {
            stratum: values[(n * 31 // (place + 1)) % len(values)]
            for place, (stratum, values) in enumerate(STRATA.items())
        }
        for n in range((nation.accounts + 3) // 4)
    ]
    initiatives = [
        {"initiative_id": "spring", "name": "Spring campaign", "organization_id": "ours", "platform": platform}
        | {"metric": "followers", "started_on": date(2026, 9, 7), "ended_on": date(2026, 10, 4), "cost_usd": 12000}
        for platform in (None,)
    ]
    notes = [{"noted_on": nation.last, "text": "The new building opened.", "hide_post": False}]
    tables = {"organizations": organizations, "accounts": _accounts(nation), "initiatives": initiatives, "notes": notes}
    for kind, rows in tables.items():
        columns = COLUMNS[kind]
        full = [{name: (row | stamp).get(name) for name in columns.names} for row in rows]
        _write(landing / kind / f"landed_on={nation.first}/first.parquet", pa.Table.from_pylist(full, columns))


def _write_readings(nation: Nation, landing: Path) -> None:
    """The oldest figures known of our accounts: one a year, from elsewhere."""
    rows = [
        {
            "platform": account["platform"],
            "account_id": account["account_id"],
            "metric": "followers",
            "measured_on": date(year, 12, 31),
            "date_precision": "year",
            "value": 100 * (year - 2010),
            "precision": "rounded",
            "source": "annual report",
            "imported_at": datetime.combine(nation.last, time(9)),
            "run_id": "import-reports",
        }
        for account in _accounts(nation)[:3]
        for year in range(2012, 2023)
    ]
    path = landing / "readings" / f"imported_on={nation.last}" / "import-reports.parquet"
    _write(path, pa.Table.from_pylist(rows, COLUMNS["readings"]))


def _write_day(connection: duckdb.DuckDBPyConnection, landing: Path, day: date) -> None:
    _write_days(connection, landing, day, day, f"fetched_on={day}/{day:%Y%m%d}T220000Z.parquet")


def _write_days(connection: duckdb.DuckDBPyConnection, landing: Path, first: date, last: date, name: str) -> None:
    connection.execute(f"""
        create or replace table days as
        select cast(unnest(generate_series(date '{first}', date '{last}', interval 1 day)) as date) as measured_on
    """)
    for platform in ACCOUNT_METRICS:
        for kind, rows in _ROWS.items():
            _copy(connection, kind, rows, platform, landing / kind / f"platform={platform}" / name)


def _write_restated(connection: duckdb.DuckDBPyConnection, landing: Path, day: date) -> None:
    """X is asked a second time an hour later, and some counts have moved."""
    connection.execute(f"create or replace table days as select date '{day}' as measured_on")
    again = f"""
        select * replace (
            case when post_id is null then value + value // 200 else value end as value,
            fetched_at + interval 1 hour as fetched_at,
            replace(run_id, 'T22', 'T23') as run_id
        )
        from ({_ROWS["observations"]})
        where post_id is null
    """
    name = f"fetched_on={day}/{day:%Y%m%d}T230000Z.parquet"
    _copy(connection, "observations", again, "x", landing / "observations" / "platform=x" / name)


def _copy(connection: duckdb.DuckDBPyConnection, kind: str, rows: str, platform: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(
        f"cast({name} as {_sql_type(COLUMNS[kind].field(name).type)}) as {name}" for name in COLUMNS[kind].names
    )
    connection.execute(f"""
        copy (
            select {columns} from ({rows}) where platform = '{platform}' order by measured_on, place
        ) to '{path}' (format parquet, compression zstd)
    """)


def _sql_type(of: pa.DataType) -> str:
    if pa.types.is_list(of):
        return "varchar[]"
    names = {"string": "varchar", "date32[day]": "date", "int64": "bigint", "int32": "integer", "bool": "boolean"}
    return names.get(str(of), "timestamp" if pa.types.is_timestamp(of) else "decimal(18, 6)")


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")
