"""The sandbox as a real HTTP server on loopback, the same for the command line, compose and tests.

    /{platform}/{instant}/...   the platform's API at that instant (`20261122T220000Z`)
    /{platform}/...             at the present of the clock
    /health                     is it there
    POST /faults                a JSON list of faults, in place of the former ones

Any token is accepted, except that `fail-KIND` is refused as `KIND` says (`fail-401`, `fail-quota`, `fail-html`).
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType, TracebackType
from urllib.parse import parse_qsl

import uvicorn
from starlette.types import Receive, Scope, Send

from socialmetrics import clock
from socialmetrics.errors import Misconfigured
from socialmetrics.sandbox import facebook, x, youtube
from socialmetrics.sandbox.wire import Ask, Reply
from socialmetrics.sandbox.world import World

HOST = "127.0.0.1"
PLATFORMS: dict[str, ModuleType] = {"youtube": youtube, "x": x, "facebook": facebook}
KEPT_REQUESTS = 100_000
HTML = "<!DOCTYPE html><html><body><h1>We'll be right back</h1></body></html>"

BODY_FAULTS = ("missing_items", "shuffle", "null_item", "repeat_token")
WIRE_FAULTS = ("truncate", "reset", "slow", "drop")


@dataclass(slots=True)
class Fault:
    """What goes wrong with the `nth` request (from 1; None: with each) of a platform that contains a text.

    `path_contains` is sought in `path?query`; the items of a Facebook batch are matched one by one, unless it is empty.
    `kind` is a refusal in the platform's own words (401, 403, 429, 500, 503, quota, html and what its module adds), or

    missing_items   the first item is left out       truncate   the JSON stops in the middle
    shuffle         the items come in reverse        reset      the connection ends in the middle of the body
    null_item       a batch's first item is null     drop       the connection ends before any answer
    repeat_token    a page names itself as the next  slow       the answer takes `seconds`

    `seconds` is also how long X's 429 asks to wait.
    """

    platform: str
    path_contains: str
    nth: int | None
    kind: str
    seconds: float = 1.0
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        known = {*BODY_FAULTS, *WIRE_FAULTS, "html", *getattr(PLATFORMS.get(self.platform), "REFUSALS", ())}
        if self.platform not in PLATFORMS or self.kind not in known:
            raise ValueError(f"no fault {self.kind!r} of {self.platform!r}; known there: {', '.join(sorted(known))}")

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
        fault = self._fault(platform, ask, query)
        kind = fault.kind if fault else ""
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
        body = _encoded(reply)
        if kind == "truncate":
            body = body[: len(body) // 2]
        await _send(send, reply, body, cut=kind == "reset")

    def _respond(self, platform: str, ask: Ask, fault: Fault | None = None) -> Reply:
        """A platform's answer, bent by a fault; a part of a batch looks for its own."""
        module = PLATFORMS[platform]
        if ask.is_part:
            fault = self._fault(
                platform, ask, "&".join(f"{k}={v}" for k, v in ask.params.items() if k != "access_token")
            )
        secret = module.token(ask) or ""
        if secret.startswith("fail-"):
            return _refused(module, secret.removeprefix("fail-"), ask, 900)
        if fault and fault.kind not in BODY_FAULTS + WIRE_FAULTS:
            return _refused(module, fault.kind, ask, fault.seconds)
        reply: Reply = module.answer(self.world, ask)
        if fault and reply.status == 200:
            reply = _bent(module, fault.kind, ask, reply)
        return reply

    def _fault(self, platform: str, ask: Ask, query: str) -> Fault | None:
        """The first fault that strikes; each counts on its own."""
        return next(iter([fault for fault in self.faults if fault.strikes(platform, ask, query)]), None)

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


def _refused(module: ModuleType, kind: str, ask: Ask, seconds: float) -> Reply:
    if kind == "html":
        return Reply(200, HTML)
    if kind not in module.REFUSALS:
        return Reply(400, {"error": f"the sandbox knows no fault {kind!r}"})
    reply: Reply = module.refuse(kind, ask, seconds)
    return reply


def _bent(module: ModuleType, kind: str, ask: Ask, reply: Reply) -> Reply:
    rows = module.rows(reply.body)
    if kind == "repeat_token":
        module.repeat(ask, reply.body)
    elif kind == "null_item" and ask.is_part:
        return Reply(0, None)
    elif kind == "null_item":
        rows[:1] = [None]
    elif kind == "missing_items":
        del rows[:1]
    elif kind == "shuffle":
        rows.reverse()
    return reply


def _encoded(reply: Reply) -> bytes:
    return (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _send(send: Send, reply: Reply, body: bytes, cut: bool = False) -> None:
    kind = "text/html" if isinstance(reply.body, str) else "application/json"
    headers = {"content-type": f"{kind}; charset=UTF-8", "content-length": str(len(body)), **reply.headers}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    # A response that ends before it is complete makes uvicorn close the connection.
    await send({"type": "http.response.body", "body": body[: len(body) // 2] if cut else body, "more_body": cut})
