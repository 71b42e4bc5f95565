"""Start here. Four verbs, each a short function:

    extract   ask one platform for one day, keep what came          -> warehouse/landing/
    model     build and test the marts with dbt                     -> warehouse/build/
    publish   swap the finished file in whole                       -> warehouse/socialmetrics.duckdb
    export    freeze a week's figures and write the pack from them  -> warehouse/exports/2026-W47/

The command line and the Airflow DAGs call what stands here, and verdicts.py for how a day went; nothing below.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from socialmetrics import alerts, clock, directory, exports, history, life, outside, platforms, warehouse
from socialmetrics.budget import Budget, quota_day_began, quota_day_ends, quota_month_began
from socialmetrics.costs import DAYS, Cost, Outlook, summed
from socialmetrics.directory import Directory
from socialmetrics.disk import Disk, measure
from socialmetrics.errors import Exhausted, Misconfigured, SocialmetricsError, Throttled, TooLate, Unavailable
from socialmetrics.extraction import Extraction
from socialmetrics.landed import parts_of, shard_of
from socialmetrics.landing import Landing
from socialmetrics.life import Life
from socialmetrics.records import Account, Call, Reason, Run, Tracked
from socialmetrics.settings import Access, Settings, access, network
from socialmetrics.withdrawn import bury, read, sweep

MOST_SHARDS = 4
SHARD_ACCOUNTS = 10_000


@dataclass(frozen=True)
class Day:
    """One day of the record: its date, and the instant (UTC) its run was scheduled for."""

    date: date
    scheduled_at: datetime

    @property
    def fillable_until(self) -> datetime:
        return self.scheduled_at + clock.FILLABLE_FOR

    def check_fillable(self) -> None:
        """Raises TooLate once the day's counts cannot be observed any more, Misconfigured before the day has ended."""
        until = self.fillable_until
        if clock.now() > until:
            raise TooLate(
                f"{self.date} could be observed until {until:%Y-%m-%d %H:%M} UTC, and counts of the past cannot be "
                "asked for. Build from what landed with `socialmetrics model`."
            )
        if clock.now() < self.scheduled_at:
            raise Misconfigured(f"{self.date} ends at {self.scheduled_at:%Y-%m-%d %H:%M} UTC. Run it then or later.")


def day_of(settings: Settings, on: date | None = None, scheduled_at: datetime | None = None) -> Day:
    """The day a run belongs to: of the instant it was scheduled for, else the date given, else the last 22:00 local."""
    if scheduled_at:
        return Day(scheduled_at.astimezone(settings.zone).date(), scheduled_at)
    on = on or clock.last_scheduled_day(clock.now(), settings.zone)
    return Day(on, clock.scheduled_instant(on, settings.zone))


@dataclass(frozen=True)
class Extracted:
    """What became of one platform on one day.

    `problem` is what to act on first, None where all went well; `values`: how many came.
    """

    run: Run
    problem: SocialmetricsError | None = None
    values: int = 0


def extract(
    settings: Settings,
    platform: str,
    day: Day,
    reach: Access | None = None,
    only_missing: bool = False,
    shard: str = "",
) -> Extracted:
    """Ask one platform for one day and land what came; what did not come leaves its reason.

    A platform that fails raises nothing here: the run's status says so, and `verdict` makes it red. `only_missing`
    asks for what earlier runs of the day did not get; `shard`, as `-2of3`, takes a part of the accounts. Raises
    Misconfigured for a faulty directory or setting, TooLate after the day's 24 hours, Locked where another process
    asks the same.

    What a killed run of the same instant left is asked for anew; where one has finished and nothing is missing, that
    one stands.
    """
    day.check_fillable()
    people, landing = read_directory(settings), Landing(settings.landing)
    with landing.hold(platform, clock.now(), shard) as run_id:
        run = _begin(settings, platform, day, reach, run_id)
        told = _told_at_this_instant(run, shard)
        _land_directory(run, people)
        if not run.reach.is_set_up:
            if told and told.status == "not_set_up":
                return Extracted(told)
            return _finish(run, day, "not_set_up", f"{run.module.TITLE} has no token, so it is not set up.")
        accounts, tracked = _asked(settings, run, people, shard)
        if not only_missing:
            run.run(accounts, replace(tracked, searched=frozenset()))
            return _finish(run, day, *run.status(accounts))
        run.run(accounts, tracked, landing.heard(platform, day.date))
        if told and not run.calls:
            landing.discard(platform, run_id)
            return Extracted(told)
        return _finish(run, day, *run.status(accounts))


