"""Reads one week's figures from the published file; nothing else of the pack opens a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from socialmetrics import lock
from socialmetrics.errors import Misconfigured
from socialmetrics.exports import headline
from socialmetrics.exports.figures import (
    Activity,
    Attention,
    Break,
    Coverage,
    Definition,
    Figures,
    Gone,
    Missing,
    Note,
    Pattern,
    Score,
    Series,
    Source,
    Standing,
    Table,
    WeekPoint,
)
from socialmetrics.exports.weeks import monday_of, week_of
from socialmetrics.exports.words import NOT_SET_UP, link, one_line, platform_name, reason_words
from socialmetrics.records import Reason

WEEKS_SHOWN = 53
POSTS_SHOWN = 8

Row = dict[str, Any]
Line = tuple[str, str, str]  # organization, platform, metric
Due = dict[Line, date | None]  # with the platform's last covered day


def freeze(published: Path | duckdb.DuckDBPyConnection, week: str, instant: datetime, timezone: str = "UTC") -> Figures:
    """Everything the pack of `week` shows, made at `instant` (aware).

    Raises Misconfigured where the week is none, or the published file is not there, not readable or of another make;
    Locked where somebody has it open for writing.
    """
    monday = monday_of(week)
    if not isinstance(published, Path):
        return _read(published, monday, instant, timezone, "socialmetrics.duckdb")
    if not published.is_file():
        raise Misconfigured(f"There is no published file at {published}. Run `socialmetrics run` first.")
    try:
        with duckdb.connect(str(published), read_only=True) as connection:
            return _read(connection, monday, instant, timezone, published.name)
    except duckdb.Error as error:
        if kept_out := lock.kept_out(published, str(error)):
            raise kept_out from None
        first = str(error).splitlines()[0]
        raise Misconfigured(
            f"{published} cannot be read ({first}). Run `socialmetrics model` and `socialmetrics publish`."
        ) from error


def _read(connection: duckdb.DuckDBPyConnection, monday: date, instant: datetime, timezone: str, name: str) -> Figures:
    sunday = monday + timedelta(days=6)
    source = _source(connection, name)
    limit = min(sunday, source.latest_on) if source.latest_on else sunday
    due = _due(connection, monday, limit)
    breaks = _breaks(connection, sunday)
    notes = _notes(connection, monday - timedelta(weeks=WEEKS_SHOWN - 1), sunday)
    definitions = _definitions(connection)
    is_over = source.latest_on is not None and source.latest_on >= sunday
    scorecard = _rows(connection, _SCORECARD, monday - timedelta(weeks=WEEKS_SHOWN - 1), monday)
    history = _with_absent(scorecard, due, monday, limit, is_over)
    scores = _scores(history, definitions, _unranked(connection, week_of(monday)), is_over)
    notices = _notices(connection, source, due, monday, limit)
    return Figures(
        week=week_of(monday),
        week_start_on=monday,
        week_end_on=sunday,
        instant=instant.astimezone(UTC).replace(microsecond=0),
        timezone=timezone,
        source=source,
        headline=headline.headline(scores, notices),
        organizations=_organizations(connection),
        scores=scores,
        series=_with_notes(_series(history, monday, breaks), notes),
        activity=_activity(connection, week_of(monday)),
        attention=_attention(connection, monday, sunday),
        standings=_standings(connection, week_of(monday)),
        missing=_missing(connection, monday, sunday, definitions),
        gone=_gone(connection, monday, sunday),
        coverage=_coverage(connection, monday, sunday),
        definitions=definitions,
        breaks=breaks,
        account_weeks=_account_weeks(connection, week_of(monday)),
        patterns=_patterns(connection),
        notes=tuple(note for note in notes if note.noted_on >= monday),
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[Row]:
    cursor = connection.execute(query, list(values))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _source(connection: duckdb.DuckDBPyConnection, name: str) -> Source:
    row = _rows(
        connection,
        """
        select
            (select max(measured_on) from coverage_days) as latest_on,
            (select max(fetched_at) from account_metric_days where not is_imported) as latest_fetched_at
        """,
    )[0]
    fetched_at = row["latest_fetched_at"]
    latest = fetched_at.replace(tzinfo=UTC) if fetched_at else None
    return Source(name=name, latest_on=row["latest_on"], latest_fetched_at=latest)


def _organizations(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    return tuple(
        _text(r["name"]) for r in _rows(connection, "select name from organizations where is_own order by name")
    )


def _definitions(connection: duckdb.DuckDBPyConnection) -> tuple[Definition, ...]:
    """The registry's rows for the platforms we are on: the headline metrics, and what counts as engagement."""
    rows = _rows(
        connection,
        """
        select platform, subject, metric, native_metric, display_name, shown_as, definition, rounding, source_url
        from metrics
        where platform in (select platform from accounts where is_own)
            and ((subject = 'account' and metric in ('followers', 'views', 'connections'))
                or (subject = 'post' and counts_as_engagement))
        order by platform, subject, list_position(['followers', 'views', 'connections'], metric), metric, native_metric
        """,
    )
    return tuple(
        Definition(**{**row, "platform_name": platform_name(row["platform"]), "source_url": link(row["source_url"])})
        for row in rows
    )


