"""The frozen figures of one week: all that any format shows, as plain data that goes to JSON and back unchanged.

Counts are whole numbers, rates are fractions (0.012 is 1.2 %), days are the runs' days, instants are UTC.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

Cell = str | int | float | bool | None


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Frozen):
    """The published file: its latest day and its latest fetch; `size` stands in packs frozen by earlier programs."""

    name: str
    latest_on: date | None
    latest_fetched_at: datetime | None
    size: int | None = None


class Score(Frozen):
    """One organization, platform and headline metric. `cannot_tell_because` is filled where the reading says so.

    The rank is the main account's. A flow has a `compared_value`, what it was on the `compared_days` that have settled;
    its usual range is of such values, not of changes.
    """

    organization_id: str
    organization: str
    platform: str
    platform_name: str
    metric: str
    display_name: str
    shown_as: str | None
    accounts: int | None
    value: int | None
    low: int | None
    high: int | None
    change: int | None
    change_low: int | None
    change_high: int | None
    growth_rate: float | None
    usual_low: int | None
    usual_high: int | None
    usual_weeks: int
    reading: str
    cannot_tell_because: str | None
    last_year_value: int | None
    change_since_last_year: int | None
    rate_since_last_year: float | None
    is_complete: bool
    is_rounded: bool
    reason: str | None
    note: str | None
    change_since_last_year_low: int | None = None
    change_since_last_year_high: int | None = None
    rank_from: int | None = None
    rank_to: int | None = None
    rank_n: int | None = None
    rank_stratum: str | None = None
    rank_stratum_value: str | None = None
    no_rank_because: str | None = None
    compared_days: int | None = None
    compared_value: int | None = None
    days_expected: int | None = None
    days_observed: int | None = None


class WeekPoint(Frozen):
    week: str
    week_start_on: date
    value: int | None
    low: int | None
    high: int | None
    change: int | None
    change_low: int | None
    change_high: int | None


class Break(Frozen):
    platform: str
    metric: str
    effective_on: date
    is_comparable: bool
    what_changed: str
    source_url: str | None


class Note(Frozen):
    """A person's words about a day. `platform_name` is None where they are about all platforms."""

    noted_on: date
    platform: str | None
    platform_name: str | None
    post_id: str | None
    text: str


class Series(Frozen):
    """The last 53 weeks of one score, oldest first, one point for each week whether there is a figure or not.

    `notes` are those of its platform or of all platforms in these weeks.
    """

    organization_id: str
    platform: str
    metric: str
    points: tuple[WeekPoint, ...]
    breaks: tuple[Break, ...]
    notes: tuple[Note, ...] = ()


class Activity(Frozen):
    """What one of our accounts published in the week, and the engagement the week brought to all its posts."""

    platform: str
    platform_name: str
    account: str
    posts_published: int | None
    posts_usual_low: int | None
    posts_usual_high: int | None
    posts_reading: str
    engagements: int | None
    engagements_usual_low: int | None
    engagements_usual_high: int | None
    engagements_reading: str


class Attention(Frozen):
    """One of our posts: the engagement it drew in the week, and of that its comments (None where not known).

    Title and link are there while the post is public. `is_far_above_usual`: None where there is no usual yet, and in
    packs frozen before it was told.
    """

    platform: str
    platform_name: str
    account: str
    post_id: str
    kind: str | None
    is_public: bool
    title: str | None
    url: str | None
    published_on: date | None
    engagements: int
    comments: int | None
    is_mostly_comments: bool
    is_far_above_usual: bool | None = None


class Pattern(Frozen):
    """One of our accounts' posts of one kind, hour or weekday, over 90 days. For the desk; no format leads with it."""

    platform: str
    platform_name: str
    account: str
    dimension: str
    dimension_value: str
    latest_on: date
    posts: int
    posts_with_lift: int
    median_lift_7d: float | None


class Standing(Frozen):
    """One of our accounts among its peers on its platform; ranks span where figures are rounded or equal."""

    platform: str
    platform_name: str
    account: str
    followers: int
    low: int | None
    high: int | None
    best_rank: int
    worst_rank: int
    ranked: int
    weekly_growth_rate: float | None
    growth_best_rank: int | None
    growth_worst_rank: int | None
    growth_ranked: int
    median_growth_rate: float | None


class Missing(Frozen):
    """Figures of one of our accounts that are not there, for one reason. `days`: on how many days of the week."""

    platform: str
    platform_name: str
    account: str
    metrics: tuple[str, ...]
    reason: str
    days: int
    first_on: date
    last_on: date


class Gone(Frozen):
    """A peer's account that is gone; `since_on` is the first day we saw it so, `is_new` where that is in this week."""

    platform: str
    platform_name: str
    organization: str | None
    account: str
    url: str | None
    reason: str
    since_on: date
    is_new: bool


class Coverage(Frozen):
    """One platform's account figures over the week, ours and peers'. `missing`: figures per reason, most first."""

    platform: str
    platform_name: str
    days: int
    days_incomplete: int
    expected: int
    observed: int
    missing: tuple[tuple[str, int], ...]
    complete_through_on: date | None
    status: str | None
    message: str | None


class Definition(Frozen):
    """What a platform's figure means, from the registry."""

    platform: str
    platform_name: str
    subject: str
    metric: str
    native_metric: str
    display_name: str
    shown_as: str | None
    definition: str | None
    rounding: str | None
    source_url: str | None


class Table(Frozen):
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Headline(Frozen):
    """`verdict`: good, usual, mixed, not good or cannot tell. `first_line` holds the notices, then the sentence."""

    verdict: str
    sentence: str
    notices: tuple[str, ...]
    summary: str
    first_line: str


class Figures(Frozen):
    week: str
    week_start_on: date
    week_end_on: date
    instant: datetime
    timezone: str
    source: Source
    headline: Headline
    organizations: tuple[str, ...]
    scores: tuple[Score, ...]
    series: tuple[Series, ...]
    activity: tuple[Activity, ...]
    attention: tuple[Attention, ...]
    standings: tuple[Standing, ...]
    missing: tuple[Missing, ...]
    gone: tuple[Gone, ...]
    coverage: tuple[Coverage, ...]
    definitions: tuple[Definition, ...]
    breaks: tuple[Break, ...]
    account_weeks: Table
    patterns: tuple[Pattern, ...] | None = None
    notes: tuple[Note, ...] | None = None


def tells_ranks(figures: Figures) -> bool:
    """Whether the program that froze the pack told ranks and days."""
    return any("rank_from" in score.model_fields_set for score in figures.scores)


def to_json(figures: Figures) -> bytes:
    """As they were frozen: what an earlier program did not tell stays away, so that a past pack stays as it was."""
    return (figures.model_dump_json(indent=1, exclude_unset=True) + "\n").encode()


def from_json(content: bytes) -> Figures:
    """The figures as they were frozen. Raises ValueError where the content is not what this program writes."""
    return Figures.model_validate_json(content)


def is_same(one: Figures, other: Figures) -> bool:
    """Whether two freezes show the same, whenever they were made and whether the file's size was told."""
    plain = {"instant": other.instant, "source": one.source.model_copy(update={"size": other.source.size})}
    return one.model_copy(update=plain) == other