def missing(settings: Settings, day: Day) -> list[tuple[str, str]]:
    """The platforms, with their shards, that lack counts of `day` which a platform may give if it is asked again.

    A token that was refused is tried again too, since the day's counts can be had on that day alone; an empty purse is
    not. None before the day's run, nor after its 24 hours.
    """
    if not day.scheduled_at <= clock.now() <= day.fillable_until:
        return []
    landing, found = Landing(settings.landing), []
    landing.prepare()
    for run in landing.runs(day.date):
        if run.status in ("partial", "failed"):
            module = platforms.load(run.platform)
            renewed = {Reason.NOT_COLLECTED} if module.IS_RENEWED_DAILY else set()
            if landing.may_come(run, {Reason.UNAVAILABLE, Reason.DENIED} | renewed):
                found.append((run.platform, shard_of(run.run_id)))
    return found


def model(settings: Settings, full_refresh: bool = False) -> warehouse.Built:
    """Build and test the marts from all that landed, closed months put together first.

    Raises BuildFailed, Locked or Misconfigured.
    """
    return warehouse.build(settings, full_refresh=full_refresh)


def model_as_of(settings: Settings, instant: datetime) -> Path:
    """Build and test the marts as of a past instant, beside the others. Raises as `model` does."""
    return warehouse.build_as_of(settings, instant)


def publish(settings: Settings) -> Path:
    """Swap the last good build in for the readers. Raises BuildFailed where there is none."""
    return warehouse.publish(settings)


def export(settings: Settings, week: str | None = None) -> Path:
    """Write a week's pack from the published file: by default of the last ISO week that has ended."""
    return exports.export(settings, week or week_before(settings, clock.now()))


def plan(settings: Settings, platform: str, day: Day, reach: Access | None = None) -> list[Call]:
    """The calls of a day before any is made: to resolve ids too, discovery as upper bounds.

    None for a platform that is not set up.
    """
    run = _begin(settings, platform, day, reach)
    if not run.reach.is_set_up:
        return []
    people = read_directory(settings)
    accounts, tracked = _asked(settings, run, people)
    unresolved = people.unresolved(platform)
    due = [account for account in _as_resolved(unresolved) if account.is_open(day.date)]
    return run.module.plan(unresolved, Tracked(), None) + run.module.plan(accounts + due, tracked, None)


def cost(settings: Settings, platform: str, day: Day, reach: Access | None = None) -> tuple[Cost, Cost]:
    """What the calls of a day cost, and those of the thirty days from it on: no more than the settings' budget."""
    run = _begin(settings, platform, day, reach)
    of_day = summed(platform, day.date, plan(settings, platform, day, reach))
    people = read_directory(settings)
    unresolved = people.unresolved(platform)
    accounts = [account for account in people.accounts if account.platform == platform and account.account_id]
    accounts = [account for account in accounts + _as_resolved(unresolved) if account.cadence != "never"]
    if not run.reach.is_set_up or not accounts:
        return of_day, replace(of_day, days=DAYS)
    _, tracked = _asked(settings, run, people)
    followed = {account.account_id for account in accounts if account.is_open(day.date)}
    posts = [p for p in run.landing.posts(platform, day.date, run.reach.ladder) if p.account_id in followed]
    outlook = Outlook(platform, run.module, accounts, posts, tracked, day.date, settings.zone, run.reach.ladder)
    resolving = summed(platform, day.date, run.module.plan(unresolved, Tracked(), None))
    of_month = replace(outlook.cost() + resolving, days=DAYS)
    return of_day.within(run.reach), of_month.within(run.reach)


