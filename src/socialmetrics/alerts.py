"""Who is told, and how: each cause of a red day once, by mail and webhook; and a monitor, of each good run.

What was told lies in `warehouse/alerts/DAY/`, one file for each cause and way.
"""

from __future__ import annotations

import json
import shutil
import smtplib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from requests import RequestException

from socialmetrics import clock, outside
from socialmetrics.causes import Cause
from socialmetrics.errors import Misconfigured
from socialmetrics.records import Reason
from socialmetrics.settings import Network, Settings

TIMEOUT_SECONDS = 20
KEPT_DAYS = 35
ABANDONED_SECONDS = 600
LOCAL = ("localhost", "127.0.0.1", "::1")
FAILURES = (OSError, RequestException, smtplib.SMTPException, Misconfigured)


@dataclass(frozen=True)
class Alert:
    """A cause as it is told; `text` is the whole of it, its first line what matters."""

    cause: Cause
    day: date
    since: datetime
    text: str

    def facts(self) -> dict[str, object]:
        """What a webhook is sent; chat programs show `text`."""
        return {
            "text": self.text,
            "day": str(self.day),
            "cause": self.cause.key,
            "platform": self.cause.platform or None,
            "what": self.cause.what,
            "since": self.since.isoformat(),
            "until": self.cause.until.isoformat() if self.cause.until else None,
            "lost": self.cause.lost,
            "command": self.cause.command,
            "details": list(self.cause.details),
        }


def tell(
    settings: Settings, network: Network, day: date, causes: Iterable[Cause], owners: Mapping[str, Sequence[str]]
) -> list[str]:
    """Tell each cause by each way that is set up, once a day; a platform's `owners` also, of a refused token.

    Returns what could not be sent, in words: an alert that fails changes nothing about the day.
    """
    _forget_old(settings.alerts, day)
    failed = []
    for cause in causes:
        alert = _alert(settings, day, cause)
        for way, send in _ways(settings, network, alert, owners).items():
            if told := _once(settings.alerts / str(day) / f"{cause.key}.{way}", alert, send):
                failed.append(f"The alert could not be sent by {way}: {told}.")
    return failed


def ping(settings: Settings, network: Network) -> list[str]:
    """Tell the monitor that a run was good. Returns what could not be sent, in words."""
    if settings.heartbeat_url:
        try:
            _ask(network, settings.heartbeat_url.get_secret_value(), "GET")
        except FAILURES as error:
            return [f"The heartbeat could not be sent: {_words(error)}."]
    return []


def hosts(settings: Settings, network: Network) -> list[tuple[str, str, str]]:
    """Each host that is told, whether it is reached, and what stands in the way; nothing is sent."""
    found: list[tuple[str, str, str]] = []
    for url in (settings.alert_webhook_url, settings.heartbeat_url):
        if url:
            parts = urlsplit(url.get_secret_value())
            base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
            found.append((parts.hostname or "", *outside.reach(network, base)))
    if settings.smtp_url or settings.mails:
        host = _mail_server(settings).hostname or ""
        try:
            _connected(settings, network).close()
            found.append((host, "reached", ""))
        except FAILURES as error:
            found.append((host, outside.meaning(error)[0], _words(error)))
    return found


def _alert(settings: Settings, day: date, cause: Cause) -> Alert:
    since = cause.since or _first_told(settings.alerts, day, cause.key) or clock.now()
    told = f"{clock.now().astimezone(settings.zone):%Y-%m-%d %H:%M}"
    footing = f"This is about {day}. It was written at {told}; times are those of {settings.timezone}."
    return Alert(
        cause, day, since, "\n\n".join([cause.sentence(since, settings.zone), "\n".join(cause.details), footing])
    )


def _ways(
    settings: Settings, network: Network, alert: Alert, owners: Mapping[str, Sequence[str]]
) -> dict[str, Callable[[], None]]:
    ways: dict[str, Callable[[], None]] = {}
    to = list(settings.mails)
    if alert.cause.kind == Reason.DENIED and (settings.smtp_url or to):
        to += owners.get(alert.cause.platform, ())
    if to:
        ways["mail"] = lambda: _mail(settings, network, alert, list(dict.fromkeys(to)))
    if url := settings.alert_webhook_url:
        ways["webhook"] = lambda: _ask(network, url.get_secret_value(), "POST", alert.facts())
    return ways


def _once(path: Path, alert: Alert, send: Callable[[], None]) -> str | None:
    """Send what was not sent yet; None where that is done, else in words why not, and the next run tries again."""
    if not _is_ours(path):
        return None
    try:
        send()
    except FAILURES as error:
        with suppress(OSError):
            path.unlink()
        return _words(error)
    with suppress(OSError):
        path.write_text(json.dumps(alert.facts(), indent=2), encoding="utf-8")
    return None


def _is_ours(path: Path) -> bool:
    """Whether this process is to send it: no other did or does. It is where nothing can be noted, on a full disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            noted = path.stat()
            if not noted.st_size and time.time() - noted.st_mtime > ABANDONED_SECONDS:
                path.unlink()
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def _first_told(folder: Path, day: date, key: str) -> datetime | None:
    """Since when a cause goes on, as the day before told it."""
    for path in sorted((folder / str(day - timedelta(days=1))).glob(f"{key}.*")):
        with suppress(OSError, ValueError, KeyError):
            return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["since"])
    return None


def _forget_old(folder: Path, day: date) -> None:
    oldest = str(day - timedelta(days=KEPT_DAYS))
    for path in folder.glob("????-??-??"):
        if path.name < oldest:
            shutil.rmtree(path, ignore_errors=True)


def _ask(network: Network, url: str, method: str, json: object = None) -> None:
    status = outside.ask(network, url, method, json)
    if status >= 300:
        raise Misconfigured(f"{urlsplit(url).hostname} answered {status}")


def _mail(settings: Settings, network: Network, alert: Alert, to: list[str]) -> None:
    sender = next(iter(settings.mails or to))
    mail = EmailMessage()
    mail["Subject"] = f"socialmetrics: {alert.cause.what}"
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Date"], mail["Message-ID"] = format_datetime(clock.now()), make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(alert.text)
    with _connected(settings, network) as server:
        server.send_message(mail)


def _connected(settings: Settings, network: Network) -> smtplib.SMTP:
    """A connection that may send: TLS where the server offers it, and never a password without."""
    parts = _mail_server(settings)
    host, context = parts.hostname or "", outside.context(network)
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or (587 if parts.username else 25), timeout=TIMEOUT_SECONDS)
    try:
        server.ehlo()
        is_secret = parts.scheme == "smtps" or host in LOCAL
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            is_secret = True
        if parts.username:
            if not is_secret:
                raise Misconfigured(f"{host} offers no TLS, so the password is not sent")
            _login(server, host, unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _login(server: smtplib.SMTP, host: str, user: str, password: str) -> None:
    try:
        server.login(user, password)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPServerDisconnected):  # some servers hang up on a wrong one
        raise Misconfigured(f"{host} refuses the user or the password") from None


def _mail_server(settings: Settings) -> SplitResult:
    return urlsplit(settings.smtp_url.get_secret_value() if settings.smtp_url else "smtp://localhost")


def _words(error: Exception) -> str:
    """Without the address, which may hold a secret."""
    if isinstance(error, Misconfigured):
        return str(error)
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"the mail server answered {error.smtp_code} {said}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"the mail server takes no mail for {', '.join(error.recipients)}"
    return outside.meaning(error)[1]
