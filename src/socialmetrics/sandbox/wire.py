"""A request and an answer, free of any server and of any platform."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """`body`: text is sent as HTML, everything else as JSON. `status` 0 in a batch: nothing came back for that item."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as a platform's module sees it, at one instant of the world.

    `path` has no leading slash; `params` are the query's and the form's together, a repeated one comma-joined as both
    spellings mean the same. `respond` answers a part of a batch with its own faults.
    """

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    instant: datetime
    base: str
    respond: Callable[[Ask], Reply] = field(repr=False)
    is_part: bool = False

    def bearer(self) -> str | None:
        """The token of the Authorization header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() in ("bearer", "oauth") and token else None


def split(text: str | None) -> list[str]:
    """A comma list without repetitions, in its order."""
    return list(dict.fromkeys(part for part in (text or "").split(",") if part))


def page_of(found: Iterable[T], token: str | None, size: int) -> tuple[list[T], str | None]:
    """The page that begins at `token` and the token of the next one. Raises ValueError for no token of ours."""
    start = read_token(token) if token else 0
    page = list(islice(found, start, start + size + 1))
    return page[:size], make_token(start + size) if len(page) > size else None


def make_token(start: int) -> str:
    return urlsafe_b64encode(f"from {start}".encode()).decode().rstrip("=")


def read_token(token: str) -> int:
    text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode(errors="replace")
    if not (match := re.fullmatch(r"from (\d{1,9})", text)):
        raise ValueError(f"{token!r} is no page token")
    return int(match[1])
