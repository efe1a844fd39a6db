"""Scoring in C, and only where it says what XGBoost said."""

import numpy as np
from numpy.typing import NDArray

from model_code.arrays import Vector
from model_code.native.library import ForestStruct, Library
from model_code.serving.forest import LABEL, SOFTMAX, TRANSFORMS, Forest, UnsupportedModelError

TOLERANCE = 1e-6


class Kernel:
    """One model's trees in the library's arrays."""

    def __init__(self, library: Library, forest: Forest) -> None:
        self._library = library
        self._forest = forest  # keeps the arrays alive that the struct points to
        arrays = (forest.nodes, forest.roots, forest.depths, forest.outputs, forest.base_margins)
        self._struct = ForestStruct(
            *(array.ctypes.data for array in arrays),
            sets=forest.sets.ctypes.data if len(forest.sets) else None,
            tree_count=len(forest.roots),
            feature_count=forest.feature_count,
            output_count=len(forest.base_margins),
            transform=TRANSFORMS.index(forest.transform),
        )

    def predict(self, rows: NDArray[np.floating]) -> Vector:
        """Return what `Booster.inplace_predict` returns, a number (or one for each class) a row. Safe in any thread.

        Raises:
            ValueError: the rows have another width than the model.
        """
        if rows.ndim != 2 or rows.shape[1] != self._forest.feature_count:  # noqa: PLR2004 - rows and columns
            raise ValueError(f"The rows are {rows.shape}; expected (any number, {self._forest.feature_count}).")
        scores = self._library.scores(self._struct, np.ascontiguousarray(rows, np.float64))
        transform = self._forest.transform
        if transform == SOFTMAX:
            return scores
        return scores.argmax(axis=1).astype(np.float32) if transform == LABEL else scores[:, 0]


def agreeing_kernel(
    library: Library, forest: Forest, rows: NDArray[np.floating], expected: NDArray[np.floating]
) -> Kernel:
    """Return the kernel of a forest that scores these rows, and its own probes, as XGBoost did.

    Raises:
        UnsupportedModelError: a score differs.
    """
    kernel = Kernel(library, forest)
    for some_rows, scores in ((rows, expected), (forest.probes, forest.probe_scores)):
        found = kernel.predict(some_rows)
        difference = np.abs(found - scores) if found.shape == scores.shape else np.array(np.nan)
        if not (difference <= TOLERANCE).all():
            raise UnsupportedModelError(
                f"The kernel scores up to {difference.max():.2g} differently from XGBoost (limit: {TOLERANCE})."
            )
    return kernel
