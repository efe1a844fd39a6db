"""Scoring in C, and only where it says what XGBoost says."""

import logging

import numpy as np
import xgboost
from numpy.typing import NDArray

from model_code.algorithms import gradient_boosting
from model_code.arrays import Matrix, Vector
from model_code.native.build import NativeError
from model_code.native.library import ForestStruct, Library, load_library
from model_code.serving.forest import SIGMOID, SOFTMAX, Forest, UnsupportedModelError, flatten

TOLERANCE = 1e-6
PROBES = 256

logger = logging.getLogger(__name__)


class Kernel:
    """One model's trees in the library's arrays."""

    def __init__(self, library: Library, forest: Forest) -> None:
        self._library = library
        self._forest = forest  # keeps the arrays alive that the struct points to
        arrays = (forest.nodes, forest.roots, forest.depths, forest.outputs, forest.base_margins)
        self._struct = ForestStruct(
            *(array.ctypes.data for array in arrays),
            tree_count=len(forest.roots),
            feature_count=forest.feature_count,
            output_count=len(forest.base_margins),
        )

    def predict(self, rows: Matrix) -> Vector:
        """Return what `Booster.inplace_predict` returns, a number (or one for each class) a row. Safe in any thread.

        Raises:
            ValueError: the rows have another width than the model.
        """
        if rows.ndim != 2 or rows.shape[1] != self._forest.feature_count:  # noqa: PLR2004 - rows and columns
            raise ValueError(f"The rows are {rows.shape}; expected (any number, {self._forest.feature_count}).")
        scores = self._library.margins(self._struct, np.ascontiguousarray(rows, np.float64))
        if self._forest.transform == SIGMOID:
            self._library.sigmoid(scores)
        elif self._forest.transform == SOFTMAX:
            self._library.softmax(scores)
        return scores[:, 0] if scores.shape[1] == 1 else scores


def kernel_for(booster: xgboost.Booster, rows: Matrix) -> Kernel | None:
    """Return the kernel of a model, or None (and the reason in the log) where XGBoost itself has to score.

    It must agree with XGBoost on `rows` and on rows at and beside the model's own splits.
    """
    try:
        forest = flatten(booster)
        kernel = Kernel(load_library(), forest)
        _check(kernel, booster, np.concatenate([rows, probes(forest)]))
    except (NativeError, LookupError, ValueError) as error:
        logger.warning("scoring with XGBoost itself", extra={"facts": {"reason": str(error)}})
        return None
    return kernel


def probes(forest: Forest) -> NDArray[np.float64]:
    """Return rows of values that decide: each feature's splits, the numbers next to them, and missing ones."""
    random = np.random.default_rng(0)
    inner = forest.nodes[~np.isnan(forest.nodes["split"])]
    rows = np.zeros((PROBES, forest.feature_count), np.float32)
    for feature in range(forest.feature_count):
        splits = inner["split"][inner["slot"] // 2 == feature]
        if len(splits):
            rows[:, feature] = random.choice(splits, PROBES)
    beside = np.nextafter(rows, np.float32(np.inf) * random.choice([-1, 1], rows.shape).astype(np.float32))
    rows = np.where(random.random(rows.shape) < 0.5, rows, beside)  # noqa: PLR2004 - every second one
    rows[random.random(rows.shape) < 0.1] = np.nan  # noqa: PLR2004 - every tenth one
    return rows.astype(np.float64)


def _check(kernel: Kernel, booster: xgboost.Booster, rows: Matrix) -> None:
    difference = np.abs(kernel.predict(rows) - gradient_boosting.score(booster, rows))
    if not (difference <= TOLERANCE).all():
        raise UnsupportedModelError(
            f"The kernel scores up to {difference.max():.2g} differently from XGBoost; expected at most {TOLERANCE}."
        )
