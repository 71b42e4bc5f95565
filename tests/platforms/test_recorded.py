"""Answers that the real APIs gave, recorded by others: what is read from them is what their JSON holds."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httplib2
import pytest
import requests
import yaml
from googleapiclient.errors import HttpError

from socialmetrics import platforms
from socialmetrics.errors import Denied, Unavailable, Unexpected
from socialmetrics.platforms import facebook, x, youtube
from socialmetrics.platforms.answers import kept
from socialmetrics.records import Observation, Post, Profile, Reason, Record, Response, Subject

RECORDED = Path(__file__).parents[3] / "shared" / "data"
INSTANT = datetime(2026, 9, 14, 22, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not RECORDED.exists(), reason=f"recorded answers are not part of the project; {RECORDED.name} is not beside it"
)


def load(path: str) -> Any:
    return json.loads((RECORDED / path).read_text(encoding="utf-8"))


def read(
    platform: str, endpoint: str, keep: frozenset[str], body: Any, subjects: list[Subject], **params: Any
) -> list[Record]:
    response = Response(
        platform, endpoint, tuple(subjects), date(2026, 9, 14), INSTANT, "run", 1, params, kept(body, keep)
    )
    return list(platforms.interpret(platforms.load(platform), response))


def values(records: list[Record]) -> dict[tuple[str, str | None, str | None], int | None]:
    return {(r.account_id, r.post_id, r.metric): r.value for r in records if isinstance(r, Observation)}


def reasons(records: list[Record]) -> set[Reason | None]:
    return {r.reason for r in records if isinstance(r, Observation)}


# YouTube


def test_youtube_channels() -> None:
    checked = 0
    for file in sorted((RECORDED / "recorded_youtube" / "apidata").rglob("*channel*/*.json")) + [
        RECORDED / "recorded_youtube" / "apidata" / name
        for name in ("channel_info_single.json", "channel_info_multi.json")
    ]:
        body = json.loads(file.read_text(encoding="utf-8"))
        if body.get("kind") != "youtube#channelListResponse" or "items" not in body:
            continue
        subjects = [Subject(item["id"]) for item in body["items"]]
        whole = all("statistics" in item and "contentDetails" in item for item in body["items"])
        if not whole:  # asked with fewer parts than we ask for
            with pytest.raises(Unexpected) as caught:
                read("youtube", youtube.CHANNELS, youtube.KEEP_CHANNELS, body, subjects)
            assert caught.value.path.startswith("$.items[0]")
            continue
        records = read("youtube", youtube.CHANNELS, youtube.KEEP_CHANNELS, body, subjects)
        for item in body["items"]:
            for metric in youtube.ACCOUNT_METRICS:
                assert values(records)[item["id"], None, metric] == int(item["statistics"][metric])
                checked += 1
            profile = next(r for r in records if isinstance(r, Profile) and r.account_id == item["id"])
            assert profile.name == item["snippet"]["title"]
            assert profile.created_at == datetime.fromisoformat(item["snippet"]["publishedAt"])
    assert checked >= 3


def test_youtube_uploads() -> None:
    """Recorded without contentDetails, which is said with its path; with the snippet's own ids in it they read."""
    since, checked = "2000-01-01T00:00:00Z", 0
    for file in sorted((RECORDED / "recorded_youtube/apidata/playlist_items").glob("*.json")):
        body = json.loads(file.read_text(encoding="utf-8"))
        if body.get("kind") != "youtube#playlistItemListResponse":
            continue
        with pytest.raises(Unexpected) as caught:
            read("youtube", youtube.UPLOADS, youtube.KEEP_UPLOADS, body, [Subject("UC")], since=since)
        assert caught.value.path == "$.items[0]"
        for item in body["items"]:
            snippet = item["snippet"]
            item["contentDetails"] = {
                "videoId": snippet["resourceId"]["videoId"],
                "videoPublishedAt": snippet["publishedAt"],
            }
        records = read("youtube", youtube.UPLOADS, youtube.KEEP_UPLOADS, body, [Subject("UC")], since=since)
        posts = [r for r in records if isinstance(r, Post)]
        assert {(r.post_id, r.published_at) for r in posts} == {
            (i["snippet"]["resourceId"]["videoId"], datetime.fromisoformat(i["snippet"]["publishedAt"]))
            for i in body["items"]
        }
        assert all(r.title is None for r in posts)
        checked += len(posts)
    assert checked > 10


