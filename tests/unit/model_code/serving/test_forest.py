import numpy as np

from tests.unit.model_code.serving.boosters import booster, flatten


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
