import dataclasses
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xgboost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model_code.algorithms.gradient_boosting import score
from model_code.arrays import Matrix
from model_code.native.library import ForestStruct, Library
from model_code.serving.flatten import TRANSFORMS
from model_code.serving.forest import Forest, UnsupportedModelError
from model_code.serving.kernel import TOLERANCE, Kernel, agreeing_kernel
from model_code.serving.model_file import ModelFileError
from model_code.training.packaging import pack_forest, probes, server_files
from tests.unit.model_code.native.compiled import compiled_path
from tests.unit.model_code.serving.boosters import booster, flatten, values

FEATURES = 5
ROWS = values(np.random.default_rng(1), 40, FEATURES)


def same(found: NDArray, expected: NDArray) -> bool:
    """Bit for bit; probabilities, on another machine's mathematics, to the tolerance."""
    return found.shape == expected.shape and bool(((found == expected) | (np.abs(found - expected) <= TOLERANCE)).all())


@pytest.mark.long
@pytest.mark.usefixtures("library")
@given(
    objective=st.sampled_from(sorted(TRANSFORMS)),
    depth=st.integers(1, 8),
    trees=st.integers(1, 60),
    features=st.integers(1, 12),
    rows=st.integers(1, 200),
    seed=st.integers(0, 2**31 - 1),
    eta=st.sampled_from([0.01, 0.3, 1.0]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_model_scores_any_rows_as_xgboost_does(  # noqa: PLR0913, PLR0917 - what models differ in
    library: Library, objective: str, depth: int, trees: int, features: int, rows: int, seed: int, eta: float
) -> None:
    model = booster(seed, objective, features, max_depth=depth, trees=trees, eta=eta, min_child_weight=0)
    forest = flatten(model)
    given_rows = values(np.random.default_rng(seed + 1), rows, features)
    given_rows[np.random.default_rng(seed).random(given_rows.shape) < 0.02] = np.inf
    for any_rows in (given_rows, -given_rows, probes(forest)):
        assert same(Kernel(library, forest).predict(any_rows), score(model, any_rows))


@pytest.mark.parametrize("grow_policy", ["lossguide", "depthwise"])
@pytest.mark.parametrize("depth", [0, 14])
def test_a_deep_narrow_tree_scores_as_in_xgboost(library: Library, grow_policy: str, depth: int) -> None:
    shape = {
        "max_depth": depth,
        "grow_policy": grow_policy,
        "max_leaves": 40,
        "min_child_weight": 0,
        "num_parallel_tree": 3,
    }
    model = booster(3, "binary:logistic", FEATURES, tree_method="hist", **shape)
    assert same(Kernel(library, flatten(model)).predict(ROWS), score(model, ROWS))


def test_a_tree_that_is_a_leaf_scores_as_in_xgboost(library: Library) -> None:
    model = booster(3, "binary:logistic", FEATURES, gamma=1e6, base_score=0.2)
    assert flatten(model).depths.max() == 0
    assert same(Kernel(library, flatten(model)).predict(ROWS), score(model, ROWS))


def test_pruned_trees_score_as_in_xgboost(library: Library) -> None:
    model = booster(3, "binary:logistic", FEATURES, gamma=0.8, max_depth=6, tree_method="exact")
    assert same(Kernel(library, flatten(model)).predict(ROWS), score(model, ROWS))


def test_rows_of_another_memory_layout_are_the_same_rows(library: Library) -> None:
    model = booster(3, "binary:logistic", FEATURES)
    kernel = Kernel(library, flatten(model))
    assert same(kernel.predict(np.asfortranarray(ROWS)[::2]), score(model, np.ascontiguousarray(ROWS[::2])))


@pytest.mark.parametrize("shape", [(3, FEATURES + 1), (3, FEATURES - 1), (FEATURES,), (2, 2, FEATURES)])
def test_rows_of_another_width_never_reach_the_memory(library: Library, shape: tuple[int, ...]) -> None:
    kernel = Kernel(library, flatten(booster(3, "binary:logistic", FEATURES)))
    with pytest.raises(ValueError, match=r"expected \(any number, 5\)"):
        kernel.predict(np.zeros(shape))


def test_many_threads_get_their_own_scores(library: Library) -> None:
    model = booster(3, "binary:logistic", FEATURES, trees=60)
    kernel = Kernel(library, flatten(model))
    parts = [values(np.random.default_rng(part), 500, FEATURES) for part in range(16)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(kernel.predict, parts))
    assert all(same(scores, score(model, part)) for scores, part in zip(found, parts, strict=True))


def test_probes_lie_on_both_sides_of_the_splits(library: Library) -> None:
    forest = flatten(booster(3, "binary:logistic", FEATURES, trees=30))
    rows = probes(forest).astype(np.float32)
    splits = forest.nodes["split"][~np.isnan(forest.nodes["split"])]
    assert np.isin(rows, splits).any()
    assert np.isin(np.nextafter(rows, np.float32(np.inf)), splits).any()
    assert np.isnan(rows).any()
    assert same(Kernel(library, forest).predict(rows), score(booster(3, "binary:logistic", FEATURES, trees=30), rows))


def linear() -> xgboost.Booster:
    return booster(3, "binary:logistic", FEATURES, booster="gblinear")


def dropped_out() -> xgboost.Booster:
    return booster(3, "binary:logistic", FEATURES, booster="dart")


def counts() -> xgboost.Booster:
    return booster(3, "count:poisson", FEATURES)


def wide() -> xgboost.Booster:
    return booster(3, "binary:logistic", 257)


def treeless() -> xgboost.Booster:
    return booster(3, "binary:logistic", FEATURES, trees=0)


def several_targets() -> xgboost.Booster:
    data = xgboost.DMatrix(ROWS, np.arange(80.0).reshape(40, 2))
    return xgboost.train({"objective": "reg:squarederror", "multi_strategy": "multi_output_tree"}, data, 2)


def endless_splits() -> xgboost.Booster:
    rows = np.repeat([[3.4e38], [np.nan]], 50, axis=0)  # any value here, a missing one there
    return xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(rows, np.isnan(rows[:, 0])), 2)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (counts, "the objective count:poisson"),
        (wide, "more than 256 features"),
        (endless_splits, "finite splits"),
    ],
)
def test_a_model_that_the_kernel_can_not_score_is_packed_without_a_forest(
    made: Callable[[], xgboost.Booster], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    files = server_files(made(), zip("abcde", ROWS.T, strict=True))
    assert set(files) == {"guard.json"}
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "XGBoost itself will serve")
    assert reason in record.__dict__["facts"]["reason"]


