"""Who is told, on loopback: a mail server and a web server that keep what came."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


@dataclass
class MailServer:
    """`mails` with who they went to; `logins` as they were given."""

    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    password: str = ""
    port: int = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 OK"

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password.decode() == self.password, handled=False)

    @property
    def texts(self) -> list[str]:
        return [mail.get_content().replace("\r\n", "\n") for _, mail in self.mails]


@contextmanager
def mail_server(password: str = "", starttls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    with socket.socket() as free:  # aiosmtpd looks at the port that it was told
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = MailServer(password=password, port=port)
    more: dict[str, Any] = {"tls_context": starttls} if starttls else {}
    if password:
        more |= {"authenticator": kept.login, "auth_required": True, "auth_require_tls": starttls is not None}
    controller = Controller(kept, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


@dataclass
class WebServer:
    """`asked`: each method, path and JSON body that came; `status`: what it answers."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    status: int = 200
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def web_server() -> Iterator[WebServer]:
    kept = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept.asked.append((self.command, self.path, json.loads(body) if body else None))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    kept.port = server.server_port
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