def _breaks(connection: duckdb.DuckDBPyConnection, sunday: date) -> tuple[Break, ...]:
    rows = _rows(
        connection,
        """
        select b.platform, m.metric, b.effective_on, b.is_comparable, b.what_changed, b.source_url
        from metric_breaks as b
        inner join metrics as m
            on m.platform = b.platform and m.native_metric = b.native_metric and m.subject = 'account'
        where b.platform in (select platform from accounts where is_own)
            and m.metric in ('followers', 'views', 'connections')
            and b.effective_on <= ?
        order by b.platform, m.metric, b.effective_on
        """,
        sunday,
    )
    return tuple(Break(**{**row, "source_url": link(row["source_url"])}) for row in rows)


_SCORECARD = """
select
    organization_id, name, platform, metric, display_name, week, week_start_on, accounts, value, low, high,
    change, change_low, change_high, growth_rate, usual_low, usual_high, usual_weeks, reading,
    last_year_value, change_since_last_year, change_since_last_year_low, change_since_last_year_high,
    is_complete, reason, is_rounded, note,
    rank_from, rank_to, rank_n, rank_stratum, rank_stratum_value,
    compared_days, compared_value, days_expected, days_observed
from weekly_scorecard
where week_start_on between ? and ?
order by name, organization_id, platform, list_position(['followers', 'views', 'connections'], metric), week_start_on
"""


def _due(connection: duckdb.DuckDBPyConnection, monday: date, limit: date) -> Due:
    """What is due of our accounts: those that are asked and not closed before the week.

    The mart tells nothing of an account that was taken out of the directory; but what is due has a row on its
    platform's last covered day, a weekly account's within the last seven. Of a platform that was never covered
    everything is due.
    """
    rows = _rows(
        connection,
        """
        with covered as (
            select platform, max(measured_on) as last_covered_on
            from coverage_days
            where measured_on <= ?
            group by platform
        ),

        standing as (
            select
                a.account_key, a.organization_id, a.platform, c.last_covered_on,
                c.last_covered_on - case when a.cadence = 'weekly' then 6 else 0 end as due_from_on
            from accounts as a
            left join covered as c on c.platform = a.platform
            where a.is_own and a.cadence <> 'never' and (a.closed_on is null or a.closed_on > ?)
        )

        select distinct s.organization_id, s.platform, d.metric, s.last_covered_on
        from standing as s
        inner join account_metric_days as d on d.account_key = s.account_key
        where s.last_covered_on is null
            or (not d.is_imported and d.measured_on between s.due_from_on and s.last_covered_on)
        """,
        limit,
        monday,
    )
    return {_line(row): row["last_covered_on"] for row in rows}


