"""YouTube Data API v3: channels and their videos, with one API key.

Quota: 10,000 units a day, and a bucket of its own of 10,000 for videos.batchGetStats; every page costs 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import exp
from typing import Any

import httplib2
from googleapiclient.discovery import build
from googleapiclient.errors import Error as ClientError
from googleapiclient.errors import HttpError
from more_itertools import chunked

from socialmetrics import clock
from socialmetrics.budget import quota_day_ends
from socialmetrics.errors import Denied, Exhausted, SocialmetricsError, Throttled, Unavailable, Unexpected
from socialmetrics.platforms.answers import Node
from socialmetrics.platforms.session import Session
from socialmetrics.records import (
    Account,
    Answer,
    Call,
    Found,
    Observation,
    Post,
    Reason,
    Record,
    Response,
    Subject,
    Tracked,
)
from socialmetrics.settings import Access

TITLE = "YouTube"
EXTRAS: tuple[str, ...] = ()
QUOTA_ZONE = "America/Los_Angeles"
IS_RENEWED_DAILY = True
POST_WORDS = frozenset({"title"})

VENDOR_BASE = "https://youtube.googleapis.com"

BATCH = 50
PAGES = 4  # of 50 uploads each: the most that one channel's discovery asks for in a day
MOST_NEW_POSTS = BATCH * PAGES
FIRST_LOOK = timedelta(days=90)
OVERLAP = timedelta(hours=1)  # a video may be listed a little after it was published
SWEEP_AFTER = timedelta(days=6, hours=12)  # a week, of which a run may be late
SHORT_SECONDS = 180  # what a Short may last since 2024-10-15

CHANNELS, RESOLVE, UPLOADS, STATS, VIDEOS = (
    "channels.list",
    "channels.list forHandle",
    "playlistItems.list",
    "videos.batchGetStats",
    "videos.list",
)
ACCOUNT_METRICS = ("subscriberCount", "viewCount", "videoCount")
POST_METRICS = ("viewCount", "likeCount", "commentCount")

KEEP_CHANNELS = frozenset(
    {f"items.statistics.{name}" for name in (*ACCOUNT_METRICS, "hiddenSubscriberCount")}
    | {f"items.snippet.{name}" for name in ("title", "customUrl", "publishedAt")}
    | {"items.id", "items.contentDetails.relatedPlaylists.uploads"}
)
KEEP_UPLOADS = frozenset({"items.contentDetails.videoId", "items.contentDetails.videoPublishedAt", "nextPageToken"})
KEEP_STATS = frozenset(
    {"items.id", "items.contentDetails.duration", "refused"} | {f"items.statistics.{name}" for name in POST_METRICS}
)
KEEP_VIDEOS = frozenset(
    {"items.id", "items.contentDetails.duration"}
    | {f"items.snippet.{name}" for name in ("title", "publishedAt", "channelId")}
)

# A duration is ISO 8601 in videos.list; in videos.batchGetStats it is one of both, by the page or by the schema.
_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_GOOGLE_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")


class _Http:
    """What google-api-python-client asks of httplib2, done by the session that the other clients have too.

    The key is sent as a header: in the URL it would stand in every error text and log.
    """

    def __init__(self, key: str, access: Access) -> None:
        self.session = Session(VENDOR_BASE, access)
        self.session.headers["x-goog-api-key"] = key

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
        answer = self.session.request(method, uri, data=body, headers=headers)
        told = {name.lower(): value for name, value in answer.headers.items()}
        return httplib2.Response(told | {"status": str(answer.status_code)}), answer.content

    def close(self) -> None:
        self.session.close()


@dataclass
class _Client:
    """One key's; `lacks_batches`: its project has been refused videos.batchGetStats in this run."""

    service: Any
    lacks_batches: bool = False


def connect(access: Access) -> dict[str, _Client]:
    """A service per credential."""
    return {
        name: _Client(
            build(
                "youtube",
                "v3",
                http=_Http(token.get_secret_value(), access),
                static_discovery=True,
                cache_discovery=False,
            )
        )
        for name, token in access.tokens.items()
    }