def waiting(settings: Settings, platform: str, day: Day) -> dict[date, int]:
    """How many accounts the last week's runs did not ask for, the budget being spent: by when they are due again."""
    landing = Landing(settings.landing)
    landing.prepare()
    left = landing.left_out(platform, day.date)
    accounts = [a for a in read_directory(settings).accounts if a.platform == platform and a.account_id in left]
    due = (account.due_after(left[account.account_id or ""]) for account in accounts)
    return dict(sorted(Counter(on for on in due if on).items()))


def _as_resolved(accounts: list[Account]) -> list[Account]:
    """Accounts that will have an id, which says on which weekday they are due; the handle stands for it."""
    return [replace(account, account_id=account.handle) for account in accounts]


def disk(settings: Settings) -> Disk:
    """What the warehouse's folder takes, and what a year adds."""
    landing = Landing(settings.landing)
    landing.prepare()
    return measure(settings.warehouse, settings.landing, landing.days_run())


def check(settings: Settings, offline: bool = False) -> list[tuple[str, str, str]]:
    """Each platform's state (`works`, `refused`, `not set up`, `set up` when offline) and what to do.

    Asks each platform that is set up for one account per credential, which costs a call each.
    """
    people, found = read_directory(settings), []
    for name in platforms.NAMES:
        run = _begin(settings, name, day_of(settings), None)
        accounts = [account for account in people.accounts if account.platform == name and account.cadence != "never"]
        if not run.reach.is_set_up:
            found.append((name, "not set up", "docs/access.md says how to get a token"))
        elif offline or not accounts:
            found.append((name, "set up", "" if accounts else "accounts.csv has no account of it"))
        else:
            first = {account.credential: account for account in reversed(accounts)}
            problems = [str(problem) for account in first.values() if (problem := run.try_token(account))]
            found.append((name, "refused" if problems else "works", " ".join(problems)))
    return found


def check_network(settings: Settings) -> list[tuple[str, str, str]]:
    """Each host that this program asks or tells, whether it is reached, and what stands in the way.

    No token is sent, and nothing is asked that would cost anything.
    """
    way, found = network(), []
    for name in platforms.NAMES:
        module = platforms.load(name)
        url = access(name).at_the_present().url or module.VENDOR_BASE
        found.append((urlsplit(url).hostname or url, *outside.reach(way, url)))
    return [*found, *alerts.hosts(settings, way)]


def why(settings: Settings, platform: str, account: str, metric: str, day: date, post_id: str | None = None) -> Life:
    """A published figure's whole life. Raises Misconfigured where there is no such figure."""
    return life.explain(settings, platform, account, metric, day, post_id)


def import_readings(settings: Settings, path: Path, words: Path | None = None) -> history.Imported:
    """Land a CSV of figures from elsewhere. Raises Misconfigured with every fault; nothing is half imported."""
    landing = Landing(settings.landing)
    return history.land(landing, path, read_directory(settings), words or history.FACTS / "words.csv")


def run_ids(settings: Settings, platform: str) -> list[str]:
    """The runs of a platform whose responses are kept, oldest first."""
    platforms.load(platform)
    return Landing(settings.landing).run_ids(platform)


def resolve(settings: Settings, platform: str, reach: Access | None = None) -> tuple[int, list[Account]]:
    """Ask once for the stable ids of accounts that have none and write them into accounts.csv.

    Returns how many were filled in, and the accounts whose handle the platform does not know.
    """
    with Landing(settings.landing).hold(platform, clock.now(), "-resolve", last="calls") as run_id:
        run = _begin(settings, platform, day_of(settings), reach, run_id)
        accounts = read_directory(settings).unresolved(platform)
        if not accounts or not run.reach.is_set_up:
            return 0, accounts
        run.run(accounts, Tracked())
    if run.problems:
        raise run.problems[0]
    ids = {(p.handle or "").lower(): p.account_id for p in run.found.profiles.values()}
    found = {(platform, a.handle): ids[name] for a in accounts if (name := a.handle.lower().lstrip("@")) in ids}
    return directory.fill_in(settings.directory, found), [a for a in accounts if (platform, a.handle) not in found]


