"""A withdrawn story: its text, title and link are in no file any more, its counts are, and nothing brings them back."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import requests
from typer.testing import CliRunner

from faults import search
from home import Home
from socialmetrics import clock, exports, pipeline, platforms, warehouse, withdrawn
from socialmetrics.cli import app
from socialmetrics.errors import Locked, Misconfigured
from socialmetrics.exports.pack import MANIFEST
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World

FIRST, SECOND, LAST = date(2026, 9, 14), date(2026, 9, 15), date(2026, 10, 12)
NOTED_ON = date(2026, 10, 7)
NOTED = "They asked us to take the story of their mother down"


@dataclass(frozen=True)
class Story:
    platform: str
    post_id: str
    title: str
    url: str


@dataclass(frozen=True)
class Pulled:
    """A home whose landing holds a story of each platform, with a note on each, and one closed month."""

    home: Home
    stories: tuple[Story, ...]

    @property
    def words(self) -> list[str]:
        return [NOTED, *(word for story in self.stories for word in (story.title, story.url))]

    def copied(self, folder: Path) -> Pulled:
        shutil.copytree(self.home.settings.home, folder)
        return Pulled(Home(folder, self.home.sandbox), self.stories)

    def forget(self) -> pipeline.Forgotten:
        with clock.still(self.home.day(LAST).scheduled_at + timedelta(hours=2)):
            for story in self.stories[1:]:
                withdrawn.bury(self.home.landing, story.platform, story.post_id, clock.now())
            return pipeline.forget(self.home.settings, self.stories[0].platform, self.stories[0].url)


@dataclass(frozen=True)
class Scene(Pulled):
    """The same with its warehouse, a file as of an instant and two packs, all from before anything was withdrawn."""

    found_before: set[str]
    counts_before: list[tuple[Any, ...]]


def counts(home: Home) -> list[tuple[Any, ...]]:
    sql = "select * exclude (load_id) from post_days order by all"
    return warehouse.query(home.settings, sql)[1]


def kinds(found: list[tuple[str, str]]) -> set[str]:
    """By place and ending: `landing/posts .parquet`."""
    places = [Path(file) for file, _ in found]
    return {f"{'/'.join(path.parts[: 1 + (path.parts[0] == 'landing')])} {path.suffix}" for path in places}


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulled]:
    world = World(peers=0)
    with pytest.MonkeyPatch.context() as patch, Sandbox(world) as sandbox:
        folder = tmp_path_factory.mktemp("forget")
        patch.chdir(folder)
        home = Home(folder / "home", sandbox)
        home.write_directory(list(world.organizations), list(world.directory(datetime(2026, 9, 14, tzinfo=UTC))))
        for day in (FIRST, SECOND):
            home.pull(day)
        stories = tuple(story_of(home, name) for name in platforms.NAMES)
        notes = [f"{NOTED_ON},{s.platform},{s.post_id},{NOTED}," for s in stories]
        (home.settings.directory / "notes.csv").write_text("\n".join(["date,platform,post_id,text,hide_post", *notes]))
        home.pull(LAST)
        home.landing.compact(home.day(LAST).scheduled_at)
        assert list(home.settings.landing.glob("posts/*/*/2026-09.parquet"))
        yield Pulled(home, stories)


@pytest.fixture
def landed(pulled: Pulled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulled:
    """A copy whose warehouse nobody builds."""
    for step in ("model", "publish"):
        monkeypatch.setattr(pipeline, step, lambda settings: None)
    return pulled.copied(tmp_path / "landed")


@pytest.fixture(scope="module")
def scene(pulled: Pulled, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """What is left when forgetting is cut short at each of its steps, and done again."""
    here = pulled.copied(tmp_path_factory.mktemp("scene") / "home")
    settings, home = here.home.settings, here.home
    with clock.still(home.day(LAST).scheduled_at + timedelta(hours=1)):
        pipeline.model(settings)
        pipeline.publish(settings)
        pipeline.model_as_of(settings, home.day(SECOND).scheduled_at)
    pipeline.export(settings, "2026-W38")
    pipeline.export(settings, "2026-W41")
    found = kinds(search.found(settings.warehouse, here.words))
    before = counts(home)
    for place, step in ((exports, "forget"), (pipeline, "model"), (pipeline, "publish"), (warehouse, "renew_as_of")):
        with mock.patch.object(place, step, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            pipeline.forget(settings) if home.landing.tombstones() else here.forget()
        assert search.found(settings.warehouse, here.words)
    with pytest.raises(
        Misconfigured, match=r"or it is forgotten: `socialmetrics forget` alone finishes what was begun\.$"
    ):
        here.forget()
    assert pipeline.forget(settings).files == 0
    return Scene(home, here.stories, found, before)


def story_of(home: Home, platform: str) -> Story:
    """An own post whose title no other post has."""
    posts = [row for row in home.rows("posts", platform) if row["title"]]
    titles = [row["title"] for row in posts]
    row = next(row for row in posts if titles.count(row["title"]) == 1)
    return Story(platform, row["post_id"], row["title"], row["url"])


@pytest.mark.prove
def test_its_words_were_in_every_kind_of_file_and_are_in_none(scene: Scene) -> None:
    assert scene.found_before == {
        "landing/notes .parquet",
        "landing/posts .parquet",
        "landing/responses .gz",
        "as_of .duckdb",
        "build .duckdb",
        "socialmetrics.duckdb .duckdb",
        "exports .json",
        "exports .html",
        "exports .xlsx",
        "exports .csv",
    }
    assert search.found(scene.home.settings.warehouse, scene.words) == []
    assert len(list(scene.home.settings.warehouse.glob("as_of/*.duckdb"))) == 1


@pytest.mark.prove
def test_its_counts_stay(scene: Scene) -> None:
    assert counts(scene.home) == scene.counts_before
    told = warehouse.query(scene.home.settings, "select post_id, title, url, status from posts")[1]
    ids = {story.post_id for story in scene.stories}
    assert {row for row in told if row[0] in ids} == {(post_id, None, None, withdrawn.STATUS) for post_id in ids}
    assert any(title for post_id, title, *_ in told if post_id not in ids)
    assert all(url for post_id, _, url, _ in told if post_id not in ids)


@pytest.mark.prove
def test_the_packs_say_so_and_hold_together(scene: Scene) -> None:
    for pack in sorted(scene.home.settings.exports.iterdir()):
        for file, told in json.loads((pack / MANIFEST).read_text())["files"].items():
            assert hashlib.sha256((pack / file).read_bytes()).hexdigest() == told["sha256"]
        assert not exports.remake(pack)
        before = {path: path.stat().st_mtime_ns for path in pack.iterdir()}
        pipeline.export(scene.home.settings, pack.name)
        assert {path: path.stat().st_mtime_ns for path in pack.iterdir()} == before
    says = {Path(file).name for file, _ in search.found(scene.home.settings.exports / "2026-W38", [exports.WITHDRAWN])}
    assert says == {"figures.json", "report.html", "report.xlsx", "posts.csv"}
    noted = {Path(file).name for file, _ in search.found(scene.home.settings.exports / "2026-W41", [withdrawn.NOTE])}
    assert noted == {"figures.json", "report.html", "report.xlsx", "notes.csv"}


def test_no_later_answer_and_no_reparse_brings_it_back(landed: Pulled) -> None:
    home = landed.home
    assert kinds(search.found(home.settings.landing.parent, landed.words)) == {
        "landing/notes .parquet",
        "landing/posts .parquet",
        "landing/responses .gz",
    }
    killed = home.landing.responses_file("x", home.landing.run_ids("x")[0])
    assert killed
    shutil.copy(killed, f"{killed}.part")
    told = landed.forget()
    assert list(home.settings.landing.rglob("*.part")) == []
    assert told.files >= 3 * 2 + 1  # each story's answer and row, and the notes
    assert told.noted_on == (NOTED_ON,) * 3  # which a person must change
    before = rows_of(home)
    answered = {story.platform: story.title in asked_again(home, story) for story in landed.stories}
    assert answered == {"youtube": True, "x": True, "facebook": True}, "the sandbox would not show it again"
    home.pull(LAST)
    home.pull(LAST + timedelta(days=1))
    for name in platforms.NAMES:
        for run_id in home.landing.run_ids(name):
            assert pipeline.reparse(home.settings, name, run_id)
    assert search.found(home.settings.landing, landed.words) == []
    assert before == {key: row for key, row in rows_of(home).items() if key in before}


def test_a_post_that_is_found_only_after_it_was_withdrawn_lands_without_words(landed: Pulled) -> None:
    home = landed.home
    landed.forget()
    for kind in ("posts", "responses", "calls", "observations", "profiles"):
        shutil.rmtree(home.settings.landing / kind)
    home.pull(SECOND)
    found = rows_of(home)
    for story in landed.stories:
        row = found[story.platform, story.post_id]
        assert (row["title"], row["url"], row["status"]) == (None, None, withdrawn.STATUS)
    assert search.found(home.settings.landing, landed.words) == []


def test_forgetting_changes_nothing_else(landed: Pulled, pulled: Pulled) -> None:
    landed.forget()
    ids = {story.post_id for story in landed.stories}
    for kind in ("observations", "profiles", "calls", "runs", "posts"):
        before, after = (
            [r for r in home.rows(kind) if r.get("post_id") not in ids] for home in (pulled.home, landed.home)
        )
        assert before == after
    words = {"title", "text", "message", "permalink_url"}
    for name in platforms.NAMES:
        for run_id in pulled.home.landing.run_ids(name):
            told = (home.landing.read_responses(name, run_id) for home in (pulled.home, landed.home))
            lines = list(zip(*told, strict=True))
            changed = {path for before, after in lines for path in differing(before.body, after.body)}
            assert changed <= words
            assert all(before.subjects == after.subjects for before, after in lines)


def test_what_a_backup_brings_back_goes_again(landed: Pulled, pulled: Pulled, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backup's landing is older than the tombstones, which are put beside it."""
    landed.forget()
    landing = landed.home.settings.landing
    tombstones = (landing / "forgotten.jsonl").read_bytes()
    shutil.rmtree(landing)
    shutil.copytree(pulled.home.settings.landing, landing)
    (landing / "forgotten.jsonl").write_bytes(tombstones)
    assert len(search.found(landing, landed.words)) > len(landed.words)
    monkeypatch.setenv("SOCIALMETRICS_HOME", str(landed.home.settings.home))
    done = CliRunner().invoke(app, ["forget"])
    assert done.exit_code == 0, done.output
    assert "gone from " in done.output
    assert "notes.csv still speaks of it, on 2026-10-07" in done.output
    assert search.found(landing, landed.words) == []
    again = pipeline.forget(landed.home.settings)
    assert (again.files, again.packs) == (0, ())
    assert (landing / "forgotten.jsonl").read_bytes() == tombstones


