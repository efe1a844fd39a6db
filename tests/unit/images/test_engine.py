import threading
import time
from contextlib import suppress
from pathlib import Path

from images.engine import Engine, _remove
from tests.patience import PATIENCE


def test_a_helper_that_still_writes_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    begun = threading.Event()

    def write() -> None:
        for number in range(20):
            with suppress(FileNotFoundError):  # its parent was removed between its own two steps
                (folder / "storage" / str(number)).mkdir(parents=True)
            begun.set()
            time.sleep(0.01)

    helper = threading.Thread(target=write)
    helper.start()
    assert begun.wait(PATIENCE)
    while helper.is_alive():
        _remove(folder)
        time.sleep(0.01)
    _remove(folder)
    assert not folder.exists()


def test_no_program_of_the_engine_leaves_files_in_the_checkout(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    assert engine("pwd").strip() == engine.start("pwd").stdout.strip() == str(tmp_path)
    assert engine("printenv", "TMPDIR").strip().startswith(f"{tmp_path}/")
