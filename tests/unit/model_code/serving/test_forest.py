from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from model_code.serving import flatten as flattening
from model_code.serving import ubjson
from model_code.serving.forest import UnsupportedModelError
from tests.unit.model_code.serving.boosters import booster, flatten


@pytest.fixture(scope="module")
def trees() -> list[dict[str, Any]]:
    model = ubjson.loads(bytes(booster(3, "binary:logistic", 4, max_depth=4).save_raw("ubj")))
    return model["learner"]["gradient_booster"]["model"]["trees"]


def test_a_walk_of_any_length_stays_within_its_tree() -> None:
    forest = flatten(booster(3, "binary:logistic", 4, max_depth=6))
    leaves = np.isnan(forest.nodes["split"])
    ends = np.append(forest.roots[1:], len(forest.nodes))
    tree = np.repeat(np.arange(len(forest.roots)), ends - forest.roots)
    assert np.array_equal(forest.nodes["left"][leaves], np.flatnonzero(leaves))
    for child in (forest.nodes["left"], forest.nodes["left"] + 1):
        assert np.array_equal(tree[child[~leaves]], tree[~leaves])
        assert (child[~leaves] > np.flatnonzero(~leaves)).all()
    assert (forest.nodes["slot"] < 2 * forest.feature_count).all()


def test_so_many_steps_as_a_tree_is_deep_reach_a_leaf() -> None:
    forest = flatten(booster(3, "binary:logistic", 4, max_depth=6))
    leaves = np.isnan(forest.nodes["split"])
    for root, depth in zip(forest.roots, forest.depths, strict=True):
        level = np.array([root])
        for _ in range(depth):
            level = np.unique(
                np.concatenate([forest.nodes["left"][level], forest.nodes["left"][level] + ~leaves[level]])
            )
        assert leaves[level].all()


def cycle(tree: dict[str, Any]) -> None:
    tree["left_children"][tree["left_children"][0]] = 0


def shared_child(tree: dict[str, Any]) -> None:
    tree["right_children"] = tree["left_children"]


def outside(tree: dict[str, Any]) -> None:
    tree["left_children"][0] = len(tree["left_children"])


def half_a_leaf(tree: dict[str, Any]) -> None:
    tree["right_children"][0] = -1


def endless_leaf(tree: dict[str, Any]) -> None:
    tree["split_conditions"][-1] = float("inf")


def no_split(tree: dict[str, Any]) -> None:
    tree["split_conditions"][0] = float("nan")


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (cycle, "two parents"),
        (shared_child, "two parents"),
        (outside, "children outside"),
        (half_a_leaf, "children outside"),
    ],
)
def test_a_broken_tree_is_refused(
    trees: list[dict[str, Any]], harm: Callable[[dict[str, Any]], None], expected: str
) -> None:
    broken = [{field: np.array(values) for field, values in tree.items()} for tree in trees]  # writable
    flattening._walk(broken, flattening._sets(broken)[1])
    harm(broken[2])
    with pytest.raises(UnsupportedModelError, match=expected):
        flattening._walk(broken, flattening._sets(broken)[1])
