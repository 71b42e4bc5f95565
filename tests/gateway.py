"""A hospital's way out, on loopback: a proxy that asks for a password, and hosts with certificates of a private CA."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LONGEST_SECONDS = 20


class Authority:
    """A private CA as an old one is: its certificates carry no key identifiers."""

    def __init__(self, folder: Path, name: str = "hospital") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.bundle = folder, f"{name} authority", folder / f"{name}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = self._certificate(self.name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        self.bundle.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A server's side of TLS for these hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._certificate(names[0], key.public_key())
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        path = self.folder / f"{names[0]}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(self, name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = x509.CertificateBuilder(issuer, called, key, x509.random_serial_number())
        now = datetime.now(UTC)
        return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))


class Proxy:
    """Answers CONNECT alone. `ways`: which loopback port stands behind a host; other hosts it does not know.

    `asked`: each host and port that came with the right password; `refused`: how often it was wrong.
    """

    def __init__(self, ways: Mapping[str, int], login: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.ways, self.asked, self.refused = dict(ways), [], 0
        self.expected = f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                if proxy.expected and self.headers["Proxy-Authorization"] != proxy.expected:
                    proxy.refused += 1
                    self.send_response(407)
                    self.send_header("Proxy-Authenticate", 'Basic realm="hospital"')
                    self.end_headers()
                    return
                proxy.asked.append(self.path)
                host = self.path.rpartition(":")[0]
                if host not in proxy.ways:
                    self.send_error(403)
                    return
                with socket.create_connection(("127.0.0.1", proxy.ways[host]), timeout=LONGEST_SECONDS) as behind:
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.flush()
                    forth = threading.Thread(target=_pump, args=(self.connection, behind), daemon=True)
                    forth.start()
                    _pump(behind, self.connection)
                    forth.join(LONGEST_SECONDS)
                self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self.asked: list[str]
        self._server = _Server(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that turned away, as one does from a certificate it does not trust."""


@contextmanager
def serving(proxy: Proxy) -> Iterator[Proxy]:
    with _running(proxy._server):
        yield proxy


@contextmanager
def hosts(tls: ssl.SSLContext, fronts: Mapping[str, tuple[str, int]]) -> Iterator[int]:
    """A TLS server for several hosts: each one's requests go on, in plain HTTP, to a prefix and port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize, disable_nagle_algorithm = 2**16, True

        def do_GET(self) -> None:
            prefix, port = fronts[self.headers["Host"].partition(":")[0]]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            behind = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_SECONDS)
            behind.request(self.command, prefix + self.path, body or None, dict(self.headers.items()))
            answer = behind.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            behind.close()

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _running(server):
        yield server.server_port


@contextmanager
def _running(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _pump(here: socket.socket, there: socket.socket) -> None:
    try:
        while piece := here.recv(2**16):
            there.sendall(piece)
        there.shutdown(socket.SHUT_WR)
    except OSError:
        pass
