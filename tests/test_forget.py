"""A withdrawn story: its text, title and link are in no file any more, its counts are, and nothing brings them back."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from faults import search
from home import Home
from socialmetrics import clock, pipeline, platforms, warehouse, withdrawn
from socialmetrics.errors import Locked, Misconfigured
from socialmetrics.exports.pack import MANIFEST
from socialmetrics.sandbox.server import Sandbox
from socialmetrics.sandbox.world import World

FIRST, SECOND, LATER, LAST = date(2026, 9, 14), date(2026, 9, 15), date(2026, 10, 11), date(2026, 10, 12)
NOTED = "They asked us to take the story of their mother down"
SAID = [withdrawn.STATUS, withdrawn.NOTE]


@dataclass(frozen=True)
class Story:
    """A post whose every word can be searched for: they were planted in the answer of the sandbox's world."""

    platform: str
    post_id: str
    title: str
    url: str


@dataclass(frozen=True)
class Scene:
    home: Home
    stories: tuple[Story, ...]
    found_before: set[str]
    counts_before: list[tuple[Any, ...]]
    told: pipeline.Forgotten

    @property
    def words(self) -> list[str]:
        return [NOTED, *(word for story in self.stories for word in (story.title, story.url))]


def model(home: Home) -> None:
    with clock.still(home.day(LAST).scheduled_at + timedelta(hours=1)):
        pipeline.model(home.settings)
        pipeline.publish(home.settings)


def counts(home: Home) -> list[tuple[Any, ...]]:
    sql = "select * exclude (load_id) from post_days order by all"
    return warehouse.query(home.settings, sql)[1]


def kinds(found: list[tuple[str, str]]) -> set[str]:
    """By place and ending: `landing/posts .parquet`."""
    places = [Path(file) for file, _ in found]
    return {f"{'/'.join(path.parts[1:3]) if 'landing' in path.parts else path.parts[1]} {path.suffix}" for path in places}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    world = World(peers=2)
    with pytest.MonkeyPatch.context() as patch, Sandbox(world) as sandbox:
        folder = tmp_path_factory.mktemp("forget")
        patch.chdir(folder)
        home = Home(folder / "home", sandbox)
        home.write_directory(list(world.organizations), list(world.directory(datetime(2026, 9, 14, tzinfo=UTC))))
        for day in (FIRST, SECOND):
            home.pull(day)
        stories = tuple(story_of(home, name) for name in platforms.NAMES)
        notes = [f"2026-10-07,{s.platform},{s.post_id},{NOTED}," for s in stories]
        (home.settings.directory / "notes.csv").write_text("\n".join(["date,platform,post_id,text,hide_post", *notes]))
        for day in (LATER, LAST):
            home.pull(day)
        model(home)
        pipeline.export(home.settings, "2026-W38")
        pipeline.export(home.settings, "2026-W41")
        found = kinds(search.found(home.settings.warehouse.parent, words_of(stories)))
        before = counts(home)
        with clock.still(home.day(LAST).scheduled_at + timedelta(hours=2)):
            for story in stories[1:]:
                withdrawn.bury(home.landing, story.platform, story.post_id, clock.now())
            told = pipeline.forget(home.settings, stories[0].platform, stories[0].url)
        yield Scene(home, stories, found, before, told)


def words_of(stories: tuple[Story, ...]) -> list[str]:
    return [NOTED, *(word for story in stories for word in (story.title, story.url))]


def story_of(home: Home, platform: str) -> Story:
    """The own post that drew most in the packs' first week and whose title no other post has."""
    posts = [row for row in home.rows("posts", platform) if row["title"]]
    titles = [row["title"] for row in posts]
    row = next(row for row in posts if titles.count(row["title"]) == 1)
    return Story(platform, row["post_id"], row["title"], row["url"])


def test_x(scene: Scene) -> None:
    print(scene.found_before, scene.told, scene.stories)
    print(kinds(search.found(scene.home.settings.home, scene.words)))
    assert 0
