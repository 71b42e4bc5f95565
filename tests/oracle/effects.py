"""`initiative_effects` a second time, in pandas, over the oracle's own days and weeks.

Anchors are looked up one by one (the latest figure of the seven days up to each), peers sorted by distance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest

import numpy as np
import pandas as pd

from socialmetrics.records import Account, Initiative, Organization

from .expected import BREAKS, Expected, Row
from .record import ACCOUNT_METRICS, Record

PRE_WEEKS, AT_LEAST, PEERS = 8, 3, 20
FARTHEST = 1_000_000  # a factor beyond which an interval says nothing
ACTIVITIES = ("posts_published", "engagements", "post_engagements")
NAMES = {"followers": "Followers", "views": "Views", "posts": "Posts", "connections": "Connections"}
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Window:
    """Over which days an initiative is measured; `since`: the latest break before it."""

    initiative: Initiative
    platform: str
    start_on: date  # the day before it began
    end_on: date
    since: date
    obstacle: str | None

    @property
    def is_flow(self) -> bool:
        return self.initiative.metric in ACTIVITIES

    @property
    def days(self) -> int:
        return (self.end_on - self.start_on).days

    @property
    def first_whole_week(self) -> date:
        return monday(self.start_on + WEEK)

    @property
    def last_whole_week(self) -> date:
        return monday(self.end_on - timedelta(days=6))

    @property
    def week_before(self) -> date:
        return monday(self.start_on + timedelta(days=1)) - WEEK


@dataclass(frozen=True)
class Unit:
    """An organization in a window: its size; what the logarithm does before and after, over as many days; its weekly
    growth before, by the number of the week. `weekly`: of an activity the mean week before and within."""

    log_size: float
    before: float
    after: float
    growth: pd.Series
    accounts: int
    end_value: float = math.nan
    weekly: tuple[float, float] | None = None

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def is_comparable(self) -> bool:
        """Whether it may be a peer: an activity may also have ended."""
        is_there = not (math.isnan(self.change) if self.weekly is None else math.isnan(self.before + self.weekly[1]))
        return is_there and len(self.growth) >= AT_LEAST - 1

    @property
    def obstacle(self) -> str | None:
        """Why its own change cannot be told."""
        if self.weekly is None and math.isnan(self.change):
            return "it rests on a figure of nothing, of which there is no growth"
        for mean, when in zip(self.weekly or (), ("before the beginning", "within"), strict=False):
            if math.isnan(mean):
                return f"its accounts have no complete week {when} in common"
            if mean <= 0:
                nothing = "less than nothing" if mean < 0 else "nothing"
                return f"what was counted in the weeks {when} comes to {nothing}"
        if len(self.growth) < AT_LEAST - 1:
            return "fewer than 2 weeks before the beginning can be compared with the one before"
        return None


class Effects:
    """All rows, by initiative and platform."""

    def __init__(
        self,
        expected: Expected,
        organizations: Iterable[Organization],
        initiatives: Iterable[Initiative],
        pool: Callable[[str], str] = lambda _: "all",
    ) -> None:
        self.organizations = {one.organization_id: one for one in organizations}
        self.initiatives, self.pool = list(initiatives), pool
        days, weeks = (pd.DataFrame(list(rows.values())) for rows in (expected.days, expected.weeks))
        self.days = days[days.value.notna() & ~days.is_anomaly & ~days.is_imported]
        self.weeks = weeks[(weeks.kind == "flow") & weeks.is_complete & weeks.value.notna()]
        self.latest = dict.fromkeys(ACCOUNT_METRICS, expected.record.horizon)
        self.lines = dict(_last_lines(expected.record))
        self.rows = {(i.initiative_id, p): self._row(i, p) for i in self.initiatives for p in self._platforms(i)}

    def _platforms(self, initiative: Initiative) -> list[str]:
        if initiative.platform:
            return [initiative.platform]
        shown = [p for p in ACCOUNT_METRICS if initiative.metric in (*ACCOUNT_METRICS[p], *ACTIVITIES)]
        return [p for p in shown if self._accounts_there(initiative, p)]

    def _accounts_there(self, initiative: Initiative, platform: str) -> int:
        """The organization's accounts on the platform that were there when the initiative began, or opened within."""
        return sum(
            (account.organization_id, account.platform) == (initiative.organization_id, platform)
            and self._was_there(account_id, initiative.started_on)
            and (account.opened_on or date.min) <= (initiative.ended_on or date.max)
            for account_id, (account, _) in self.lines.items()
        )

    def _was_there(self, account_id: str | None, day: date) -> bool:
        """Whether the account was neither gone from the directory nor closed."""
        account, listed_until = self.lines[account_id]
        return day < min(listed_until, account.closed_on or date.max)

    # windows

    def window(self, initiative: Initiative, platform: str) -> Window:
        end_on = min(initiative.ended_on or date.max, self.latest[platform])
        found = Window(initiative, platform, initiative.started_on - timedelta(days=1), end_on, date.min, None)
        return self._checked(found)

    def before(self, window: Window) -> Window:
        length = timedelta(days=window.days)
        return self._checked(replace(window, start_on=window.start_on - length, end_on=window.start_on))

    def _checked(self, window: Window) -> Window:
        metric = window.initiative.metric
        breaks = () if window.is_flow else BREAKS.get((window.platform, metric), ())
        inside = [on for on in breaks if window.start_on < on <= window.end_on]
        obstacle = None
        if not window.is_flow and metric not in ACCOUNT_METRICS[window.platform]:
            obstacle = "the platform shows no such metric"
        elif window.days <= 0:
            obstacle = "it begins after the latest day observed"
        elif window.days < 7:
            obstacle = "it has run for less than seven days"
        elif window.is_flow and window.last_whole_week < window.first_whole_week:
            obstacle = "no whole week lies within it"
        elif inside:
            obstacle = f"the metric means something else since {min(inside)}"
        since = max((on for on in breaks if on <= window.start_on), default=date.min)
        return replace(window, since=since, obstacle=obstacle)

    def _is_busy(self, organization_id: str, window: Window, but: str = "") -> list[Initiative]:
        """The organization's initiatives on the platform, in the window or the time before it."""
        since = window.start_on - timedelta(days=7 * PRE_WEEKS + 6)
        return [
            each
            for each in self.initiatives
            if each.organization_id == organization_id
            and each.platform in (None, window.platform)
            and each.initiative_id != but
            and each.started_on <= window.end_on
            and (each.ended_on or date.max) >= since
        ]

    # organizations

    def _candidates(self, window: Window) -> list[str]:
        treated = window.initiative.organization_id
        return [
            name
            for name, one in self.organizations.items()
            if self.pool(name) == self.pool(treated)
            and (name == treated or (not one.is_own and not self._is_busy(name, window)))
        ]

    def units(self, window: Window) -> dict[str, Unit]:
        """The organizations that can be compared; none where the treated one's own history is too short."""
        return {name: unit for name, unit in self._found(window).items() if unit.is_comparable}

    def _found(self, window: Window) -> dict[str, Unit]:
        if window.obstacle:
            return {}
        rows = self.weeks if window.is_flow else self.days
        rows = rows[(rows.platform == window.platform) & (rows.metric == window.initiative.metric)]
        rows = rows[rows.organization_id.isin(self._candidates(window))]
        if window.is_flow:
            return dict(self._active(window, rows[rows.week_start_on >= window.since]))
        rows = rows[rows.measured_on >= window.since]
        own = rows[rows.organization_id == window.initiative.organization_id]
        begins = window.start_on + timedelta(days=1)
        reach = _reach(window, own[[self._was_there(account_id, begins) for account_id in own.account_id]])
        return dict(self._levels(window, rows, reach)) if reach else {}

    def _levels(self, window: Window, rows: pd.DataFrame, reach: int) -> Iterator[tuple[str, Unit]]:
        anchors = {n: window.start_on - n * WEEK for n in range(reach, -1, -1)} | {-1: window.end_on}
        seen = {}
        for point, anchor in anchors.items():
            near = rows[(rows.measured_on <= anchor) & (rows.measured_on > anchor - WEEK)]
            last = near.sort_values("measured_on").groupby(["organization_id", "account_id"]).last()
            days_before = [(window.start_on - day).days for day in last.measured_on]
            seen[point] = pd.DataFrame({"value": last.value.astype(float), "before": days_before}, last.index)
        points = pd.concat(seen, names=["point"]).reset_index()
        for name, all_points in points.groupby("organization_id"):
            wide = all_points.pivot(index="point", columns="account_id", values=["value", "before"])
            wide = wide.reindex(list(anchors))
            whole = [a for a in wide["value"] if wide["value"].loc[[reach, 0, -1], a].notna().all()]
            if not whole:
                continue
            value = wide["value"][whole].sum(axis=1, skipna=False)
            before = wide["before"][whole].mean(axis=1, skipna=False)
            log = np.log(value.where(value > 0))
            growth = 7 * log.diff() / -before.diff()
            after = window.days * (log[-1] - log[0]) / (before[0] - before[-1])
            earlier = window.days * (log[0] - log[reach]) / (before[reach] - before[0])
            yield str(name), Unit(log[0], earlier, after, growth.drop(-1).dropna(), len(whole), value[-1])

    def _active(self, window: Window, rows: pd.DataFrame) -> Iterator[tuple[str, Unit]]:
        pre = [window.week_before - n * WEEK for n in range(PRE_WEEKS - 1, -1, -1)]
        within = list(pd.date_range(window.first_whole_week, window.last_whole_week, freq="7D").date)
        for name, of_one in rows.groupby("organization_id"):
            wide = of_one.pivot(index="week_start_on", columns="account_id", values="value").astype(float)
            wide = wide.reindex(pre + within)
            whole = [
                a
                for a in wide
                if wide.loc[pre, a].notna().sum() >= AT_LEAST and 2 * wide.loc[within, a].notna().sum() >= len(within)
            ]
            if not whole:
                continue
            value = wide[whole].sum(axis=1, skipna=False)
            weekly = (float(value[pre].mean()), float(value[within].mean()))
            before, after = (math.log(mean) if mean > 0 else math.nan for mean in weekly)
            growth = value[pre].diff() / weekly[0]
            growth.index = [-number for number in range(-PRE_WEEKS, 0)]
            yield str(name), Unit(before, before, after, growth.dropna(), len(whole), weekly=weekly)

    # effects

    def trial(self, window: Window) -> Row:
        """The effect with its placebos; empty where the organization itself was not seen throughout."""
        found, treated = self._found(window), window.initiative.organization_id
        if treated not in found:
            return {}
        row: Row = {"accounts": found[treated].accounts, "end_value": found[treated].end_value}
        if found[treated].obstacle:
            return row | {"obstacle": found[treated].obstacle}
        units = self.units(window)
        judged = {name: self._effect(name, units, treated) for name in units}
        own = judged.pop(treated)
        weighed = sorted(abs(one["effect"]) / one["pre_rmse"] for one in judged.values() if _is_weighed(one))
        row |= own | {"placebo_n": len(weighed)}
        if not _is_weighed(own):
            return row
        row["placebo_rank"] = 1 + sum(each >= abs(own["effect"]) / own["pre_rmse"] for each in weighed)
        if len(weighed) >= 19:
            half = own["pre_rmse"] * weighed[math.ceil(round(0.95 * (len(weighed) + 1), 6)) - 1]
            if abs(own["effect"]) + half <= math.log(FARTHEST):
                row |= {"low": own["effect"] - half, "high": own["effect"] + half}
        return row

    def _effect(self, name: str, units: dict[str, Unit], treated: str) -> Row:
        """Without peers nothing; without a week that both were seen in no misfit."""
        unit, peers = units[name], matched(name, units, treated)
        if not peers:
            return {}
        row: Row = {"peers_matched": len(peers)}
        effect = unit.change - together(peers)
        if not math.isnan(effect):
            row["effect"] = effect
        growth = pd.concat([peer.growth for peer in peers], axis=1)
        weights = np.array([peer.weekly[0] if peer.weekly else 1.0 for peer in peers])
        misfit = (unit.growth - (growth * weights).sum(axis=1) / (growth.notna() * weights).sum(axis=1)).dropna()
        if misfit.empty:
            return row
        return row | {"pre_weeks": len(misfit), "pre_rmse": math.sqrt((misfit**2).mean())}

    # rows

    def _row(self, initiative: Initiative, platform: str) -> Row:
        window = self.window(initiative, platform)
        found = self.trial(window)
        laid_back = self.trial(self.before(window)) if window.days > 0 else {}
        if not found or "obstacle" in found or "low" not in laid_back:
            laid_back = {}
        others = len(self._is_busy(initiative.organization_id, window, but=initiative.initiative_id))
        is_measured = window.is_flow or initiative.metric in ACCOUNT_METRICS[platform]
        is_counter = (platform, initiative.metric) == ("youtube", "views")
        kind = "flow" if window.is_flow else "counter" if is_counter else "level"
        row: Row = {
            "initiative_id": initiative.initiative_id,
            "name": initiative.name,
            "organization_id": initiative.organization_id,
            "platform": platform,
            "metric": initiative.metric,
            "kind": kind if is_measured else None,
            "started_on": initiative.started_on,
            "ended_on": initiative.ended_on,
            "measured_until_on": window.end_on,
            "is_ongoing": (initiative.ended_on or date.max) > self.latest[platform],
            "accounts": found.get("accounts"),
            "accounts_there": self._accounts_there(initiative, platform),
            "peers_matched": found.get("peers_matched", 0),
            "placebo_n": found.get("placebo_n", 0),
            "effect": found.get("effect"),
            "effect_rate": _rate(found.get("effect")),
            "effect_rate_low": _rate(found.get("low")),
            "effect_rate_high": _rate(found.get("high")),
            "gained": _gained(found, "effect"),
            "gained_low": _gained(found, "low"),
            "gained_high": _gained(found, "high"),
            "cost_usd": initiative.cost_usd,
            "placebo_rank": found.get("placebo_rank"),
            "p_value": found["placebo_rank"] / (found["placebo_n"] + 1) if "placebo_rank" in found else None,
            "pre_weeks": found.get("pre_weeks"),
            "pre_rmse": found.get("pre_rmse"),
            "time_placebo_effect_rate": _rate(laid_back.get("effect")),
            "time_placebo_n": laid_back.get("placebo_n"),
            "time_placebo_rank": laid_back.get("placebo_rank"),
            "other_initiatives": others,
        }
        row["finding"] = _finding(found)
        is_alone = len(self._platforms(initiative)) == 1
        is_paid = row["finding"] == "more than expected" and (row["gained_low"] or 0) > 0
        cost = float(initiative.cost_usd) if is_paid and initiative.cost_usd and is_alone else None
        for end, of in (("", "gained"), ("_low", "gained_high"), ("_high", "gained_low")):
            row[f"cost_per_gained_usd{end}"] = cost / row[of] if cost else None
        row["finding_text"] = _text(row, window.obstacle or found.get("obstacle"))
        return row


