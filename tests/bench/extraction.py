"""100,000 posts of X through the vendor's client, landed, beside the bare requests for the same bodies.

The server is a process of its own on loopback that only looks bodies up, so that both sides wait for it alike.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import requests
from pydantic import SecretStr

from socialmetrics import clock
from socialmetrics.budget import Budget
from socialmetrics.extraction import Extraction
from socialmetrics.landing import Landing
from socialmetrics.records import Tracked, TrackedPost
from socialmetrics.settings import Access

BATCH = 100
METRICS = ("impression_count", "like_count", "reply_count", "retweet_count", "quote_count", "bookmark_count")
INSTANT = datetime(2026, 11, 22, 22, tzinfo=UTC)


@dataclass(frozen=True)
class Compared:
    posts: int
    bare_seconds: float
    extract_seconds: float
    observations: int

    @property
    def ratio(self) -> float:
        return self.extract_seconds / self.bare_seconds


def compare(folder: Path, posts: int) -> Compared:
    """Both ways, one after the other, of the same posts; before that a few, so that everything is imported."""
    with _server(posts) as base, clock.still(INSTANT):
        _bare(base, BATCH)
        _extract(base, folder / "first", _due(BATCH))
        due = _due(posts)
        began = time.perf_counter()
        _bare(base, posts)
        bare, began = time.perf_counter() - began, time.perf_counter()
        run = _extract(base, folder / "landing", due)
        seconds = time.perf_counter() - began
    if run.problems or len(run.observations) != posts * len(METRICS):
        raise SystemExit(f"The extraction is not whole: {run.problems[:1]}")
    return Compared(posts, bare, seconds, len(run.observations))


def _extract(base: str, folder: Path, due: tuple[TrackedPost, ...]) -> Extraction:
    landing = Landing(folder)
    landing.prepare()
    access = Access(base, {"": SecretStr("token")})
    run = Extraction("x", access, landing, INSTANT.date(), clock.stamp(INSTANT), INSTANT, Budget(), 0)
    run.run([], Tracked(posts=due))
    return run


def _due(posts: int) -> tuple[TrackedPost, ...]:
    """What landing knows before a run, thirty posts an account."""
    return tuple(TrackedPost(str(10**9 + n // 30), str(_id(n)), INSTANT, None) for n in range(posts))


def _bare(base: str, posts: int) -> None:
    with requests.Session() as session:
        for first in range(0, posts, BATCH):
            ids = ",".join(str(_id(number)) for number in range(first, first + BATCH))
            params = {"ids": ids, "tweet.fields": "created_at,public_metrics"}
            json.loads(session.get(f"{base}/2/tweets", params=params, timeout=30).content)


def _id(number: int) -> int:
    return 1990000000000000000 + number * 7919


def _body(first: int) -> bytes:
    """An answer as X gives it, the text with it, which is asked for or not."""
    posts = [
        {
            "id": str(_id(number)),
            "text": f"What to know before your visit, part {number}: " + "bring your list of medicines. " * 5,
            "edit_history_tweet_ids": [str(_id(number))],
            "created_at": "2026-11-20T15:00:00.000Z",
            "public_metrics": {name: number % 997 * (place + 1) for place, name in enumerate(METRICS)},
        }
        for number in range(first, first + BATCH)
    ]
    body = json.dumps({"data": posts}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def _server(posts: int) -> Iterator[str]:
    """The base URL of a server whose answers are ready before the first request."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, posts), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(told: Connection, posts: int) -> None:
    bodies = {str(_id(first)).encode(): _body(first) for first in range(0, posts, BATCH)}

    class Answers(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.asked = transport, b""

        def data_received(self, data: bytes) -> None:
            self.asked += data
            while b"\r\n\r\n" in self.asked:
                request, _, self.asked = self.asked.partition(b"\r\n\r\n")
                first = request.partition(b"ids=")[2].partition(b"%2C")[0]
                self.transport.write(bodies[first])  # type: ignore[attr-defined]

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())
