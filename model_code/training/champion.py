"""The present champion on the candidate's held-out rows: the one comparison in which both saw the same test."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from model_code.algorithms import gradient_boosting
from model_code.arrays import Matrix, Vector
from model_code.serving.archive import ARCHIVE, unpack
from model_code.serving.artifact import MODEL, Artifact, read_artifact
from model_code.training.apart import score_apart
from model_code.training.channel import Channel
from model_code.training.metrics import measure
from model_code.training.slices import Groups, measure_slices

MAXIMUM_MODEL_BYTES = 2**28


class IncomparableError(Exception):
    """The champion is whole but can't score these rows; the message is a sentence for a person."""


class Compared(NamedTuple):
    """What metrics.json says of the champion, and its scores of the test rows where it could score them."""

    told: dict[str, Any]
    scores: Vector | None


def compare_champion(folder: Path, channel: Channel, groups: Groups) -> Compared | None:
    """Return metrics.json's `champion`: its manifest's sha256 and its figures on the test rows; and its scores.

    None without an archive in `folder`. `{"manifest_sha256", "incomparable": sentence}` where the champion can't
    score these rows (features that are no more, another XGBoost).

    Raises:
        InputError: the archive isn't what its manifest says.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    with tempfile.TemporaryDirectory() as unpacked:
        unpack(folder / ARCHIVE, Path(unpacked), whose="The champion channel")
        artifact = read_artifact(Path(unpacked), expected_manifest_sha256=None, max_model_bytes=MAXIMUM_MODEL_BYTES)
    name = {"manifest_sha256": artifact.manifest_sha256}
    try:
        scores = score_apart(_model(artifact), _rows(artifact, channel))
    except IncomparableError as reason:
        return Compared(name | {"incomparable": str(reason)}, None)
    test = channel.test
    slices = measure_slices(test.labels, scores, groups)
    return Compared(name | measure(test.labels, scores, test.kinds) | {"slices": slices}, scores)


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
