"""From batches of rows to XGBoost's matrices: what is in memory is one batch and a byte a value."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

import numpy as np
import xgboost

from model_code.algorithms.hyperparameters import RANKER, Hyperparameters
from model_code.algorithms.parameters import FIXED_PARAMETERS, WINDOW
from model_code.algorithms.protocol import Labelled


@dataclasses.dataclass
class Matrices:
    """What trees are grown on and stopped by; both in bins, so that the trials of a study can share them."""

    fitted: xgboost.DMatrix
    held_back: xgboost.DMatrix


@contextlib.contextmanager
def bins(
    train: Iterable[Labelled],
    validation: Labelled,
    columns: Sequence[str],
    hyperparameters: Hyperparameters,
    *,
    threads: int,
) -> Generator[Matrices]:
    """The bins of `train`, which is read batch by batch and more than once, and of `validation`.

    With `external_memory` those of `train` stay in a file (XGBoost's external memory) until the end of the block.
    """
    settings = {"max_bin": FIXED_PARAMETERS["max_bin"], "nthread": threads, "missing": np.nan}
    grouped = hyperparameters.algorithm == RANKER
    with tempfile.TemporaryDirectory() as folder:
        if hyperparameters.external_memory:
            feed = _Feed(train, columns, grouped=grouped, cache=f"{folder}/bins")
            fitted = xgboost.ExtMemQuantileDMatrix(feed, **settings)
        else:
            fitted = xgboost.QuantileDMatrix(_Feed(train, columns, grouped=grouped), **settings)
        held_back = xgboost.QuantileDMatrix(
            validation.rows, validation.labels, feature_names=list(columns), ref=fitted, **settings
        )
        given = Matrices(fitted, held_back)
        del fitted, held_back
        try:
            yield given
        finally:
            # XGBoost removes its file when the matrix goes; that must come before the folder does.
            del given.fitted, given.held_back


class _Feed(xgboost.DataIter):
    """Hands XGBoost one batch after the other, as often as it asks."""

    def __init__(
        self, batches: Iterable[Labelled], columns: Sequence[str], *, grouped: bool, cache: str | None = None
    ) -> None:
        self._batches, self._columns, self._grouped = batches, list(columns), grouped
        self._waiting: Iterator[Labelled] = iter(())
        self._given = 0
        super().__init__(cache_prefix=cache, release_data=True)

    def next(self, input_data: Callable) -> bool:
        batch = next(self._waiting, None)
        if batch is None:
            return False
        given = self._given + np.arange(len(batch.labels))
        self._given += len(batch.labels)
        groups = {"qid": given // WINDOW} if self._grouped else {}
        input_data(data=batch.rows, label=batch.labels, feature_names=self._columns, **groups)
        return True

    def reset(self) -> None:
        self._waiting, self._given = iter(self._batches), 0
