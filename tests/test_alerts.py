"""On red each cause is told once, in words that say what to do; on green a monitor is told."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from faults import search
from gateway import Authority
from home import Home
from listeners import MailServer, WebServer, mail_server, web_server
from socialmetrics import alerts, clock, pipeline, settings, verdicts
from socialmetrics.causes import _COMMANDS, _WHAT, Fault, causes, fault_of, said
from socialmetrics.errors import BuildFailed, Denied, Locked, Misconfigured, TooLate, Unavailable
from socialmetrics.records import Reason
from socialmetrics.sandbox.server import Fault as Strike
from socialmetrics.sandbox.world import World
from socialmetrics.settings import Network, Settings

CHICAGO = "America/Chicago"
SUNDAY = date(2026, 11, 22)
TEN_PM = datetime(2026, 11, 23, 4, tzinfo=UTC)  # Sunday 10 pm in Chicago
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def ours(home: Home, world: World) -> Home:
    """The network's own accounts, in Chicago."""
    own = [account for account in world.directory(datetime(2026, 11, 20, tzinfo=UTC)) if account.is_own]
    home.write_directory([o for o in world.organizations if o.is_own], own)
    home.settings = home.settings.model_copy(update={"timezone": CHICAGO, "patience_seconds": 0})
    return home


def told(home: Home, mails: MailServer | None = None, web: WebServer | None = None) -> Settings:
    home.settings = home.settings.model_copy(
        update={
            "alert_mail": "desk@hospital.example" if mails else None,
            "smtp_url": SecretStr(f"smtp://127.0.0.1:{mails.port}") if mails else None,
            "alert_webhook_url": SecretStr(web.url("/hook/s3cret")) if web else None,
            "heartbeat_url": SecretStr(web.url("/ping/s3cret")) if web else None,
        }
    )
    return home.settings


def judged(home: Home, on: date, at: datetime) -> list[str]:
    """Announce a day's verdict as `run` does; what could not be sent."""
    with clock.still(at):
        verdict = verdicts.verdict(home.settings, home.day(on))
        return verdicts.announce(home.settings, home.day(on), verdict.found)


def pull(home: Home, on: date, *names: str, minutes: float = 0) -> None:
    home.pull(on, *names, later_hours=minutes / 60)


def test_the_message_says_what_since_when_what_is_lost_and_what_to_run(ours: Home, mails: MailServer) -> None:
    told(ours, mails)
    pull(ours, SUNDAY - timedelta(days=1))
    ours.tokens["facebook"] = "fail-401"
    pull(ours, SUNDAY, minutes=4)
    assert judged(ours, SUNDAY, TEN_PM + 10 * MINUTE) == []
    ((to, mail),) = mails.mails
    assert to == ["desk@hospital.example"]
    assert (mail["To"], mail["From"]) == ("desk@hospital.example", "desk@hospital.example")
    assert mail["Subject"] == "socialmetrics: Facebook refuses the token"
    assert mail["Auto-Submitted"] == "auto-generated"
    sentence, details, footing = mails.texts[0].strip().split("\n\n")
    assert sentence == (
        "Facebook refuses the token since 10:04 pm. Today's followers can be taken until 10 pm tomorrow. "
        "Then: `socialmetrics run --platform facebook`."
    )
    assert details.startswith("facebook: Facebook answered error 190: the token is refused. Make a new one,")
    assert footing == (
        "This is about 2026-11-22. It was written at 2026-11-22 22:10; times are those of America/Chicago."
    )


def test_each_cause_is_told_once_a_day_and_again_on_the_next(ours: Home, mails: MailServer, web: WebServer) -> None:
    told(ours, mails, web)
    ours.tokens["facebook"] = "fail-401"
    ours.sandbox.script([Strike("x", "", None, "503")])
    pull(ours, SUNDAY)
    for hours in (0.2, 1, 5, 23):
        assert judged(ours, SUNDAY, TEN_PM + timedelta(hours=hours)) == []
    assert [mail["Subject"] for _, mail in mails.mails] == [
        "socialmetrics: X gives no usable answer",
        "socialmetrics: Facebook refuses the token",
    ]
    assert [(method, path, fact["cause"]) for method, path, fact in web.asked] == [
        ("POST", "/hook/s3cret", "x-unavailable"),
        ("POST", "/hook/s3cret", "facebook-denied"),
    ]
    monday = SUNDAY + timedelta(days=1)
    ours.sandbox.script([])
    pull(ours, monday)
    assert judged(ours, monday, TEN_PM + timedelta(days=1, minutes=5)) == []
    assert len(mails.mails) == 3
    assert mails.texts[2].startswith(
        "Facebook refuses the token since 10 pm yesterday. Today's followers can be taken until 10 pm tomorrow."
    )
    assert web.asked[2][2]["since"] == web.asked[1][2]["since"] == TEN_PM.isoformat()


