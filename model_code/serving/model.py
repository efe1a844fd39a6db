"""The served model: loaded only when it is the released one and still says what it said at training."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from model_code.algorithms import gradient_boosting
from model_code.arrays import Matrix, Vector
from model_code.errors import InputError
from model_code.serving.artifact import MODEL, Artifact, read_artifact
from model_code.serving.kernel import Kernel, kernel_for

VIEW = "realtime"
GOLDEN_TOLERANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """A model that answers, with XGBoost itself where there is no kernel.

    `explainer` is a second copy, for contributions may not run beside scoring.
    """

    version: str
    columns: list[str]
    booster: xgboost.Booster
    explainer: xgboost.Booster
    kernel: Kernel | None = None

    def scores(self, rows: Matrix) -> Vector:
        """Return the probability of an anomaly for each row. Safe from several threads at once."""
        if self.kernel:
            return self.kernel.predict(rows)
        return gradient_boosting.score(self.booster, rows)

    def reasons(self, rows: Matrix, count: int) -> list[list[dict[str, object]]]:
        """Return for each row the `count` features that raised its score most (log-odds). One thread at a time."""
        shares = gradient_boosting.contributions(self.explainer, rows)
        order = np.argsort(-shares, axis=1, kind="stable")[:, :count]
        return [
            [self._reason(row[feature], share[feature], feature) for feature in chosen]
            for row, share, chosen in zip(rows, shares, order, strict=True)
        ]

    def _reason(self, value: np.float64, share: np.float32, feature: int) -> dict[str, object]:
        shown = None if np.isnan(value) else float(value)
        return {"feature": self.columns[feature], "contribution": float(share), "value": shown}


def load_model(
    folder: Path, *, version: str | None, expected_manifest_sha256: str | None, max_model_bytes: int
) -> ServedModel:
    """Return the model in `folder` if it is the expected one and its golden rows score as at training.

    Answers name `version`; without one, the beginning of the manifest's sha256.

    Raises:
        InputError: it isn't; the sentence says what differs.
    """
    artifact = read_artifact(folder, expected_manifest_sha256=expected_manifest_sha256, max_model_bytes=max_model_bytes)
    trained_with = artifact.manifest.get("xgboost_version")
    if trained_with != gradient_boosting.XGBOOST_VERSION:
        raise InputError(
            f"The model was trained with XGBoost {trained_with} and this image has "
            f"{gradient_boosting.XGBOOST_VERSION}; scores can differ silently, so train and serve with one version."
        )
    model = ServedModel(
        version=version or artifact.manifest_sha256[:12],
        columns=_columns(artifact.json("features.json")),
        booster=_booster(artifact),
        explainer=_booster(artifact),
    )
    if model.booster.num_features() != len(model.columns):
        raise InputError(f"{MODEL} takes {model.booster.num_features()} features, features.json {len(model.columns)}.")
    golden = artifact.json("golden.json")
    rows = np.array(golden["rows"], dtype=np.float64)
    _check_golden(model.scores(rows), np.array(golden["scores"]))
    return dataclasses.replace(model, kernel=kernel_for(model.booster, rows))


def _columns(features: dict[str, Any]) -> list[str]:
    if features.get("view") != VIEW:
        raise InputError(f"The model was trained on the {features.get('view')!r} view; this server takes {VIEW!r}.")
    return features["columns"]


def _booster(artifact: Artifact) -> xgboost.Booster:
    try:
        return gradient_boosting.from_bytes(artifact.files[MODEL])
    except xgboost.core.XGBoostError:
        raise InputError(f"{MODEL} isn't a model that XGBoost can read.") from None


def _check_golden(scores: Vector, expected: NDArray[np.float64]) -> None:
    difference = np.abs(scores - expected)
    if not (difference <= GOLDEN_TOLERANCE).all():
        raise InputError(
            f"The golden rows score up to {difference.max():.2g} differently from training; expected at most "
            f"{GOLDEN_TOLERANCE}: this machine doesn't compute what was approved."
        )
