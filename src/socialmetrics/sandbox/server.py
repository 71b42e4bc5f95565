"""The sandbox as a real HTTP server on loopback, the same for the command line, compose and tests.

    /{platform}/{instant}/...   the platform's API at that instant (`20261122T220000Z`)
    /{platform}/...             at the present of the clock
    /health                     is it there
    POST /faults                a JSON list of faults, in place of the former ones

Any token is accepted, except that with `fail-KIND` every request meets that fault (`fail-401`, `fail-quota`,
`fail-truncate`).
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from types import ModuleType, TracebackType
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.types import Receive, Scope, Send

from socialmetrics import clock
from socialmetrics.errors import Misconfigured
from socialmetrics.sandbox import facebook, x, youtube
from socialmetrics.sandbox.weather import Weather
from socialmetrics.sandbox.wire import Ask, Reply
from socialmetrics.sandbox.world import World

HOST = "127.0.0.1"
PLATFORMS: dict[str, ModuleType] = {"youtube": youtube, "x": x, "facebook": facebook}
KEPT_REQUESTS = 100_000
HTML = "<!DOCTYPE html><html><body><h1>We'll be right back</h1></body></html>"

HUGE = 200 * 2**20

WIRE_FAULTS = ("truncate", "reset", "drop", "slow", "drip", "huge")
PAGES_OF_HTML = {"html": Reply(200, HTML), "502": Reply(502, HTML)}


@dataclass(slots=True)
class Fault:
    """What goes wrong with the `nth` request (from 1; None: with each) of a platform that contains a text.

    `path_contains` is sought in `path?query`; the items of a Facebook batch are matched one by one, unless it is empty.
    `kind` is a refusal in the platform's own words (401, 403, 429, 500, 503, quota and what its module adds), a page of
    HTML (html, with status 200; 502), or

    missing_items   the first item is left out       truncate   the JSON stops in the middle
    no_items        every item is left out           reset      the connection ends in the middle of the body
    shuffle         the items come in reverse        drop       the connection ends before any answer
    null_item       a batch's first item is null     slow       the answer begins after `seconds`
    repeat_token    a page names itself as the next  drip       each byte takes `seconds`
    count           the first count is `value`       huge       200 MB come
    people          people stand in every object

    Several are joined by `+` (`people+count`). `seconds` is also how long X's 429 asks to wait.
    """

    platform: str
    path_contains: str
    nth: int | None
    kind: str
    seconds: float = 1.0
    value: Any = None
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        refusals = getattr(PLATFORMS.get(self.platform), "REFUSALS", ())
        known = {*BENDS, *WIRE_FAULTS, *PAGES_OF_HTML, *refusals}
        if self.platform not in PLATFORMS or not set(self.kinds) <= known:
            raise ValueError(f"no fault {self.kind!r} of {self.platform!r}; known there: {', '.join(sorted(known))}")

    @property
    def kinds(self) -> list[str]:
        return self.kind.split("+")

    def strikes(self, platform: str, ask: Ask, query: str) -> bool:
        """Count a request that matches, and say whether it is the one."""
        if platform != self.platform or self.path_contains not in f"{ask.path}?{query}":
            return False
        if ask.is_part and not self.path_contains:
            return False
        self.seen += 1
        return self.nth in (None, self.seen)


@dataclass(frozen=True, slots=True)
class Logged:
    """A request. `query` as it stood in the URL; `headers` are names only; `status` 0: no answer went out."""

    platform: str
    instant: datetime
    method: str
    path: str
    query: str
    headers: tuple[str, ...]
    has_authorization: bool
    batch_size: int
    status: int


class Sandbox:
    """The server and its log. As a context manager it runs in a thread and stops with the block; port 0 takes any."""

    def __init__(self, world: World | None = None, port: int = 0) -> None:
        self.world = world or World()
        self.requests: deque[Logged] = deque(maxlen=KEPT_REQUESTS)
        self.faults: list[Fault] = []
        self.weather: Weather | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except OSError as error:
            self._socket.close()
            raise Misconfigured(
                f"Port {port} cannot be used ({error.strerror}). Choose another one with --port."
            ) from None
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self.serve, name="sandbox", daemon=True)

    def url(self, platform: str, at: datetime | str | None = None) -> str:
        """The base URL of a platform; `at` an instant, or `"{now}"` for the settings to fill in."""
        instant = clock.stamp(at) if isinstance(at, datetime) else at
        return f"http://{HOST}:{self.port}/{platform}" + (f"/{instant}" if instant else "")

    def script(self, faults: list[Fault]) -> None:
        """Let these faults happen from now on, and no others."""
        self.faults = list(faults)

    def serve(self) -> None:
        """Answer until stopped."""
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Sandbox:
        self._thread.start()
        if not self._server.ready.wait(timeout=10):
            raise RuntimeError("the sandbox did not start within 10 seconds")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = await _body(receive)
        platform, instant, path = _place(scope["path"])
        if platform not in PLATFORMS:
            reply, body = self._own(scope["method"], scope["path"], form)
            await _send(send, reply, body)
            return
        query = scope["query_string"].decode()
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        params = _params(query, form)
        method = str(headers.get("x-http-method-override", scope["method"]))
        stamped = f"/{clock.stamp(instant)}" if instant else ""
        base = f"http://{HOST}:{self.port}/{platform}{stamped}"
        ask = Ask(
            method, path, params, headers, instant or clock.now(), base, lambda part: self._respond(platform, part)
        )
        fault = _asked_for(platform, PLATFORMS[platform].token(ask)) or self._fault(platform, ask, query)
        kind = next((kind for kind in fault.kinds if kind in WIRE_FAULTS), "") if fault else ""
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        reply = self._respond(platform, ask, fault)
        status = 0 if kind == "drop" else reply.status
        batch_size = params.get("batch", "").count('"relative_url"')
        self.requests.append(
            Logged(
                platform,
                ask.instant,
                method,
                path,
                query,
                tuple(headers),
                "authorization" in headers,
                batch_size,
                status,
            )
        )
        if kind == "drop":
            # ASGI cannot hang up without an answer; uvicorn's `receive` is a method of the cycle that holds the line.
            getattr(receive, "__self__").transport.abort()  # noqa: B009
            await receive()
            return
        reply = replace(reply, headers={"date": format_datetime(ask.instant, usegmt=True), **reply.headers})
        body = _encoded(reply)
        if kind == "truncate":
            body = body[: len(body) // 2]
        if kind == "huge":
            await _send(send, reply, HUGE, piece=2**20)
        elif fault and kind == "drip":
            await _send(send, reply, body, piece=1, pause=fault.seconds)
        else:
            await _send(send, reply, body, cut=kind == "reset")

    def _respond(self, platform: str, ask: Ask, fault: Fault | None = None) -> Reply:
        """A platform's answer, bent by a fault; a part of a batch looks for its own."""
        module = PLATFORMS[platform]
        if ask.is_part:
            fault = self._fault(
                platform, ask, "&".join(f"{k}={v}" for k, v in ask.params.items() if k != "access_token")
            )
            fault = _asked_for(platform, module.token(ask)) or fault
        kinds = fault.kinds if fault else []
        refused = next((kind for kind in kinds if kind in module.REFUSALS or kind in PAGES_OF_HTML), None)
        reply: Reply
        if fault and refused:
            reply = PAGES_OF_HTML.get(refused) or module.refuse(refused, ask, fault.seconds)
        else:
            reply = module.answer(self.world, ask)
        for kind in kinds:
            if fault and kind in BENDS:
                reply = BENDS[kind](module, ask, reply, fault.value)
        return reply

    def _fault(self, platform: str, ask: Ask, query: str) -> Fault | None:
        """The first fault that strikes; each counts on its own. The weather meets whole requests."""
        struck = [fault for fault in self.faults if fault.strikes(platform, ask, query)]
        if self.weather and not ask.is_part and not struck:
            call = f"{ask.path}?{sorted(ask.params.items())}"
            if met := self.weather.fault(platform, call, ask.instant):
                struck.append(Fault(platform, "", None, met[0], seconds=met[1]))
        return next(iter(struck), None)

    def _own(self, method: str, path: str, form: bytes) -> tuple[Reply, bytes]:
        """What the sandbox answers in its own name."""
        reply = Reply(404, {"error": f"nothing at {path}; platforms: {', '.join(PLATFORMS)}"})
        if path == "/health":
            reply = Reply(200, {"status": "ok", "accounts": len(self.world.accounts)})
        elif path == "/faults" and method == "POST":
            try:
                self.script([Fault(**each) for each in json.loads(form)])
                reply = Reply(200, {"faults": len(self.faults)})
            except (ValueError, TypeError) as error:
                reply = Reply(400, {"error": str(error)})
        return reply, _encoded(reply)


