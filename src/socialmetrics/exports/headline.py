"""Was the week good? One plain sentence from the scorecard's readings, and before it what the reader must know first.

The usual range spans the last 12 weeks, so about one reading in nine falls outside it by chance alone: one in nine
never makes the sentence, it is named as an exception to a usual week. Where it is the only reading, nobody can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from socialmetrics.exports.figures import Headline, Score
from socialmetrics.exports.words import between, count, is_exact, listing, reason_words, signed, spelled, week_day

HIGHER, USUAL, LOWER, CANNOT_TELL = "higher than usual", "usual", "lower than usual", "cannot tell"
ONE_UNUSUAL_IN = 9
MIN_USUAL_WEEKS = 6


def headline(scores: Sequence[Score], notices: Sequence[str]) -> Headline:
    """The verdict on the week; `first_line` puts the notices before it."""
    verdict, sentence = _verdict(scores)
    return Headline(
        verdict=verdict,
        sentence=sentence,
        notices=tuple(notices),
        summary=_summary(scores),
        first_line=" ".join([*notices, sentence]),
    )


def missing_platform(name: str, since_on: date, why: str, latest_on: date | None) -> str:
    """The notice that nothing of ours comes from a platform any more."""
    made_from = (
        f": this pack is made from the file published with figures to {week_day(latest_on)}" if latest_on else ""
    )
    return f"{name} is missing since {week_day(since_on)} ({why}){made_from}."


def stale_file(latest_on: date | None, week_end_on: date) -> str:
    """The notice that the published file does not reach the week's Sunday."""
    if latest_on is None:
        return "No day has been collected yet: this pack is made from a published file without a run."
    return (
        f"No build is newer than {week_day(latest_on)}: this pack is made from the file published with figures to that "
        f"day, and the week ends on {week_day(week_end_on)}."
    )


def why_cannot_tell(score: Score, is_over: bool = True) -> str | None:
    """The reason a reading cannot be told, in a few words; None where it can. `is_over`: the file holds the Sunday."""
    if score.reading != CANNOT_TELL:
        return None
    if not is_over and score.change is None and (score.value is not None or score.reason is None):
        return "the file ends before the week does"
    if score.value is None:
        return reason_words(score.reason)
    is_flow = score.compared_value is not None
    if score.change is None and score.note:
        return "the definition changed"
    if score.change is None and not is_flow:
        return "no comparable figure a week before"
    if score.usual_low is None or score.usual_high is None:
        return f"only {count(score.usual_weeks, 'comparable week')} so far, it takes {MIN_USUAL_WEEKS}"
    if not is_exact(score.change, score.change_low, score.change_high):
        return "the platform rounds too coarsely"
    if is_flow and not score.is_complete:
        return "a day of the week is missing"
    return "the figures are not comparable"


def _verdict(scores: Sequence[Score]) -> tuple[str, str]:
    higher = [s for s in scores if s.reading == HIGHER]
    lower = [s for s in scores if s.reading == LOWER]
    known = len(higher) + len(lower) + sum(s.reading == USUAL for s in scores)
    if not known:
        return CANNOT_TELL, "Cannot tell whether the week was good: no figure can be compared with earlier weeks."
    unusual = _unusual(higher, lower, scores)
    if len(scores) == 1 and unusual:
        return CANNOT_TELL, f"Cannot tell whether the week was good from one figure alone: {unusual}."
    if known * 2 < len(scores) or (known == 1 and unusual):
        few = f"only {spelled(known)} of {spelled(len(scores))} figures can be compared with earlier weeks"
        return CANNOT_TELL, f"Cannot tell whether the week was good: {few}{'; ' + unusual if unusual else ''}."
    if len(higher) + len(lower) <= max(1, known // ONE_UNUSUAL_IN):
        if unusual:
            exceptions = "one exception" if len(higher) + len(lower) == 1 else "few exceptions"
            return USUAL, f"A usual week, with {exceptions}: {unusual}."
        where = "everywhere" if known == len(scores) else "wherever it can be compared"
        return USUAL, f"A usual week: growth was within its usual range {where}."
    verdict = "good" if not lower else "not good" if not higher else "mixed"
    opening = {"good": "A good week", "not good": "Not a good week", "mixed": "A mixed week"}[verdict]
    return verdict, f"{opening}: {unusual}."


def _unusual(higher: Sequence[Score], lower: Sequence[Score], scores: Sequence[Score]) -> str:
    parts = [
        f"growth was {reading} for {listing(_names(group, scores))}"
        for reading, group in ((HIGHER, higher), (LOWER, lower))
        if group
    ]
    return "; ".join(parts)


def _names(group: Sequence[Score], scores: Sequence[Score]) -> list[str]:
    """`X followers`, once for all organizations; which of them is said where it is not all."""
    organizations: dict[str, list[str]] = {}
    for score in group:
        organizations.setdefault(f"{score.platform_name} {score.display_name.lower()}", []).append(score.organization)
    everyone = len({s.organization_id for s in scores})
    return [n if len(who) == everyone else f"{n} ({', '.join(who)})" for n, who in organizations.items()]


def _summary(scores: Sequence[Score]) -> str:
    """The week's followers in one sentence where one organization is ours, and how many readings are left open."""
    is_one = len({s.organization_id for s in scores}) == 1
    followers = [s for s in scores if is_one and s.metric == "followers" and s.change is not None]
    told = [f"{s.platform_name} {_change(s)}" for s in followers]
    open_readings = sum(s.reading == CANNOT_TELL for s in scores)
    sentences = [f"Followers this week: {listing(told, 6)}."] if told else []
    if 0 < open_readings < len(scores):
        share = f"{spelled(open_readings).capitalize()} of {spelled(len(scores))} readings"
        sentences.append(f"{share} cannot be told; the table says why.")
    return " ".join(sentences)


def _change(score: Score) -> str:
    if is_exact(score.change, score.change_low, score.change_high):
        return signed(score.change)
    return f"{between(score.change_low, score.change_high)} (the platform rounds)"
