"""jsii runs what lies in its cache, so nobody else may have put it there."""

import os
from pathlib import Path

import pytest

from stacks import jsii_cache

ROOT = "JSII_RUNTIME_PACKAGE_CACHE_ROOT"
DISABLED = {"JSII_RUNTIME_PACKAGE_CACHE": "disabled"}


def chosen(sticky: Path, **environ: str) -> dict[str, str]:
    jsii_cache.choose(environ, sticky)
    return environ


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / f"jsii-of-{os.getuid()}"


def test_the_cache_is_made_for_this_user_alone_and_found_again(tmp_path: Path, folder: Path) -> None:
    assert chosen(tmp_path) == chosen(tmp_path) == {ROOT: str(folder)}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_to_is_no_cache(tmp_path: Path, folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    assert chosen(tmp_path) == DISABLED


def test_another_users_folder_is_no_cache(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    somebody = os.getuid() + 1
    folder.rename(tmp_path / f"jsii-of-{somebody}")
    monkeypatch.setattr(os, "getuid", lambda: somebody)
    assert chosen(tmp_path) == DISABLED


def test_a_link_to_a_folder_of_ones_own_is_no_cache_since_its_owner_can_turn_it(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    assert chosen(tmp_path) == DISABLED


def test_a_place_that_does_not_exist_is_no_cache(tmp_path: Path) -> None:
    assert chosen(tmp_path / "gone") == DISABLED


def test_what_somebody_has_named_stays(tmp_path: Path) -> None:
    assert chosen(tmp_path, **{ROOT: "/mine"}) == {ROOT: "/mine"}
    assert chosen(tmp_path / "gone", JSII_RUNTIME_PACKAGE_CACHE="enabled") == {"JSII_RUNTIME_PACKAGE_CACHE": "enabled"}
