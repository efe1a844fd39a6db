import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model_code.native import build
from model_code.native.build import NativeError, compile_library, library_path
from model_code.native.library import Library
from tests.unit.model_code.native.compiled import needs_a_compiler

pytestmark = pytest.mark.long


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources that a test may change; what is built from it lies in `tmp_path`, too."""
    room = shutil.copytree(build._ROOM, tmp_path / "native", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(build, "_ROOM", room)
    monkeypatch.setattr(build, "_BUILD", tmp_path / "build")
    return room


def test_the_sources_compile_without_a_warning(tmp_path: Path) -> None:
    needs_a_compiler()
    assert Library(compile_library("-Werror", target=tmp_path / "strict.so"))


@pytest.mark.parametrize("name", ["atoll.h", "trees.c", "rows.c", "new.c"])
def test_changed_sources_have_another_library(room: Path, name: str) -> None:
    before = library_path()
    with (room / name).open("a") as source:
        source.write("/* changed */\n")
    assert library_path() != before


@pytest.mark.usefixtures("room")
def test_other_flags_have_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    before = library_path()
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-g"))
    assert library_path() != before


def make_native(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model_code.native"]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | environment)


def test_make_native_ends_with_a_library_that_loads() -> None:
    needs_a_compiler()
    done = make_native()
    assert (done.returncode, done.stdout) == (0, f"{library_path()}\n"), done.stderr
    assert Library(library_path())


def test_make_native_says_what_is_missing(tmp_path: Path) -> None:
    shutil.copytree(build._ROOM.parent, tmp_path / "model_code", ignore=shutil.ignore_patterns("__pycache__"))
    done = make_native(PYTHONPATH=str(tmp_path), CC="no-such-compiler", PYTHONSAFEPATH="1")
    assert done.returncode == 1
    assert done.stderr == "There is no C compiler 'no-such-compiler'; install gcc, or name one with CC=.\n"


@pytest.mark.usefixtures("room")
def test_a_library_that_is_not_there_says_how_to_have_it() -> None:
    with pytest.raises(NativeError, match="isn't there; `make native` compiles it"):
        Library(library_path())


@pytest.mark.usefixtures("room")
def test_a_machine_without_a_compiler_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(NativeError, match="no C compiler 'no-such-compiler'; install gcc"):
        compile_library()


def test_sources_that_do_not_compile_leave_nothing_behind(room: Path) -> None:
    needs_a_compiler()
    (room / "new.c").write_text("no C\n")
    with pytest.raises(NativeError, match="can't compile"):
        compile_library()
    assert not list(library_path().parent.iterdir())


def test_a_file_that_is_no_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "atoll.so").write_bytes(b"no library")
    with pytest.raises(NativeError, match="can't be loaded"):
        Library(tmp_path / "atoll.so")


def test_a_library_that_reads_other_numbers_is_refused(room: Path) -> None:
    needs_a_compiler()
    source = room / "rows.c"
    source.write_text(source.read_text().replace("strtod(start, NULL)", "strtof(start, NULL)"))
    with pytest.raises(NativeError, match=r"doesn't read '-1\.5,.*' as Python does"):
        Library(compile_library())
