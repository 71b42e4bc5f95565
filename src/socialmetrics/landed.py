"""What landed tells: what was answered, what is tracked, when it was last seen and what was spent.

It is read with DuckDB from the Parquet files, never from the warehouse, so that a failed build loses nothing.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from socialmetrics.errors import Misconfigured
from socialmetrics.ladder import is_due
from socialmetrics.records import Reason, Response, Run, Subject, Tracked, TrackedPost, naive
from socialmetrics.spending import Spending

TOMBSTONES = "forgotten.jsonl"
LOOKBACK_DAYS = 100
GRACE_DAYS = 14  # after a post's last rung: a weekly account may miss its day once
RATE_DAYS = 28  # over which it is counted how many posts a day an account publishes


class Landed:
    """The landing folder, to read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def spending(self, platform: str) -> Spending:
        """What runs of a platform have paid for and not landed."""
        return Spending(self.root.with_name("spending") / platform)

    def tombstones(self) -> list[str]:
        """The lines of forgotten.jsonl, one a withdrawn post."""
        path = self.root / TOMBSTONES
        return path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []

    def read_responses(self, platform: str, run_id: str) -> list[Response]:
        """A run's responses. Raises Misconfigured where there is no such run."""
        path = self.responses_file(platform, run_id)
        if path is None:
            raise Misconfigured(
                f"There are no responses of a run {run_id!r} of {platform}. `socialmetrics reparse --list` names them."
            )
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [response_of(line) for line in lines]

    def responses_file(self, platform: str, run_id: str) -> Path | None:
        """The file of a run's responses, one a line; None where it is not kept."""
        return next(self.root.glob(f"responses/platform={platform}/*/{run_id}.jsonl.gz"), None)

    def readings_file(self, run_id: str) -> Path | None:
        """The file of an import's readings."""
        return next(self.root.glob(f"readings/*/{run_id}.parquet"), None)

    def run_ids(self, platform: str) -> list[str]:
        """The runs of a platform whose responses are kept, oldest first."""
        return sorted(
            path.name.removesuffix(".jsonl.gz")
            for path in self.root.glob(f"responses/platform={platform}/*/*.jsonl.gz")
        )

    def runs(self, day: date) -> list[Run]:
        """What became of each platform on `day`: its latest run, or the latest of each of its shards."""
        found = self._query(
            """
            with told as (
                select
                    *,
                    regexp_extract(run_id, '-[0-9]+of[0-9]+') as shard,
                    regexp_extract(run_id, 'of[0-9]+') as parts
                from {runs}
                where measured_on = $day
            )
            select run_id, platform, measured_on, scheduled_at, started_at, status, message
            from told
            qualify
                row_number() over (partition by platform, shard order by started_at desc, run_id desc) = 1
                and parts = first_value(parts) over (partition by platform order by started_at desc, run_id desc)
            order by platform, run_id
            """,
            since=day,
            day=day,
        )
        return [
            Run(run_id, platform, measured_on, _aware(scheduled_at), _aware(started_at), status, message)
            for run_id, platform, measured_on, scheduled_at, started_at, status, message in found
        ]

    def silent_since(self, platform: str, account_ids: Collection[str], day: date) -> datetime | None:
        """The beginning of the first run after the last value of any of these accounts, of the month up to `day`."""
        found = self._query(
            """
            select min(started_at)
            from {runs}
            where
                status <> 'not_set_up'
                and started_at > coalesce(
                    (
                        select max(fetched_at)
                        from {observations}
                        where value is not null and post_id is null and list_contains($ids, account_id)
                    ),
                    timestamp '1970-01-01'
                )
            """,
            platform,
            since=day - timedelta(days=31),
            ids=list(account_ids),
        )
        return _aware(found[0][0]) if found[0][0] else None

    def days_run(self) -> int:
        """On how many days any platform was asked."""
        return int(self._query("select count(distinct measured_on) from {runs}")[0][0])

    def heard(self, platform: str, day: date) -> list[Response]:
        """All that the finished runs of `day` were answered, oldest first."""
        runs = self._query(
            "select distinct run_id from {runs} where measured_on = $day order by run_id", platform, since=day, day=day
        )
        kept = [run_id for (run_id,) in runs if self.responses_file(platform, run_id)]
        return [response for run_id in kept for response in self.read_responses(platform, run_id)]

    def was_refused(self, platform: str, since: datetime) -> bool:
        """Whether the platform has called its quota spent since an instant."""
        found = self._query(
            "select count(*) from {calls} where called_at >= $began and outcome = $spent",
            platform,
            since=since.astimezone(UTC).date(),
            began=naive(since),
            spent=str(Reason.NOT_COLLECTED),
        )
        return bool(found[0][0])

    def observed(self, platform: str, day: date) -> set[Subject]:
        """The subjects that have at least one value on `day`."""
        found = self._query(
            "select distinct account_id, post_id from {observations} where measured_on = $day and value is not null",
            platform,
            since=day,
            day=day,
        )
        return {Subject(*row) for row in found}

    def reasons(self, platform: str, day: date) -> dict[Subject, str]:
        """Why an account or post as a whole had no value on `day`: the latest reason of each."""
        found = self._query(
            """
            select account_id, post_id, max_by(reason, fetched_at)
            from {observations}
            where measured_on = $day and metric is null and value is null
            group by account_id, post_id
            """,
            platform,
            since=day,
            day=day,
        )
        return {Subject(account_id, post_id): reason for account_id, post_id, reason in found}

    def left_out(self, platform: str, day: date) -> dict[str, date]:
        """The accounts that were last not asked for, within a week before `day`, and when that was."""
        found = self._query(
            """
            with told as (
                select
                    account_id,
                    max(measured_on) filter (where reason = $left and metric is null) as left_on,
                    max(measured_on) filter (where value is not null) as seen_on
                from {observations}
                where post_id is null and measured_on >= $oldest and measured_on < $day
                group by account_id
            )
            select account_id, left_on
            from told
            where left_on > coalesce(seen_on, date '1970-01-01')
            """,
            platform,
            since=day - timedelta(days=7),
            oldest=day - timedelta(days=7),
            day=day,
            left=str(Reason.NOT_COLLECTED),
        )
        return dict(found)

    def may_come(self, run: Run, passing: set[Reason]) -> bool:
        """Whether what is missing after `run` is so for a passing reason: of a call, or of one whom it asked about."""
        found = self._query(
            """
            with failed as (
                select max_by(outcomes, run_id) as outcomes
                from (
                    select run_id, list(distinct outcome) as outcomes
                    from {calls}
                    where measured_on = $day and regexp_extract(run_id, '-[0-9]+of[0-9]+') = $shard
                    group by run_id
                )
            ),
            silent as (
                select account_id, post_id, max_by(reason, fetched_at) as reason
                from {observations}
                where measured_on = $day and regexp_extract(run_id, '-[0-9]+of[0-9]+') = $shard
                group by account_id, post_id
                having count(value) = 0
            )
            select unnest(outcomes) from failed
            union
            select reason from silent
            """,
            run.platform,
            since=run.measured_on,
            day=run.measured_on,
            shard=shard_of(run.run_id),
        )
        return bool({str(reason) for reason in passing} & {reason for (reason,) in found})

    def known_posts(self, platform: str, before: datetime) -> set[str]:
        """The posts that landed before an instant with their kind."""
        query = "select distinct post_id from {posts} where fetched_at < $before and kind is not null"
        return {row[0] for row in self._query(query, platform, before=naive(before))}

    def post_named(self, platform: str, name: str) -> str | None:
        """The id of a landed post that is this, or whose link is."""
        query = "select post_id from {posts} where $name in (post_id, url) limit 1"
        return next((post_id for (post_id,) in self._query(query, platform, name=name)), None)

    def last_counted(self, platform: str, before: date) -> date | None:
        """The last day before another on which the platform gave a count."""
        found = self._query(
            "select max(measured_on) from {runs} where measured_on < $before and status in ('complete', 'partial')",
            platform,
            before=before,
        )
        last: date | None = found[0][0]
        return last

    def counted_across(self, platform: str, before: date, after: date) -> int:
        """How many accounts have a value on `after` and one on `before` or in the week up to it."""
        found = self._query(
            """
            select count(*)
            from (
                select account_id
                from {observations}
                where post_id is null and value is not null
                    and (measured_on = $after or measured_on between $week_before and $before)
                group by account_id
                having max(measured_on) = $after and min(measured_on) <= $before
            )
            """,
            platform,
            since=before - timedelta(days=7),
            week_before=before - timedelta(days=7),
            before=before,
            after=after,
        )
        return int(found[0][0])

    def published_between(self, platform: str, began: datetime, ended: datetime) -> int:
        """How many posts are known that were published between two instants."""
        found = self._query(
            "select count(distinct post_id) from {posts} where published_at >= $began and published_at < $ended",
            platform,
            since=began.date(),
            began=naive(began),
            ended=naive(ended),
        )
        return int(found[0][0])

    def spent(self, platform: str, since: datetime, shard: str = "") -> tuple[int, Decimal]:
        """Units and dollars that calls have cost since an instant; a shard's own, and its part of runs of the whole.

        Those of a run that was killed before its calls landed are among them.
        """
        found = self._query(
            """
            select
                regexp_extract(run_id, '-[0-9]+of[0-9]+') as shard,
                sum(units),
                sum(dollars)
            from {calls}
            where called_at >= $began
            group by shard
            """,
            platform,
            since=since.astimezone(UTC).date(),
            began=naive(since),
        )
        found += [(shard_of(name), *cost) for name, *cost in self.spending(platform).since(since)]
        parts = {"": parts_of(shard), shard: 1}
        told = [(units, dollars, parts[name or ""]) for name, units, dollars in found if not shard or name in parts]
        units = sum(Decimal(units) / part for units, _, part in told)
        return math.ceil(units), sum((dollars / part for _, dollars, part in told), Decimal(0))

    def tracked(self, platform: str, day: date, zone: str, rungs: Sequence[int]) -> Tracked:
        """What is known before the run of `day`; posts only where their ladder asks for them today."""
        posts = self.posts(platform, day, rungs)
        due = []
        for post in posts:
            published_on = post.published_at.astimezone(ZoneInfo(zone)).date()
            seen_at_age = (post.last_seen_on - published_on).days if post.last_seen_on else None
            if is_due((day - published_on).days, seen_at_age, rungs):
                due.append(post)
        end = datetime.combine(day, time(0), UTC)
        first = max(end - timedelta(days=RATE_DAYS), min((post.published_at for post in posts), default=end))
        counts = Counter(post.account_id for post in posts if post.published_at >= first)
        discoveries = self._discoveries(platform, day)
        looked = {account_id: min(discoveries["discovered_at"].get(account_id, end), end) for account_id in counts}
        return Tracked(
            posts=tuple(due),
            known=frozenset(post.post_id for post in posts),
            searched=self._searched(platform, day),
            **discoveries,
            posts_per_day={
                account_id: count / max((looked[account_id] - first) / timedelta(days=1), 1.0)
                for account_id, count in counts.items()
            },
        )

    def posts(self, platform: str, day: date, rungs: Sequence[int]) -> list[TrackedPost]:
        """The posts that are known on `day` and not too old for their ladder."""
        return list(self._posts(platform, day, max(rungs) + GRACE_DAYS))

    def _searched(self, platform: str, day: date) -> frozenset[str]:
        """The accounts whose new posts a run of `day` has looked for to the end."""
        found = self._query(
            """
            select distinct unnest(asked)
            from {calls}
            where is_discovery and is_last and outcome = 'ok' and measured_on = $day
            """,
            platform,
            since=day,
            day=day,
        )
        return frozenset(account_id for (account_id,) in found)

    def seen_on(self, platform: str, day: date) -> dict[str, date]:
        """By account the last day before `day` on which it had a value."""
        oldest = day - timedelta(days=LOOKBACK_DAYS)
        found = self._query(
            """
            select account_id, max(measured_on)
            from {observations}
            where post_id is null and value is not null and measured_on >= $oldest and measured_on < $day
            group by account_id
            """,
            platform,
            since=oldest,
            oldest=oldest,
            day=day,
        )
        return dict(found)

    def _posts(self, platform: str, day: date, days: int) -> Iterator[TrackedPost]:
        """The posts of the last `days`, and when each was last seen: a value, or a reason that settles it."""
        oldest = day - timedelta(days=days)
        found = self._query(
            """
            with known as (
                select account_id, post_id, max(published_at) as published_at, max(kind) as kind
                from {posts}
                where published_at >= $oldest
                group by account_id, post_id
            ),
            seen as (
                select post_id, max(measured_on) as last_seen_on
                from {observations}
                where post_id is not null and measured_on between $oldest and $day
                    and (value is not null or reason in ('not_found', 'suspended', 'forbidden', 'hidden'))
                group by post_id
            )
            select
                account_id,
                post_id,
                published_at,
                last_seen_on,
                count(*) over (partition by account_id order by published_at desc, post_id desc) - 1 as newer,
                kind
            from known left join seen using (post_id)
            order by account_id, post_id
            """,
            platform,
            since=oldest,
            oldest=oldest,
            day=day,
        )
        for account_id, post_id, published_at, *rest in found:
            yield TrackedPost(account_id, post_id, _aware(published_at), *rest)

    def _discoveries(self, platform: str, day: date) -> dict[str, Any]:
        """By account, as of its last complete discovery: the instant, that day's counts by then, the newest post."""
        oldest = day - timedelta(days=LOOKBACK_DAYS)
        found = self._query(
            """
            with discoveries as (
                select distinct unnest(asked) as account_id, measured_on, called_at
                from {calls}
                where is_discovery and is_last and outcome = 'ok' and measured_on >= $oldest
            ),
            counts as (
                select account_id, called_at, metric, max_by(value, fetched_at) as value
                from discoveries join {observations} as observations using (account_id, measured_on)
                where post_id is null and value is not null and fetched_at <= called_at
                group by account_id, called_at, metric
            )
            select account_id, called_at, map_from_entries(list((metric, value))) as counts
            from counts
            group by account_id, called_at
            qualify row_number() over (partition by account_id order by called_at desc) = 1
            """,
            platform,
            since=oldest,
            oldest=oldest,
        )
        discovered = {row[0]: _aware(row[1]) for row in found}
        newest = (
            self._query(
                """
            select account_id, max_by(post_id, published_at)
            from {posts}
            join (select unnest($accounts) as account_id, unnest($instants) as called_at) using (account_id)
            where fetched_at <= called_at
            group by account_id
            """,
                platform,
                accounts=list(discovered),
                instants=[naive(instant) for instant in discovered.values()],
            )
            if discovered
            else []
        )
        return {"discovered_at": discovered, "values": {row[0]: row[2] for row in found}, "newest": dict(newest)}

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect()

    def _query(
        self, sql: str, platform: str = "*", since: date | None = None, **parameters: Any
    ) -> list[tuple[Any, ...]]:
        """Rows of SQL over the files of a platform, in which `{posts}` stands for those of its posts.

        `since` leaves out the folders of earlier days: nothing is fetched before the day it belongs to has begun.
        """
        kinds = {name for _, name, _, _ in Formatter().parse(sql) if name}
        tables = {kind: f"read_parquet({self._files(kind, platform, since)})" for kind in kinds}
        return self._connection.execute(sql.format(**tables), parameters).fetchall()

    def _files(self, kind: str, platform: str, since: date | None) -> list[str]:
        """A kind's files, and the empty one that holds its columns."""
        folder = self.root / kind
        first = f"fetched_on={since - timedelta(days=1)}" if since else ""
        days = sorted(path for path in folder.glob(f"platform={platform}/fetched_on=*") if path.name >= first)
        files = [entry.path for day in days for entry in os.scandir(day) if entry.name.endswith(".parquet")]
        return [str(folder / "columns.parquet"), *files]


def parts_of(run_id: str) -> int:
    """Into how many shards a run's platform was divided that day."""
    found = re.search(r"of(\d+)", run_id)
    return int(found.group(1)) if found else 1


def shard_of(name: str) -> str:
    found = re.search(r"-\d+of\d+", name)
    return found.group() if found else ""


def response_of(line: str | bytes) -> Response:
    """What `response_line` made a line of."""
    told = json.loads(line)
    return Response(
        **told
        | {
            "subjects": tuple(Subject(**subject) for subject in told["subjects"]),
            "measured_on": date.fromisoformat(told["measured_on"]),
            "fetched_at": datetime.fromisoformat(told["fetched_at"]),
            "reason": Reason(told["reason"]) if told["reason"] else None,
        }
    )


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC)
