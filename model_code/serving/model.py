"""The served model: loaded only when it is the released one and still says what it said at training."""

import dataclasses
import functools
import gc
import importlib.util
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_code import view_names
from model_code.arrays import Matrix
from model_code.errors import InputError
from model_code.native.library import Library, optional_library
from model_code.scoring.values import told
from model_code.serving.artifact import FOREST, MODEL, Artifact, read_artifact, read_file
from model_code.serving.flatten import flatten_read
from model_code.serving.forest import HEADER, Forest, UnsupportedModelError
from model_code.serving.guard import Guard
from model_code.serving.kernel import TOLERANCE, Kernel, agreeing_kernel
from model_code.serving.model_file import leaves_of, read_model

if TYPE_CHECKING:
    from model_code.serving.reference import Reference

MOST_STEPS = 10_000_000
"""Rows times leaves whose reasons one request may ask for: a second or two of one CPU (47 features, depth 8)."""
STEPS_A_LOOK = 500_000
Scores = NDArray[np.float32]
"""A number a row, or rows x classes."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """A model that answers: by the kernel, and by XGBoost itself where there is no kernel.

    `objective` is XGBoost's name for what the scores are.
    """

    version: str
    columns: list[str]
    objective: str
    guard: Guard
    read_model: Callable[[], bytes]
    leaves: int
    """Of all trees: what a row's reasons cost."""
    kernel: Kernel | None = None
    meanings: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    """What people read of the features."""
    currency: str = ""

    @functools.cached_property
    def reference(self) -> "Reference":
        """XGBoost itself, from now on in memory."""
        gc.disable()  # the import brings 60,000 objects: /ping would wait 50 ms for each collection of all objects
        try:
            from model_code.serving.reference import Reference  # noqa: PLC0415 - see there: a second, and 150 MB
        finally:
            gc.freeze()
            gc.enable()
        return Reference(self.read_model)

    def scores(self, rows: Matrix) -> Scores:
        """Return what the model says of each row. Safe from several threads at once."""
        return self.kernel.predict(rows) if self.kernel else self.reference.scores(rows)

    def reasons(
        self, rows: Matrix, scores: Scores, count: int, is_wanted: Callable[[], bool] = lambda: True
    ) -> list[list[dict[str, object]]]:
        """Return for each row the `count` features that raised its margin most; with classes, its likeliest class's.

        `is_wanted` is asked ten times a second and more, and ends the work.

        Raises:
            InputError: XGBoost has no contributions for such a model, the rows cost too much, or nobody waits.
        """
        if len(rows) * self.leaves > MOST_STEPS:
            raise InputError(
                f"Reasons for {len(rows):,} rows take too long with this model; expected at most "
                f"{MOST_STEPS // self.leaves:,} rows in a request with reasons: send them in parts."
            )
        step = max(1, STEPS_A_LOOK // self.leaves)
        shares = []
        for start in range(0, len(rows), step):
            if not is_wanted():
                raise InputError("The caller has left.")
            shares.append(self.reference.contributions(rows[start : start + step]))
        return self._reasons(rows, scores, count, np.concatenate(shares))

    def _reasons(self, rows: Matrix, scores: Scores, count: int, shares: Scores) -> list[list[dict[str, object]]]:
        if shares.ndim > rows.ndim:
            chosen = scores.argmax(axis=1) if scores.ndim > 1 else scores.astype(np.intp)
            shares = shares[np.arange(len(rows)), chosen]
        order = np.argsort(-shares, axis=1, kind="stable")[:, :count]
        return [
            [self._reason(row[feature], share[feature], feature) for feature in features]
            for row, share, features in zip(rows, shares, order, strict=True)
        ]

    def _reason(self, value: np.float64, share: np.float32, feature: int) -> dict[str, object]:
        shown = None if np.isnan(value) else float(value)
        name = self.columns[feature]
        reason: dict[str, object] = {"feature": name, "contribution": float(share), "value": shown}
        return reason | ({"words": told(self.meanings[name], shown, self.currency)} if name in self.meanings else {})


def load_model(
    folder: Path,
    *,
    version: str | None,
    expected_manifest_sha256: str | None,
    max_model_bytes: int,
    view: str = view_names.REALTIME,
) -> ServedModel:
    """Return the model in `folder` if it is the expected one and its golden rows score as at training.

    Answers name `version`; without one, the beginning of the manifest's sha256. `view` is that of the rows to come.

    Raises:
        InputError: it isn't; the sentence says what differs.
    """
    artifact = read_artifact(folder, expected_manifest_sha256=expected_manifest_sha256, max_model_bytes=max_model_bytes)
    _check_servable(artifact.manifest)
    document = read_model(artifact.files[MODEL])
    features = artifact.json("features.json")
    columns = _columns(features, view)
    library = optional_library()
    golden = artifact.json("golden.json")
    rows, expected = np.array(golden["rows"], dtype=np.float64), np.array(golden["scores"])
    if rows.shape[1:] != (len(columns),):
        raise InputError(f"golden.json's rows are {rows.shape}; features.json names {len(columns)} columns.")
    model = ServedModel(
        version=_version(version or artifact.manifest_sha256[:12]),
        columns=columns,
        objective=features["objective"],
        guard=Guard(artifact.json("guard.json"), columns, library),
        read_model=functools.partial(read_file, folder / MODEL, artifact.manifest["files"][MODEL], max_model_bytes),
        leaves=leaves_of(document),
        kernel=_kernel(artifact, document, library, rows, expected),
        meanings=features.get("meanings", {}),
        currency=artifact.manifest.get("decisions", {}).get("currency", ""),
    )
    if not model.kernel:
        _check_golden(model, rows, expected)
    return model


def _check_servable(manifest: dict[str, Any]) -> None:
    """Refuse models of other algorithms, and of another XGBoost than this image's."""
    if manifest.get("algorithm") != "xgboost":
        raise InputError(
            f"The model's algorithm is {manifest.get('algorithm')!r}; this server serves XGBoost's models (xgboost)."
        )
    trained_with, installed = manifest.get("xgboost_version"), installed_xgboost()
    if trained_with != installed:
        raise InputError(
            f"The model was trained with XGBoost {trained_with} and this image has {installed}; "
            "scores can differ silently, so train and serve with one version."
        )


def installed_xgboost() -> str | None:
    """Return the version of the installed XGBoost, from the file that it reads itself, without importing it."""
    spec = importlib.util.find_spec("xgboost")
    return Path(spec.origin).with_name("VERSION").read_text().strip() if spec and spec.origin else None


def _version(name: str) -> str:
    if not re.fullmatch(r"[\w.-]{1,120}", name, re.ASCII):
        raise InputError(f"ATOLL_MODEL_VERSION is {name!r}; expected up to 120 letters, digits, dots or dashes.")
    return name


def _columns(features: dict[str, Any], view: str) -> list[str]:
    if features.get("view") != view:
        raise InputError(
            f"The model was trained on the {features.get('view')!r} view, and what it would score is {view!r}."
        )
    return features["columns"]


def _kernel(
    artifact: Artifact, document: dict[str, Any], library: Library | None, rows: Matrix, expected: NDArray
) -> Kernel | None:
    """Return the kernel if it scores as XGBoost did, or None and the reason in the log.

    Raises:
        InputError: the artifact's forest isn't its model's.
    """
    if FOREST in artifact.files:
        _check_derived(artifact.files[FOREST], document, artifact.manifest["files"][MODEL]["sha256"])
    if not library:
        return None
    try:
        forest = Forest.from_bytes(artifact.files[FOREST])
        return agreeing_kernel(library, forest, rows, expected)
    except (LookupError, ValueError) as error:  # no such file: the kernel doesn't know such models
        logger.warning("scoring with XGBoost itself", extra={"facts": {"reason": str(error)}})
        return None


def _check_derived(forest: bytes, document: dict[str, Any], model_sha256: str) -> None:
    """Check that forest.bin is what model.ubj gives, byte for byte but for its probes: what explains is what scores."""
    try:
        derived = flatten_read(document, model_sha256).to_bytes()
    except UnsupportedModelError as error:
        raise InputError(f"{FOREST} can't be of this {MODEL}: {error}") from None
    # The last of the header's counts is the probes'; they follow the trees, and `agreeing_kernel` scores them.
    size = HEADER.size - 4
    if forest[:size] != derived[:size] or forest[HEADER.size : len(derived)] != derived[HEADER.size :]:
        raise InputError(f"{FOREST} isn't what {MODEL} gives: other trees than were judged would score.")


def _check_golden(model: ServedModel, rows: Matrix, expected: NDArray) -> None:
    features = model.reference.scorer.num_features()
    if features != len(model.columns):
        raise InputError(f"{MODEL} takes {features} features, features.json {len(model.columns)}.")
    difference = np.abs(model.reference.scores(rows) - expected)
    if not (difference <= TOLERANCE).all():
        raise InputError(
            f"The golden rows score up to {difference.max():.2g} differently from training; expected at most "
            f"{TOLERANCE}: this machine doesn't compute what was approved."
        )