def reparse(settings: Settings, platform: str, run_id: str) -> int:
    """Make a run's rows again from its kept responses and replace its files whole. Returns the observations made."""
    landing = Landing(settings.landing)
    with landing.rewriting(platform, run_id):
        responses = landing.read_responses(platform, run_id)
        if not responses:
            return 0
        began = clock.instant_of(run_id)
        run = Extraction(platform, Access(), landing, responses[0].measured_on, run_id, began, Budget(), 0)
        for response in responses:
            run.take(platforms.interpret(run.module, response))
        run.land()
    return len(run.observations)


@dataclass(frozen=True)
class Forgotten:
    """What `forget` changed, and the days of the notes in notes.csv that speak of a withdrawn post."""

    files: int
    packs: tuple[str, ...]
    noted_on: tuple[date, ...]


def forget(settings: Settings, platform: str | None = None, post: str | None = None) -> Forgotten:
    """Take a withdrawn post's text, title and link out of landing, packs and warehouse; its counts stay.

    `post` is an id or a link. Without one, what was forgotten before is forgotten again, as after a backup came back.
    Each step is whole, and a call that was cut short is put right by the next. Raises Misconfigured for a post that
    never landed, Locked while a run writes, and what `model` raises.
    """
    landing = Landing(settings.landing)
    with landing.alone():
        landing.prepare()
        if platform and post:
            platforms.load(platform)
            bury(landing, platform, _post_id(landing, platform, post), clock.now())
        withdrawn = read(landing)
        files = sweep(landing, withdrawn)
    packs = exports.forget(settings.exports, withdrawn)
    model(settings)
    publish(settings)
    warehouse.renew_as_of(settings)
    notes = read_directory(settings).notes
    noted_on = tuple(note.noted_on for note in notes if withdrawn.holds(note.platform, note.post_id))
    return Forgotten(files, tuple(packs), noted_on)


def _post_id(landing: Landing, platform: str, post: str) -> str:
    found = landing.post_named(platform, post)
    if found is None and not read(landing).holds(platform, post):
        raise Misconfigured(
            f"No post {post!r} of {platform} has landed: give its id as the column post_id has it, or its link; "
            "or it is forgotten: `socialmetrics forget` alone finishes what was begun."
        )
    return found or post


def read_directory(settings: Settings) -> Directory:
    """The directory, checked. Raises Misconfigured with every fault."""
    return directory.read(settings.directory, platforms.NAMES)


