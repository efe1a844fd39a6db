"""The training itself: features folder in, artifact out."""

import dataclasses
from pathlib import Path

from model_code.algorithms import gradient_boosting
from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.training.artifact import canonical_json, golden, write_artifact
from model_code.training.baseline import describe
from model_code.training.channel import VIEW, read_channel
from model_code.training.metrics import measure
from model_code.version import code_sha256

MODEL_NAME = "card-anomaly"


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a training hands back besides the files."""

    metrics: dict[str, object]
    manifest_sha256: str
    model_bytes: int


def train(features: Path, output: Path, hyperparameters: Hyperparameters, *, threads: int) -> Trained:
    """Train on the features folder and write the artifact into `output`; byte for byte the same for the same input.

    Raises:
        InputError: the features can't be used.
    """
    channel = read_channel(features)
    model = gradient_boosting.fit(channel.train, channel.validation, channel.columns, hyperparameters, threads=threads)
    scores = gradient_boosting.score(model, channel.test.rows)
    metrics = measure(channel.test.labels, scores, channel.test.kinds)
    content = gradient_boosting.to_bytes(model)
    files = {
        "model.ubj": content,
        "metrics.json": canonical_json(metrics),
        "baseline.json": canonical_json(describe(channel.train.rows, channel.columns)),
        "features.json": canonical_json(
            {"view": VIEW, "columns": channel.columns, "objective": gradient_boosting.OBJECTIVE}
        ),
        "golden.json": canonical_json(golden(channel.test.rows, scores)),
    }
    facts = {
        "version": 1,
        "model": MODEL_NAME,
        "algorithm": "xgboost",
        "xgboost_version": gradient_boosting.XGBOOST_VERSION,
        "code_sha256": code_sha256(),
        "data_manifest_sha256": channel.manifest_sha256,
        "hyperparameters": gradient_boosting.all_parameters(hyperparameters),
        "trained_rows": len(channel.train.labels),
    }
    return Trained(metrics, write_artifact(output, files, facts), len(content))