def test_a_task_that_failed_tells_what_the_verdict_will_say_and_since_when(ours: Home, web: WebServer) -> None:
    told(ours, web=web)
    day = ours.day(SUNDAY)
    with clock.still(TEN_PM + 60 * MINUTE):
        for error, kinds in (
            (KeyError("x"), ["program", "not_run"]),
            (TooLate("late"), ["too_late", "not_run"]),
            (Denied("no"), []),
        ):
            assert [fault.kind for fault in verdicts.faults_behind(ours.settings, day, error, "x")] == kinds
    ours.sandbox.script([Strike("x", "", None, "503")])
    pull(ours, SUNDAY, "x")
    pull(ours, SUNDAY, "x", minutes=45)
    with clock.still(TEN_PM + 60 * MINUTE):
        behind = verdicts.faults_behind(ours.settings, day, Unavailable("silent"), "x")
        assert verdicts.announce(ours.settings, day, behind) == []
    ((_, _, fact),) = web.asked
    assert fact["text"].startswith("X gives no usable answer since 10 pm.")


def test_the_webhook_gets_the_parts_as_json(ours: Home, web: WebServer) -> None:
    told(ours, web=web)
    ours.tokens["facebook"] = "fail-401"
    pull(ours, SUNDAY)
    judged(ours, SUNDAY, TEN_PM + MINUTE)
    ((_, _, fact),) = web.asked
    assert fact["text"].startswith("Facebook refuses the token since 10 pm.")
    assert fact["details"][0].startswith("facebook: ")
    assert {name: fact[name] for name in fact if name not in ("text", "details")} == {
        "day": "2026-11-22",
        "cause": "facebook-denied",
        "platform": "facebook",
        "what": "Facebook refuses the token",
        "since": "2026-11-23T04:00:00+00:00",
        "until": "2026-11-24T04:00:00+00:00",
        "lost": "Today's followers can be taken until 10 pm tomorrow.",
        "command": "socialmetrics run --platform facebook",
    }


def test_a_token_of_several_pages_is_one_cause_and_its_owners_are_told(ours: Home, mails: MailServer) -> None:
    """A named credential is refused; the rest of the platform has values."""
    told(ours, mails)
    owners = "platform,name,mail\nfacebook,Press Office,press@hospital.example\nx,Desk,x@hospital.example\n"
    (ours.settings.directory / "owners.csv").write_text(owners, encoding="utf-8")
    day, reach = ours.day(SUNDAY), ours.reach("facebook")
    people = ours.people.due("facebook", SUNDAY)
    theirs = [account.handle for account in people if account.is_own and account.credential == "childrens"]
    assert theirs
    assert len(theirs) < len(people)
    with clock.still(day.scheduled_at):
        denied = replace(reach, tokens=reach.tokens | {"childrens": SecretStr("fail-401")})
        pipeline.extract(ours.settings, "facebook", day, denied)
        ours.sandbox.script([Strike("x", "", None, "503")])
        pipeline.extract(ours.settings, "x", day, ours.reach("x"))
        pipeline.extract(ours.settings, "youtube", day, ours.reach("youtube"))
    judged(ours, SUNDAY, TEN_PM + MINUTE)
    assert [(to, mail["Subject"]) for to, mail in mails.mails] == [
        (["desk@hospital.example"], "socialmetrics: X gives no usable answer"),
        (
            ["desk@hospital.example", "press@hospital.example"],
            "socialmetrics: Facebook refuses the token of 'childrens'",
        ),
    ]
    for handle in theirs:
        assert f"own account {handle} has no value" in mails.texts[1]
    with clock.still(TEN_PM + 2 * MINUTE):  # as Airflow's task of the platform tells it before the verdict
        behind = verdicts.faults_behind(ours.settings, day, Denied("refused"), "facebook")
        assert {fault.cause for fault in behind} == {("facebook", "denied", "childrens")}
        assert verdicts.announce(ours.settings, day, behind) == []
    assert len(mails.mails) == 2


