"""The vendors' own clients, pointed at one sandbox that stands at the demo's last Sunday."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import facebook
import httplib2
import pytest
import requests
import tweepy
from googleapiclient.discovery import build

from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World

AT = datetime(2026, 11, 22, 22, tzinfo=UTC)


class BaseURLSession(requests.Session):
    def __init__(self, vendor: str, url: str) -> None:
        super().__init__()
        self.vendor, self.url, self.trust_env = vendor, url, False

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        options["timeout"] = 5
        self.last = super().request(method, url.replace(self.vendor, self.url, 1), **options)
        return self.last


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def running(world: World) -> Iterator[Sandbox]:
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The running sandbox with an empty log and no faults."""
    running.script([])
    running.requests.clear()
    return running


@pytest.fixture
def youtube(sandbox: Sandbox) -> Callable[..., Any]:
    def client(token: str = "key", at: datetime = AT) -> Any:
        return build(
            "youtube",
            "v3",
            developerKey=token,
            client_options={"api_endpoint": sandbox.url("youtube", at)},
            http=httplib2.Http(timeout=5, proxy_info=None),
            static_discovery=True,
        )

    return client


@pytest.fixture
def x(sandbox: Sandbox) -> Callable[..., tweepy.Client]:
    def client(token: str = "token", at: datetime = AT) -> tweepy.Client:
        client = tweepy.Client(token, return_type=dict)
        client.session = BaseURLSession("https://api.twitter.com", sandbox.url("x", at))
        return client

    return client


@pytest.fixture
def graph(sandbox: Sandbox) -> Callable[..., facebook.GraphAPI]:
    def client(token: str | None = "token", at: datetime = AT, bearer: str | None = None) -> facebook.GraphAPI:
        session = BaseURLSession("https://graph.facebook.com", sandbox.url("facebook", at))
        if bearer:
            session.headers["Authorization"] = f"Bearer {bearer}"
        client = facebook.GraphAPI(token, session=session)
        client.version = "v26.0"
        return client

    return client