def _line(row: Row) -> Line:
    return row["organization_id"], row["platform"], row["metric"]


def _with_absent(rows: Sequence[Row], due: Due, monday: date, limit: date, is_over: bool) -> list[Row]:
    """The scorecard's rows and, of lines that lack this week, one that says why; without lines that were not due."""
    history = []
    for line, known in _by_score(rows).items():
        if known[-1]["week_start_on"] == monday:
            history += known
        elif line in due:
            last_covered_on = due[line]
            is_set_up = last_covered_on is not None and last_covered_on >= limit
            reason = NOT_SET_UP if not is_set_up else Reason.NOT_COLLECTED.value if is_over else None
            history += [*known, _absent(known[-1], reason)]
    return history


def _absent(row: Row, reason: str | None) -> Row:
    kept = {"organization_id", "name", "platform", "metric", "display_name"}
    return {**{k: v if k in kept else None for k, v in row.items()}, "reason": reason}


def _by_score(history: Iterable[Row]) -> dict[Line, list[Row]]:
    grouped: dict[Line, list[Row]] = defaultdict(list)
    for row in history:
        grouped[_line(row)].append(row)
    return grouped


def _unranked(connection: duckdb.DuckDBPyConnection, week: str) -> dict[Line, str]:
    """Why our main accounts have no place among all, where they have none."""
    rows = _rows(
        connection,
        """
        select organization_id, platform, metric, bool_and(is_below_floor) as is_below_floor
        from peer_weeks
        where week = ? and stratum = 'all' and account_group = 'main'
            and account_key in (select account_key from accounts where is_own)
        group by organization_id, platform, metric
        having count(rank_from) = 0
        """,
        week,
    )
    why = {True: "too few followers to compare", False: "too few to compare with"}
    return {_line(row): why[row["is_below_floor"]] for row in rows}


def _scores(
    history: Iterable[Row], definitions: Sequence[Definition], unranked: dict[Line, str], is_over: bool
) -> tuple[Score, ...]:
    """One score for each line, of its newest row."""
    shown_as = {(d.platform, d.metric): d.shown_as for d in definitions if d.subject == "account"}
    scores = []
    for line, rows in _by_score(history).items():
        (organization_id, platform, metric), row = line, rows[-1]
        is_ranked = row["value"] is None or row["rank_from"] is not None
        change, last_year = row["change_since_last_year"], row["last_year_value"]
        score = Score(
            organization_id=organization_id,
            organization=_text(row["name"]),
            platform=platform,
            platform_name=platform_name(platform),
            metric=metric,
            display_name=row["display_name"] or metric.capitalize(),
            shown_as=shown_as.get((platform, metric)),
            accounts=row["accounts"],
            value=row["value"],
            low=row["low"],
            high=row["high"],
            change=row["change"],
            change_low=row["change_low"],
            change_high=row["change_high"],
            growth_rate=row["growth_rate"],
            usual_low=row["usual_low"],
            usual_high=row["usual_high"],
            usual_weeks=row["usual_weeks"] or 0,
            reading=row["reading"] or headline.CANNOT_TELL,
            cannot_tell_because=None,
            last_year_value=last_year,
            change_since_last_year=change,
            change_since_last_year_low=row["change_since_last_year_low"],
            change_since_last_year_high=row["change_since_last_year_high"],
            rate_since_last_year=change / last_year if change is not None and last_year else None,
            is_complete=bool(row["is_complete"]),
            is_rounded=bool(row["is_rounded"]),
            reason=row["reason"],
            note=one_line(row["note"]),
            rank_from=row["rank_from"],
            rank_to=row["rank_to"],
            rank_n=row["rank_n"],
            rank_stratum=row["rank_stratum"],
            rank_stratum_value=one_line(row["rank_stratum_value"]),
            no_rank_because=None if is_ranked else unranked.get(line, "not compared"),
            compared_days=row["compared_days"],
            compared_value=row["compared_value"],
            days_expected=row["days_expected"],
            days_observed=row["days_observed"],
        )
        scores.append(score.model_copy(update={"cannot_tell_because": headline.why_cannot_tell(score, is_over)}))
    return tuple(scores)


