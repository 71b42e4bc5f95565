"""What Airflow knows and nothing else does: connections, the day of a DAG run, retries by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import Connection, RetryDecision, RetryPolicy, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException

if TYPE_CHECKING:
    from socialmetrics.pipeline import Day
    from socialmetrics.settings import Access, Settings


DAILY = "daily_metrics"


class ByMeaning(RetryPolicy):
    """A throttled platform is asked again when it said, a silent one, or one that another process is asking, after
    longer and longer waits.

    The wait is the scheduler's: no slot is held. A longer wait is left to the hourly run; the rest needs a person.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Mapping[str, Any] | None = None
    ) -> RetryDecision:
        from socialmetrics import clock, retries
        from socialmetrics.errors import Exhausted, Locked, SocialmetricsError, Throttled, Unavailable

        said, wait = str(exception), None
        if isinstance(exception, Throttled) and exception.retry_after:
            wait = timedelta(seconds=exception.retry_after)
        elif isinstance(exception, Exhausted) and exception.resets_at:
            wait = max(exception.resets_at - clock.now(), timedelta(0))
        elif isinstance(exception, Throttled | Unavailable | Locked):
            wait = retries.wait_after(try_number, retry_delay())
        elif not isinstance(exception, SocialmetricsError):
            return RetryDecision.default()
        if wait is None or wait > retries.LONGEST_WAIT:
            return RetryDecision.fail(said)
        return RetryDecision.retry(wait, said)


def settings() -> Settings:
    from socialmetrics.settings import load

    return load()


def zone() -> ZoneInfo:
    """The zone in which the DAGs' hours are meant."""
    return settings().zone


def retries() -> int:
    return settings().retries


def retry_delay() -> timedelta:
    return timedelta(seconds=settings().retry_seconds)


def day(here: Settings, run: Any = None) -> Day:
    """The day of a DAG run, by default this one: of its logical date, or of `run_after` for a manual one, without one.

    Of the other DAGs' runs it is the last day that ended.
    """
    from socialmetrics.clock import last_scheduled_day
    from socialmetrics.pipeline import day_of

    run = run or get_current_context()["dag_run"]
    instant = run.logical_date or run.run_after
    if run.dag_id == DAILY:
        return day_of(here, scheduled_at=instant)
    return day_of(here, last_scheduled_day(instant, here.zone))


def shards() -> list[dict[str, str]]:
    """The platforms of this run, or those its parameter names; a big one in a few shards."""
    from socialmetrics import pipeline

    here, wanted = settings(), get_current_context()["params"].get("platforms")
    return [{"platform": name, "shard": shard} for name, shard in pipeline.shards(here, day(here), wanted or None)]


def extract(platform: str, shard: str) -> str:
    """Extract one platform; on a retry only what is missing. Raises what stands in the way, for `ByMeaning`."""
    from socialmetrics import pipeline
    from socialmetrics.errors import Exhausted

    context, when = get_current_context(), day(settings())
    here = settings().model_copy(update={"patience_seconds": 0})  # the scheduler waits, not this slot
    context["label"] = f"{platform}{shard}"  # type: ignore[typeddict-unknown-key]  # for map_index_template
    extracted = pipeline.extract(
        here, platform, when, reach(platform), only_missing=context["ti"].try_number > 1, shard=shard
    )
    problem = extracted.problem
    if isinstance(problem, Exhausted) and problem.resets_at and problem.resets_at > when.fillable_until:
        problem.resets_at = None  # too late for this day
    if problem:
        raise problem
    return extracted.run.status


def make_up() -> list[str]:
    """Ask again for what the last day lacks and a platform may give by now: what became of each that gave something.

    Skips the rest of the run where none did. A platform that another run is asking is left to it.
    """
    from socialmetrics import pipeline
    from socialmetrics.errors import Locked

    here = settings().model_copy(update={"patience_seconds": 0})
    when, done = pipeline.day_of(here), []
    for platform, shard in pipeline.missing(here, when):
        with suppress(Locked):
            again = pipeline.extract(here, platform, when, reach(platform), only_missing=True, shard=shard)
            if again.values:
                done.append(f"{platform}{shard}: {again.run.status}")
    if not done:
        raise AirflowSkipException("nothing came that was missing")
    return done


def week() -> str:
    """The ISO week that had ended when this DAG run was due."""
    from socialmetrics.pipeline import week_before

    run, here = get_current_context()["dag_run"], settings()
    return week_before(here, run.logical_date or run.run_after)


def verdict() -> str:
    """The day's verdict in words, and what gaps before it left in the task's log; raises where it is red, so that the
    run is."""
    from socialmetrics import verdicts

    here = settings()
    when = day(here)
    found = verdicts.verdict(here, when)
    for gap in verdicts.gaps(here, when):
        print(gap)
    if found.is_red:
        _log(verdicts.announce(here, when, found.found))
        raise AirflowFailException("\n".join([found.words, *found.faults]))
    return found.words


def heartbeat() -> None:
    """Tell the monitor that the run was good, or has made the day good."""
    from socialmetrics import verdicts

    here = settings()
    if not verdicts.verdict(here, day(here)).is_red:
        _log(verdicts.heartbeat(here))


def failed(context: Mapping[str, Any]) -> None:
    """What a task that has failed for good is announced as, before the others are done; the verdict tells its own."""
    from socialmetrics import verdicts

    error, task = context.get("exception"), context["ti"].task_id.rpartition(".")[2]
    if isinstance(error, AirflowFailException) or not isinstance(error, BaseException):
        return
    here = settings()
    when = day(here, context["dag_run"])
    platform = str(context.get("label", "")).partition("-")[0]
    doing = {"model": "build", "publish": "build", "export": "pack"}.get(task, "")
    _log(verdicts.announce(here, when, verdicts.faults_behind(here, when, error, platform, doing)))


def _log(told: list[str]) -> None:
    for words in told:
        print(words)


def reach(platform: str) -> Access:
    """The connection `socialmetrics_NAME` (host: base URL, password: token, extra: credentials and the platform's
    extras) over what the environment says."""
    from socialmetrics import platforms
    from socialmetrics.settings import access, base_url, secret_of

    extras = platforms.load(platform).EXTRAS
    found = access(platform, extras)
    try:
        connection = Connection.get(f"socialmetrics_{platform}")
    except AirflowNotFoundException:
        return found
    more = connection.extra_dejson
    tokens = {"": connection.password} if connection.password else {}
    tokens |= {name.lower(): token for name, token in more.get("credentials", {}).items()}
    told = f"The connection socialmetrics_{platform}"
    return replace(
        found,
        url=base_url(f"{told}'s host", connection.host) or found.url,
        tokens=found.tokens | {name: secret_of(told, token) for name, token in tokens.items()},
        extras=found.extras | {name: secret_of(told, more[name]) for name in extras if name in more},
    )