def _reach(window: Window, rows: pd.DataFrame) -> int:
    """The most weeks before the beginning over which accounts with half of the audience were followed, and to the end;
    none where these are too few."""
    accounts = []
    for _, of_one in rows[rows.measured_on <= window.end_on].groupby("account_id"):
        value = dict(zip(of_one.measured_on, of_one.value, strict=True))
        before = [on for on in value if window.start_on - timedelta(days=7 * PRE_WEEKS + 13) <= on <= window.start_on]
        if before:
            accounts.append((value, min(before), value[max(before)]))
    for reach in range(PRE_WEEKS, AT_LEAST - 1, -1):
        anchors = (window.start_on - reach * WEEK, window.start_on, window.end_on)
        throughout = [
            size
            for value, since, size in accounts
            if since + timedelta(days=6) <= anchors[0]
            and all(any(anchor - WEEK < on <= anchor for on in value) for anchor in anchors)
        ]
        if throughout and 2 * sum(throughout) >= sum(size for _, _, size in accounts):
            return reach
    return 0


def _last_lines(record: Record) -> Iterator[tuple[str | None, tuple[Account, date]]]:
    """Each account's last line of the directory, and the day from which the directory is without it."""
    for snapshot, following in zip_longest(record.snapshots, record.snapshots[1:]):
        for account in snapshot.accounts:
            if account.account_id:
                yield account.account_id, (account, following.day if following else date.max)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def matched(name: str, units: dict[str, Unit], treated: str) -> list[Unit]:
    """The organizations nearest in size, then in place by size and id; the treated one is nobody's peer."""
    places = {one: place for place, one in enumerate(sorted(units, key=lambda one: (units[one].log_size, one)))}

    def distance(other: str) -> tuple[float, int, str]:
        return abs(units[other].log_size - units[name].log_size), abs(places[other] - places[name]), other

    return [units[other] for other in sorted(units.keys() - {name, treated}, key=distance)[:PEERS]]