def _series(history: Iterable[Row], monday: date, breaks: Sequence[Break]) -> tuple[Series, ...]:
    mondays = [monday - timedelta(weeks=back) for back in range(WEEKS_SHOWN - 1, -1, -1)]
    fields = ("value", "low", "high", "change", "change_low", "change_high")
    found = []
    for (organization_id, platform, metric), rows in _by_score(history).items():
        known = {row["week_start_on"]: row for row in rows}
        points = tuple(
            WeekPoint(week=week_of(day), week_start_on=day, **{name: known.get(day, {}).get(name) for name in fields})
            for day in mondays
        )
        own_breaks = tuple(
            b for b in breaks if (b.platform, b.metric) == (platform, metric) and b.effective_on >= mondays[0]
        )
        found.append(
            Series(organization_id=organization_id, platform=platform, metric=metric, points=points, breaks=own_breaks)
        )
    return tuple(found)


def _notes(connection: duckdb.DuckDBPyConnection, first: date, sunday: date) -> tuple[Note, ...]:
    """A person's words about the weeks shown, on the platforms we are on."""
    rows = _rows(
        connection,
        """
        select noted_on, platform, post_id, text
        from notes
        where noted_on between ? and ?
            and (platform is null or platform in (select platform from accounts where is_own))
        order by noted_on, platform nulls first, post_id nulls first, text
        """,
        first,
        sunday,
    )
    return tuple(
        Note(
            **{**row, "text": _text(row["text"])},
            platform_name=platform_name(row["platform"]) if row["platform"] else None,
        )
        for row in rows
    )


def _with_notes(found: Iterable[Series], notes: Sequence[Note]) -> tuple[Series, ...]:
    return tuple(
        series.model_copy(update={"notes": tuple(n for n in notes if n.platform in (None, series.platform))})
        for series in found
    )


def _notices(connection: duckdb.DuckDBPyConnection, source: Source, due: Due, monday: date, limit: date) -> list[str]:
    """What the first line says: platforms of which nothing of ours comes any more, and a file older than the Sunday."""
    sunday, platforms = monday + timedelta(days=6), {platform for _, platform, _ in due}
    rows = _rows(
        connection,
        """
        with ours as (
            select platform, measured_on, value, reason
            from account_metric_days
            where account_key in (
                    select account_key from accounts where is_own and (closed_on is null or closed_on > ?)
                )
                and not is_imported and measured_on between ? and ?
        ),

        covered as (
            select platform, max(measured_on) as last_covered_on
            from coverage_days
            where measured_on <= ?
            group by platform
        )

        select
            ours.platform, any_value(covered.last_covered_on) as last_covered_on,
            min(measured_on) as first_on, max(measured_on) as last_on,
            max(measured_on) filter (where value is not null) as last_good_on,
            arg_max(reason, strftime(measured_on, '%Y-%m-%d') || reason) as reason
        from ours
        left join covered on covered.platform = ours.platform
        group by ours.platform
        order by ours.platform
        """,
        limit,
        monday - timedelta(days=28),
        limit,
        limit,
    )
    notices = []
    for row in (row for row in rows if row["platform"] in platforms):
        last_good, last, covered = row["last_good_on"], row["last_on"], row["last_covered_on"]
        since = last_good + timedelta(days=1) if last_good else row["first_on"]
        if last_good is None or last_good < last:
            why = reason_words(row["reason"])
        elif covered is not None and covered < limit:
            why, since = "it is not set up any more", covered + timedelta(days=1)
        else:
            continue
        latest_on = source.latest_on if limit == sunday else None
        notices.append(headline.missing_platform(platform_name(row["platform"]), since, why, latest_on))
    if source.latest_on is None or source.latest_on < sunday:
        notices.append(headline.stale_file(source.latest_on, sunday))
    return notices