def test_what_could_not_be_sent_is_said_and_tried_again(ours: Home, web: WebServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    told(ours, web=web)
    ours.settings = ours.settings.model_copy(
        update={"alert_mail": "desk@hospital.example", "smtp_url": SecretStr(f"smtp://127.0.0.1:{closed}")}
    )
    web.status = 500
    ours.tokens["facebook"] = "fail-401"
    pull(ours, SUNDAY)
    assert judged(ours, SUNDAY, TEN_PM + MINUTE) == [
        "The alert could not be sent by mail: Connection refused.",
        "The alert could not be sent by webhook: 127.0.0.1 answered 500.",
    ]
    web.status = 200
    with mail_server() as mails:
        told(ours, mails, web)
        assert judged(ours, SUNDAY, TEN_PM + 2 * MINUTE) == []
        assert len(mails.mails) == 1
    assert len(web.asked) == 2


def test_an_alert_that_a_killed_run_left_is_taken_over(ours: Home, web: WebServer) -> None:
    told(ours, web=web)
    ours.tokens["facebook"] = "fail-401"
    pull(ours, SUNDAY)
    claim = ours.settings.alerts / str(SUNDAY) / "facebook-denied.webhook"
    claim.parent.mkdir(parents=True)
    claim.touch()
    judged(ours, SUNDAY, TEN_PM + MINUTE)
    assert web.asked == []  # another process may be sending it just now
    os.utime(claim, (0, 0))
    judged(ours, SUNDAY, TEN_PM + MINUTE)
    assert len(web.asked) == 1


def test_where_nothing_can_be_noted_it_is_sent_all_the_same(ours: Home, web: WebServer) -> None:
    told(ours, web=web)
    ours.tokens["facebook"] = "fail-401"
    pull(ours, SUNDAY)
    ours.settings.alerts.write_text("a file stands where the folder should be", encoding="utf-8")
    assert judged(ours, SUNDAY, TEN_PM + MINUTE) == []
    assert len(web.asked) == 1


def test_what_was_told_is_kept_for_a_month(ours: Home, web: WebServer) -> None:
    told(ours, web=web)
    for number in (1, 34, 36, 400):
        (ours.settings.alerts / str(SUNDAY - timedelta(days=number))).mkdir(parents=True)
    ours.tokens["facebook"] = "fail-401"
    pull(ours, SUNDAY)
    judged(ours, SUNDAY, TEN_PM + MINUTE)
    kept = sorted(path.name for path in ours.settings.alerts.iterdir())
    assert kept == [str(SUNDAY - timedelta(days=number)) for number in (34, 1, 0)]


def test_no_message_and_no_note_holds_a_token_or_an_address_that_is_secret(
    ours: Home, mails: MailServer, web: WebServer
) -> None:
    told(ours, mails, web)
    ours.tokens |= {"facebook": "fail-401", "x": "fail-401", "youtube": "fail-401"}
    pull(ours, SUNDAY)
    assert judged(ours, SUNDAY, TEN_PM + MINUTE) == []
    assert len(mails.mails) == 3
    secrets = ("fail-401", "s3cret")
    said = [*mails.texts, *(str(fact) for _, _, fact in web.asked)]
    assert not [text for text in said if any(secret in text for secret in secrets)]
    assert search.found(ours.settings.alerts, secrets) == []
    assert search.found(ours.settings.alerts, ["refuses the token"])  # the notes hold what was sent


@pytest.mark.parametrize("is_told", [True, False])
def test_a_green_day_pings_and_tells_nobody(ours: Home, mails: MailServer, web: WebServer, is_told: bool) -> None:
    here = told(ours, mails, web) if is_told else ours.settings
    pull(ours, SUNDAY)
    assert judged(ours, SUNDAY, TEN_PM + MINUTE) == []
    assert mails.mails == []
    assert verdicts.heartbeat(here) == []
    assert web.asked == ([("GET", "/ping/s3cret", None)] if is_told else [])
    web.status = 404
    told_off = verdicts.heartbeat(here)
    assert told_off == (["The heartbeat could not be sent: 127.0.0.1 answered 404."] if is_told else [])


# The mail server.


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def cause(kind: str = Reason.DENIED) -> list[object]:
    return causes([Fault("x: told", kind, "x")], SUNDAY, TEN_PM, Settings().zone, lambda _: None)  # type: ignore[return-value]


def send(folder: Path, smtp_url: str, network: Network) -> list[str]:
    here = Settings(home=folder, alert_mail="desk@hospital.example", smtp_url=SecretStr(smtp_url))
    return alerts.tell(here, network, SUNDAY, cause(), {})  # type: ignore[arg-type]


def test_a_password_goes_over_tls_alone(tmp_path: Path, authority: Authority) -> None:
    trusted = Network(ca_bundle=authority.bundle)
    with mail_server("p@ss word", authority.server_context("localhost")) as server:
        url = f"smtp://desk%40hospital.example:p%40ss%20word@localhost:{server.port}"
        assert send(tmp_path, url, trusted) == []
        assert server.logins == [("desk@hospital.example", "p@ss word")]
        assert len(server.mails) == 1
        assert send(tmp_path / "wrong", url.replace("word", "guess"), trusted) == [
            "The alert could not be sent by mail: localhost refuses the user or the password."
        ]
        assert send(tmp_path / "untrusted", url, Network()) == [
            "The alert could not be sent by mail: unable to get local issuer certificate."
        ]
        assert set(server.logins[1:]) == {("desk@hospital.example", "p@ss guess")}


def test_a_password_is_not_sent_to_a_server_without_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LOCAL", ())
    with mail_server("secret") as server:
        url = f"smtp://desk:secret@127.0.0.1:{server.port}"
        assert send(tmp_path, url, Network()) == [
            "The alert could not be sent by mail: 127.0.0.1 offers no TLS, so the password is not sent."
        ]
        assert server.logins == []


def test_a_mail_without_a_password_needs_no_tls(tmp_path: Path) -> None:
    with mail_server() as server:
        assert send(tmp_path, f"smtp://127.0.0.1:{server.port}", Network()) == []
        assert len(server.mails) == 1


# The words.


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (TEN_PM, "10 pm"),
        (TEN_PM + 4 * MINUTE, "10:04 pm"),
        (TEN_PM - timedelta(hours=10), "12 pm"),
        (TEN_PM + timedelta(hours=2), "12 am tomorrow"),
        (TEN_PM + timedelta(days=1), "10 pm tomorrow"),
        (TEN_PM - timedelta(days=1, minutes=30), "9:30 pm yesterday"),
        (TEN_PM - timedelta(days=21), "11 pm on November 1"),  # daylight saving ended that morning
    ],
)
def test_times_are_said_as_people_do(instant: datetime, words: str) -> None:
    zone = Settings(timezone=CHICAGO).zone
    if words.startswith("11 pm"):
        instant += timedelta(hours=1)
    with clock.still(TEN_PM + 5 * MINUTE):
        assert said(instant, zone) == words


