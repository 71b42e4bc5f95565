"""How much of an answer is read, and for how long: what is larger is refused while it is read, not after."""

from __future__ import annotations

from collections.abc import Callable

from socialmetrics import clock
from socialmetrics.errors import Unexpected

LARGEST_ANSWER = 32 * 2**20  # bytes, unpacked; fifty Pages with fifty posts each are under 2 MB
LONGEST_SECONDS = 120.0  # for the whole of one answer; each wait for more of it has a shorter limit of its own
PIECE = 2**16


def read_whole(piece: Callable[[], bytes]) -> bytes:
    """All pieces until an empty one. Raises Unexpected past the bound, TimeoutError past the time."""
    began, pieces, size = clock.stopwatch(), [], 0
    while came := piece():
        pieces.append(came)
        size += len(came)
        if size > LARGEST_ANSWER:
            raise Unexpected(f"The answer is larger than {LARGEST_ANSWER // 2**20} MB and was not read to its end.")
        if clock.stopwatch() - began > LONGEST_SECONDS:
            raise TimeoutError(f"the answer takes longer than {LONGEST_SECONDS:.0f} seconds")
    return b"".join(pieces)
