from pathlib import Path

import pytest

from mlflow_server.version import code_sha256 as mlflow_code
from model_code.version import code_sha256 as model_code
from stacks.images import digest, tree_sha256
from stacks.settings import Images

PINNED = "sha256:" + "a" * 64


def test_the_local_digests_are_those_that_the_code_itself_reports() -> None:
    images = Images(digests="code")
    assert digest(images, "model") == f"sha256:{model_code()}"
    assert digest(images, "serving") == digest(images, "model")
    assert digest(images, "mlflow") == f"sha256:{mlflow_code()}"


def test_a_pinned_digest_is_taken_as_it_is() -> None:
    assert digest(Images(digests="pinned", model=PINNED, serving=PINNED, mlflow=PINNED), "serving") == PINNED


def test_a_pending_digest_is_refused() -> None:
    with pytest.raises(ValueError, match="'model' has no digest yet"):
        digest(Images(digests="pending"), "model")


def test_another_byte_gives_another_digest(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "requirements.txt").write_text("a")
    (room / "code.py").write_text("x = 1\n")
    before = tree_sha256(room)
    (room / "notes.md").write_text("not part of the image")
    assert tree_sha256(room) == before
    (room / "code.py").write_text("x = 2\n")
    assert tree_sha256(room) != before