@pytest.mark.parametrize(
    ("hours", "lost", "command"),
    [
        (1, "Today's followers can be taken until 10 pm tomorrow.", "socialmetrics run --platform x"),
        (9, "Yesterday's followers can be taken until 10 pm.", "socialmetrics run --platform x"),
        (24.5, "Yesterday's followers cannot be taken any more.", "socialmetrics run --platform x --day 2026-11-22"),
        (
            99,
            "The followers of November 22 cannot be taken any more.",
            "socialmetrics run --platform x --day 2026-11-22",
        ),
    ],
)
def test_what_is_lost_depends_on_the_hour(hours: float, lost: str, command: str) -> None:
    zone = Settings(timezone=CHICAGO).zone
    with clock.still(TEN_PM + timedelta(hours=hours)):
        (found,) = causes(
            [Fault("x: told", Reason.UNAVAILABLE, "x")], SUNDAY, TEN_PM + timedelta(days=1), zone, lambda _: None
        )
    assert (found.lost, found.command) == (lost, command)


@pytest.mark.parametrize(
    ("error", "platform", "doing", "what", "command"),
    [
        (BuildFailed("b"), "", "", "The warehouse is not built", "socialmetrics model && socialmetrics publish"),
        (Misconfigured("b"), "", "build", "The warehouse is not built", "socialmetrics model && socialmetrics publish"),
        (Locked("l"), "", "build", "The warehouse is not built", "socialmetrics model && socialmetrics publish"),
        (Locked("l"), "", "", "Another run holds what this one needs", "socialmetrics run"),
        (Misconfigured("p"), "", "pack", "The week's pack is not made", "socialmetrics export"),
        (
            Misconfigured("d"),
            "",
            "",
            "The directory or the settings are wrong",
            "socialmetrics check && socialmetrics run",
        ),
        (TooLate("l"), "x", "", "November 22 was not asked for in its 24 hours", "socialmetrics status"),
        (Denied("x"), "x", "", "X refuses the token", "socialmetrics run --platform x"),
        (Misconfigured("proxy"), "x", "", "X gives no usable answer", "socialmetrics run --platform x"),
        (KeyError("secret"), "x", "", "This program fails at X", "socialmetrics run --platform x"),
        (KeyError("secret"), "", "build", "This program fails", "socialmetrics run"),
    ],
)
def test_every_failure_has_its_words(error: Exception, platform: str, doing: str, what: str, command: str) -> None:
    also = [Fault("x: not every run", "not_run", "x")] if isinstance(error, TooLate) else []
    with clock.still(TEN_PM + MINUTE):
        (found,) = causes(
            [fault_of(error, platform, doing), *also], SUNDAY, TEN_PM, Settings(timezone=CHICAGO).zone, lambda _: None
        )
    assert (found.what, found.command) == (what, command)
    assert "secret" not in str(found)


