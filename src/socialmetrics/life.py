"""A figure's whole life: what was told of it, when and where, what it means, and how it compares.

The figures come from the published file, the answers they were read from out of landing.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from socialmetrics import trace, warehouse
from socialmetrics.errors import Misconfigured
from socialmetrics.exports.words import listing, reason_words
from socialmetrics.landed import Landed
from socialmetrics.records import Run, Subject
from socialmetrics.settings import Settings
from socialmetrics.trace import Place, Sought

SPANS = (1, 7, 28, 365)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Version:
    """What was told of the figure, and where: by the platform in an answer, or by an import."""

    version: int
    value: int | None
    reason: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    is_current: bool
    run_id: str
    source: str | None
    precision: str | None
    date_precision: str | None
    place: Place | None


@dataclass(frozen=True)
class Change:
    """Since the day `days` before; `why_not` where that is not known."""

    days: int
    since_on: date
    change: int | None
    low: int | None
    high: int | None
    growth_rate: float | None
    why_not: str | None


@dataclass(frozen=True)
class Life:
    """`meaning` is the registry's row; `day` the figure's row by day, of an account with growth, of a post with age."""

    account: Row
    post_id: str | None
    meaning: Row
    measured_on: date
    day: Row
    versions: tuple[Version, ...]
    breaks: tuple[Row, ...]
    changes: tuple[Change, ...]
    runs: tuple[Run, ...]

    @property
    def current(self) -> Version | None:
        return next((version for version in self.versions if version.is_current), None)

    def facts(self) -> dict[str, Any]:
        return asdict(self)


def explain(settings: Settings, platform: str, account: str, metric: str, day: date, post_id: str | None) -> Life:
    """All that is known of one figure; `account` is a handle or an id, `metric` a house name or the API's.

    Raises Misconfigured where there is no such account, post, metric or day, or nothing is published.
    """
    known = _account(settings, platform, account)
    meaning = _meaning(settings, platform, metric, "post" if post_id else "account")
    subject = Subject(known["account_id"], post_id)
    keys = {"platform": platform, "account": subject.account_id, "post": post_id, "metric": meaning["metric"]}
    runs = [run for run in Landed(settings.landing).runs(day) if run.platform == platform]
    breaks = _rows(
        settings,
        "from metric_breaks where platform = $platform and native_metric = $native order by effective_on",
        platform=platform,
        native=meaning["native_metric"],
    )
    row = _day(settings, keys, day)
    if row is None:
        raise Misconfigured(_no_such_day(settings, keys, known, day))
    return Life(
        account=known,
        post_id=post_id,
        meaning=meaning,
        measured_on=day,
        day=row,
        versions=_versions(settings, keys, day, meaning["native_metric"]),
        breaks=tuple(breaks),
        changes=() if post_id else _changes(settings, keys, row, breaks),
        runs=tuple(runs),
    )


def _rows(settings: Settings, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    columns, found = warehouse.query(settings, sql, parameters)
    return [dict(zip(columns, values, strict=True)) for values in found]


def _account(settings: Settings, platform: str, name: str) -> Row:
    accounts = _rows(settings, "from accounts where platform = $platform", platform=platform)
    if not accounts:
        known = sorted({row["platform"] for row in _rows(settings, "select distinct platform from accounts")})
        raise Misconfigured(f"The warehouse has no account on {platform!r}, only on {listing(known) or 'nothing'}.")
    handle = name.lower().lstrip("@")
    for row in accounts:
        if row["account_id"] == name or (row["handle"] or "").lower() == handle:
            return row
    names = [row["handle"] for row in accounts if row["handle"]]
    near = difflib.get_close_matches(handle, names, n=3, cutoff=0.4) or sorted(names)[:3]
    raise Misconfigured(f"No account on {platform} has the handle or id {name!r}. Nearest: {', '.join(near)}.")


def _meaning(settings: Settings, platform: str, metric: str, subject: str) -> Row:
    registry = _rows(
        settings, "from metrics where platform = $platform and subject = $subject", platform=platform, subject=subject
    )
    for row in registry:
        if metric in (row["metric"], row["native_metric"]):
            return row
    known = ", ".join(sorted(row["metric"] for row in registry))
    hint = " Counts of a post need --post ID." if subject == "account" else ""
    raise Misconfigured(f"The registry has no metric {metric!r} of {subject}s on {platform}, only {known}.{hint}")


def _day(settings: Settings, keys: Row, day: date) -> Row | None:
    if keys["post"] is None:
        sql = """
            from account_metric_days
            where platform = $platform and account_id = $account and metric = $metric and measured_on = $day
        """
        found = _rows(settings, sql, **_without(keys, "post"), day=day)
    else:
        sql = """
            select
                told.value, told.value as low, told.value as high, told.reason, told.last_seen_at as fetched_at,
                days.age_days, days.engagements, days.engagements_change, days.previous_on,
                posts.published_at, posts.url
            from observations as told
            left join post_days as days using (platform, account_id, post_id, measured_on)
            left join posts using (platform, account_id, post_id)
            where platform = $platform and account_id = $account and post_id = $post and metric = $metric
                and measured_on = $day and is_current
        """
        found = _rows(settings, sql, **keys, day=day)
    return found[0] if found else None


def _no_such_day(settings: Settings, keys: Row, account: Row, day: date) -> str:
    """Why there is neither a figure nor a reason, in one sentence with the days next to it."""
    table, which = (
        ("account_metric_days", "metric = $metric") if keys["post"] is None else ("post_days", "post_id = $post")
    )
    parameters = _without(keys, "post" if keys["post"] is None else "metric")
    near = _rows(
        settings,
        f"""
        select
            max(measured_on) filter (where measured_on < $day) as before_on,
            min(measured_on) filter (where measured_on > $day) as after_on
        from {table} where platform = $platform and account_id = $account and {which}
        """,
        **parameters,
        day=day,
    )[0]
    days = [str(on) for on in (near["before_on"], near["after_on"]) if on]
    latest = _rows(settings, "select max(measured_on) as on_day from coverage_days")[0]["on_day"]
    if latest and day > latest:
        return f"The published file ends on {latest}. Run `socialmetrics run` for a later day."
    told = f"of post {keys['post']}" if keys["post"] else f"of {account['handle'] or account['account_id']}"
    if not days:
        return f"Nothing was ever asked or told about {keys['metric']} {told}. Look at the id and the directory."
    was_asked = _rows(
        settings,
        "from coverage_days where platform = $platform and measured_on = $day",
        platform=keys["platform"],
        day=day,
    )
    if not was_asked:
        because = f"nothing was asked of {keys['platform']} then"
    elif keys["post"]:
        because = "posts are asked for on certain days after publication"
    else:
        because = f"the account is looked at {account['cadence']}"
    return f"{keys['metric']} {told} was neither due nor told on {day}: {because}. Nearest: {' and '.join(days)}."


def _versions(settings: Settings, keys: Row, day: date, native_metric: str) -> tuple[Version, ...]:
    landing = Landed(settings.landing)
    found = _rows(
        settings,
        """
        select
            version, value, reason, first_seen_at, last_seen_at, is_current, run_id, source, precision, date_precision
        from observations
        where platform = $platform and account_id = $account and post_id is not distinct from $post
            and metric = $metric and measured_on = $day
        order by version
        """,
        **keys,
        day=day,
    )
    return tuple(Version(**row, place=_place(landing, keys, row, native_metric)) for row in found)


def _place(landing: Landed, keys: Row, told: Row, native_metric: str) -> Place | None:
    if told["source"] is not None:
        file = landing.readings_file(told["run_id"])
        return Place(file) if file else None
    subject, fetched_at = Subject(keys["account"], keys["post"]), told["first_seen_at"].replace(tzinfo=UTC)
    return trace.find(
        landing, Sought(keys["platform"], subject, native_metric, told["value"], fetched_at, told["run_id"])
    )


def _changes(settings: Settings, keys: Row, row: Row, breaks: list[dict[str, Any]]) -> tuple[Change, ...]:
    bases = [row["measured_on"] - timedelta(days=span) for span in SPANS]
    found = _rows(
        settings,
        """
        from account_metric_days
        where platform = $platform and account_id = $account and metric = $metric and list_contains($days, measured_on)
        """,
        **_without(keys, "post"),
        days=bases,
    )
    by_day = {base["measured_on"]: base for base in found}
    return tuple(
        Change(
            span,
            on,
            row[f"change_{span}d"],
            row[f"change_{span}d_low"],
            row[f"change_{span}d_high"],
            row[f"growth_{span}d_rate"],
            None if row[f"change_{span}d"] is not None else _why_not(row, by_day.get(on), on, span, breaks),
        )
        for span, on in zip(SPANS, bases, strict=True)
    )


def _why_not(row: Row, base: Row | None, on: date, span: int, breaks: list[dict[str, Any]]) -> str:
    if row["value"] is None:
        return "this day has no figure"
    if row["is_anomaly"]:
        return "this day's figure is kept out of growth"
    if base is None:
        return f"{on} was neither due nor told"
    if base["value"] is None:
        return f"{on} has no figure ({reason_words(base['reason'])})"
    if base["is_anomaly"]:
        return f"the figure of {on} is kept out of growth"
    if any(on < each["effective_on"] <= row["measured_on"] and not each["is_comparable"] for each in breaks):
        return "the metric was redefined in between"
    if span == 1 and (row["is_late"] or base["is_late"]):
        return "one of the two days was fetched late"
    return "the two days are not compared"


def _without(keys: Row, name: str) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if key != name}
