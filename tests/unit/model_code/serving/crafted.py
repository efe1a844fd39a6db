"""Model files with one thing changed that XGBoost would follow out of its memory, or allocate by."""

import copy
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost

from model_code.arrays import Matrix
from model_code.serving import ubjson

Document = dict[str, Any]
Harm = Callable[[Document], None]
NAMES, TYPES = list("abcd"), ["q", "q", "c", "c"]
MARKERS = {np.dtype(kind): marker for marker, kind in ubjson.NUMBERS.items()}


def dumps(value: Any) -> bytes:  # noqa: ANN401 - any value
    """Return it as XGBoost writes it."""
    if isinstance(value, dict):
        return b"{%b}" % b"".join(_text(name) + dumps(value[name]) for name in sorted(value))
    if isinstance(value, str):
        return b"S" + _text(value)
    if isinstance(value, list):
        return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(dumps, value))
    if isinstance(value, np.ndarray):
        return b"[$%b#L" % MARKERS[value.dtype] + struct.pack(">q", len(value)) + value.tobytes()
    for marker, form in (b"i", ">b"), (b"I", ">h"), (b"l", ">i"):
        if abs(value + 0.5) < 2 ** (8 * struct.calcsize(form) - 1) - 1:
            return marker + struct.pack(form, value)
    return b"L" + struct.pack(">q", value)


def _text(text: str) -> bytes:
    return b"L" + struct.pack(">q", len(text.encode())) + text.encode()


def genuine(rounds: int = 3) -> bytes:
    """A model with all that a file can have: classes, splits by number and by category, names."""
    random = np.random.default_rng(5)
    rows = np.column_stack([random.normal(size=(400, 2)), random.integers(0, 40, (400, 2))])
    labels = (rows[:, 2] % 3 + (rows[:, 0] > 1)) % 3
    kinds = {"feature_names": NAMES, "feature_types": TYPES, "enable_categorical": True}
    parameters = {"objective": "multi:softprob", "num_class": 3, "nthread": 1, "max_cat_to_onehot": 2, "max_depth": 4}
    return bytes(xgboost.train(parameters, xgboost.DMatrix(rows, labels, **kinds), rounds).save_raw("ubj"))


def thawed(content: bytes) -> Document:
    """The document, with arrays that can be written to."""
    return copy.deepcopy(ubjson.loads(content))


def model_of(document: Document) -> Document:
    return document["learner"]["gradient_booster"]["model"]


def tree_of(document: Document) -> Document:
    """A tree with sets of categories."""
    return next(tree for tree in model_of(document)["trees"] if len(tree["categories_nodes"]) > 1)


def inner_of(tree: Document) -> int:
    return int(np.flatnonzero(tree["left_children"] >= 0)[-1])


def in_tree(field: str, place: int, value: int) -> Harm:
    """Set an element of an array; `place` -1 is an inner node's that isn't the root."""

    def harm(document: Document) -> None:
        tree = tree_of(document)
        tree[field] = tree[field].copy()
        tree[field][inner_of(tree) if place < 0 else place] = value

    return harm


def parameter(path: tuple[str, ...], value: Any) -> Harm:  # noqa: ANN401 - any value
    def harm(document: Document) -> None:
        found: Any = document
        for name in path[:-1]:
            found = tree_of(document) if name == "tree" else found[name]
        found[path[-1]] = value

    return harm


def shorter(field: str) -> Harm:
    def harm(document: Document) -> None:
        tree_of(document)[field] = tree_of(document)[field][:-1]

    return harm


def of_another_type(field: str) -> Harm:
    def harm(document: Document) -> None:
        tree = tree_of(document)
        tree[field] = tree[field].astype(">i2" if tree[field].dtype != ">i2" else ">i4")

    return harm


def cycle(document: Document) -> None:
    """An inner node whose child is its own parent."""
    tree = tree_of(document)
    inner = inner_of(tree)
    tree["left_children"][inner] = tree["parents"][inner]


def shared_child(document: Document) -> None:
    tree = tree_of(document)
    tree["right_children"] = tree["left_children"].copy()


def deep(document: Document) -> None:
    """A chain of 100,000 nodes, which XGBoost walks by recursion."""
    tree, inner = tree_of(document), 100_000
    nodes = 2 * inner + 1
    at = np.arange(inner, dtype=">i4")
    left, right = np.full(nodes, -1, ">i4"), np.full(nodes, -1, ">i4")
    parents = np.full(nodes, 2**31 - 1, ">i4")
    left[2 * at], right[2 * at] = 2 * at + 1, 2 * at + 2
    parents[2 * at + 1] = parents[2 * at + 2] = 2 * at
    tree |= {"left_children": left, "right_children": right, "parents": parents}
    for name in ("base_weights", "loss_changes", "split_conditions", "sum_hessian"):
        tree[name] = np.ones(nodes, ">f4")
    tree |= {"split_indices": np.zeros(nodes, ">i4")}
    tree |= dict.fromkeys(("default_left", "split_type"), np.zeros(nodes, ">u1"))
    tree |= dict.fromkeys(("categories", "categories_nodes"), np.empty(0, ">i4"))
    tree |= dict.fromkeys(("categories_segments", "categories_sizes"), np.empty(0, ">i8"))
    tree["tree_param"]["num_nodes"] = str(nodes)


def recoded(document: Document) -> None:
    model_of(document)["cats"]["sorted_idx"] = np.array([7], ">i4")


def without(*path: str) -> Harm:
    def harm(document: Document) -> None:
        found = document
        for name in path[:-1]:
            found = found[name]
        del found[path[-1]]

    return harm