def together(peers: list[Unit]) -> float:
    """The logarithm's change of organizations: the mean one; of an activity that of what all of them did."""
    if peers[0].weekly is None:
        return float(np.mean([peer.change for peer in peers]))
    before, within = np.sum([peer.weekly for peer in peers], axis=0)
    return math.log(within / before) if within > 0 else math.nan


def _is_weighed(one: Row) -> bool:
    return "effect" in one and bool(one.get("pre_rmse"))


def _rate(log: float | None) -> float | None:
    return None if log is None or abs(log) > math.log(FARTHEST) else math.exp(log) - 1


def _gained(found: Row, name: str) -> int | None:
    if math.isnan(found.get("end_value", math.nan)) or _rate(found.get(name)) is None:
        return None
    more = found["end_value"] - found["end_value"] / math.exp(found[name])
    return int(math.copysign(math.floor(abs(more) + 0.5), more))


def _name(row: Row) -> str:
    return NAMES.get(row["metric"]) or str(row["metric"]).capitalize().replace("_", " ")


def _finding(found: Row) -> str:
    if "low" not in found:
        return "cannot tell"
    if found["low"] > 0:
        return "more than expected"
    return "less than expected" if found["high"] < 0 else "no difference seen"


def _text(row: Row, obstacle: str | None) -> str:
    if row["finding"] == "cannot tell":
        if obstacle is None:
            obstacle = _obstacle(row)
        return f"Cannot tell: {obstacle}."
    name = _name(row)
    if row["is_ongoing"]:
        name = f"So far {name.lower()}"
    if row["accounts"] < row["accounts_there"]:
        name += f" of {row['accounts']} of {row['accounts_there']} accounts"
    side = "below" if row["effect_rate"] < 0 else "above"
    chance = ", within what chance brings" if row["finding"] == "no difference seen" else ""
    others = {0: "", 1: " Another initiative of the organization ran at the time."}.get(
        row["other_initiatives"], f" {row['other_initiatives']} other initiatives of the organization ran at the time."
    )
    return (
        f"{name} came out {_percent(abs(row['effect_rate']))} {side}"
        f" what {row['peers_matched']} organizations of similar size would suggest{chance}"
        f" (95 % interval {_percent(row['effect_rate_low'])} to {_percent(row['effect_rate_high'])}).{others}"
    )


def _obstacle(row: Row) -> str:
    if row["accounts"] is None:
        if row["kind"] == "flow":
            return "no account has 3 complete weeks before the beginning and half of those within"
        most = f"the accounts with most {_name(row).lower()}"
        return f"{most} were not observed from 3 weeks before the beginning to the end"
    if row["peers_matched"] and row["effect"] is None:
        return "what its peers were counted for in the weeks within comes to nothing"
    if row["peers_matched"] and not row["pre_rmse"]:
        return "no week before the beginning shows how far it strays from its peers by chance"
    if row["placebo_n"] < 19:
        return f"only {row['placebo_n']} organizations can be compared, and it takes 19"
    return f"the 95 % interval goes beyond a factor of {FARTHEST}"


def _percent(share: float) -> str:
    told = Decimal(repr(100 * share)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{told if told else Decimal('0.0')} %"