def plan(accounts: Sequence[Account], tracked: Tracked, found: Found | None) -> list[Call]:
    """channels.list by 50; uploads of channels with new videos, of own ones daily, of all weekly; statistics by 50."""
    resolving = [
        Call(RESOLVE, (Subject(a.handle),), KEEP_CHANNELS, credential=a.credential, observes=False)
        for a in accounts
        if not a.account_id
    ]
    known = [a for a in accounts if a.account_id]
    channels = [
        Call(CHANNELS, tuple(Subject(a.account_id or "") for a in batch), KEEP_CHANNELS, credential=credential)
        for credential, members in _by_credential(known)
        for batch in chunked(members, BATCH)
    ]
    first = resolving + channels
    turns = {Subject(p.account_id, p.post_id): p.turn for p in tracked.posts}
    kindless = {Subject(p.account_id, p.post_id): p.published_at for p in tracked.posts if p.kind is None}
    credential = known[0].credential if known else ""
    if found is None:
        return first + _statistics(list(turns), kindless, credential) + _discovery_bounds(known, tracked)
    if not found.calls.issuperset(first):
        return first
    uploads = [_uploads(a, tracked, found) for a in tracked.in_turn(known) if _has_news(a, tracked, found)]
    if not found.calls.issuperset(uploads):
        return first + uploads
    ids, own = {a.account_id for a in known}, {a.account_id for a in known if a.is_own}
    came = [p for p in found.posts.values() if p.account_id in ids and p.post_id not in tracked.known]
    new = {Subject(p.account_id, p.post_id): p.published_at for p in came}
    turns = {s: (date.min, s.account_id, s.post_id or "") for s in new} | turns
    subjects = sorted(turns, key=lambda subject: (subject.account_id not in own, turns[subject]))
    titles = [
        Call(VIDEOS, tuple(batch), KEEP_VIDEOS, _published(batch, new), credential, is_own=True, observes=False)
        for batch in chunked([s for s in subjects if s in new and s.account_id in own], BATCH)
    ]
    return first + uploads + _statistics(subjects, kindless | new, credential) + titles


def fetch(clients: Mapping[str, _Client], call: Call, came: Sequence[Answer] = ()) -> Iterator[Answer]:
    client = clients[call.credential]
    service = client.service
    ids = ",".join(subject.post_id or subject.account_id for subject in call.subjects)
    parts = "snippet,statistics,contentDetails"
    if call.endpoint == CHANNELS:
        yield _answer(service.channels().list(part=parts, id=ids, maxResults=BATCH))
    elif call.endpoint == RESOLVE:
        yield _answer(service.channels().list(part=parts, forHandle=ids))
    elif call.endpoint == UPLOADS:
        try:
            yield from _pages(service, dict(call.params), came)
        except HttpError as error:
            if _reason(error) not in _NO_UPLOADS:
                raise
            yield Answer({"items": []})
    elif call.endpoint == STATS:
        part = "statistics,contentDetails" if call.params else "statistics"
        if not client.lacks_batches:
            try:
                yield _answer(service.videos().batchGetStats(part=f"id,{part}", id=ids))
                return
            except HttpError as error:
                # A project may lack this method's bucket; videos.list gives the same counts from the general one.
                if error.status_code not in (403, 404) or _reason(error) in _QUOTA:
                    raise
                client.lacks_batches = True
                yield Answer({"refused": _reason(error)})
        yield _answer(service.videos().list(part=part, id=ids))
    else:
        yield _answer(service.videos().list(part="snippet,contentDetails", id=ids))


def parse(response: Response) -> Iterator[Record]:
    body = Node(response.body)
    if response.endpoint in (CHANNELS, RESOLVE):
        return _parse_channels(response, body)
    if response.endpoint == UPLOADS:
        return _parse_uploads(response, body)
    if response.endpoint == STATS:
        return _parse_statistics(response, body)
    return _parse_videos(response, body)


