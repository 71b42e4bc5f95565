from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime

import pytest
import requests

from socialmetrics import clock
from socialmetrics.errors import Misconfigured
from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import World

THEN = datetime(2026, 9, 14, 22, 0, 0, 250000, tzinfo=UTC)


@pytest.fixture
def http() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = "Bearer token"
    return session


def followers(http: requests.Session, url: str, account_id: str) -> int:
    answer = http.get(f"{url}/2/users", params={"ids": account_id, "user.fields": "public_metrics"}, timeout=5)
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    count: int = answer.json()["data"][0]["public_metrics"]["followers_count"]
    return count


def test_the_instant_is_the_paths_or_the_clocks(sandbox: Sandbox, world: World, http: requests.Session) -> None:
    account = world.accounts[1]
    expected = world.value(account, "followers_count", THEN)
    assert sandbox.url("x", THEN).endswith("/x/20260914T220000250000Z")
    assert sandbox.url("x", "{now}").endswith("/x/{now}")
    assert followers(http, sandbox.url("x", THEN), account.account_id) == expected
    assert sandbox.requests[-1].instant == THEN
    with clock.still(THEN):
        assert followers(http, sandbox.url("x"), account.account_id) == expected


def test_it_listens_on_loopback_alone(sandbox: Sandbox) -> None:
    assert sandbox._socket.getsockname() == ("127.0.0.1", sandbox.port)
    with socket.socket() as elsewhere, pytest.raises(ConnectionRefusedError):
        elsewhere.connect(("127.0.0.2", sandbox.port))


def test_a_taken_port_is_told(sandbox: Sandbox, world: World) -> None:
    with pytest.raises(Misconfigured, match="cannot be used"):
        Sandbox(world, sandbox.port)


def test_it_stops_and_starts(world: World, http: requests.Session) -> None:
    for _ in range(2):
        with Sandbox(world) as sandbox:
            assert http.get(f"http://127.0.0.1:{sandbox.port}/health", timeout=5).json()["status"] == "ok"
        with pytest.raises(requests.ConnectionError):
            requests.Session().get(f"http://127.0.0.1:{sandbox.port}/health", timeout=5)


def test_it_does_not_dawdle(sandbox: Sandbox, world: World, http: requests.Session) -> None:
    url, account_id = sandbox.url("x", THEN), world.accounts[1].account_id
    began = time.perf_counter()
    for _ in range(200):
        followers(http, url, account_id)
    assert time.perf_counter() - began < 4  # 40 ms each would be 8


def test_the_log_counts_and_holds_no_token(sandbox: Sandbox, http: requests.Session) -> None:
    url = sandbox.url("youtube", THEN)
    http.get(f"{url}/youtube/v3/channels?part=id&id=a&id=b", headers={"x-goog-api-key": "secret"}, timeout=5)
    http.get(f"{url}/nothing?x=1", timeout=5)
    http.get(f"http://127.0.0.1:{sandbox.port}/health", timeout=5)
    http.get(f"http://127.0.0.1:{sandbox.port}/nowhere/at/all", timeout=5)
    first, second = sandbox.requests
    assert (first.platform, first.method, first.path, first.query) == (
        "youtube",
        "GET",
        "youtube/v3/channels",
        "part=id&id=a&id=b",
    )
    assert first.status == 200
    assert "x-goog-api-key" in first.headers
    assert "secret" not in repr(sandbox.requests)
    assert (second.path, second.query, second.status) == ("nothing", "x=1", 404)


def test_broken_answers(sandbox: Sandbox, world: World, http: requests.Session) -> None:
    url, account_id = sandbox.url("x", THEN), world.accounts[1].account_id
    ask = {"params": {"ids": account_id}, "timeout": 5}
    sandbox.script([Fault("x", "2/users", n, kind) for n, kind in enumerate(("truncate", "reset", "drop", "html"), 1)])
    cut = http.get(f"{url}/2/users", **ask)  # type: ignore[arg-type]
    assert cut.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut.text)
    for _ in range(2):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            http.get(f"{url}/2/users", **ask)  # type: ignore[arg-type]
    assert http.get(f"{url}/2/users", **ask).text.startswith("<!DOCTYPE")  # type: ignore[arg-type]
    assert http.get(f"{url}/2/users", **ask).json()["data"]  # type: ignore[arg-type]
    assert [each.status for each in sandbox.requests] == [200, 200, 0, 200, 200]


def test_a_slow_answer_comes_late_and_alone(sandbox: Sandbox, world: World, http: requests.Session) -> None:
    url, account_id = sandbox.url("x", THEN), world.accounts[1].account_id
    sandbox.script([Fault("x", "2/users", 1, "slow", seconds=0.3)])
    with pytest.raises(requests.ReadTimeout):
        http.get(f"{url}/2/users", params={"ids": account_id}, timeout=0.1)
    assert followers(http, url, account_id)


def test_faults_come_over_http_too(sandbox: Sandbox, world: World, http: requests.Session) -> None:
    faults = f"http://127.0.0.1:{sandbox.port}/faults"
    fault = {"platform": "x", "path_contains": "2/users", "nth": None, "kind": "503"}
    assert http.post(faults, json=[fault], timeout=5).json() == {"faults": 1}
    ask = f"{sandbox.url('x', THEN)}/2/users?ids={world.accounts[1].account_id}"
    assert [http.get(ask, timeout=5).status_code for _ in range(2)] == [503, 503]
    assert http.post(faults, json=[], timeout=5).json() == {"faults": 0}
    assert http.get(ask, timeout=5).status_code == 200
    for wrong in ([{**fault, "kind": "nope"}], [{"platform": "x"}], {"no": "list"}):
        assert http.post(faults, json=wrong, timeout=5).status_code == 400


def test_an_unknown_fault_is_no_fault() -> None:
    with pytest.raises(ValueError, match="no fault 'cap' of 'youtube'"):
        Fault("youtube", "", None, "cap")
