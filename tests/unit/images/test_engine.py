import threading
import time
from pathlib import Path

from images.engine import Engine, _remove


def test_a_helper_that_still_writes_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    (folder / "storage").mkdir(parents=True)
    end = time.monotonic() + 0.5

    def write() -> None:
        while time.monotonic() < end:
            (folder / f"{time.monotonic()}").mkdir(parents=True, exist_ok=True)

    helper = threading.Thread(target=write)
    helper.start()
    while helper.is_alive():
        _remove(folder)
    _remove(folder)
    assert not folder.exists()


def test_no_program_of_the_engine_leaves_files_in_the_checkout(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    assert engine("pwd").strip() == engine.start("pwd").stdout.strip() == str(tmp_path)
    assert engine("printenv", "TMPDIR").strip().startswith(f"{tmp_path}/")
