"""The models as dbt tells them: a straight walk from landing to the marts, each with grain, key and words."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from socialmetrics import warehouse

from .conftest import Landing, settings_of, value

Node = dict[str, Any]

READS = {
    "staging": {"source"},
    "intermediate": {"staging", "intermediate", "seed"},
    "marts": {"intermediate", "marts", "seed"},
}
# the one step back: days of posts are a mart, and weeks and months are made of them
ASTRAY = {("int_account_weeks", "post_days"), ("int_account_months", "post_days")}
OF_LANDING = {"landed_files"}  # reads the names of files, which no staging model holds

# a platform, a file or a person may tell the same twice
TOLD_TWICE = {"int_observations"} | {
    f"stg_{kind}" for kind in ("observations", "readings", "profiles", "posts", "calls", "notes")
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `dbt docs generate` writes for a small warehouse."""
    settings = settings_of(tmp_path_factory.mktemp("home"))
    landing = Landing(settings.landing)
    landing.directory(date(2026, 9, 1), [{"platform": "x", "account_id": "1"}])
    landing.run(date(2026, 9, 1), "x", [value("1", "followers_count", 100)])
    warehouse.build(settings)
    done = warehouse.run_dbt(settings, "docs generate", "--static")
    assert done.returncode == 0, done.stdout
    return settings.warehouse / "build" / "target"


@pytest.fixture(scope="module")
def nodes(target: Path) -> dict[str, Node]:
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    found: dict[str, Node] = manifest["nodes"] | manifest["sources"]
    return found


@pytest.fixture(scope="module")
def models(nodes: dict[str, Node]) -> list[Node]:
    return [node for node in nodes.values() if node["resource_type"] == "model"]


def layer(node: Node) -> str:
    return str(node["fqn"][1] if node["resource_type"] == "model" else node["resource_type"])


def test_the_documentation_is_one_page_that_knows_every_mart(target: Path, models: list[Node]) -> None:
    page = (target / "static_index.html").read_text(encoding="utf-8")
    known = json.loads((target / "catalog.json").read_text(encoding="utf-8"))["nodes"]
    assert {node["unique_id"] for node in models} <= known.keys()
    assert all(node["name"] in page for node in models)


def test_the_lineage_is_a_straight_walk(nodes: dict[str, Node], models: list[Node]) -> None:
    reads = {
        (node["name"], nodes[parent]["name"])
        for node in models
        for parent in node["depends_on"]["nodes"]
        if layer(nodes[parent]) not in READS[layer(node)]
    }
    assert reads == ASTRAY
    from_nothing = {node["name"] for node in models if not node["depends_on"]["nodes"]}
    assert from_nothing == OF_LANDING


def test_every_model_is_described_down_to_its_grain(models: list[Node]) -> None:
    vague = [node["name"] for node in models if not re.search(r"\bOne row per [^.]+\.$", node["description"].strip())]
    assert vague == []


def test_staging_looks_only_at_what_had_landed(models: list[Node]) -> None:
    staging = [node for node in models if layer(node) == "staging"]
    assert staging
    assert [node["name"] for node in staging if "landed_by(" not in node["raw_code"]] == []


def test_every_model_has_a_contract(models: list[Node]) -> None:
    for node in models:
        name = node["name"]
        assert node["contract"]["enforced"], f"{name} has no contract"
        assert node["columns"], f"{name} has no columns"
        for column in node["columns"].values():
            assert column["data_type"], f"{name}.{column['name']} has no type"
            assert column["description"].endswith("."), f"{name}.{column['name']} is not described"


def test_every_model_has_a_tested_key_or_says_why_it_has_none(nodes: dict[str, Node], models: list[Node]) -> None:
    keys: dict[str, set[str]] = {}
    for node in nodes.values():
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "unique_together":
            keys.setdefault(node["attached_node"], set()).update(node["test_metadata"]["kwargs"]["columns"])
    without = {node["name"] for node in models if node["unique_id"] not in keys}
    assert without == {node["name"] for node in models if "No key, as " in node["description"]}
    assert without == TOLD_TWICE
    for node in (node for node in models if node["unique_id"] in keys):
        assert keys[node["unique_id"]] <= node["columns"].keys(), f"{node['name']}'s key is not among its columns"