def _activity(connection: duckdb.DuckDBPyConnection, week: str) -> tuple[Activity, ...]:
    rows = _rows(
        connection,
        """
        with flows as (
            select account_key, metric, value, usual_low, usual_high, reading
            from account_weeks
            where week = ? and metric in ('posts_published', 'engagements')
        )

        select
            a.platform, a.handle, a.label, a.name, a.account_id,
            p.value as posts_published, p.usual_low as posts_usual_low, p.usual_high as posts_usual_high,
            coalesce(p.reading, 'cannot tell') as posts_reading,
            e.value as engagements, e.usual_low as engagements_usual_low, e.usual_high as engagements_usual_high,
            coalesce(e.reading, 'cannot tell') as engagements_reading
        from accounts as a
        left join flows as p on p.account_key = a.account_key and p.metric = 'posts_published'
        left join flows as e on e.account_key = a.account_key and e.metric = 'engagements'
        where a.is_own and (p.account_key is not null or e.account_key is not null)
        order by a.platform, a.account_id
        """,
        week,
    )
    return tuple(Activity(**_named(row)) for row in rows)


def _attention(connection: duckdb.DuckDBPyConnection, monday: date, sunday: date) -> tuple[Attention, ...]:
    """Our posts by the engagement the week brought them; what a young post had at its first look is the week's."""
    rows = _rows(
        connection,
        """
        with gained as (
            select
                d.platform, d.account_id, d.post_id,
                sum(d.engagements_change) as engagements,
                sum(d.comments - coalesce(before.comments, 0))
                    filter (where d.engagements_change is not null) as comments
            from post_days as d
            left join post_days as before
                on before.platform = d.platform and before.account_id = d.account_id and before.post_id = d.post_id
                and before.measured_on = d.previous_on
            where d.measured_on between ? and ? and d.account_key in (select account_key from accounts where is_own)
            group by d.platform, d.account_id, d.post_id
        )

        select
            g.platform, a.handle, a.label, a.name, a.account_id, g.post_id, p.kind,
            coalesce(p.status, 'public') = 'public' as is_public, p.published_on,
            case when coalesce(p.status, 'public') = 'public' then p.title end as title,
            case when coalesce(p.status, 'public') = 'public' then p.url end as url,
            g.engagements, g.comments, coalesce(f.is_mostly_comments, false) as is_mostly_comments, f.is_far_above_usual
        from gained as g
        inner join accounts as a on a.platform = g.platform and a.account_id = g.account_id
        inner join posts as p on p.platform = g.platform and p.account_id = g.account_id and p.post_id = g.post_id
        left join post_performance as f
            on f.platform = g.platform and f.account_id = g.account_id and f.post_id = g.post_id
        where g.engagements > 0
            and not exists (
                from notes as n
                where n.hide_post and n.post_id = g.post_id and coalesce(n.platform, g.platform) = g.platform
            )
        order by g.engagements desc, g.platform, g.account_id, g.post_id
        limit ?
        """,
        monday,
        sunday,
        POSTS_SHOWN,
    )
    return tuple(
        Attention(
            **{**_named(row), "title": one_line(row["title"]), "kind": one_line(row["kind"]), "url": link(row["url"])}
        )
        for row in rows
    )


def _patterns(connection: duckdb.DuckDBPyConnection) -> tuple[Pattern, ...]:
    """Our posts by kind, hour and weekday, up to the file's latest day."""
    rows = _rows(
        connection,
        """
        select
            p.platform, a.handle, a.label, a.name, a.account_id, p.dimension, p.dimension_value, p.latest_on,
            p.posts_published as posts, p.posts_with_lift, p.median_lift_7d
        from post_patterns as p
        inner join accounts as a on a.account_key = p.account_key
        where a.is_own
        order by p.platform, a.account_id, p.dimension, p.dimension_value
        """,
    )
    return tuple(Pattern(**{**_named(row), "dimension_value": _text(row["dimension_value"])}) for row in rows)


