"""How much of an answer is read, and for how long: what is larger is refused while it is read, not after."""

from __future__ import annotations

import http.client
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


class LimitedResponse(http.client.HTTPResponse):
    """For a client on http.client, as httplib2: reading all of it keeps to our limits."""

    def read(self, amt: int | None = None) -> bytes:
        return read_whole(self._what_came) if amt is None else super().read(amt)

    def _what_came(self) -> bytes:
        """What is there already, without waiting for a full piece; an end before the announced one is an error."""
        if self.fp is None:
            return b""
        came = super().read(max(1, min(PIECE, len(self.fp.peek(1)))))
        if not came and self.length:
            raise http.client.IncompleteRead(came, self.length)
        return came
