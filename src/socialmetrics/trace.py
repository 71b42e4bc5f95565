"""Where a figure stands in landing: the response file, the line, and the JSON path in the answer.

The path is found by trying: a place of the answer that holds the figure is it if the platform's own reading follows
when another figure stands there. So no platform has to say where it looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from socialmetrics import platforms
from socialmetrics.errors import Unexpected
from socialmetrics.landed import Landed
from socialmetrics.records import Observation, Response, Subject


@dataclass(frozen=True)
class Place:
    """A line of a file. `path` and `said`: where the answer holds the figure, or without one what it says instead.

    Both are None where the answer is silent; `message` is what went wrong instead of an answer.
    """

    file: Path
    line: int | None = None
    endpoint: str | None = None
    path: str | None = None
    said: Any = None
    message: str | None = None


@dataclass(frozen=True)
class Sought:
    """A figure or a reason as one run told it; a reason may have been told of the whole subject."""

    platform: str
    subject: Subject
    native_metric: str
    value: int | None
    fetched_at: datetime
    run_id: str


def find(landing: Landed, sought: Sought) -> Place | None:
    """Where the run says it; None where its responses are no longer kept."""
    file = landing.responses_file(sought.platform, sought.run_id)
    if file is None:
        return None
    responses = landing.read_responses(sought.platform, sought.run_id)
    for number, response in enumerate(responses, start=1):
        if response.fetched_at == sought.fetched_at and _says(response, sought, sought.value):
            path, said = _about(response, sought) if sought.value is None else _held(response, sought)
            return Place(file, number, response.endpoint, path, said, response.message)
    return Place(file)


def _says(response: Response, sought: Sought, value: int | None) -> bool:
    try:
        records = platforms.interpret(platforms.load(sought.platform), response)
    except Unexpected:
        return False
    return any(
        isinstance(record, Observation)
        and Subject(record.account_id, record.post_id) == sought.subject
        and record.metric in ((sought.native_metric,) if value is not None else (sought.native_metric, None))
        and record.value == value
        for record in records
    )


def _held(response: Response, sought: Sought) -> tuple[str | None, Any]:
    """The place that decides the figure, and what stands there."""
    wanted = sought.value or 0
    for holder, key, path in _places(response.body, "body"):
        held = holder[key]
        if isinstance(held, bool) or held not in (wanted, str(wanted)):
            continue
        holder[key] = type(held)(wanted + 1)
        decides = _says(response, sought, wanted + 1)
        holder[key] = held
        if decides:
            return path, held
    return None, None


def _about(response: Response, sought: Sought) -> tuple[str | None, Any]:
    """The element of the answer that names the subject."""
    name = sought.subject.post_id or sought.subject.account_id
    for holder, key, path in _places(response.body, "body"):
        member = holder[key]
        if isinstance(member, dict) and name in map(str, member.values()):
            return path, member
    return None, None


def _places(value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Every place in a JSON value: what holds it, under which key, and its path."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        here = f"{path}.{key}" if isinstance(value, dict) else f"{path}[{key}]"
        yield value, key, here
        yield from _places(member, here)