def _standings(connection: duckdb.DuckDBPyConnection, week: str) -> tuple[Standing, ...]:
    """Our accounts among their peers; a rank spans where rounding or a tie leaves it open."""
    rows = _rows(
        connection,
        """
        select
            p.platform, a.handle, a.label, a.name, p.account_id, p.value as followers, p.low, p.high,
            p.rank_from as best_rank, p.rank_to as worst_rank, p.n as ranked, p.growth_rate as weekly_growth_rate,
            p.growth_rank_from as growth_best_rank, p.growth_rank_to as growth_worst_rank,
            p.growth_n as growth_ranked,
            case when p.growth_rank_from is not null then p.growth_median end as median_growth_rate
        from peer_weeks as p
        inner join accounts as a on a.account_key = p.account_key
        where a.is_own and p.week = ? and p.metric = 'followers' and p.stratum = 'all' and p.rank_from is not null
        order by p.platform, p.account_id
        """,
        week,
    )
    return tuple(Standing(**_named(row)) for row in rows)


def _missing(
    connection: duckdb.DuckDBPyConnection, monday: date, sunday: date, definitions: Sequence[Definition]
) -> tuple[Missing, ...]:
    """Our own missing figures; metrics of one account that miss for the same reason on the same days share a line."""
    rows = _rows(
        connection,
        """
        with absent as (
            select
                account_key, metric, reason, count(*) as days, min(measured_on) as first_on, max(measured_on) as last_on
            from account_metric_days
            where measured_on between ? and ? and value is null
                and account_key in (select account_key from accounts where is_own)
            group by account_key, metric, reason
        )

        select
            a.platform, a.handle, a.label, a.name, a.account_id, m.reason, m.days, m.first_on, m.last_on,
            list(m.metric order by m.metric) as metrics
        from absent as m
        inner join accounts as a on a.account_key = m.account_key
        group by all
        order by a.platform, a.account_id, m.first_on, m.reason, m.days, metrics
        """,
        monday,
        sunday,
    )
    display = {(d.platform, d.metric): d.display_name for d in definitions if d.subject == "account"}
    return tuple(
        Missing(
            **{
                **_named(row),
                "metrics": tuple(
                    display.get((row["platform"], m), m.replace("_", " ").capitalize()) for m in row["metrics"]
                ),
            }
        )
        for row in rows
    )


def _gone(connection: duckdb.DuckDBPyConnection, monday: date, sunday: date) -> tuple[Gone, ...]:
    """Peers' accounts whose latest day in the week says that they are gone."""
    rows = _rows(
        connection,
        """
        with peers as (
            select account_key from accounts where not is_own
        ),

        week as (
            select account_key, measured_on, value, reason
            from account_metric_days
            where measured_on between ? and ? and not is_imported and account_key in (select account_key from peers)
        ),

        last_days as (
            select account_key, max(measured_on) as last_on from week group by account_key
        ),

        gone as (
            select w.account_key, max(w.reason) as reason
            from week as w
            inner join last_days as l on l.account_key = w.account_key and l.last_on = w.measured_on
            group by w.account_key
            having count(w.value) = 0 and bool_and(w.reason in ('not_found', 'suspended'))
        ),

        seen as (
            select d.account_key, max(d.measured_on) filter (where d.value is not null) as last_seen_on
            from account_metric_days as d
            where d.measured_on <= ? and not d.is_imported and d.account_key in (select account_key from gone)
            group by d.account_key
        ),

        since as (
            select d.account_key, min(d.measured_on) as since_on
            from account_metric_days as d
            inner join seen as s on s.account_key = d.account_key
            where d.measured_on <= ? and not d.is_imported and d.reason in ('not_found', 'suspended')
                and (s.last_seen_on is null or d.measured_on > s.last_seen_on)
            group by d.account_key
        )

        select
            a.platform, o.name as organization, a.handle, a.label, a.name, a.account_id, a.url, g.reason, s.since_on,
            s.since_on >= ? as is_new
        from gone as g
        inner join since as s on s.account_key = g.account_key
        inner join accounts as a on a.account_key = g.account_key
        left join organizations as o on o.organization_id = a.organization_id
        order by s.since_on desc, a.platform, a.account_id
        """,
        monday,
        sunday,
        sunday,
        sunday,
        monday,
    )
    return tuple(
        Gone(**{**_named(row), "organization": one_line(row["organization"]), "url": link(row["url"])}) for row in rows
    )


