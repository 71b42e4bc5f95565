"""What posts drew, worked out a second time in plain Python: at comparable ages, beside the usual, and by week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from math import log
from statistics import fmean, median

from .expected import Expected, Post, Row, Rows, account_key, less, naive
from .record import Key

AGES = {"1d": (1, 1, 2), "7d": (7, 5, 10), "28d": (28, 21, 35)}
SHOWS = {"youtube": {"views"}, "x": {"impressions"}, "facebook": set[str]()}
REDEFINED = {"youtube": (date(2025, 3, 31), date(2026, 8, 24))}  # views of a video
WITHIN = timedelta(days=7)
USUAL_DAYS, USUAL_AT_LEAST = timedelta(days=90), 5
TIMES, SPREADS, AT_LEAST = 3, 3, 10
NOTHING: Row = dict.fromkeys(("age", "engagements", "views", "impressions"))


def ratio(part: int | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


class Engagement:
    """All three tables of one record."""

    def __init__(self, expected: Expected) -> None:
        self.expected, self.record = expected, expected.record
        self.seen: dict[Post, list[Row]] = defaultdict(list)
        for (platform, account_id, post_id, _), row in sorted(expected.post_days.items(), key=lambda pair: pair[0][3]):
            self.seen[platform, account_id, post_id].append(row)
        self.posts: dict[Key, list[Post]] = defaultdict(list)
        for post in self.record.published:
            self.posts[post[:2]].append(post)
        self.at = {post: self._at_ages(post) for post in self.record.published}
        self.performance: Rows = {post: self._performance(post) for post in self.record.published}
        self.weeks: Rows = {
            (platform, account_id, start): self._week(platform, account_id, start, row)
            for (platform, account_id, metric, start), row in expected.weeks.items()
            if metric == "posts_published"
        }
        self.patterns = self._patterns()

    # post_performance

    def _at_ages(self, post: Post) -> dict[str, Row]:
        """The days that stand for each age."""
        with_counts = [row for row in self.seen[post] if row["reason"] is None]
        found = {"latest": with_counts[-1]} if with_counts else {}
        for name, (age, first, last) in AGES.items():
            near = [row for row in with_counts if first <= row["age_days"] <= last]
            if near:
                found[name] = min(near, key=lambda row: (abs(row["age_days"] - age), -row["age_days"]))
        return found

    def _before(self, post: Post) -> list[Post]:
        """The account's posts of the 90 days before."""
        day = self.record.published_on(post)
        return [p for p in self.posts[post[:2]] if day - USUAL_DAYS <= self.record.published_on(p) < day]

    def _figures(self, posts: Iterable[Post], age: str, figure: Callable[[Row], float | None]) -> list[float]:
        figures = [figure(self.at[post][age]) for post in posts if age in self.at[post]]
        there = [each for each in figures if each is not None]
        return there if len(there) >= USUAL_AT_LEAST else []

    def _performance(self, post: Post) -> Row:
        platform, account_id, post_id = post
        published_at, day = self.record.published[post], self.record.published_on(post)
        account = self.record.in_force(post[:2], day) or self.record.first(post[:2])
        row: Row = {
            "account_key": account_key(platform, account_id),
            "platform": platform,
            "account_id": account_id,
            "organization_id": account.organization_id if account else None,
            "post_id": post_id,
            "published_at": naive(published_at),
            "published_on": day,
            "published_hour": published_at.astimezone(self.record.zone).hour,
            "kind": self.record.kinds.get(post),
            **self._followers(post),
        }
        before = self._before(post)
        far: dict[str, bool | None] = {}
        for age in (*AGES, "latest"):
            seen = self.at[post].get(age)
            counts = self._counts(seen, platform) if seen else NOTHING
            row |= {f"{name}_{age}": value for name, value in counts.items()}
            rates = {"followers": row["followers"], "views": counts["views"], "impressions": counts["impressions"]}
            is_mixed = bool(seen and self._is_mixed(post, seen))
            for name, whole in rates.items():
                is_told = name == "followers" or not is_mixed
                row[f"engagement_rate_by_{name}_{age}"] = ratio(counts["engagements"], whole) if is_told else None
            if age != "latest":
                others = self._figures(before, age, lambda row: row["engagements"]) if seen else []
                usual = float(median(others)) if others else None
                lift = ratio(counts["engagements"], usual)
                row |= {f"usual_{age}": usual, f"lift_{age}": lift}
                far[age] = None if lift is None else is_far(counts["engagements"], lift, others)
        last = self.at[post].get("latest")
        row["break_on"] = max((on for on in self._breaks(platform) if last and on <= last["measured_on"]), default=None)
        row["is_break"] = bool(last and self._is_mixed(post, last))
        row["is_far_above_usual"] = far["1d"] if far["7d"] is None else far["7d"]
        row["is_mostly_comments"] = self._is_mostly_comments(post, before)
        return row

    def _breaks(self, platform: str) -> tuple[date, ...]:
        return REDEFINED.get(platform, ())

    def _is_mixed(self, post: Post, seen: Row) -> bool:
        """Whether a count came to mean something else between publication and that day."""
        return any(self.record.published_on(post) < on <= seen["measured_on"] for on in self._breaks(post[0]))

    def _followers(self, post: Post) -> Row:
        day = self.record.published_on(post)
        for back in range(WITHIN.days + 1):
            on = day - timedelta(days=back)
            row = self.expected.days.get((*post[:2], "followers", on))
            if row and row["value"] is not None and not row["is_anomaly"] and not row["is_imported"]:
                bounds = {"followers_low": row["low"], "followers_high": row["high"]}
                return {"followers": row["value"], **bounds, "followers_on": on}
        return dict.fromkeys(("followers", "followers_low", "followers_high", "followers_on"))

    def _counts(self, seen: Row, platform: str) -> Row:
        shown = {name: seen[name] if name in SHOWS[platform] else None for name in ("views", "impressions")}
        return {"age": seen["age_days"], "engagements": seen["engagements"], **shown}

    def _is_mostly_comments(self, post: Post, before: list[Post]) -> bool | None:
        latest = self.at[post].get("latest")
        share = comments_share(latest) if latest else None
        if latest is None or share is None:
            return None
        others = self._figures(before, "latest", comments_share)
        if not others:
            return bool(latest["comments"] * 2 > latest["engagements"] and latest["comments"] >= AT_LEAST)
        is_many = share > TIMES * median(others) and latest["comments"] >= AT_LEAST
        return bool(is_many and beyond(share, others))

    # engagement_weeks

    def _week(self, platform: str, account_id: str, start: date, flow: Row) -> Row:
        end = start + timedelta(days=6)
        new = {post for post in self.posts[platform, account_id] if start <= self.record.published_on(post) <= end}
        gained: dict[bool, list[int]] = {True: [], False: []}
        uncompared = 0
        last: dict[Post, Row] = {}
        early = 0
        for post in self.posts[platform, account_id]:
            for row in self.seen[post]:
                change = row["engagements_change"]
                if start <= row["measured_on"] <= end and change is not None:
                    gained[post in new].append(change)
                if start <= row["measured_on"] <= end and post in new:
                    uncompared += row["engagements_uncompared"] or 0
            told = [row for row in self.seen[post] if row["engagements"] is not None and row["measured_on"] <= end]
            if post in new and told and told[-1]["measured_on"] >= start:
                last[post] = told[-1]
                early += next((row["engagements"] for row in reversed(told) if row["measured_on"] < start), 0)
        level, drawn, lifetime = (
            self.expected.weeks.get((platform, account_id, metric, start))
            for metric in ("followers", "engagements", "post_engagements")
        )
        followers = level["value"] if level else None
        engagements = add([*gained[True], *gained[False]])
        names = ("account_key", "platform", "account_id", "organization_id", "week", "week_start_on")
        week: Row = {
            **{name: flow[name] for name in names},
            "is_complete": flow["is_complete"] and (drawn is None or drawn["is_complete"]),
            "is_post_engagements_complete": bool(lifetime and lifetime["is_complete"]),
            "posts_published": flow["value"],
            "engagements": engagements,
            "engagements_of_new_posts": add(gained[True]),
            "engagements_of_older_posts": add(gained[False]),
            "post_engagements": lifetime["value"] if lifetime else None,
            "post_engagements_before": early,
            "post_engagements_uncompared": uncompared,
            "followers": followers,
            "period_rate_by_followers": ratio(engagements, followers),
        }
        for name in ("followers", "views", "impressions"):
            pairs = []
            for post, row in last.items():
                whole = self._followers(post)["followers"] if name == "followers" else self._counts(row, platform)[name]
                if whole and (name == "followers" or not self._is_mixed(post, row)):
                    pairs.append((row["engagements"], whole))
            week |= rates(name, pairs)
        return week

    # post_patterns

    def _patterns(self) -> Rows:
        groups: dict[tuple[str, str, str, str], list[float | None]] = defaultdict(list)
        for post, row in self.performance.items():
            latest_on = self.latest_on(post[0])
            if latest_on - USUAL_DAYS < row["published_on"] <= latest_on:
                values = {
                    "kind": row["kind"],
                    "hour": f"{row['published_hour']:02d}",
                    "weekday": str(row["published_on"].isoweekday()),
                }
                for dimension, value in values.items():
                    if value is not None:
                        groups[post[0], post[1], dimension, value].append(row["lift_7d"])
        rows: Rows = {}
        for (platform, account_id, dimension, value), lifts in groups.items():
            known = [lift for lift in lifts if lift is not None]
            rows[platform, account_id, dimension, value] = {
                "account_key": account_key(platform, account_id),
                "platform": platform,
                "account_id": account_id,
                "dimension": dimension,
                "dimension_value": value,
                "latest_on": self.latest_on(platform),
                "posts_published": len(lifts),
                "posts_with_lift": len(known),
                "median_lift_7d": float(median(known)) if len(known) >= USUAL_AT_LEAST else None,
            }
        return rows

    def latest_on(self, platform: str) -> date:
        """The last day on which the platform is set up."""
        back = range((self.record.horizon - min(visit.day for visit in self.record.visits)).days + 1)
        days = (self.record.horizon - timedelta(days=number) for number in back)
        return next(day for day in days if self.record.is_set_up(platform, day))


