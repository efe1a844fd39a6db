"""What has to hold of the trees of a model file before XGBoost, or we, follow them. All trees are checked together."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
_FLOATS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
_NODES = ("left_children", "parents", "right_children", "split_indices")
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
ARRAYS = (
    dict.fromkeys(_FLOATS, ">f4")
    | dict.fromkeys(_NODES, ">i4")
    | {"default_left": ">u1", "split_type": ">u1"}
    | {"categories": ">i4", "categories_nodes": ">i4", "categories_segments": ">i8", "categories_sizes": ">i8"}
)
"""The types in which XGBoost writes a tree's arrays."""
MOST_NODES = 2**24
DEEPEST = 64
"""Levels of a tree: XGBoost walks them recursively, and explains in the square of them."""
MOST_CATEGORY = 2**16
MOST_WORDS = 2**24
"""Of all sets of categories together, which XGBoost lays out as bits from zero to each set's largest."""
_NONE = 2**31 - 1
"""A root's parent, and the feature of a node that pruning has deleted."""
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class BrokenError(Exception):
    """A promise doesn't hold; the message says which."""


def demand(what: str, holds: object, expected: str) -> None:
    """Fail unless it holds.

    Raises:
        BrokenError: it doesn't.
    """
    if not holds:
        raise BrokenError(f"{what} isn't {expected}")


def whole(text: object, what: str, low: int, high: int) -> int:
    """Return a whole number that XGBoost wrote as a text.

    Raises:
        BrokenError: it isn't one from `low` to `high`.
    """
    number = int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else -1
    demand(what, low <= number <= high, f"a number from {low} to {high}" if low < high else str(low))
    return number


def check_trees(trees: list[Any], features: int) -> None:
    """Check every tree: its arrays, its children and their parents, what it splits by, its sets of categories.

    Raises:
        BrokenError: says which promise is broken.
    """
    sizes = np.array([_size(tree, number, features) for number, tree in enumerate(trees)])
    demand("the trees' nodes", sizes.sum() <= MOST_NODES, f"at most {MOST_NODES} in all")
    deleted = np.array([int(tree["tree_param"]["num_deleted"]) for tree in trees])
    starts = np.cumsum(sizes) - sizes
    fields = {name: _joined(trees, name) for name in (*_NODES, "default_left", "split_type")}
    values = np.concatenate([tree["split_conditions"] for tree in trees])
    demand("split_conditions", not np.isnan(values).any(), "free of NaN")
    demand("a leaf", np.isfinite(values[fields["left_children"] < 0]).all(), "a finite number")
    for name in ("default_left", "split_type"):
        demand(name, (fields[name] <= 1).all(), "0 or 1")
    reached = _reached(fields, sizes, starts)
    gone = (fields["split_indices"] == _NONE) & (fields["default_left"] == 1) & (fields["left_children"] < 0)
    demand("a node", (reached | gone).all(), "reached from its root, or deleted")
    demand("a deleted node", not (reached & gone).any(), "out of reach")
    demand("num_deleted", (np.add.reduceat(gone.astype(np.int64), starts) == deleted).all(), "as many as there are")
    split_by = fields["split_indices"]
    demand("split_indices", ((split_by >= 0) & (split_by < features))[~gone].all(), f"one of {features} features")
    _check_categories(trees, starts, fields)


def _size(tree: Any, number: int, features: int) -> int:  # noqa: ANN401 - whatever a file held
    """Return how many nodes a tree has, whose arrays all have the right type and size."""
    demand(f"tree {number}", isinstance(tree, dict) and tree.keys() == ARRAYS.keys() | {"id", "tree_param"}, "a tree")
    demand("a tree's id", type(tree["id"]) is int and tree["id"] == number, f"its place, {number}")
    given = tree["tree_param"]
    names = {"num_deleted", "num_feature", "num_nodes", "size_leaf_vector"}
    demand("tree_param", isinstance(given, dict) and given.keys() == names, "a tree's parameters")
    whole(given["num_feature"], "a tree's num_feature", features, features)
    whole(given["size_leaf_vector"], "size_leaf_vector", 0, 1)
    size = whole(given["num_nodes"], "num_nodes", 1, MOST_NODES)
    whole(given["num_deleted"], "num_deleted", 0, size - 1)
    for name, kind in ARRAYS.items():
        array = tree[name]
        demand(name, isinstance(array, np.ndarray) and array.dtype == kind, f"an array of {kind}")
        demand(name, name in _CATEGORIES or len(array) == size, f"as long as the tree, {size}")
    return size


