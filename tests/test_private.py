"""A secret's file is written whole or not at all, for its owner alone; a renewed token goes back where it came from."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from socialmetrics import private, settings
from socialmetrics.errors import Misconfigured

KILLED = """
import os, signal, sys
from pathlib import Path
from socialmetrics import private
setattr(os, sys.argv[2], lambda *args: os.kill(os.getpid(), signal.SIGKILL))
private.write(Path(sys.argv[1]), "new")
"""


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_it_is_for_the_owner_alone_whatever_it_was(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old and longer")
    path.chmod(0o644)
    private.write(path, "new")
    assert (path.read_text(), mode(path)) == ("new", "0o600")
    private.write(tmp_path / "other", "new")
    assert mode(tmp_path / "other") == "0o600"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other", "token"]


def test_the_target_of_a_link_changes_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "token").symlink_to(tmp_path / "store")
    (tmp_path / "store").write_text("old")
    private.write(tmp_path / "token", "new")
    assert (tmp_path / "token").is_symlink()
    assert (tmp_path / "store").read_text() == "new"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_killed_write_leaves_the_old_one(tmp_path: Path, step: str) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), step], check=False)
    assert done.returncode == -9
    assert path.read_text() == "old"
    assert [mode(file) for file in tmp_path.iterdir() if file != path] == ["0o600"]
    private.write(path, "new")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["new"]


def test_a_full_disk_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    bounds = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, bounds[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            private.write(path, "a renewed token")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, bounds)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_a_renewed_token_goes_back_into_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text("old\n")
    monkeypatch.setenv("SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN_FILE", str(path))
    monkeypatch.setenv("SOCIALMETRICS_FACEBOOK_TOKEN", "other")
    settings.keep_token("facebook", "childrens", "renewed")
    found = settings.access("facebook").tokens
    assert {name: token.get_secret_value() for name, token in found.items()} == {"childrens": "renewed", "": "other"}
    assert mode(path) == "0o600"
    with pytest.raises(
        Misconfigured, match=r"^SOCIALMETRICS_FACEBOOK_TOKEN is in no file.*SOCIALMETRICS_FACEBOOK_TOKEN_FILE\.$"
    ):
        settings.keep_token("facebook", "", "renewed")
