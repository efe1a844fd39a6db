"""A gradient-boosted model as flat arrays: what the kernel walks."""

import dataclasses
import math
from typing import Any

import numpy as np
import xgboost
from numpy.typing import DTypeLike, NDArray

from model_code.native.library import MOST_FEATURES, NODE
from model_code.serving import ubjson

IDENTITY, SIGMOID, SOFTMAX = "identity", "sigmoid", "softmax"
TRANSFORMS = {
    "binary:logistic": SIGMOID,
    "multi:softprob": SOFTMAX,
    "reg:squarederror": IDENTITY,
    "rank:ndcg": IDENTITY,
    "rank:map": IDENTITY,
    "rank:pairwise": IDENTITY,
}
"""What each objective that the kernel knows makes of the sum of leaves."""


class UnsupportedModelError(ValueError):
    """The kernel can't score this model; XGBoost can."""


@dataclasses.dataclass(frozen=True)
class Forest:
    """The trees, each contiguous and level by level.

    `outputs` says to which margin a tree adds, `depths` how many steps lead to its last level.
    """

    nodes: NDArray[np.void]
    roots: NDArray[np.uint32]
    depths: NDArray[np.uint32]
    outputs: NDArray[np.uint32]
    base_margins: NDArray[np.float32]
    feature_count: int
    transform: str


def flatten(booster: xgboost.Booster) -> Forest:
    """Return the trees of a model.

    Raises:
        UnsupportedModelError: the model has something that the kernel doesn't know.
    """
    learner = ubjson.loads(bytes(booster.save_raw("ubj")))["learner"]
    _check_supported(learner)
    model, parameters = learner["gradient_booster"]["model"], learner["learner_model_param"]
    transform = TRANSFORMS[learner["objective"]["name"]]
    nodes, roots, depths = _walk(model["trees"])
    return Forest(
        nodes=nodes,
        roots=roots,
        depths=depths,
        outputs=np.array(model["tree_info"], np.uint32),
        base_margins=_base_margins(parameters, transform),
        feature_count=int(parameters["num_feature"]),
        transform=transform,
    )


def _check_supported(learner: dict[str, Any]) -> None:
    parameters, booster = learner["learner_model_param"], learner["gradient_booster"]
    trees = booster["model"].get("trees", []) if booster["name"] == "gbtree" else []
    objective = learner["objective"]["name"]
    reasons = {
        f"the booster {booster['name']}": booster["name"] != "gbtree",
        f"the objective {objective}": objective not in TRANSFORMS,
        "several targets": parameters["num_target"] != "1",
        f"more than {MOST_FEATURES} features": int(parameters["num_feature"]) > MOST_FEATURES,
        "no trees": not trees,
        "leaves of several values": any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in trees),
        "splits by category": any(len(tree["categories_nodes"]) for tree in trees),
    }
    for reason, holds in reasons.items():
        if holds:
            raise UnsupportedModelError(f"The kernel can't score a model with {reason}.")


def _base_margins(parameters: dict[str, str], transform: str) -> NDArray[np.float32]:
    """Return what the sums begin with; for a probability, its log-odds in XGBoost's own steps of single precision."""
    scores = np.array(parameters["base_score"].strip("[]").split(","), np.float32)
    if transform == SIGMOID:
        scores = np.array([-math.log(np.float32(1) / score - np.float32(1)) for score in scores], np.float32)
    return np.array(np.broadcast_to(scores, max(1, int(parameters["num_class"]))))


def _walk(trees: list[dict[str, Any]]) -> tuple[NDArray[np.void], NDArray[np.uint32], NDArray[np.uint32]]:
    """Return nodes, roots and depths. All trees are walked together, a level at a time, siblings side by side."""
    sizes = np.array([len(tree["left_children"]) for tree in trees])
    starts = np.cumsum(sizes) - sizes
    tree_of = np.repeat(np.arange(len(trees)), sizes)
    children = np.column_stack([_joined(trees, side, np.int64) for side in ("left_children", "right_children")])
    inner = children[:, 0] >= 0
    if not ((children[inner] >= 0) & (children[inner] < sizes[tree_of[inner], None])).all():
        raise UnsupportedModelError("The kernel can't score a tree with children outside of it.")
    children += starts[tree_of][:, None]
    parent_count = np.bincount(np.concatenate([starts, children[inner].ravel()]), minlength=len(inner))
    if parent_count.max() > 1:  # a root has one already; so every walk ends
        raise UnsupportedModelError("The kernel can't score a tree in which a node has two parents.")
    depths = np.zeros(len(trees), np.uint32)
    levels, parents = [starts], starts[inner[starts]]
    while len(parents):
        depths[tree_of[parents]] += 1
        levels.append(children[parents].ravel())
        parents = levels[-1][inner[levels[-1]]]
    order = np.concatenate(levels)
    order = order[np.argsort(tree_of[order], kind="stable")]
    position = np.zeros(len(inner), np.uint32)
    position[order] = np.arange(len(order), dtype=np.uint32)
    return _nodes(trees, order, inner, position[children[:, 0]]), position[starts], depths


def _nodes(
    trees: list[dict[str, Any]], order: NDArray[np.int64], inner: NDArray[np.bool_], left: NDArray[np.uint32]
) -> NDArray[np.void]:
    values = _joined(trees, "split_conditions", np.float32)[order]
    features = _joined(trees, "split_indices", np.uint32)[order]
    to_the_right = 1 - _joined(trees, "default_left", np.uint32)[order]
    splits = inner[order]
    if not np.isfinite(values).all():
        raise UnsupportedModelError("The kernel can't score a model with numbers that aren't finite.")
    nodes = np.zeros(len(order), NODE)
    nodes["split"] = np.where(splits, values, np.nan)
    nodes["slot"] = np.where(splits, 2 * features + to_the_right, 0)
    nodes["left"] = np.where(splits, left[order], np.arange(len(order)))
    nodes["leaf"] = np.where(splits, 0, values)
    return nodes


def _joined(trees: list[dict[str, Any]], field: str, dtype: DTypeLike) -> NDArray:
    return np.concatenate([np.array(tree[field], dtype) for tree in trees])