def _joined(trees: list[Any], name: str) -> Numbers:
    return np.concatenate([tree[name] for tree in trees]).astype(np.int64)


def _reached(fields: dict[str, Numbers], sizes: Numbers, starts: Numbers) -> NDArray[np.bool_]:
    """Return which nodes a walk from their tree's root reaches, each by one way, in so many steps as are allowed."""
    left, right, parents = fields["left_children"], fields["right_children"], fields["parents"]
    size, start = np.repeat(sizes, sizes), np.repeat(starts, sizes)
    inner = left >= 0
    demand("a leaf's children", ((left[~inner] == -1) & (right[~inner] == -1)).all(), "-1")
    for children in (left[inner], right[inner]):
        demand("a child", ((children > 0) & (children < size[inner])).all(), "a node of its tree")
    others = np.ones(len(left), np.bool_)
    others[starts] = False
    demand("a root's parent", (parents[starts] == _NONE).all(), str(_NONE))
    demand("a parent", ((parents >= 0) & (parents < size))[others].all(), "a node of its tree")
    at = np.flatnonzero(inner)
    first, second = left[inner] + start[inner], right[inner] + start[inner]
    both = np.concatenate([first, second])
    demand("a node's parent", (parents[both] == np.tile(at - start[inner], 2)).all(), "the one whose child it is")
    demand("a node's children", np.bincount(both, minlength=1).max() <= 1, "two nodes of its own")
    reached = np.zeros(len(left), np.bool_)
    level, depth = starts, 0
    while len(level):
        demand("a tree", depth <= DEEPEST, f"at most {DEEPEST} levels deep")
        reached[level] = True
        above = level[inner[level]]
        level = np.concatenate([left[above] + start[above], right[above] + start[above]])
        depth += 1
    return reached


def _check_categories(trees: list[Any], starts: Numbers, fields: dict[str, Numbers]) -> None:
    """Check that each node that splits by category has its set, and only such a node, one after the other."""
    nodes, segments, counts, words = (
        [tree[name].astype(np.int64) for tree in trees]
        for name in ("categories_nodes", "categories_segments", "categories_sizes", "categories")
    )
    each = np.array([len(here) for here in nodes])
    demand("categories_segments", (each == [len(here) for here in segments]).all(), "one a node with a set")
    demand("categories_sizes", (each == [len(here) for here in counts]).all(), "one a node with a set")
    by_category = np.flatnonzero(fields["split_type"])
    splits = fields["left_children"][by_category] >= 0
    demand("split_type", splits.all(), "0 for a leaf")
    joined = np.concatenate(nodes)
    demand("categories_nodes", len(joined) == len(by_category), "the nodes that split by category")
    demand("categories_nodes", (joined + np.repeat(starts, each) == by_category).all(), "those nodes, in order")
    if not len(joined):
        demand("categories", not any(map(len, words)), "those of the sets")
        return
    for begin, count, listed in zip(segments, counts, words, strict=True):
        _check_sets(begin, count, listed)
    lasts = np.concatenate(
        [listed[begin + count - 1] for begin, count, listed in zip(segments, counts, words, strict=True)]
    )
    demand("the sets of categories", (lasts // 32 + 1).sum() <= MOST_WORDS, f"at most {MOST_WORDS} words")


def _check_sets(begin: Numbers, count: Numbers, listed: Numbers) -> None:
    demand("categories_sizes", ((count > 0) & (count <= len(listed))).all() and count.sum() == len(listed), "full sets")
    demand("categories_segments", (begin == np.cumsum(count) - count).all(), "one set after the other")
    demand("categories", ((listed >= 0) & (listed < MOST_CATEGORY)).all(), f"from 0 to {MOST_CATEGORY - 1}")
    rises = np.diff(listed) > 0
    rises[begin[1:] - 1] = True
    demand("categories", rises.all(), "in order within a set")
