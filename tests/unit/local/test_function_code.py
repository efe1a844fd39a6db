"""The code of local functions is unpacked once, and each function finds its own."""

import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.function_code import SharedCode


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def bundle(file: Path, code: str) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("handlers/handler.py", code)
    return file


def unpacked(file: Path, place: Path) -> Path:
    place.mkdir()
    with SharedCode(file) as archive:
        archive.extractall(str(place))
    return place / "handlers" / "handler.py"


def test_workers_of_one_bundle_share_one_copy_however_many_begin_at_once(tmp_path: Path, temporary: Path) -> None:
    file = bundle(tmp_path / "code.zip", "answer = 1")
    with ThreadPoolExecutor(8) as workers:
        found = list(workers.map(lambda number: unpacked(file, tmp_path / f"worker-{number}"), range(8)))
    assert {path.read_text() for path in found} == {"answer = 1"}
    assert len({path.resolve() for path in found}) == 1
    assert [path.name.startswith("function-code-") for path in temporary.iterdir()] == [True]


def test_another_bundle_is_another_copy(tmp_path: Path) -> None:
    first = unpacked(bundle(tmp_path / "code.zip", "answer = 1"), tmp_path / "one")
    second = unpacked(bundle(tmp_path / "code.zip", "answer = 2"), tmp_path / "two")
    assert (first.read_text(), second.read_text()) == ("answer = 1", "answer = 2")


def test_a_bundle_that_breaks_off_leaves_nothing_that_the_next_worker_would_take(tmp_path: Path) -> None:
    whole = bundle(tmp_path / "whole.zip", "answer = 1").read_bytes()
    file = tmp_path / "code.zip"
    file.write_bytes(whole.replace(b"answer = 1", b"answer = 2", 1))  # the checksum no longer fits
    for name in ("one", "two"):
        with pytest.raises(zipfile.BadZipFile):
            unpacked(file, tmp_path / name)
