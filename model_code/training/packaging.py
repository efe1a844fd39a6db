"""What an artifact holds for its server: the flattened forest, and what counts as usual input."""

import dataclasses
import json
import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from model_code.algorithms import gradient_boosting
from model_code.arrays import LARGEST, Matrix
from model_code.native.library import CATEGORY
from model_code.serving import guard
from model_code.serving.flatten import flatten
from model_code.serving.forest import Forest, UnsupportedModelError
from model_code.training.artifact import canonical_json

Column = NDArray[np.float64]
PROBES = 256
MOST_WORDS = 16
"""A column of whole numbers with at most so many different ones has a vocabulary."""
LIMITS = {"rows": 100_000, "bytes": 100 * 2**20}
"""Of one request."""

logger = logging.getLogger(__name__)


def server_files(model: xgboost.Booster, columns: Iterable[tuple[str, Column]]) -> dict[str, bytes]:
    """Return guard.json of these training columns and, where the kernel knows such a model, forest.bin."""
    described = {"guard.json": canonical_json(describe_guard(columns))}
    try:
        return described | {"forest.bin": pack_forest(model)}
    except UnsupportedModelError as error:
        logger.warning("XGBoost itself will serve", extra={"facts": {"reason": str(error)}})
        return described


def usual(guard_json: bytes, columns: list[str], rows: Matrix) -> NDArray[np.bool_]:
    """Return which of these rows an endpoint can't refuse as unlike the training's; if there is none, all of them."""
    unusual = guard.Guard(json.loads(guard_json), columns, None).unusual(rows)
    found = np.count_nonzero(unusual, axis=1) == 0
    return found if found.any() else np.ones(len(rows), np.bool_)


def pack_forest(model: xgboost.Booster) -> bytes:
    """Return forest.bin, with rows that decide and XGBoost's scores of them.

    Raises:
        UnsupportedModelError: the kernel doesn't know such a model.
    """
    forest = flatten(gradient_boosting.to_bytes(model))
    rows = probes(forest)
    scores = gradient_boosting.score(model, rows)
    return dataclasses.replace(forest, probes=rows.astype(np.float32), probe_scores=scores).to_bytes()


def probes(forest: Forest) -> Matrix:
    """Return rows of values that decide: each feature's splits, the numbers next to them, and missing ones.

    Of a feature that is split by category: categories in and out of the sets.
    """
    random = np.random.default_rng(0)
    inner = forest.nodes[~np.isnan(forest.nodes["split"])]
    category = (inner["slot"] & CATEGORY) > 0
    rows = np.zeros((PROBES, forest.feature_count), np.float32)
    for feature in range(forest.feature_count):
        mine = (inner["slot"] & ~np.uint32(CATEGORY)) // 2 == feature
        if (mine & category).any():
            rows[:, feature] = random.integers(0, 40, PROBES)
        elif mine.any():
            splits = random.choice(inner["split"][mine], PROBES)
            beside = np.nextafter(splits, np.float32(np.inf) * random.choice([-1, 1], PROBES).astype(np.float32))
            rows[:, feature] = np.where(random.random(PROBES) < 0.5, splits, beside)  # noqa: PLR2004 - every second one
    rows[random.random(rows.shape) < 0.1] = np.nan  # noqa: PLR2004 - every tenth one
    return rows.astype(np.float64)


def describe_guard(columns: Iterable[tuple[str, Column]]) -> dict[str, Any]:
    """Return guard.json's content: of each column what is usual, and the limits of a request.

    A bound lies as far beyond the training's range as that is wide: new months bring new extremes, and only a value far
    from all that training saw is worth a word. Each feature has at least one value.
    """
    described = {name: _describe(values) for name, values in columns}
    return {"version": guard.VERSION, "columns": described, "limits": LIMITS}


def _describe(values: Column) -> dict[str, Any]:
    present = values[~np.isnan(values)]
    low, high = float(present.min()), float(present.max())
    width = high - low
    words = np.unique(present)
    has_words = len(words) <= MOST_WORDS and bool((words == np.round(words)).all())
    return {
        "minimum": max(low - width, -LARGEST),
        "maximum": min(high + width, LARGEST),
        "vocabulary": words.tolist() if has_words else None,
        "missing_allowed": len(present) < len(values),
    }