class _Server(uvicorn.Server):
    """uvicorn, saying when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def serve(port: int = 8800, world: World | None = None) -> None:
    """Serve on loopback until interrupted."""
    Sandbox(world, port).serve()


def _place(path: str) -> tuple[str, datetime | None, str]:
    """The platform, the instant if the path names one, and the rest."""
    platform, _, rest = path.lstrip("/").partition("/")
    head, _, after = rest.partition("/")
    if match := re.fullmatch(r"(\d{8}T\d{6})(\d{6})?Z", head):
        instant = datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
        return platform, instant, after.rstrip("/")
    return platform, None, rest.rstrip("/")


def _params(query: str, form: bytes) -> dict[str, str]:
    """The query's and the form's parameters; one that is given twice is a list, which commas mean too."""
    params: dict[str, str] = {}
    for name, value in parse_qsl(query) + parse_qsl(form.decode(errors="replace")):
        params[name] = f"{params[name]},{value}" if name in params else value
    return params


def _asked_for(platform: str, token: str | None) -> Fault | None:
    """The fault that a token of the form `fail-KIND` asks for."""
    if not token or not token.startswith("fail-"):
        return None
    return Fault(platform, "", None, token.removeprefix("fail-"), seconds=900)


Bend = Callable[[ModuleType, Ask, Reply, Any], Reply]


def _with_rows(change: Callable[[list[Any]], None]) -> Bend:
    def bend(module: ModuleType, ask: Ask, reply: Reply, value: Any) -> Reply:
        if reply.status == 200:
            change(module.rows(reply.body))
        return reply

    return bend


def _null_item(module: ModuleType, ask: Ask, reply: Reply, value: Any) -> Reply:
    if ask.is_part:
        return Reply(0, None)
    module.rows(reply.body)[:1] = [None]
    return reply


def _repeat_token(module: ModuleType, ask: Ask, reply: Reply, value: Any) -> Reply:
    module.repeat(ask, reply.body)
    return reply


def _count(module: ModuleType, ask: Ask, reply: Reply, value: Any) -> Reply:
    holder, name = next(_counts(reply.body), ({}, ""))
    holder[name] = value
    return reply


def _counts(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name.endswith(("_count", "Count")) and name != "hiddenSubscriberCount":
                yield value, name
            yield from _counts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _counts(member)


# Nobody: what would be a person's in a real answer, as values and as keys.
PERSON = {"id": "90071992547409", "name": "Canary Person", "email": "canary.person@example.org"}
PEOPLE = {
    "from": PERSON,
    "message_tags": [PERSON],
    "authorDisplayName": PERSON["name"],
    "authorChannelId": {"value": PERSON["id"]},
    "textOriginal": "Canary words about a nurse",
    "detail": f"User has been suspended: [{PERSON['name']}].",
    "by": {PERSON["email"]: 1, PERSON["id"]: "Canary words about a nurse"},
}


def _people(module: ModuleType, ask: Ask, reply: Reply, value: Any) -> Reply:
    return replace(reply, body=_peopled(reply.body))


def _peopled(value: Any) -> Any:
    if isinstance(value, list):
        return [_peopled(member) for member in value]
    if isinstance(value, dict) and "relative_url" not in value:
        is_error = "message" in value and "code" in value
        told = {"message": f"{value['message']} {PERSON['name']}"} if is_error else {}
        return {name: _peopled(member) for name, member in value.items()} | PEOPLE | told
    return value


BENDS: dict[str, Bend] = {
    "missing_items": _with_rows(lambda rows: rows.__delitem__(slice(0, 1))),
    "no_items": _with_rows(list.clear),
    "shuffle": _with_rows(list.reverse),
    "null_item": _null_item,
    "repeat_token": _repeat_token,
    "count": _count,
    "people": _people,
}


def _encoded(reply: Reply) -> bytes:
    return (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _send(
    send: Send, reply: Reply, body: bytes | int, cut: bool = False, piece: int = 0, pause: float = 0
) -> None:
    """The whole body at once, half of it, or piece by piece; a number stands for so many spaces."""
    size = body if isinstance(body, int) else len(body)
    kind = "text/html" if isinstance(reply.body, str) else "application/json"
    headers = {"content-type": f"{kind}; charset=UTF-8", "content-length": str(size), **reply.headers}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    for start in range(0, size if piece else 0, piece or 1):
        part = b" " * min(piece, size - start) if isinstance(body, int) else body[start : start + piece]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(pause)
    rest = b"" if piece or isinstance(body, int) else body[: len(body) // 2] if cut else body
    # A response that ends before it is complete makes uvicorn close the connection.
    await send({"type": "http.response.body", "body": rest, "more_body": cut})