def shards(settings: Settings, day: Day, wanted: list[str] | None = None) -> list[tuple[str, str]]:
    """Each platform with its shards (`-1of2`), '' for one that is pulled in one go."""
    people, found = read_directory(settings), []
    for name in wanted or platforms.NAMES:
        platforms.load(name)
        parts = min(MOST_SHARDS, 1 + len(people.due(name, day.date)) // SHARD_ACCOUNTS)
        found += [(name, f"-{part}of{parts}" if parts > 1 else "") for part in range(1, parts + 1)]
    return found


def week_before(settings: Settings, instant: datetime) -> str:
    """`2026-W47`: the last ISO week whose Sunday 22:00 local has passed at `instant`."""
    day = clock.last_scheduled_day(instant, settings.zone)
    year, week, _ = (day - timedelta(days=day.isoweekday() % 7)).isocalendar()
    return f"{year}-W{week:02d}"


def _begin(settings: Settings, platform: str, day: Day, reach: Access | None, run_id: str = "") -> Extraction:
    module = platforms.load(platform)
    reach = reach or access(platform, module.EXTRAS)
    landing = Landing(settings.landing)
    landing.prepare()
    now = clock.now()
    budget = _budget(landing, platform, day, reach, shard_of(run_id))
    run = Extraction(platform, reach, landing, day.date, run_id, now, budget, settings.patience_seconds)
    if module.IS_RENEWED_DAILY and landing.was_refused(platform, quota_day_began(now, module.QUOTA_ZONE)):
        until = quota_day_ends(now, module.QUOTA_ZONE)
        run.stop(
            Exhausted(
                f"{module.TITLE}: the day's quota is spent. It is given anew at {until:%Y-%m-%d %H:%M} UTC; run again "
                "after it.",
                until,
            )
        )
    return run


def _told_at_this_instant(run: Extraction, shard: str) -> Run | None:
    """The run of this shard that has finished at this very instant; there may be one where the clock stands still."""
    name = re.compile(rf"{clock.stamp(run.started_at)}{shard}(-\d+)?")
    told = run.landing.runs(run.measured_on)
    return next((one for one in told if one.platform == run.platform and name.fullmatch(one.run_id)), None)


def _budget(landing: Landing, platform: str, day: Day, reach: Access, shard: str) -> Budget:
    """What the settings leave for a run now.

    Money has no second budget for a day whose runs go on past midnight: it would be that of the next day's own
    accounts. The shards of a platform run side by side, so each has its part.
    """
    module, parts = platforms.load(platform), parts_of(shard)
    now = clock.now()
    first = now if module.IS_RENEWED_DAILY else min(now, day.scheduled_at)
    units, dollars = landing.spent(platform, quota_day_began(first, module.QUOTA_ZONE), shard)
    left = [] if reach.dollars_per_day is None else [reach.dollars_per_day / parts - dollars]
    if reach.dollars_per_month is not None:
        _, of_month = landing.spent(platform, quota_month_began(now, module.QUOTA_ZONE), shard)
        left.append(reach.dollars_per_month / parts - of_month)
    return Budget(
        None if reach.units_per_day is None else reach.units_per_day // parts - units, min(left, default=None)
    )


def _asked(settings: Settings, run: Extraction, people: Directory, shard: str = "") -> tuple[list[Account], Tracked]:
    """The accounts that are due, and what is known before they are asked, posts of accounts that left not among it."""
    day = run.measured_on
    accounts = [account for account in people.due(run.platform, day) if _is_in(shard, account)]
    followed = {
        a.account_id for a in people.accounts if a.platform == run.platform and a.is_open(day) and _is_in(shard, a)
    }
    tracked = run.landing.tracked(run.platform, day, settings.timezone, run.reach.ladder)
    return accounts, replace(tracked, posts=tuple(post for post in tracked.posts if post.account_id in followed))


def _land_directory(run: Extraction, people: Directory) -> None:
    people = replace(people, notes=tuple(run.withdrawn.note(note) for note in people.notes))
    for kind in ("organizations", "accounts", "initiatives", "notes"):
        run.landing.write_directory(kind, getattr(people, kind), run.measured_on, run.run_id, run.started_at)


def _is_in(shard: str, account: Account) -> bool:
    if not shard:
        return True
    part, _, parts = shard.strip("-").partition("of")
    return zlib.crc32((account.account_id or "").encode()) % int(parts) == int(part) - 1


def _finish(run: Extraction, day: Day, status: str, message: str | None) -> Extracted:
    """Land the run itself, last of all: what has this row is whole."""
    finished = Run(run.run_id, run.platform, day.date, day.scheduled_at, run.started_at, status, message)
    run.landing.write("runs", [finished], run.run_id, run.started_at, run.platform)
    passing = [problem for problem in run.problems if isinstance(problem, Throttled | Unavailable)]
    renewed = [problem for problem in run.problems if isinstance(problem, Exhausted) and problem.resets_at]
    values = sum(observation.value is not None for observation in run.observations)
    return Extracted(finished, next(iter(passing + renewed + run.problems), None), values)
