import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from model_code.algorithms.hyperparameters import RANKER, Hyperparameters
from model_code.algorithms.matrices import bins
from model_code.algorithms.parameters import WINDOW
from model_code.algorithms.protocol import Labelled

COLUMNS = ["a", "b"]
VALIDATION = Labelled(np.random.default_rng(2).normal(size=(50, 2)), np.zeros(50, np.float32))


class Batches:
    """Batches that count how often they are begun."""

    def __init__(self, *sizes: int) -> None:
        self.sizes, self.begun = sizes, 0

    def __iter__(self) -> Iterator[Labelled]:
        self.begun += 1
        random = np.random.default_rng(1)
        for size in self.sizes:
            yield Labelled(random.normal(size=(size, 2)), (random.random(size) < 0.1).astype(np.float32))


def test_all_batches_arrive_in_order_with_their_labels_and_names() -> None:
    batches = Batches(300, 200, 7)
    with bins(batches, VALIDATION, COLUMNS, Hyperparameters(), threads=1) as given:
        assert (given.fitted.num_row(), given.fitted.num_col()) == (507, 2)
        assert given.fitted.feature_names == given.held_back.feature_names == COLUMNS
        assert np.array_equal(given.fitted.get_label(), np.concatenate([part.labels for part in batches]))
        assert given.held_back.num_row() == 50
    assert batches.begun > 1


def test_a_ranker_gets_windows_that_run_on_across_batches() -> None:
    sizes = (WINDOW, WINDOW, 10)
    with bins(Batches(*sizes), VALIDATION, COLUMNS, Hyperparameters(algorithm=RANKER), threads=1) as given:
        ends = given.fitted.get_uint_info("group_ptr")
    assert ends.tolist() == [0, *itertools.accumulate(sizes)]


def test_a_classifier_has_no_windows() -> None:
    with bins(Batches(100), VALIDATION, COLUMNS, Hyperparameters(), threads=1) as given:
        assert len(given.fitted.get_uint_info("group_ptr")) == 0


@pytest.mark.parametrize("external", [0, 1])
def test_external_memory_is_a_file_only_where_asked_for_and_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, external: int
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    hyperparameters = Hyperparameters(external_memory=external)
    with bins(Batches(300, 300), VALIDATION, COLUMNS, hyperparameters, threads=1) as given:
        assert bool([path for path in tmp_path.rglob("*") if path.is_file()]) == bool(external)
        assert given.fitted.num_row() == 600
    assert not list(tmp_path.iterdir())
