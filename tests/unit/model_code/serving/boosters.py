"""Models to compare the kernel with XGBoost on: any depth, any number of trees, values of any size."""

import numpy as np
import xgboost

from model_code.arrays import Matrix
from model_code.serving import flatten as flattening
from model_code.serving.forest import Forest

CLASSES = 3
TINY, HUGE = 1e-42, 1e37  # a denormal of single precision, and nearly its largest number


def values(random: np.random.Generator, rows: int, features: int) -> Matrix:
    """Numbers of each kind: ordinary, whole, denormal, huge, zeros of both signs, missing."""
    ordinary = random.normal(size=(rows, features))
    kinds = [
        ordinary,
        np.round(ordinary),
        ordinary * TINY,
        np.clip(ordinary, -1, 1) * HUGE,
        np.copysign(0, ordinary),
        np.full_like(ordinary, np.nan),
    ]
    each = random.choice(len(kinds), (rows, features), p=[0.4, 0.2, 0.1, 0.1, 0.05, 0.15])
    return np.choose(each, kinds)


def booster(seed: int, objective: str, features: int, **parameters: object) -> xgboost.Booster:
    """A model of 300 random rows, on one thread."""
    random = np.random.default_rng(seed)
    rows = values(random, 300, features)
    classes = CLASSES if objective.startswith("multi:") else 2
    data = xgboost.DMatrix(rows, random.integers(0, classes, len(rows)), missing=np.nan)
    if objective.startswith("rank:"):
        data.set_group([100, 100, 100])
    trees = parameters.pop("trees", 10)
    many = {"num_class": CLASSES} if classes == CLASSES else {}
    chosen = {"objective": objective, "seed": seed, "nthread": 1, **many, **parameters}
    return xgboost.train(chosen, data, trees)


def flatten(model: xgboost.Booster) -> Forest:
    return flattening.flatten(bytes(model.save_raw("ubj")))