_QUOTA = {"quotaExceeded", "dailyLimitExceeded"}
_BUSY = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
_REFUSED = {
    "forbidden",
    "accessNotConfigured",
    "SERVICE_DISABLED",
    "keyInvalid",
    "API_KEY_INVALID",
    "authError",
    "ipRefererBlocked",
}
_NO_UPLOADS = {"playlistNotFound", "playlistItemsNotAccessible"}  # an empty or a terminated channel


def explain(error: Exception) -> SocialmetricsError | None:
    """By the reason in the body, since one status stands for many (developers.google.com/youtube/v3/docs/errors)."""
    if isinstance(error, SocialmetricsError):
        return error
    if isinstance(error, HttpError):
        status, reason = error.status_code, _reason(error)
        said = f"YouTube answered {status} {reason}".rstrip()
        if reason in _QUOTA or (status == 429 and "PerDay" in error.content.decode(errors="replace")):
            return Exhausted(
                f"{said}: the day's quota is spent. It resets at midnight Pacific; run again after it.",
                quota_day_ends(clock.now(), QUOTA_ZONE),
            )
        if reason in _BUSY or status == 429:
            return Throttled(f"{said}: too many calls in a short time. Wait a minute and run again.")
        if reason in _REFUSED or status == 401:
            return Denied(
                f"{said}: the API key is refused. Correct SOCIALMETRICS_YOUTUBE_TOKEN and run `socialmetrics check`."
            )
        if status >= 500:
            return Unavailable(f"{said}. Run again later.")
        return Unexpected(f"{said}: the call was not understood. Report it with the response file.")
    if isinstance(error, OSError | ClientError | ValueError | RecursionError):
        return Unavailable(f"YouTube could not be reached ({type(error).__name__}). Check the network and run again.")
    return None


def _answer(request: Any) -> Answer:
    body = request.execute()
    if not isinstance(body, dict):
        raise Unavailable("YouTube answered with something that is no JSON. Run again later.")
    return Answer(body)


def _pages(service: Any, params: dict[str, Any], came: Sequence[Answer]) -> Iterator[Answer]:
    """Newest first, until a page holds nothing newer than `since`."""
    token, since = came[-1].body["nextPageToken"] if came else None, params["since"]
    for number in range(len(came) + 1, PAGES + 1):
        answer = _answer(
            service.playlistItems().list(
                part="contentDetails", playlistId=params["playlist"], maxResults=BATCH, pageToken=token
            )
        )
        yield replace(answer, is_cut=number == PAGES and "nextPageToken" in answer.body)
        details = [item["contentDetails"].get("videoPublishedAt") for item in Node(answer.body).items("items")]
        following = answer.body.get("nextPageToken")
        if not following or not any(published and published.text() > since for published in details):
            return
        if following == token:
            raise Unexpected("A page token repeats. Run again later.", "$.nextPageToken")
        token = following


def _by_credential(accounts: Sequence[Account]) -> list[tuple[str, list[Account]]]:
    names = list(dict.fromkeys(account.credential for account in accounts))
    return [(name, [a for a in accounts if a.credential == name]) for name in names]


def _statistics(subjects: list[Subject], kindless: Mapping[Subject, datetime], credential: str) -> list[Call]:
    """The first of a run may have to find out that the project lacks the method, which is one request more."""
    calls = [
        Call(STATS, tuple(batch), KEEP_STATS, _published(batch, kindless), credential)
        for batch in chunked(subjects, BATCH)
    ]
    return [replace(call, requests=2, units=2) for call in calls[:1]] + calls[1:]


def _published(subjects: Sequence[Subject], instants: Mapping[Subject, datetime]) -> tuple[tuple[str, Any], ...]:
    """Beside each subject when it was published, of which the answer does not speak, where it is to tell the kind."""
    told = tuple(_iso(instants[subject]) if subject in instants else "" for subject in subjects)
    return (("published", told),) if any(told) else ()


