"""The present champion on the candidate's held-out rows: the one comparison in which both saw the same test."""

import gzip
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

from model_code.algorithms import gradient_boosting
from model_code.arrays import Matrix
from model_code.errors import InputError
from model_code.serving.artifact import MODEL, Artifact, read_artifact
from model_code.training.apart import score_apart
from model_code.training.channel import Channel
from model_code.training.metrics import measure
from model_code.training.slices import Groups, measure_slices

ARCHIVE = "model.tar.gz"
MAXIMUM_MODEL_BYTES = 2**28
MAXIMUM_BYTES = 2**29
"""Of everything that the archive unpacks to."""


class IncomparableError(Exception):
    """The champion is whole but can't score these rows; the message is a sentence for a person."""


def compare_champion(folder: Path, channel: Channel, groups: Groups) -> dict[str, Any] | None:
    """Return metrics.json's `champion`: its manifest's sha256 and its figures on the test rows.

    None without an archive in `folder`. `{"manifest_sha256", "incomparable": sentence}` where the champion can't
    score these rows (features that are no more, another XGBoost).

    Raises:
        InputError: the archive isn't what its manifest says.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    with tempfile.TemporaryDirectory() as unpacked:
        unpack(folder / ARCHIVE, Path(unpacked))
        artifact = read_artifact(Path(unpacked), expected_manifest_sha256=None, max_model_bytes=MAXIMUM_MODEL_BYTES)
    name = {"manifest_sha256": artifact.manifest_sha256}
    try:
        scores = score_apart(_model(artifact), _rows(artifact, channel))
    except IncomparableError as reason:
        return name | {"incomparable": str(reason)}
    test = channel.test
    slices = measure_slices(test.labels, scores, groups)
    return name | measure(test.labels, scores, test.kinds) | {"slices": slices}


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the regular files of a flat archive into an empty folder, a bounded number of bytes in all.

    Raises:
        InputError: it can't be read, holds anything else, or unpacks to more.
    """
    if not archive.is_file():
        raise InputError(f"The champion channel holds no {ARCHIVE}; expected the archive of a released model.")
    try:
        with _Bounded(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as members:
            for member in members:
                _write(members, member, folder)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InputError(f"The champion's {ARCHIVE} can't be read: {error}.") from None


class _Bounded(gzip.GzipFile):
    """A stream that ends in an error after so many bytes: tarfile reads long headers whole, whatever they claim."""

    left = MAXIMUM_BYTES

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.left -= len(block)
        if self.left < 0:
            raise InputError(f"The champion's {ARCHIVE} unpacks to more than {MAXIMUM_BYTES:,} bytes.")
        return block


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = member.name.removeprefix("./")
    if member.isdir() and name in {".", ""}:
        return
    source = members.extractfile(member) if member.isreg() else None
    if source is None or "/" in name or name in {"", ".."} or (folder / name).exists():
        raise InputError(f"The champion's {ARCHIVE} holds {member.name[:100]!r}; expected plain files, once each.")
    with (folder / name).open("xb") as target:
        shutil.copyfileobj(source, target)


def _model(artifact: Artifact) -> bytes:
    version = artifact.manifest.get("xgboost_version")
    if version != gradient_boosting.XGBOOST_VERSION:
        raise IncomparableError(
            f"The champion was trained with XGBoost {version}, this training runs {gradient_boosting.XGBOOST_VERSION}: "
            "its scores could differ silently. Let two people judge, or train a candidate with the champion's image."
        )
    return artifact.files[MODEL]


def _rows(artifact: Artifact, channel: Channel) -> Matrix:
    columns = artifact.json("features.json").get("columns", [])
    if absent := [name for name in columns if name not in channel.columns]:
        raise IncomparableError(
            f"The champion needs {', '.join(absent)}, which these features lack: "
            "both can't be scored on the same rows. Run the champion's etl step on this ledger to compare."
        )
    return channel.test.rows[:, [channel.columns.index(name) for name in columns]]
