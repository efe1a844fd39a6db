"""XGBoost itself: for reasons, and for the models that the kernel doesn't know.

Nothing imports this before it is needed: XGBoost takes a second to import and 150 MB.
"""

import functools
import threading
from collections.abc import Callable

import numpy as np
import xgboost
from numpy.typing import NDArray

from model_code.arrays import Matrix
from model_code.boosters import load_booster
from model_code.errors import InputError


class Reference:
    """A model run by XGBoost on one thread. Its bytes are read anew when they are needed."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._explaining = threading.Lock()

    @functools.cached_property
    def scorer(self) -> xgboost.Booster:
        """The model."""
        return self._load()

    @functools.cached_property
    def _explainer(self) -> xgboost.Booster:
        """A second copy, for contributions may not run beside scoring."""
        return self._load()

    def _load(self) -> xgboost.Booster:
        return load_booster(self._read())

    def scores(self, rows: Matrix) -> NDArray[np.float32]:
        """Return a number (or one for each class) a row. Safe from several threads at once."""
        return self.scorer.inplace_predict(rows, missing=np.nan, validate_features=False)

    def contributions(self, rows: Matrix) -> NDArray[np.float32]:
        """Return each feature's share (exact tree SHAP) of each row's margin; with classes: rows x classes x features.

        Raises:
            InputError: XGBoost has no contributions for such a model.
        """
        with self._explaining:
            model = self._explainer
            data = xgboost.DMatrix(
                rows, missing=np.nan, feature_names=model.feature_names, feature_types=model.feature_types, nthread=1
            )
            try:
                return model.predict(data, pred_contribs=True)[..., :-1]
            except xgboost.core.XGBoostError:
                raise InputError("This model can't give reasons; ask without them.") from None