def test_youtube_videos() -> None:
    """Recorded with titles and without counts."""
    checked = 0
    for file in sorted((RECORDED / "recorded_youtube/apidata/videos").glob("*.json")):
        body = json.loads(file.read_text(encoding="utf-8"))
        if body.get("kind") != "youtube#videoListResponse":
            continue
        subjects = [Subject(item["snippet"]["channelId"], item["id"]) for item in body["items"]]
        with pytest.raises(Unexpected) as caught:
            read("youtube", youtube.STATS, youtube.KEEP_STATS, body, subjects)
        assert caught.value.path == "$.items[0]"
        titles = read("youtube", youtube.VIDEOS, youtube.KEEP_VIDEOS, body, subjects)
        assert [r.title for r in titles if isinstance(r, Post)] == [i["snippet"]["title"] for i in body["items"]]
        told = {i["id"]: "contentDetails" in i for i in body["items"]}
        assert all((r.kind != "video") == told[str(r.post_id)] for r in titles if isinstance(r, Post))
        checked += len(titles)
    assert checked > 10


def test_youtube_errors() -> None:
    cases = {
        "error_response.json": Denied,  # keyInvalid
        "error_response_simple.json": None,
        "apidata/error_permission_resp.json": None,
    }
    for name, kind in cases.items():
        content = (RECORDED / "recorded_youtube" / name).read_bytes()
        status = {"error_permission_resp.json": 403}.get(Path(name).name, 400)
        ours = youtube.explain(HttpError(httplib2.Response({"status": status}), content))
        assert isinstance(ours, kind or (Denied, Unexpected)), f"{name}: {ours!r}"


# X


def cassette(name: str) -> list[tuple[str, int, Any]]:
    """(uri, status, JSON) of each answer; bodies may be gzipped."""
    told = yaml.safe_load((RECORDED / "recorded_x" / name).read_text(encoding="utf-8"))
    found = []
    for exchange in told["interactions"]:
        body = exchange["response"]["body"]["string"]
        raw = body if isinstance(body, bytes) else body.encode()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        found.append((exchange["request"]["uri"], exchange["response"]["status"]["code"], json.loads(raw)))
    return found


def test_x_users() -> None:
    for uri, status, body in cassette("test_client_get_users.yaml"):
        assert status == 200
        subjects = [Subject(item["id"]) for item in body["data"]]
        resolved = read("x", x.RESOLVE, x.KEEP_USERS, body, [Subject(item["username"]) for item in body["data"]])
        assert {(r.account_id, r.handle, r.name) for r in resolved if isinstance(r, Profile)} == {
            (item["id"], item["username"], item["name"]) for item in body["data"]
        }
        if "public_metrics" not in uri:  # recorded without them: said with the path, never a number
            with pytest.raises(Unexpected) as caught:
                read("x", x.USERS, x.KEEP_USERS, body, subjects)
            assert caught.value.path == "$.data[0]"


@pytest.mark.parametrize("name", ["test_client_get_tweets.yaml", "test_client_get_users_tweets.yaml"])
def test_x_posts(name: str) -> None:
    for _, status, body in cassette(name):
        assert status == 200
        subjects = [Subject("author", item["id"]) for item in body.get("data", [])]
        subjects += [Subject("author", error["resource_id"]) for error in body.get("errors", [])]
        if any("public_metrics" not in item for item in body.get("data", [])):
            with pytest.raises(Unexpected) as caught:
                read("x", x.POSTS, x.KEEP_POSTS, body, subjects)
            assert caught.value.path == "$.data[0]"
        else:
            found = read("x", x.POSTS, x.KEEP_POSTS, body, subjects)
            assert {r.post_id for r in found if isinstance(r, Observation)} == {s.post_id for s in subjects}


def test_x_users_of_the_older_api_with_their_counts() -> None:
    """v1.1 answers hold real counts; dressed as v2 they read as they are."""
    told = json.loads((RECORDED / "recorded_x" / "testlookupusers.json").read_text(encoding="utf-8"))
    found = [json.loads(body) for body in _bodies(told)]
    listed = [person for body in found for person in body if isinstance(person, dict)]
    people = list({person["id_str"]: person for person in listed}.values())
    assert people
    body = {
        "data": [
            {
                "id": p["id_str"],
                "username": p["screen_name"],
                "name": p["name"],
                "public_metrics": {
                    "followers_count": p["followers_count"],
                    "following_count": p["friends_count"],
                    "post_count": p["statuses_count"],
                    "listed_count": p["listed_count"],
                },
            }
            for p in people
        ]
    }
    seen = values(read("x", x.USERS, x.KEEP_USERS, body, [Subject(p["id_str"]) for p in people]))
    for person in people:
        assert seen[person["id_str"], None, "followers_count"] == person["followers_count"]
        assert seen[person["id_str"], None, "tweet_count"] == person["statuses_count"]
        assert seen[person["id_str"], None, "media_count"] is None


