"""From XGBoost's own UBJSON to the flat forest that the kernel walks: when a model is packed and when it is served."""

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model_code.native.library import CATEGORY, MOST_FEATURES, NODE
from model_code.serving.forest import IDENTITY, LABEL, SIGMOID, SOFTMAX, Forest, UnsupportedModelError, check
from model_code.serving.model_file import LOG_ODDS, read_model

TRANSFORMS = {
    "binary:logistic": SIGMOID,
    "binary:logitraw": IDENTITY,
    "multi:softprob": SOFTMAX,
    "multi:softmax": LABEL,
    "reg:squarederror": IDENTITY,
    "reg:squaredlogerror": IDENTITY,
    "reg:absoluteerror": IDENTITY,
    "reg:pseudohubererror": IDENTITY,
    "reg:logistic": SIGMOID,
    "rank:ndcg": IDENTITY,
    "rank:map": IDENTITY,
    "rank:pairwise": IDENTITY,
}
"""What each objective that the kernel knows makes of the sum of leaves."""


def flatten(model: bytes) -> Forest:
    """Return the trees of a model in UBJSON, without probes.

    Raises:
        ModelFileError: the model isn't one that may be followed.
        UnsupportedModelError: it has something that the kernel doesn't know.
    """
    return flatten_read(read_model(model), hashlib.sha256(model).hexdigest())


def flatten_read(document: dict[str, Any], model_sha256: str) -> Forest:
    """Return the trees of a document that `read_model` returned, without probes.

    Raises:
        UnsupportedModelError: it has something that the kernel doesn't know.
    """
    learner = document["learner"]
    _check_supported(learner)
    content, parameters = learner["gradient_booster"]["model"], learner["learner_model_param"]
    objective = learner["objective"]["name"]
    features = int(parameters["num_feature"])
    sets, set_of = _sets(content["trees"])
    nodes, roots, depths = _walk(content["trees"], set_of)
    forest = Forest(
        nodes=nodes,
        roots=roots,
        depths=depths,
        outputs=np.array(content["tree_info"], np.uint32),
        base_margins=_base_margins(parameters, log_odds=objective in LOG_ODDS),
        sets=sets,
        feature_count=features,
        transform=TRANSFORMS[objective],
        probes=np.empty((0, features), np.float32),
        probe_scores=np.empty(0, np.float32),
        model_sha256=model_sha256,
    )
    check(forest)
    return forest


def _check_supported(learner: dict[str, Any]) -> None:
    objective, features = learner["objective"]["name"], int(learner["learner_model_param"]["num_feature"])
    reasons = {
        f"the objective {objective}": objective not in TRANSFORMS,
        f"more than {MOST_FEATURES} features": features > MOST_FEATURES,
    }
    for reason, holds in reasons.items():
        if holds:
            raise UnsupportedModelError(f"The kernel can't score a model with {reason}.")


def _base_margins(parameters: dict[str, str], *, log_odds: bool) -> NDArray[np.float32]:
    """Return what the sums begin with; for a probability, its log-odds in XGBoost's own steps of single precision."""
    scores = np.array(parameters["base_score"].strip("[]").split(","), np.float32)
    if log_odds:
        scores = np.array([-math.log(np.float32(1) / score - np.float32(1)) for score in scores], np.float32)
    return np.array(np.broadcast_to(scores, max(1, int(parameters["num_class"]))))


def _sets(trees: list[dict[str, Any]]) -> tuple[NDArray[np.uint32], list[NDArray[np.int64]]]:
    """Return all sets of categories, and for each tree where each node's set begins (-1: it has none)."""
    words, starts = [], []
    place = 0
    for tree in trees:
        start = np.full(len(tree["left_children"]), -1, np.int64)
        for node, first, count in zip(
            tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
        ):
            chosen = np.array(tree["categories"][first : first + count], np.int64)
            bits = np.zeros(32 * (int(chosen.max(initial=0)) // 32 + 1), np.uint8)
            bits[chosen] = 1
            content = np.packbits(bits, bitorder="little").view("<u4")
            words.append(np.concatenate([[len(content)], content]).astype(np.uint32))
            start[node] = place
            place += len(words[-1])
        starts.append(start)
    return np.concatenate([np.empty(0, np.uint32), *words]), starts


def _walk(
    trees: list[dict[str, Any]], set_of: list[NDArray[np.int64]]
) -> tuple[NDArray[np.void], NDArray[np.uint32], NDArray[np.uint32]]:
    """Return nodes, roots and depths of trees that `read_model` let pass.

    All trees are walked together, a level at a time, siblings side by side.
    """
    sizes = np.array([len(tree["left_children"]) for tree in trees])
    starts = np.cumsum(sizes) - sizes
    tree_of = np.repeat(np.arange(len(trees)), sizes)
    children = np.column_stack([_joined(trees, side, np.int64) for side in ("left_children", "right_children")])
    inner = children[:, 0] >= 0
    children += starts[tree_of][:, None]
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
    nodes = _nodes(trees, order, np.where(inner, position[children[:, 0]], position))
    set_begins = np.concatenate(set_of)[order]
    chosen = set_begins >= 0
    nodes["split"][chosen] = set_begins[chosen].astype(np.uint32).view(np.float32)
    nodes["slot"][chosen] |= np.uint32(CATEGORY)
    return nodes, position[starts], depths


def _nodes(trees: list[dict[str, Any]], order: NDArray[np.int64], left: NDArray[np.uint32]) -> NDArray[np.void]:
    """Return the nodes in this order; `left` is where each one's left child is in it, or where a leaf itself is."""
    values = _joined(trees, "split_conditions", np.float32)[order]
    features = _joined(trees, "split_indices", np.uint32)[order]
    to_the_right = 1 - _joined(trees, "default_left", np.uint32)[order]
    splits = left[order] != np.arange(len(order))
    nodes = np.zeros(len(order), NODE)
    nodes["split"] = np.where(splits, values, np.nan)
    nodes["slot"] = np.where(splits, 2 * features + to_the_right, 0)
    nodes["left"] = left[order]
    nodes["leaf"] = np.where(splits, 0, values)
    return nodes


def _joined(trees: list[dict[str, Any]], field: str, dtype: DTypeLike) -> NDArray:
    return np.concatenate([np.array(tree[field], dtype) for tree in trees])