def test_a_post_that_never_landed_is_no_post(home: Home) -> None:
    home.landing.prepare()
    with pytest.raises(Misconfigured, match="No post 'x' of youtube has landed"):
        pipeline.forget(home.settings, "youtube", "x")
    assert home.landing.tombstones() == []


def test_nothing_is_forgotten_while_a_run_writes(home: Home) -> None:
    with home.landing.together(), home.landing.together(), pytest.raises(Locked, match="A run holds "):
        pipeline.forget(home.settings)
    with home.landing.alone(), pytest.raises(Locked), home.landing.alone():
        pass
    assert CliRunner().invoke(app, ["forget", "youtube"]).exit_code == 2


def rows_of(home: Home) -> dict[tuple[str, str], dict[str, Any]]:
    posts = [row for name in platforms.NAMES for row in home.rows("posts", name)]
    return {(row["platform"], row["post_id"]): row for row in posts}


def asked_again(home: Home, story: Story) -> str:
    """All that the platform answers about the newest posts of the story's account, today."""
    account = next(row["account_id"] for row in home.rows("posts", story.platform) if row["post_id"] == story.post_id)
    paths = {
        "youtube": f"youtube/v3/videos?part=snippet&id={story.post_id}",
        "x": f"2/users/{account}/tweets?max_results=100&tweet.fields=created_at,text",
        "facebook": f"v26.0/{account}/posts?fields=id,message,permalink_url&limit=100",
    }
    base = home.sandbox.url(story.platform, home.day(LAST).scheduled_at)
    headers = {"Authorization": "Bearer token", "x-goog-api-key": "token"}
    return requests.get(f"{base}/{paths[story.platform]}", headers=headers, timeout=30).text


def differing(one: Any, other: Any, name: str = "") -> Iterator[str]:
    """The names under which two answers differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differing(one[key], other[key], key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for mine, theirs in zip(one, other, strict=True):
            yield from differing(mine, theirs, name)
    elif one != other:
        yield name
