import re
from pathlib import Path

import pytest

from model_code import version


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    room = tmp_path / "model_code"
    for folder in ("etl", "features"):
        (room / folder).mkdir(parents=True)
    for name in ("requirements.txt", "__init__.py", "etl/reading.py", "etl/limits.toml", "features/text.py"):
        (room / name).write_text(name, encoding="ascii")
    monkeypatch.setattr(version, "_ROOM", room)
    return room


def test_the_hash_of_this_code_is_stable() -> None:
    assert re.fullmatch("[0-9a-f]{64}", version.code_sha256())
    assert version.code_sha256() == version.code_sha256()


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-serving.txt",
        "etl/reading.py",
        "etl/limits.toml",
        "etl/new.py",
        "etl/new.c",
        "etl/new.h",
    ],
)
def test_any_change_of_what_the_image_holds_changes_the_hash(room: Path, name: str) -> None:
    before = version.code_sha256()
    (room / name).write_text("changed", encoding="ascii")
    assert version.code_sha256() != before


def test_a_moved_file_changes_the_hash(room: Path) -> None:
    before = version.code_sha256()
    (room / "etl/reading.py").rename(room / "reading.py")
    assert version.code_sha256() != before


def test_only_the_features_own_code_changes_their_hash(room: Path) -> None:
    before = version.features_sha256()
    (room / "etl/reading.py").write_text("changed", encoding="ascii")
    assert version.features_sha256() == before != version.code_sha256()
    (room / "features/text.py").write_text("changed", encoding="ascii")
    changed = version.features_sha256()
    (room / "features/new.py").touch()
    assert len({before, changed, version.features_sha256()}) == 3


def test_caches_and_notes_do_not_change_the_hash(room: Path) -> None:
    before = version.code_sha256()
    (room / "__pycache__").mkdir()
    (room / "__pycache__/reading.cpython-311.pyc").touch()
    (room / "README.md").touch()
    assert version.code_sha256() == before