@pytest.mark.parametrize("made", [linear, dropped_out, treeless, several_targets])
def test_a_model_that_no_server_would_load_is_never_packed(made: Callable[[], xgboost.Booster]) -> None:
    with pytest.raises(ModelFileError, match="isn't a model that XGBoost can read"):
        server_files(made(), zip("abcde", ROWS.T, strict=True))


class WrongLibrary(Library):
    """Is off by a little."""

    def scores(self, forest: ForestStruct, rows: NDArray[np.float64]) -> NDArray[np.float32]:
        return super().scores(forest, rows) + np.float32(2e-6)


def test_a_kernel_that_scores_differently_never_serves(library: Library) -> None:
    model = booster(3, "binary:logistic", FEATURES)
    forest = Forest.from_bytes(pack_forest(model))
    expected = score(model, ROWS)
    assert agreeing_kernel(library, forest, ROWS, expected)
    with pytest.raises(UnsupportedModelError, match=r"differently from XGBoost \(limit: 1e-06\)"):
        agreeing_kernel(WrongLibrary(compiled_path()), forest, ROWS, expected)
    with pytest.raises(UnsupportedModelError, match="differently"):
        agreeing_kernel(library, forest, ROWS, np.column_stack([expected, expected]))


def test_probes_alone_give_a_wrong_forest_away(library: Library) -> None:
    model, other = booster(3, "binary:logistic", FEATURES), booster(4, "binary:logistic", FEATURES)
    right, wrong = Forest.from_bytes(pack_forest(model)), Forest.from_bytes(pack_forest(other))
    mixed = dataclasses.replace(wrong, probes=right.probes, probe_scores=right.probe_scores)
    with pytest.raises(UnsupportedModelError, match="differently"):
        agreeing_kernel(library, mixed, np.empty((0, FEATURES)), np.empty(0))


def rows_that_are_nan(rows: Matrix) -> Matrix:
    return np.full_like(rows, np.nan)


def test_rows_without_any_value_score_as_in_xgboost(library: Library) -> None:
    model = booster(3, "multi:softprob", FEATURES)
    missing = rows_that_are_nan(ROWS)
    assert same(Kernel(library, flatten(model)).predict(missing), score(model, missing))


def categorical(seed: int, objective: str, **parameters: object) -> xgboost.Booster:
    """Three features split by category, two by number."""
    random = np.random.default_rng(seed)
    rows = categories(random, 400)
    kinds = ["c", "c", "c", "float", "float"]
    labels = (
        (rows[:, 0] % 3 == 1) ^ (rows[:, 1] > 20)
        if not objective.startswith("multi")
        else np.nan_to_num(rows[:, 2] % 3)
    )
    data = xgboost.DMatrix(rows, labels, feature_types=kinds, enable_categorical=True)
    many = {"num_class": 3} if objective.startswith("multi") else {}
    return xgboost.train({"objective": objective, "nthread": 1, "max_depth": 5, **many, **parameters}, data, 12)


def categories(random: np.random.Generator, count: int) -> Matrix:
    rows = random.integers(0, [3, 45, 130, 9, 9], (count, FEATURES)).astype(np.float64)
    rows[random.random(rows.shape) < 0.1] = np.nan
    return rows


@pytest.mark.parametrize("one_hot", [1, 64])
@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror", "multi:softprob", "multi:softmax"])
@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=8, deadline=None)
def test_splits_by_category_score_as_in_xgboost(library: Library, objective: str, one_hot: int, seed: int) -> None:
    model = categorical(seed, objective, max_cat_to_onehot=one_hot)
    forest = Forest.from_bytes(pack_forest(model))
    assert len(forest.sets)
    rows = categories(np.random.default_rng(seed + 1), 100)
    kernel = agreeing_kernel(library, forest, rows, score(model, rows))
    unseen = rows * 3 + np.where(np.arange(100)[:, None] % 2, 0.5, 0)  # categories beyond all, and no whole ones
    odd = np.array([[np.inf] * 5, [-np.inf] * 5, [-1.0] * 5, [-0.5] * 5, [2.0**24] * 5, [1e30] * 5, [1e-42] * 5])
    for any_rows in (unseen, odd):
        assert same(kernel.predict(any_rows), score(model, any_rows))


@pytest.mark.parametrize("objective", sorted(TRANSFORMS))
def test_a_forest_reads_as_it_was_written(library: Library, objective: str) -> None:
    model = booster(3, objective, FEATURES)
    content = pack_forest(model)
    forest = Forest.from_bytes(content)
    assert forest.to_bytes() == content
    assert agreeing_kernel(library, forest, ROWS, score(model, ROWS))
