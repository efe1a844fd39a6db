"""A BentoML service of one model, as its documentation shows it for XGBoost."""

import os

import bentoml  # ty: ignore[import-not-found] - only in its own environment
import numpy as np
import xgboost


@bentoml.service(workers=1)
class Scorer:
    """Scores rows."""

    def __init__(self) -> None:
        self.model = xgboost.Booster({"nthread": 1}, model_file=os.environ["MODEL"])

    @bentoml.api
    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return a score for each row."""
        return self.model.predict(xgboost.DMatrix(rows))
