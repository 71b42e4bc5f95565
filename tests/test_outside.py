"""A hospital's network: every client goes through a proxy that asks for a password, and trusts a private authority."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway import Authority, Proxy, hosts, serving
from home import Home
from socialmetrics import clock, outside, pipeline, platforms
from socialmetrics.errors import Misconfigured, Throttled, Unavailable
from socialmetrics.settings import Access, Network

SUNDAY = date(2026, 9, 20)
VENDORS = {"youtube": "youtube.googleapis.com", "x": "api.twitter.com", "facebook": "graph.facebook.com"}
LOGIN = "press office:p@ss/w:rd"
QUOTED = "press%20office:p%40ss%2Fw%3Ard"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def behind(home: Home, authority: Authority) -> Iterator[int]:
    """The port where the vendors' hosts stand, as the sandbox answers on a Sunday's evening."""
    instant = clock.stamp(home.day(SUNDAY).scheduled_at)
    fronts = {host: (f"/{name}/{instant}", home.sandbox.port) for name, host in VENDORS.items()}
    with hosts(authority.server_context(*VENDORS.values()), fronts) as port:
        yield port


@pytest.fixture
def proxy(behind: int) -> Iterator[Proxy]:
    with serving(Proxy(dict.fromkeys(VENDORS.values(), behind), LOGIN)) as proxy:
        yield proxy


def way(proxy: Proxy, authority: Authority | None, login: str = QUOTED, scheme: str = "http") -> Network:
    at = f"{login}@" if login else ""
    address = SecretStr(f"{scheme}://{at}localhost:{proxy.port}")
    return Network(address, "", authority.bundle if authority else None)


def reach(home: Home, platform: str, network: Network) -> Access:
    """The vendor's own address, which nothing but the proxy knows here."""
    return replace(home.reach(platform), url=None, network=network)


def pull(home: Home, platform: str, network: Network) -> pipeline.Extracted:
    day = home.day(SUNDAY)
    with clock.still(day.scheduled_at):
        return pipeline.extract(home.settings, platform, day, reach(home, platform, network))


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_every_client_works_through_the_proxy_alone(
    platform: str, home: Home, proxy: Proxy, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the environment says by itself, and a password in ~/.netrc, lead nobody astray."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("default login somebody password else\n", encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    extracted = pull(home, platform, way(proxy, authority))
    assert (extracted.run.status, extracted.run.message) == ("complete", None)
    assert set(proxy.asked) == {f"{VENDORS[platform]}:443"}
    assert any(row["value"] for row in home.rows("observations", platform))
    assert {asked.platform for asked in home.sandbox.requests} == {platform}


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_the_way_to_the_proxy_itself_may_be_tls(platform: str, home: Home, behind: int, authority: Authority) -> None:
    secured = Proxy({VENDORS[platform]: behind}, LOGIN, authority.server_context("localhost"))
    with serving(secured):
        assert pull(home, platform, way(secured, authority, scheme="https")).run.status == "complete"
    assert secured.asked


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_wrong_password_is_told_once_and_nobody_is_asked_again(
    platform: str, home: Home, proxy: Proxy, authority: Authority
) -> None:
    extracted = pull(home, platform, way(proxy, authority, "press:guess"))
    assert extracted.run.status == "failed"
    assert isinstance(extracted.problem, Misconfigured)
    assert extracted.run.message
    assert f"refuses the way to {VENDORS[platform]}" in extracted.run.message
    assert "HTTPS_PROXY" in extracted.run.message
    assert "guess" not in extracted.run.message
    assert (proxy.refused, proxy.asked) == (1, [])


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_certificate_of_an_unknown_authority_is_told_and_no_token_is_sent(
    platform: str, home: Home, proxy: Proxy
) -> None:
    extracted = pull(home, platform, way(proxy, None))
    assert isinstance(extracted.problem, Misconfigured)
    assert extracted.run.message
    assert f"The certificate of {VENDORS[platform]} is not trusted" in extracted.run.message
    assert "SOCIALMETRICS_CA_BUNDLE" in extracted.run.message
    assert len(proxy.asked) == 1
    assert not home.sandbox.requests


@pytest.mark.parametrize("platform", platforms.NAMES)
def test_a_host_that_the_proxy_forbids_is_unavailable(
    platform: str, home: Home, proxy: Proxy, authority: Authority
) -> None:
    proxy.ways.clear()
    assert isinstance(pull(home, platform, way(proxy, authority)).problem, Unavailable | Throttled)


def test_a_host_of_no_proxy_and_plain_http_go_straight(home: Home, proxy: Proxy, authority: Authority) -> None:
    through = way(proxy, authority)
    assert outside.proxies(through, "https://graph.facebook.com/v26.0")
    for names in ("facebook.com", ".facebook.com", "x.com, graph.facebook.com", "*"):
        assert outside.proxies(replace(through, no_proxy=names), "https://graph.facebook.com/v26.0") == {}, names
    for names in ("book.com", "api.facebook.com", "x.com"):
        assert outside.proxies(replace(through, no_proxy=names), "https://graph.facebook.com/v26.0"), names
    straight = replace(home.reach("x"), network=through)
    day = home.day(SUNDAY)
    with clock.still(day.scheduled_at):
        assert pipeline.extract(home.settings, "x", day, straight).run.status == "complete"
    assert proxy.asked == []


def test_the_public_authorities_are_trusted_besides_the_private_one(authority: Authority) -> None:
    public, both = outside.context(Network()), outside.context(Network(ca_bundle=authority.bundle))
    assert public.cert_store_stats()["x509_ca"] > 50
    assert both.cert_store_stats()["x509_ca"] == public.cert_store_stats()["x509_ca"] + 1
    assert both.check_hostname
    assert both.verify_mode == public.verify_mode


def test_a_certificate_for_another_host_is_not_trusted(home: Home, behind: int, authority: Authority) -> None:
    with serving(Proxy({"elsewhere.example": behind})) as proxy:
        state, why = outside.reach(way(proxy, authority, ""), "https://elsewhere.example/")
    assert state == "certificate not trusted"
    assert "Hostname mismatch" in why


def test_reach_says_how_far_it_came(proxy: Proxy, authority: Authority) -> None:
    host = "https://graph.facebook.com/"
    assert outside.reach(way(proxy, authority), host) == ("reached", "through the proxy")
    assert outside.reach(way(proxy, authority, "press:guess"), host)[0] == "proxy refused the password"
    assert outside.reach(way(proxy, authority, ""), host)[0] == "proxy refused the password"
    assert outside.reach(way(proxy, None), host)[0] == "certificate not trusted"
    assert outside.reach(way(proxy, authority), "https://elsewhere.example/") == (
        "refused",
        "the proxy answered 403 Forbidden",
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert outside.reach(Network(), url) == ("refused", "Connection refused")
