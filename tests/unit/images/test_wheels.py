"""Which entries of a room's lock an image's wheels come from, whatever Python this machine has."""

import re
from pathlib import Path

import pytest

from images.build import for_images

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("model_code", "mlflow_server")


def names(lock: str) -> list[str]:
    return re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?==", lock, re.MULTILINE)


@pytest.mark.parametrize("room", ROOMS)
def test_an_image_gets_each_package_once_in_the_version_for_its_own_python(room: str) -> None:
    lock = (ROOT / room / "requirements.txt").read_text(encoding="utf-8")

    kept = for_images(lock)

    assert " ; " not in kept  # pip would judge a marker by the Python that runs it
    assert len(names(kept)) == len(set(names(kept)))
    foreign = {"colorama", "pywin32", "tzdata", "waitress"}  # for Windows only
    assert set(names(lock)) - set(names(kept)) <= foreign
    newer = re.search(r"^numpy==(\S+) ; python_full_version >= '3\.12'", lock, re.MULTILINE)
    assert newer
    assert f"numpy=={newer[1]}" not in kept


def test_an_entry_keeps_all_of_its_hashes() -> None:
    lock = (
        "one==1 ; python_full_version < '3.12' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "one==2 ; python_full_version >= '3.12' \\\n    --hash=sha256:cc\ntwo==3 \\\n    --hash=sha256:dd\n"
    )

    assert for_images(lock) == (
        "one==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\ntwo==3 \\\n    --hash=sha256:dd\n"
    )