MODEL = ("learner", "gradient_booster", "model")
SIZES = ("learner", "learner_model_param")
TREE_ARRAYS = (
    "base_weights", "categories_nodes", "categories_segments", "categories_sizes", "default_left", "left_children",
    "loss_changes", "parents", "right_children", "split_conditions", "split_indices", "split_type", "sum_hessian",
)  # fmt: skip
CRAFTED: dict[str, Harm] = {
    "a child outside of its tree": in_tree("left_children", -1, 10**6),
    "a child before its tree": in_tree("right_children", -1, -7),
    "a child that is the root": in_tree("left_children", -1, 0),
    "half a leaf": in_tree("right_children", 0, -1),
    "a cycle": cycle,
    "two nodes with one child": shared_child,
    "a parent outside of its tree": in_tree("parents", 1, 10**9),
    "a parent that has other children": in_tree("parents", 1, 1),
    "a root with a parent": in_tree("parents", 0, 1),
    "a chain of nodes": deep,
    "a feature that isn't there": in_tree("split_indices", 0, 4),
    "a feature below none": in_tree("split_indices", 0, -1),
    "a deleted node that is reached": in_tree("split_indices", 0, 2**31 - 1),
    "a third kind of split": in_tree("split_type", 0, 2),
    "a third side for missing values": in_tree("default_left", 0, 2),
    "no number to split by": in_tree("split_conditions", 0, np.nan),  # ty: ignore[invalid-argument-type]
    "a set of a node that isn't there": in_tree("categories_nodes", 0, 10**6),
    "a set that begins before the first": in_tree("categories_segments", 0, -1000),
    "a set that begins after the last": in_tree("categories_segments", 0, 10**9),
    "a set that ends after the last": in_tree("categories_sizes", 0, 10**9),
    "a set of less than nothing": in_tree("categories_sizes", 0, -1),
    "a category of 256 MB": in_tree("categories", 0, 2**31 - 1),
    "a category below zero": in_tree("categories", 0, -1),
    "no sets": parameter((*MODEL, "tree", "categories"), np.empty(0, ">i4")),
    "more nodes than there are": parameter((*MODEL, "tree", "tree_param", "num_nodes"), "1000000"),
    "deleted nodes that aren't": parameter((*MODEL, "tree", "tree_param", "num_deleted"), "1"),
    "a tree of other features": parameter((*MODEL, "tree", "tree_param", "num_feature"), "5"),
    "leaves of several values": parameter((*MODEL, "tree", "tree_param", "size_leaf_vector"), "3"),
    "a tree in another's place": parameter((*MODEL, "tree", "id"), 2),
    "a group that isn't there": lambda document: model_of(document)["tree_info"].__setitem__(0, 3),
    "a group below none": lambda document: model_of(document)["tree_info"].__setitem__(0, -1),
    "more groups than trees": lambda document: model_of(document)["tree_info"].append(0),
    "more trees than there are": parameter((*MODEL, "gbtree_model_param", "num_trees"), "10"),
    "no rounds": parameter((*MODEL, "iteration_indptr"), []),
    "a round that isn't there": parameter((*MODEL, "iteration_indptr"), [0, 3, 600, 9]),
    "rounds that end elsewhere": parameter((*MODEL, "iteration_indptr"), [0, 3, 6, 8]),
    "texts that XGBoost recodes": recoded,
    "no trees": parameter((*MODEL, "trees"), []),
    "a tree that is none": parameter((*MODEL, "trees"), [1] * 9),
    "fewer features than are split by": parameter((*SIZES, "num_feature"), "2"),
    "features without end": parameter((*SIZES, "num_feature"), "4000000000"),
    "a number with a blank": parameter((*SIZES, "num_feature"), " 4"),
    "classes without end": parameter((*SIZES, "num_class"), "2147483647"),
    "other classes than the objective's": parameter((*SIZES, "num_class"), "2"),
    "several targets": parameter((*SIZES, "num_target"), "2"),
    "more base scores than classes": parameter((*SIZES, "base_score"), "[1E0,1E0,1E0,1E0]"),
    "no base score": parameter((*SIZES, "base_score"), "[]"),
    "a base score that is none": parameter((*SIZES, "base_score"), "[nan]"),
    "another objective": parameter(("learner", "objective", "name"), "rank:evil"),
    "an objective of its own": parameter(("learner", "objective", "lambdarank_param"), {"ti+": [1, 2]}),
    "another booster": parameter(("learner", "gradient_booster", "name"), "dart"),
    "dropped trees": parameter(("learner", "gradient_booster", "weight_drop"), [1] * 99),
    "fewer names than features": parameter(("learner", "feature_names"), ["a"]),
    "a feature of another type": parameter(("learner", "feature_types"), ["q", "q", "c", "evil"]),
    "a name that is none": parameter(("learner", "feature_names"), [1, 2, 3, 4]),
    "no parameters": without("learner", "learner_model_param"),
    "no tree_info": without(*MODEL, "tree_info"),
    "no version": without("version"),
    "a version that is none": parameter(("version",), [3, 2, -1]),
    **{f"{field} of another type": of_another_type(field) for field in TREE_ARRAYS},
    **{f"{field} too short": shorter(field) for field in TREE_ARRAYS},
}
"""What was changed -> how."""


def matrix(rows: Matrix) -> xgboost.DMatrix:
    """Rows for the genuine model."""
    return xgboost.DMatrix(rows, feature_names=NAMES, feature_types=TYPES, enable_categorical=True, nthread=1)


def crafted(content: bytes, harm: Harm) -> bytes:
    """The file with that change; everything else is as it was."""
    document = thawed(content)
    harm(document)
    return dumps(document)