def _bodies(told: Any) -> list[str]:
    found = []
    for exchange in told.get("interactions", []):
        body = exchange["response"]["body"]
        raw = body.get("string") or body.get("base64_string") or ""
        data = base64.b64decode(raw) if "base64_string" in body else raw.encode("latin-1", errors="ignore")
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        try:
            json.loads(data)
        except ValueError:
            continue
        found.append(data.decode())
    return found


# Facebook


def batch(bodies: dict[str, Any]) -> dict[str, Any]:
    return {"items": [{"asked": asked, "code": 200, "body": body} for asked, body in bodies.items()]}


@pytest.mark.parametrize("name", ["single_default_page", "single_fields_page", "multi_default_fields", "multi_pages"])
def test_facebook_pages(name: str) -> None:
    told = load(f"recorded_facebook_instagram/facebook/apidata/pages/{name}.json")
    pages = told if name.startswith("multi") else {told["id"]: told}
    subjects = [Subject(page_id) for page_id in pages]
    found = read("facebook", facebook.PAGE, facebook.KEEP, batch(pages), subjects)
    for page_id, page in pages.items():
        assert values(found)[page_id, None, "fan_count"] == page["fan_count"]
        assert values(found)[page_id, None, "followers_count"] is None  # not asked for then
        profile = next(r for r in found if isinstance(r, Profile) and r.account_id == page_id)
        assert (profile.name, profile.handle) == (page["name"], page["username"])
    assert reasons(found) == {None, Reason.UNAVAILABLE}


def test_facebook_posts() -> None:
    folder = "recorded_facebook_instagram/facebook/apidata/posts"
    checked = 0
    for name in ("feeds_default_fields_p1", "feeds_default_fields_p2", "feed_fields_p1", "feed_fields_p2"):
        body = load(f"{folder}/{name}.json")
        account = body["data"][0]["id"].partition("_")[0]
        found = read("facebook", facebook.MORE_POSTS, facebook.KEEP, batch({account: body}), [Subject(account)])
        assert {r.post_id: r.published_at for r in found if isinstance(r, Post)} == {
            post["id"]: datetime.fromisoformat(post["created_time"]) for post in body["data"]
        }
        kinds = {r.post_id: r.kind for r in found if isinstance(r, Post)}
        asked = {post["id"]: post.get("status_type") for post in body["data"]}  # not in the answers of chosen fields
        assert kinds == {post_id: facebook.KINDS[told] if told else "post" for post_id, told in asked.items()}
        for post in body["data"]:
            seen = values(found)
            for edge in ("reactions", "comments"):
                count = post.get(edge, {}).get("summary", {}).get("total_count")
                assert seen[account, post["id"], f"{edge}.summary.total_count"] == count
                checked += count is not None
            assert seen[account, post["id"], "shares.count"] == post.get("shares", {}).get("count", 0)
    assert checked


def test_facebook_single_posts() -> None:
    told = load("recorded_facebook_instagram/facebook/apidata/posts/single_post_data.json")
    subject = Subject("175154750010052", told["id"])
    found = values(read("facebook", facebook.POST, facebook.KEEP, batch({told["id"]: told}), [subject]))
    assert found == {
        (subject.account_id, told["id"], "reactions.summary.total_count"): told["reactions"]["summary"]["total_count"],
        (subject.account_id, told["id"], "comments.summary.total_count"): told["comments"]["summary"]["total_count"],
        (subject.account_id, told["id"], "shares.count"): 0,
    }


@pytest.mark.parametrize("name", ["error.json", "base/error_data.json"])
def test_facebook_errors_of_a_batch_item_stay_with_their_page(name: str) -> None:
    error = load(f"recorded_facebook_instagram/{name}")
    good = load("recorded_facebook_instagram/facebook/apidata/pages/single_fields_page.json")
    body = batch({"1": error, good["id"]: good})
    found = read("facebook", facebook.PAGE, facebook.KEEP, body, [Subject("1"), Subject(good["id"])])
    assert values(found)[good["id"], None, "fan_count"] == good["fan_count"]
    [reason] = [r.reason for r in found if isinstance(r, Observation) and r.account_id == "1"]
    assert reason in (Reason.UNREADABLE, Reason.FORBIDDEN, Reason.NOT_FOUND)


def test_an_error_page_of_html_is_no_answer() -> None:
    error = requests.exceptions.JSONDecodeError("Expecting value", "<!DOCTYPE html>", 0)
    assert isinstance(x.explain(error), Unavailable)
    assert isinstance(facebook.explain(error), Unavailable)
