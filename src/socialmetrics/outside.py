"""How a host outside is reached: through the network's proxy, trusting its authority, and what it means when it is not.

The settings alone say so (`settings.network`); no library here looks at the environment or at ~/.netrc by itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from requests.utils import should_bypass_proxies

from socialmetrics.errors import Misconfigured
from socialmetrics.settings import Network

TIMEOUT_SECONDS = (5.0, 30.0)
Reached = Literal["reached", "refused", "certificate not trusted", "proxy refused the password"]


def prepare(session: requests.Session, network: Network) -> None:
    """Let a session reach hosts as `network` says, and not as the environment does."""
    session.trust_env = False
    session.mount("https://", _Adapter(context(network)))


def proxies(network: Network, url: str) -> dict[str, str]:
    """What `requests` is to be given for an address: only https goes through the proxy."""
    if network.proxy is None or not url.startswith("https:") or should_bypass_proxies(url, network.no_proxy):
        return {}
    return {"https": network.proxy.get_secret_value()}


def context(network: Network) -> ssl.SSLContext:
    """The public authorities, and the network's own.

    A private authority is often older than what Python asks of one since 3.13 (a key identifier, usage marked
    critical); signatures, names and dates are checked all the same.
    """
    made = ssl.create_default_context(cafile=certifi.where())
    if network.ca_bundle:
        made.load_verify_locations(network.ca_bundle)
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made


def explain(error: Exception, url: str) -> Misconfigured | None:
    """What a person must correct on the way to a host; None where it may pass."""
    state, host = _state(error), urlsplit(url).hostname
    if state == "certificate not trusted":
        return Misconfigured(
            f"The certificate of {host} is not trusted ({_why(error)}). If your network opens TLS, name its "
            "authority's file in SOCIALMETRICS_CA_BUNDLE and run `socialmetrics check --network`."
        )
    if state == "proxy refused the password":
        return Misconfigured(
            f"The proxy refuses the way to {host}: its user or password is wrong. "
            "Correct HTTPS_PROXY and run `socialmetrics check --network`."
        )
    return None


def ask(network: Network, url: str, method: str = "GET", json: Any = None) -> int:
    """The status of one request that is no platform's client's. Raises requests' exceptions."""
    with requests.Session() as session:
        prepare(session, network)
        way = proxies(network, url)
        with session.request(
            method, url, json=json, proxies=way, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code


def reach(network: Network, url: str) -> tuple[Reached, str]:
    """Whether a host answers at all, asked without a token, and where it does not, why."""
    try:
        ask(network, url)
    except requests.RequestException as error:
        return meaning(error)
    return "reached", "through the proxy" if proxies(network, url) else ""


def meaning(error: Exception) -> tuple[Reached, str]:
    """How far a failed try came, and what stood in the way; never with the address, which may hold a secret."""
    return _state(error), _why(error)


class _Adapter(HTTPAdapter):
    def __init__(self, trusted: ssl.SSLContext) -> None:
        self.trusted = trusted
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self.trusted)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        both = {"ssl_context": self.trusted, "proxy_ssl_context": self.trusted}
        return super().proxy_manager_for(proxy, **kwargs, **both)


def _state(error: Exception) -> Reached:
    chain = list(_chain(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        return "certificate not trusted"
    if any("Tunnel connection failed: 407" in str(cause) for cause in chain):
        return "proxy refused the password"
    return "refused"


def _why(error: Exception) -> str:
    """The innermost word on it: a certificate's fault, what the proxy answered, or the kind of silence."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if str(cause).startswith("Tunnel connection failed: "):
            return f"the proxy answered {str(cause).removeprefix('Tunnel connection failed: ')}"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return type(error).__name__


def _chain(error: object) -> Iterator[BaseException]:
    """An exception and those it was made from, which requests and urllib3 keep in several places."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [getattr(one, "reason", None), one.__cause__, one.__context__, *one.args]
