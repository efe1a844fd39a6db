"""The arrays that all rooms of the model's code hand each other. Imports NumPy and nothing else."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Rows by features in the model's order, as they stand in files and requests; NaN where a value is missing.

XGBoost rounds them to single precision itself. Rounding any earlier would move values across the baseline's edges."""
Vector = NDArray[np.float32]
"""One number a row."""
LARGEST = float(np.finfo(np.float32).max)
"""XGBoost takes no larger value."""
