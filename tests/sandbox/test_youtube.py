from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import googleapiclient
import jsonschema
import pytest
from googleapiclient.errors import HttpError

from socialmetrics.sandbox.server import Fault, Sandbox
from socialmetrics.sandbox.world import DAY, World, noon

DISCOVERY = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "youtube.v3.json"
ALL = "snippet,statistics,contentDetails,status"
Client = Callable[..., Any]


def channels(world: World) -> list[Any]:
    return [a for a in world.accounts if a.platform == "youtube"]


@pytest.fixture(scope="module")
def conforms() -> Callable[[str, Any], None]:
    """Check a body against a schema of the discovery document, in which nothing unknown may stand."""
    schemas = json.loads(DISCOVERY.read_text())["schemas"]

    def closed(schema: Any) -> Any:
        if isinstance(schema, list):
            return [closed(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return {"$ref": f"#/$defs/{schema['$ref']}"}
        out = {k: closed(v) for k, v in schema.items() if k not in ("id", "format", "required", "description")}
        out.update(
            {"properties": {k: closed(v) for k, v in schema["properties"].items()}} if "properties" in schema else {}
        )
        if schema.get("type") == "object" and "properties" in schema:
            out["additionalProperties"] = False
        if schema.get("format") in ("uint64", "int64"):
            out["pattern"] = r"^\d+$"
        return out

    definitions = {name: closed(schema) for name, schema in schemas.items()}

    def check(name: str, body: Any) -> None:
        jsonschema.validate(body, {"$ref": f"#/$defs/{name}", "$defs": definitions})

    return check


def pages(client: Any, **options: Any) -> Iterator[Any]:
    request = client.playlistItems().list(part="contentDetails", **options)
    while request is not None:
        answer = request.execute()
        yield answer
        request = client.playlistItems().list_next(request, answer)


def refusal(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value.resp.status, json.loads(caught.value.content)["error"]["errors"][0]["reason"]


def test_channels(world: World, youtube: Client, sandbox: Sandbox, at: datetime, conforms: Any) -> None:
    ids = [a.account_id for a in channels(world)]
    body = youtube().channels().list(part=ALL, id=",".join(ids)).execute()
    conforms("ChannelListResponse", body)
    there = {a.account_id: a for a in channels(world) if world.status(a, at) == "public"}
    assert {item["id"] for item in body["items"]} == set(there)
    assert len(there) < len(ids)
    for item in body["items"]:
        account, statistics = there[item["id"]], item["statistics"]
        assert statistics["viewCount"] == str(world.value(account, "viewCount", at))
        assert statistics["videoCount"] == str(world.value(account, "videoCount", at))
        subscribers = world.value(account, "subscriberCount", at)
        assert statistics["hiddenSubscriberCount"] == (subscribers is None)
        assert statistics.get("subscriberCount", "0") == str(subscribers or 0)
        assert item["contentDetails"]["relatedPlaylists"]["uploads"] == account.uploads
        assert item["snippet"]["customUrl"] == f"@{account.handle_at(at)}"
    again = youtube().channels().list(part="id", id=ids).execute()
    assert [item["id"] for item in again["items"]] == [item["id"] for item in body["items"]]
    assert set(again["items"][0]) == {"kind", "etag", "id"}
    assert len(sandbox.requests) == 2


def test_a_handle_finds_its_channel(world: World, youtube: Client) -> None:
    account = channels(world)[0]
    for handle in ("lakesidehealth", "@LakesideHealth"):
        body = youtube().channels().list(part="id", forHandle=handle).execute()
        assert [item["id"] for item in body["items"]] == [account.account_id]
    assert "items" not in youtube().channels().list(part="id", forHandle="nobody").execute()


def test_uploads_page_by_page(world: World, youtube: Client, at: datetime, conforms: Any) -> None:
    account = channels(world)[0]
    answers = list(pages(youtube(), playlistId=account.uploads, maxResults=50))
    for body in answers:
        conforms("PlaylistItemListResponse", body)
    seen = [item["contentDetails"]["videoId"] for body in answers for item in body["items"]]
    assert seen == [p.post_id for p in world.newest_first(account, at)]
    assert len(answers) == -(-len(seen) // 50) > 2
    assert len(next(pages(youtube(), playlistId=account.uploads))["items"]) == 5


def test_videos(world: World, youtube: Client, at: datetime, conforms: Any) -> None:
    posts = [p for a in channels(world) for p in world.posts(a, at - 30 * DAY, at)][:48]
    assert any(world.post_status(p, at) != "public" for p in posts)
    ids = [p.post_id for p in posts] + ["AAAAAAAAAAA"]
    whole = youtube().videos().list(part=ALL, id=ids).execute()
    counts = youtube().videos().batchGetStats(part="id,snippet,statistics,contentDetails", id=ids).execute()
    conforms("VideoListResponse", whole)
    conforms("BatchGetStatsResponse", counts)
    public = {p.post_id: p for p in posts if world.post_status(p, at) == "public"}
    assert [i["id"] for i in whole["items"]] == [i["id"] for i in counts["items"]] == list(public)
    hidden = 0
    for item, few in zip(whole["items"], counts["items"], strict=True):
        post = public[item["id"]]
        for name in ("viewCount", "likeCount", "commentCount"):
            value = world.post_value(post, f"statistics.{name}", at)
            assert (
                item["statistics"].get(name) == few["statistics"].get(name) == (None if value is None else str(value))
            )
            hidden += value is None
        minutes, seconds = divmod(post.seconds, 60)
        assert re.fullmatch(rf"PT0*{minutes or ''}M?{seconds or ''}S?", item["contentDetails"]["duration"])
        assert few["contentDetails"]["duration"] == f"{post.seconds}s"
        assert item["snippet"]["title"] == post.title
        assert item["snippet"]["publishedAt"] == few["snippet"]["publishTime"]
        assert datetime.fromisoformat(item["snippet"]["publishedAt"]) == post.published_at
    assert hidden
    assert "items" not in youtube().videos().batchGetStats(part="statistics", id="AAAAAAAAAAA").execute()


def test_many_ids_come_as_a_post(world: World, youtube: Client, sandbox: Sandbox) -> None:
    ids = [a.account_id for a in channels(world)] + [f"UC{'z' * 80}{n:02d}" for n in range(20)]
    assert youtube().channels().list(part="id", id=ids).execute()["items"]
    assert sandbox.requests[-1].method == "GET"
    assert sandbox.requests[-1].query == ""


def test_a_dead_channel(world: World, youtube: Client) -> None:
    account = next(a for a in channels(world) if a.organization_id == "h0006")
    assert "items" not in youtube().channels().list(part="id", id=account.account_id).execute()
    assert refusal(youtube().playlistItems().list(part="contentDetails", playlistId=account.uploads)) == (
        404,
        "playlistNotFound",
    )
    before = youtube(at=noon(9, 24)).channels().list(part="id", id=account.account_id).execute()
    assert before["items"]


def test_wrong_questions(world: World, youtube: Client) -> None:
    uploads = channels(world)[0].uploads
    client = youtube()
    assert refusal(client.channels().list(part="nope", id="UC1")) == (400, "unknownPart")
    assert refusal(client.channels().list(part="id")) == (400, "missingRequiredParameter")
    assert refusal(client.videos().batchGetStats(part="id", id=[str(n) for n in range(51)]))[0] == 400
    assert refusal(client.playlistItems().list(part="id", playlistId="PLnone")) == (404, "playlistNotFound")
    assert refusal(client.playlistItems().list(part="id", playlistId=uploads, pageToken="no")) == (
        400,
        "invalidPageToken",
    )
    assert refusal(youtube(token=None).channels().list(part="id", id="UC1")) == (403, "forbidden")


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [
        ("fail-400", 400, "badRequest"),
        ("fail-401", 401, "authError"),
        ("fail-403", 403, "accessNotConfigured"),
        ("fail-429", 429, "rateLimitExceeded"),
        ("fail-quota", 403, "quotaExceeded"),
        ("fail-500", 500, "backendError"),
        ("fail-503", 503, "backendError"),
    ],
)
def test_refusals(youtube: Client, token: str, status: int, reason: str) -> None:
    assert refusal(youtube(token).channels().list(part="id", id="UC1")) == (status, reason)


def test_html_instead_of_json_is_a_string_to_the_client(youtube: Client) -> None:
    assert isinstance(youtube("fail-html").channels().list(part="id", id="UC1").execute(), str)


def test_bent_answers(world: World, youtube: Client, sandbox: Sandbox) -> None:
    ids = [a.account_id for a in channels(world)[:5]]
    request = youtube().channels().list(part="id", id=ids)
    sandbox.script([Fault("youtube", "/channels", 1, "shuffle"), Fault("youtube", "/channels", 2, "missing_items")])
    assert [i["id"] for i in request.execute()["items"]] == ids[::-1]
    assert [i["id"] for i in request.execute()["items"]] == ids[1:]
    assert [i["id"] for i in request.execute()["items"]] == ids
    sandbox.script([Fault("youtube", "/playlistItems", None, "repeat_token")])
    endless = pages(youtube(), playlistId=channels(world)[0].uploads, maxResults=50)
    tokens = [next(endless)["nextPageToken"] for _ in range(4)]
    assert len(set(tokens)) == 1


def test_yesterday_is_still_yesterday(world: World, youtube: Client) -> None:
    account, then = channels(world)[0], datetime(2026, 8, 20, 22, tzinfo=UTC)
    item = youtube(at=then).channels().list(part="statistics", id=account.account_id).execute()["items"][0]
    assert item["statistics"]["viewCount"] == str(world.value(account, "viewCount", then))