def _discovery_bounds(accounts: list[Account], tracked: Tracked) -> list[Call]:
    """Every channel may have new videos: PAGES of them at the very most, and as many batches of statistics and of own
    titles; one more where the project lacks videos.batchGetStats."""
    bounds = []
    for account in accounts:
        subject = (Subject(account.account_id or ""),)
        likely = _usual_pages(account, tracked)
        bounds.append(
            Call(
                UPLOADS,
                subject,
                KEEP_UPLOADS,
                requests=PAGES,
                units=PAGES,
                usual_requests=likely,
                usual_units=likely,
                is_discovery=True,
            )
        )
        extra = 1 + (2 * PAGES if account.is_own else PAGES)
        bounds.append(
            Call(
                STATS,
                subject,
                KEEP_STATS,
                requests=extra,
                units=extra,
                usual_requests=0,
                usual_units=0,
                is_discovery=True,
            )
        )
    return bounds


def _usual_pages(account: Account, tracked: Tracked) -> float:
    """How many pages of uploads a look reads on average: after one with news a second, where there are so many."""
    known = tracked.values.get(account.account_id or "", {})
    news = 1 - exp(-tracked.expected_posts(account))  # of at least one video, by Poisson
    second = news if known.get("videoCount", BATCH) > BATCH else 0.0
    return second + (1.0 if account.is_own or account.weekday else news)


def _has_news(account: Account, tracked: Tracked, found: Found) -> bool:
    key = account.account_id or ""
    profile = found.profiles.get(key)
    counts = found.values.get(Subject(key), {})
    if profile is None or "videoCount" not in counts or key in tracked.searched:
        return False
    last = tracked.discovered_at.get(key)
    if account.is_own or last is None or profile.fetched_at - last >= SWEEP_AFTER:
        return True
    return counts["videoCount"] != tracked.values.get(key, {}).get("videoCount")


def _uploads(account: Account, tracked: Tracked, found: Found) -> Call:
    key = account.account_id or ""
    profile = found.profiles[key]
    last = tracked.discovered_at.get(key) or profile.fetched_at - FIRST_LOOK
    params = (("playlist", _playlists(found)[key]), ("since", _iso(last - OVERLAP)))
    return Call(
        UPLOADS,
        (Subject(key),),
        KEEP_UPLOADS,
        params,
        account.credential,
        requests=PAGES,
        units=PAGES,
        is_own=account.is_own,
        is_discovery=True,
        observes=False,
    )


def _playlists(found: Found) -> dict[str, str]:
    """Each channel's uploads playlist; its id is not to be guessed from the channel's."""
    answers = [Node(r.body) for r in found.responses if r.endpoint == CHANNELS and r.reason is None]
    return {item["id"].text(): _uploads_of(item) for answer in answers for item in answer.items("items")}


def _uploads_of(item: Node) -> str:
    return item["contentDetails"]["relatedPlaylists"]["uploads"].text()