def comments_share(row: Row) -> float | None:
    """Comments for each other engagement, one more of both."""
    others = less(row["engagements"], row["comments"]) if row["engagement_metrics"] > 1 else None
    return None if others is None else (row["comments"] + 1) / (others + 1)


def is_far(engagements: int, lift: float, others: Sequence[float]) -> bool:
    is_beyond = beyond(engagements + 1, [other + 1 for other in others])
    return is_beyond and lift >= TIMES and engagements >= AT_LEAST


def beyond(figure: float, others: Sequence[float]) -> bool:
    """Whether a figure is more than three spreads above the median, in logarithms."""
    usual = log(median(others))
    spread = 1.4826 * median(abs(log(other) - usual) for other in others)
    return figure > median(others) and log(figure) - usual > SPREADS * spread


def rates(name: str, pairs: Sequence[tuple[int, int]]) -> Row:
    """The two rates of a set, and of how many posts."""
    return {
        f"posts_with_{name}": len(pairs),
        f"post_rate_by_{name}_mean_of_posts": fmean(part / whole for part, whole in pairs) if pairs else None,
        f"post_rate_by_{name}_ratio_of_sums": (
            sum(part for part, _ in pairs) / sum(whole for _, whole in pairs) if pairs else None
        ),
    }


def add(numbers: Iterable[int]) -> int | None:
    there = list(numbers)
    return sum(there) if there else None