def test_a_platform_that_did_not_run_for_another_cause_is_none_of_its_own() -> None:
    zone, until = Settings().zone, TEN_PM + timedelta(days=1)
    not_run = [Fault(f"{name}: not every run", "not_run", name) for name in ("x", "youtube")]

    def keys(*more: Fault) -> list[str]:
        return [cause.key for cause in causes([*more, *not_run], SUNDAY, until, zone, lambda _: None)]

    assert keys() == ["x-not_run", "youtube-not_run"]
    assert keys(Fault("x: this program failed", "program", "x")) == ["x-program", "youtube-not_run"]
    assert keys(Fault("too late", "too_late")) == ["too_late"]
    assert causes([Fault("too late", "too_late")], SUNDAY, until, zone, lambda _: None) == []


def test_a_build_that_goes_on_failing_says_since_when(tmp_path: Path, web: WebServer) -> None:
    here = Settings(home=tmp_path, timezone=CHICAGO, alert_webhook_url=SecretStr(web.url("/hook")))
    for number in range(3):
        on = SUNDAY + timedelta(days=number)
        with clock.still(TEN_PM + timedelta(days=number, minutes=20)):
            found = causes([fault_of(BuildFailed("The build failed."))], on, TEN_PM, here.zone, lambda _: None)
            assert alerts.tell(here, Network(), on, found, {}) == []
    assert [fact["text"].partition(".")[0] for _, _, fact in web.asked] == [
        "The warehouse is not built since 10:20 pm",
        "The warehouse is not built since 10:20 pm yesterday",
        "The warehouse is not built since 10:20 pm on November 22",
    ]


def test_every_cause_stands_in_the_document() -> None:
    text = (Path(__file__).parents[1] / "docs" / "alerts.md").read_text(encoding="utf-8")
    for kind in _WHAT:
        (row,) = [line for line in text.splitlines() if line.startswith("| `") and re.search(rf"[`-]{kind}`", line)]
        if command := _COMMANDS.get(kind):
            assert f"`{command}`" in row or row.endswith("| the same |")


# The settings.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_MAIL", "desk"),
        ("ALERT_MAIL", "desk@hospital.example, nobody"),
        ("ALERT_MAIL", "desk@hospital.example\nBcc: all@hospital.example, x"),
        ("SMTP_URL", "mail.hospital.example:587"),
        ("SMTP_URL", "smtp://desk:pa/ss@mail.hospital.example"),
        ("SMTP_URL", "smtp://mail.hospital.example:port"),
        ("ALERT_WEBHOOK_URL", "hooks.example/s3cret"),
        ("HEARTBEAT_URL", "ftp://s3cret.example/"),
        ("CA_BUNDLE", "nowhere.pem"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SOCIALMETRICS_{name}", value)
    with pytest.raises(Misconfigured) as caught:
        (settings.network if name == "CA_BUNDLE" else settings.load)()
    assert f"SOCIALMETRICS_{name}" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "pa/ss" not in str(caught.value)


def test_several_people_may_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCIALMETRICS_ALERT_MAIL", "one@hospital.example; two@hospital.example,three@hospital.example")
    assert settings.load().mails == ["one@hospital.example", "two@hospital.example", "three@hospital.example"]
    monkeypatch.setenv("SOCIALMETRICS_ALERT_MAIL", "")
    monkeypatch.setenv("SOCIALMETRICS_SMTP_URL", "")
    here = settings.load()
    assert (here.mails, here.smtp_url) == ([], None)
