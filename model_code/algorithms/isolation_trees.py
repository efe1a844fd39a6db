"""An isolation forest as trees of the very model: what labels know and what they don't, in one file.

F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation Forest" (2008): random cuts set odd rows apart early. The mean depth is a
sum over trees, so the trees join those of a boosted model, with leaves in its log-odds: nothing that serves, explains
or compiles the model has to know, and reasons name what made a row odd.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xgboost

from model_code.algorithms.calibration import margins
from model_code.algorithms.protocol import Labelled
from model_code.arrays import Matrix
from model_code.boosters import booster_of

TREES = 100
ROWS = 256
"""A tree: more rows hide the odd ones among the crowd (the paper's choice)."""
DEPTH = 8
SAMPLED = 50_000
WEIGHT = 0.5
"""Of the forest, in standard deviations of its score: chosen on validation, where it costs 0.015 of average precision
and raises the recall of kinds never seen by a third."""
HABITS = {
    "merchant_on_the_web": 1,
    "foreign": 1,
    "office_mcc_share": -1,
    "merchant_mcc_share_long": -1,
    "office_merchant_days_since": 1,
    "merchant_days_since": 1,
    "office_unusual": 1,
    "mcc_unusual": 1,
}
"""What a forest that stands alone cuts by, where the rows have it, and which side is odd (1: above the median, -1:
below it): what is new or large for whoever buys. A rare value of another feature, or on the other side, is mostly a
busy vendor or an office's daily business (docs/score.md)."""
_EULER = 0.5772156649


@dataclasses.dataclass
class Tree:
    """One tree, node by node, as XGBoost's JSON has it; a leaf has children -1 and its path length as value."""

    left: list[int] = dataclasses.field(default_factory=list)
    right: list[int] = dataclasses.field(default_factory=list)
    feature: list[int] = dataclasses.field(default_factory=list)
    value: list[float] = dataclasses.field(default_factory=list)
    missing_left: list[int] = dataclasses.field(default_factory=list)
    rows: list[int] = dataclasses.field(default_factory=list)

    def add(self, *, rows: int, value: float) -> int:
        """Add a leaf; returns its number."""
        for values, given in ((self.left, -1), (self.right, -1), (self.feature, 0), (self.missing_left, 0)):
            values.append(given)
        self.value.append(value)
        self.rows.append(rows)
        return len(self.left) - 1

    def as_json(self, number: int, features: int, scale: float) -> dict[str, Any]:
        """The tree in XGBoost's JSON, with leaves of `scale` times the path length."""
        nodes = len(self.left)
        parents = [2**31 - 1] * nodes
        for node in range(nodes):
            for child in (self.left[node], self.right[node]):
                if child >= 0:
                    parents[child] = node
        values = [value * scale if left < 0 else value for value, left in zip(self.value, self.left, strict=True)]
        return {
            "id": number,
            "left_children": self.left,
            "right_children": self.right,
            "parents": parents,
            "split_indices": self.feature,
            "split_conditions": values,
            "split_type": [0] * nodes,
            "default_left": self.missing_left,
            "sum_hessian": [float(rows) for rows in self.rows],
            "loss_changes": [0.0] * nodes,
            "base_weights": [value if left < 0 else 0.0 for value, left in zip(values, self.left, strict=True)],
            **{name: [] for name in ("categories", "categories_nodes", "categories_segments", "categories_sizes")},
            "tree_param": {
                "num_nodes": str(nodes),
                "num_deleted": "0",
                "num_feature": str(features),
                "size_leaf_vector": "1",
            },
        }


def habits_of(meanings: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """HABITS, and an agency's own features by the odd side that the features' manifest says of them."""
    return HABITS | {name: 1 if about["odd"] == "high" else -1 for name, about in meanings.items() if "odd" in about}


def add_isolation(
    model: xgboost.Booster,
    train: Iterable[Labelled],
    validation: Labelled,
    *,
    seed: int,
    keep: bool = True,
    habits: Mapping[str, int] = HABITS,
) -> xgboost.Booster:
    """Return the boosted model with an isolation forest of `train`'s rows, of any label, among its trees.

    Without `keep` it is in place of them, and cuts by `habits` where the model has such features.

    The forest's share of a row's log-odds has a standard deviation of WEIGHT on `validation`.
    """
    random = np.random.default_rng(seed)
    crowd = _sample(train, random)
    cuts = _cuts(crowd, [] if keep else model.feature_names or [], habits)
    forest = [
        _grow(crowd[random.choice(len(crowd), min(ROWS, len(crowd)), replace=False)], random, cuts)
        for _ in range(TREES)
    ]
    alone = _join(model, forest, scale=1.0, keep=False)
    deviation = float(np.std(margins(alone, validation.rows)))
    return _join(model, forest, scale=-WEIGHT / max(deviation, 1e-9), keep=keep)


def _sample(train: Iterable[Labelled], random: np.random.Generator) -> Matrix:
    """SAMPLED rows of all batches (or all there are): those that drew the smallest numbers."""
    rows, drawn = None, np.empty(0)
    for batch in train:
        rows = batch.rows if rows is None else np.concatenate([rows, batch.rows])
        drawn = np.concatenate([drawn, random.random(len(batch.rows))])
        first = np.argsort(drawn, kind="stable")[:SAMPLED]
        rows, drawn = rows[first], drawn[first]
    return rows if rows is not None else np.empty((0, 0))


def _cuts(crowd: Matrix, names: Sequence[str], habits: Mapping[str, int]) -> tuple[Matrix, Matrix]:
    """Between which two values each feature may be cut: anywhere, or of `names` with habits on their odd side alone."""
    low, high = (np.full(crowd.shape[1], value) for value in (-np.inf, np.inf))
    if known := [name for name in habits if name in names]:
        low[:], high[:] = np.inf, -np.inf
        for name in known:
            place, side = names.index(name), habits[name]
            middle = np.nanmedian(crowd[:, place])
            low[place], high[place] = (middle, np.inf) if side > 0 else (-np.inf, middle)
    return low, high


def _grow(rows: Matrix, random: np.random.Generator, cuts: tuple[Matrix, Matrix]) -> Tree:
    tree = Tree()
    waiting = [(tree.add(rows=len(rows), value=0.0), rows, 0)]
    while waiting:
        node, here, depth = waiting.pop()
        cut = _cut(here, random, cuts) if depth < DEPTH and len(here) > 1 else None
        if cut is None:
            tree.value[node] = depth + _expected_depth(len(here))
            continue
        feature, value = cut
        missing_left = bool(random.integers(2))
        goes_left = np.where(np.isnan(here[:, feature]), missing_left, here[:, feature] < value)
        tree.feature[node], tree.value[node], tree.missing_left[node] = feature, value, int(missing_left)
        for side, part in ((tree.left, here[goes_left]), (tree.right, here[~goes_left])):
            side[node] = tree.add(rows=len(part), value=0.0)
            waiting.append((side[node], part, depth + 1))
    return tree


def _cut(rows: Matrix, random: np.random.Generator, cuts: tuple[Matrix, Matrix]) -> tuple[int, float] | None:
    """A random feature that varies where it may be cut, and a value between its ends there; None where none does."""
    smallest, largest = np.fmin.reduce(rows), np.fmax.reduce(rows)
    low, high = np.maximum(smallest, cuts[0]), np.minimum(largest, cuts[1])  # missing where all are
    varying = np.flatnonzero(high > low)
    if not len(varying):
        return None
    feature = int(random.choice(varying))
    # XGBoost compares in single precision; a cut at the smallest value would part nothing.
    value = float(np.float32(random.uniform(low[feature], high[feature])))
    return (feature, value) if smallest[feature] < value <= high[feature] else None


def _expected_depth(rows: int) -> float:
    """The mean depth of an unsuccessful search in a binary tree of so many rows (the paper's equation 1)."""
    return 2 * (np.log(rows - 1) + _EULER) - 2 * (rows - 1) / rows if rows > 2 else float(rows == 2)  # noqa: PLR2004


def _join(model: xgboost.Booster, forest: list[Tree], *, scale: float, keep: bool) -> xgboost.Booster:
    """The model with the forest's mean path length times `scale` among its trees, or in place of them."""
    document = json.loads(bytes(model.save_raw("json")))
    boosted = document["learner"]["gradient_booster"]["model"]
    trees = boosted["trees"] if keep else []
    features = model.num_features()
    trees = trees + [
        tree.as_json(number, features, scale / len(forest)) for number, tree in enumerate(forest, start=len(trees))
    ]
    boosted["trees"], boosted["tree_info"] = trees, [0] * len(trees)
    boosted["iteration_indptr"] = list(range(len(trees) + 1))
    boosted["gbtree_model_param"]["num_trees"] = str(len(trees))
    return booster_of(document)