def _coverage(connection: duckdb.DuckDBPyConnection, monday: date, sunday: date) -> tuple[Coverage, ...]:
    sums = ", ".join(f"sum(missing_{reason}) as {reason}" for reason in Reason)
    rows = _rows(
        connection,
        f"""
        select
            platform, count(*) as days, count(*) filter (where not is_complete) as days_incomplete,
            coalesce(sum(expected), 0) as expected, coalesce(sum(observed), 0) as observed, {sums},
            max(complete_through_on) as complete_through_on,
            arg_max(status, measured_on) as status, arg_max(message, measured_on) as message
        from coverage_days
        where measured_on between ? and ?
        group by platform
        order by platform
        """,
        monday,
        sunday,
    )
    found = []
    for row in rows:
        missing = sorted(((r.value, row.pop(r.value) or 0) for r in Reason), key=lambda pair: (-pair[1], pair[0]))
        found.append(
            Coverage(
                **{**row, "message": one_line(row["message"])},
                platform_name=platform_name(row["platform"]),
                missing=tuple(pair for pair in missing if pair[1]),
            )
        )
    return tuple(found)


def _account_weeks(connection: duckdb.DuckDBPyConnection, week: str) -> Table:
    """The week of every account, ours and peers'; of peers the headline metrics and the activity."""
    rows = _rows(
        connection,
        """
        select
            w.week, w.platform, w.account_id, a.handle, w.organization_id, o.name as organization,
            coalesce(a.is_own, false) as is_own, w.metric, w.end_on, w.value, w.low, w.high, w.reason,
            w.change, w.change_low, w.change_high, w.growth_rate, w.weekly_growth_rate,
            w.days_expected, w.days_observed, w.is_complete, w.usual_low, w.usual_high, w.usual_weeks, w.reading,
            w.last_year_value, w.change_since_last_year
        from account_weeks as w
        left join accounts as a on a.account_key = w.account_key
        left join organizations as o on o.organization_id = w.organization_id
        where w.week = ?
            and (a.is_own or w.metric in ('followers', 'views', 'connections', 'posts_published', 'engagements'))
        order by coalesce(a.is_own, false) desc, w.platform, w.account_id, w.metric
        """,
        week,
    )
    names = tuple(rows[0]) if rows else ()
    return Table(columns=names, rows=tuple(tuple(_cell(value) for value in row.values()) for row in rows))


def _cell(value: Any) -> str | int | float | bool | None:
    if isinstance(value, date):
        return value.isoformat()
    return one_line(value) if isinstance(value, str) else value


def _text(value: str | None) -> str:
    return one_line(value) or "—"


def _named(row: Row) -> Row:
    """A row with the platform's and the account's name in place of the columns they are made of."""
    kept = {k: v for k, v in row.items() if k not in ("handle", "label", "name", "account_id")}
    account = one_line(row["label"]) or one_line(row["name"]) or one_line(row["handle"]) or row["account_id"]
    return {**kept, "platform_name": platform_name(row["platform"]), "account": account or "—"}
