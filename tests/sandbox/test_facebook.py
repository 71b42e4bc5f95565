from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import facebook
import pytest

from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import DAY, World, WorldAccount, WorldPost, noon

Client = Callable[..., facebook.GraphAPI]
POST = "id,created_time,permalink_url,status_type,message,shares,"
POST += "reactions.limit(0).summary(true),comments.limit(0).summary(true)"
PAGE = "name,username,link,followers_count,fan_count"


def pages(world: World) -> list[WorldAccount]:
    return [a for a in world.accounts if a.platform == "facebook"]


def of(world: World, organization_id: str) -> WorldAccount:
    return next(a for a in pages(world) if a.organization_id == organization_id)


def check(world: World, node: Any, post: WorldPost, at: datetime) -> None:
    assert node["id"] == post.post_id
    assert datetime.strptime(node["created_time"], "%Y-%m-%dT%H:%M:%S%z") == post.published_at
    assert node["message"] == post.title
    assert node.get("status_type") == (post.kind or None)
    for edge in ("reactions", "comments"):
        assert node[edge]["data"] == []
        assert node[edge]["summary"]["total_count"] == world.post_value(post, f"{edge}.summary.total_count", at)
    shares = world.post_value(post, "shares.count", at)
    assert node.get("shares") == ({"count": shares} if shares else None)


def refusal(graph: facebook.GraphAPI, path: str, **params: Any) -> tuple[int, int | None, int]:
    with pytest.raises(facebook.GraphAPIError) as caught:
        graph.request(f"v26.0/{path}", params)
    return caught.value.code, caught.value.result["error"].get("error_subcode"), graph.session.last.status_code


def batch(graph: facebook.GraphAPI, *urls: str, tokens: dict[int, str] | None = None) -> Any:
    items = [{"method": "GET", "relative_url": url} for url in urls]
    for n, token in (tokens or {}).items():
        items[n]["access_token"] = token
    return graph.request("", post_args={"batch": json.dumps(items), "include_headers": "false"}, method="POST")


def test_a_page_by_id_and_by_name(world: World, graph: Client, at: datetime) -> None:
    page = pages(world)[0]
    for name in (page.account_id, page.handle_at(at)):
        client = graph()
        node = client.get_object(name, fields=PAGE)
        assert node == {
            "id": page.account_id,
            "name": page.name,
            "username": page.handle_at(at),
            "link": f"https://www.facebook.com/{page.handle_at(at)}",
            "followers_count": world.value(page, "followers_count", at),
            "fan_count": world.value(page, "fan_count", at),
        }
        assert client.session.last.headers["facebook-api-version"] == "v26.0"
        assert client.session.last.headers["content-type"].startswith("application/json")
    assert set(graph().get_object(page.account_id)) == {"id", "name"}


def test_an_old_version_is_served_as_the_oldest(world: World, graph: Client) -> None:
    client = graph()
    client.version = "v2.8"
    client.get_object(pages(world)[0].account_id)
    assert client.session.last.headers["facebook-api-version"] == "v21.0"


def test_posts_within_their_page(world: World, graph: Client, at: datetime) -> None:
    for page in pages(world)[:8]:
        since = at - 14 * DAY
        expected = [p for p in world.newest_first(page, at) if p.published_at >= since]
        fields = f"followers_count,posts.limit(50).since({int(since.timestamp())}){{{POST}}}"
        if world.status(page, at) != "public":
            continue
        node = graph().get_object(page.account_id, fields=fields)
        assert ("posts" in node) == bool(expected)
        for found, post in zip(node.get("posts", {"data": []})["data"], expected, strict=True):
            check(world, found, post, at)
        assert "next" not in node.get("posts", {}).get("paging", {})


def test_posts_page_by_page(world: World, graph: Client, at: datetime) -> None:
    page = pages(world)[0]
    expected = list(world.newest_first(page, at))
    seen: list[str] = []
    after: dict[str, str] = {}
    for _ in range(3):
        body = graph().get_connections(page.account_id, "posts", fields=POST, limit=100, **after)
        for found, post in zip(body["data"], expected[len(seen) :], strict=False):
            check(world, found, post, at)
        seen += [node["id"] for node in body["data"]]
        after = {"after": body["paging"]["cursors"]["after"]}
        assert "access_token=token" in body["paging"]["next"]
    assert seen == [p.post_id for p in expected[:300]]
    whole = list(graph().get_all_connections(page.account_id, "published_posts", limit=100, fields="id"))
    assert [node["id"] for node in whole] == [p.post_id for p in expected]
    last = graph().get_connections(page.account_id, "posts", limit=100, after=after["after"], until="2025-01-01")
    assert last == {"data": []}


def test_a_header_token_never_stands_in_a_link(world: World, graph: Client, sandbox: Sandbox) -> None:
    body = graph(None, bearer="secret").get_connections(pages(world)[0].account_id, "posts", limit=1)
    assert "secret" not in json.dumps(body)
    assert "after=" in body["paging"]["next"]
    assert sandbox.requests[-1].has_authorization
    assert "secret" not in sandbox.requests[-1].query