def _iso(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse_channels(response: Response, body: Node) -> Iterator[Record]:
    seen = set()
    for item in body.items("items"):
        account_id = item["id"].text()
        seen.add(account_id)
        snippet, statistics = item["snippet"], item["statistics"]
        custom = snippet.get("customUrl")
        handle = response.subjects[0].account_id if response.endpoint == RESOLVE else custom.text() if custom else None
        _uploads_of(item)
        yield response.profile(
            account_id,
            handle and handle.lstrip("@"),
            snippet["title"].text(),
            f"https://www.youtube.com/channel/{account_id}",
            snippet["publishedAt"].instant(),
        )
        if response.endpoint == RESOLVE:
            continue
        hidden = statistics.get("hiddenSubscriberCount")
        is_hidden = hidden is not None and hidden.value is True
        for metric in ACCOUNT_METRICS:
            count = None if is_hidden and metric == "subscriberCount" else statistics.get(metric)
            reason = Reason.HIDDEN if metric == "subscriberCount" else Reason.UNAVAILABLE
            yield _counted(response, Subject(account_id), metric, count, reason)
    if response.endpoint == CHANNELS:
        yield from _missing(response, seen)


def _parse_uploads(response: Response, body: Node) -> Iterator[Record]:
    since = datetime.fromisoformat(str(response.params["since"]))
    for item in body.items("items"):
        details = item["contentDetails"]
        post_id, published = details["videoId"].text(), details.get("videoPublishedAt")
        if published is None or published.instant() <= since:
            continue
        subject = Subject(response.subjects[0].account_id, post_id)
        yield _post(response, subject, published.instant(), None)


def _parse_statistics(response: Response, body: Node) -> Iterator[Record]:
    if body.get("refused"):  # the method, not the videos: their counts come on the next page
        return
    accounts, published = {s.post_id: s.account_id for s in response.subjects}, _instants(response)
    seen = set()
    for item in body.items("items"):
        post_id = item["id"].text()
        if post_id not in accounts:
            raise Unexpected(
                f"YouTube answered for a video that was not asked about at {item.path}.id.", f"{item.path}.id"
            )
        seen.add(post_id)
        statistics = item["statistics"]
        subject = Subject(accounts[post_id], post_id)
        for metric in POST_METRICS:
            reason = Reason.UNAVAILABLE if metric == "viewCount" else Reason.HIDDEN
            yield _counted(response, subject, f"statistics.{metric}", statistics.get(metric), reason)
        if post_id in published:
            yield _post(response, subject, published[post_id], _kind(item))
    yield from _missing(response, seen)


def _parse_videos(response: Response, body: Node) -> Iterator[Record]:
    accounts, published = {s.post_id: s.account_id for s in response.subjects}, _instants(response)
    for item in body.items("items"):
        post_id, snippet = item["id"].text(), item["snippet"]
        subject = Subject(accounts.get(post_id) or snippet["channelId"].text(), post_id)
        at = published.get(post_id) or snippet["publishedAt"].instant()
        yield _post(response, subject, at, _kind(item), snippet["title"].text())


def _instants(response: Response) -> dict[str, datetime]:
    told = zip(response.subjects, response.params.get("published", ()), strict=False)
    return {subject.post_id: Node(at).instant() for subject, at in told if subject.post_id and at}


def _post(
    response: Response, subject: Subject, published: datetime, kind: str | None, title: str | None = None
) -> Post:
    return response.post(subject, published, kind, title, f"https://www.youtube.com/watch?v={subject.post_id}")


def _kind(item: Node) -> str:
    """By length alone. A Short lasts three minutes at most and is upright or square; the API does not tell the latter,
    so a short video may be none. What has no length, as a broadcast that is not over, is a video."""
    details = item.get("contentDetails")
    duration = details.get("duration") if details else None
    seconds = _seconds(str(duration.value)) if duration else 0.0
    return ("short video" if seconds <= SHORT_SECONDS else "long video") if seconds else "video"


def _seconds(duration: str) -> float:
    if found := _GOOGLE_DURATION.fullmatch(duration):
        return float(found[1])
    found = _ISO_DURATION.fullmatch(duration)
    numbers = found.groups(default="0") if found else ()
    return sum(float(number) * unit for number, unit in zip(numbers, (86400, 3600, 60, 1), strict=False))


def _counted(response: Response, subject: Subject, metric: str, count: Node | None, otherwise: Reason) -> Observation:
    return response.observation(subject, metric, count.count() if count else None, otherwise)


def _missing(response: Response, seen: set[str]) -> Iterator[Observation]:
    """YouTube leaves out what is deleted, private or terminated, without a word."""
    for subject in response.subjects:
        if (subject.post_id or subject.account_id) not in seen:
            yield response.observation(subject, None, None, Reason.NOT_FOUND)


def _reason(error: HttpError) -> str:
    """`errors[0].reason`, else the reason in `details`; the client shows one and hides the other."""
    try:
        said = json.loads(error.content)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    if not isinstance(said, dict):
        return ""
    listed = [*(said.get("details") or []), *(said.get("errors") or [])]
    reasons = [str(entry["reason"]) for entry in listed if isinstance(entry, dict) and "reason" in entry]
    reason = reasons[0] if reasons else str(said.get("status", ""))
    return reason if re.fullmatch(r"\w{1,60}", reason) else ""