def test_single_posts(world: World, graph: Client, at: datetime) -> None:
    post = next(iter(world.newest_first(pages(world)[0], at)))
    check(world, graph().get_object(post.post_id, fields=POST), post, at)
    assert "message" not in graph().get_object(post.post_id, fields="created_time")
    deleted = next(p for p in world.posts(pages(world)[0], noon(10, 27), noon(10, 28)) if p.event == "deleted")
    assert refusal(graph(), deleted.post_id) == (100, 33, 400)


def test_a_batch(world: World, graph: Client, sandbox: Sandbox, at: datetime) -> None:
    urls = [f"v26.0/{page.account_id}?fields=followers_count" for page in pages(world)] + ["v26.0/1?fields=name"]
    answers = batch(graph(), *urls, tokens={1: "fail-401", 2: "another"})
    assert [set(item) for item in answers] == [{"code", "body"}] * len(urls)
    for n, (page, item) in enumerate(zip([*pages(world), None], answers, strict=True)):
        body = json.loads(item["body"])
        if n == 1:
            assert (item["code"], body["error"]["code"], body["error"]["error_subcode"]) == (400, 190, 463)
        elif page and world.status(page, at) == "public":
            assert body == {"id": page.account_id, "followers_count": world.value(page, "followers_count", at)}
        else:
            assert (item["code"], body["error"]["code"], body["error"]["error_subcode"]) == (400, 100, 33)
    assert [(r.method, r.batch_size, r.query) for r in sandbox.requests] == [("POST", len(urls), "")]
    with pytest.raises(facebook.GraphAPIError, match="Maximum batch size is 50"):
        batch(graph(), *urls[:1] * 51)
    with_headers = graph().request("", post_args={"batch": json.dumps([{"relative_url": urls[0]}])}, method="POST")
    assert {"name": "facebook-api-version", "value": "v26.0"} in with_headers[0]["headers"]


def test_a_batch_loses_items(world: World, graph: Client, sandbox: Sandbox) -> None:
    ids = [page.account_id for page in pages(world)[:4]]
    sandbox.script([Fault("facebook", ids[2], 1, "null_item"), Fault("facebook", ids[3], None, "429")])
    answers = batch(graph(None, bearer="t"), *(f"v26.0/{each}?fields=name" for each in ids))
    assert [item and item["code"] for item in answers] == [200, 200, None, 403]
    answers = batch(graph(), *(f"v26.0/{each}?fields=name" for each in ids))
    assert [item and item["code"] for item in answers] == [200, 200, 200, 403]
    sandbox.script([Fault("facebook", "", 1, "null_item"), Fault("facebook", "", 2, "500")])
    assert batch(graph(), f"v26.0/{ids[0]}") == [None]
    with pytest.raises(facebook.GraphAPIError, match="An unknown error has occurred"):
        batch(graph(), f"v26.0/{ids[0]}")


def test_wrong_questions(world: World, graph: Client) -> None:
    page = pages(world)[0].account_id
    assert refusal(graph(), "1") == (100, 33, 400)
    assert refusal(graph(), "nobody") == (100, 33, 400)
    assert refusal(graph(), of(world, "h0004").account_id, fields=PAGE) == (100, 33, 400)
    assert refusal(graph(), f"{of(world, 'h0004').account_id}/posts") == (100, 33, 400)
    assert refusal(graph(), page, fields="nope") == (100, None, 400)
    assert refusal(graph(), page, fields="posts.limit(2){id") == (100, None, 400)
    assert refusal(graph(), f"{page}/posts", limit=101) == (100, None, 400)
    assert refusal(graph(), "", ids=f"{page},1") == (100, None, 500)
    assert refusal(graph(None), page) == (104, None, 400)


@pytest.mark.parametrize(
    ("token", "code", "status"),
    [
        ("fail-401", 190, 400),
        ("fail-403", 10, 403),
        ("fail-429", 4, 403),
        ("fail-quota", 80001, 400),
        ("fail-reduce", 1, 500),
        ("fail-500", 1, 500),
        ("fail-503", 2, 503),
    ],
)
def test_refusals(world: World, graph: Client, token: str, code: int, status: int) -> None:
    found, _, answered = refusal(graph(token), pages(world)[0].account_id)
    assert (found, answered) == (code, status)


def test_html_and_a_used_up_budget(world: World, graph: Client) -> None:
    with pytest.raises(facebook.GraphAPIError, match="Maintype was not text"):
        graph("fail-html").get_object(pages(world)[0].account_id)
    client = graph("fail-quota")
    refusal(client, pages(world)[0].account_id)
    usage = json.loads(client.session.last.headers["x-business-use-case-usage"])
    assert usage["1"][0]["estimated_time_to_regain_access"] == 30


def test_a_page_that_names_itself_as_the_next(world: World, graph: Client, sandbox: Sandbox) -> None:
    sandbox.script([Fault("facebook", "/posts", None, "repeat_token")])
    after: dict[str, str] = {}
    cursors = set()
    for _ in range(3):
        body = graph().get_connections(pages(world)[0].account_id, "posts", limit=5, **after)
        after = {"after": body["paging"]["cursors"]["after"]}
        cursors.add(after["after"])
        assert body["paging"]["next"]
    assert len(cursors) == 1
