"""One week ahead, again and again: naive, simple exponential smoothing, ARIMA(1,0,1); statsmodels does the estimating.

Each is estimated on the past alone; through later weeks it runs with the parameters it has.
"""

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing
from statsmodels.tsa.statespace.sarimax import SARIMAX

Series = NDArray[np.float64]
MOST_STEPS = 50
"""Of the optimiser."""
SHORTEST = 26
"""Weeks that a series must have before it is worth an estimate."""


@dataclasses.dataclass(frozen=True)
class OneStep:
    """For each later week and the one after the last: what was expected of it the week before.

    `deviation` is the standard deviation of the one-step errors on the past.
    """

    expected: Series
    deviation: float
    parameters: Mapping[str, float]


Model = Callable[[Series, Series], OneStep]


def naive(past: Series, later: Series) -> OneStep:
    """Expect what was a week ago."""
    return OneStep(np.append(past[-1], later), float(np.std(np.diff(past))), {})


def exponential_smoothing(past: Series, later: Series) -> OneStep:
    """Expect a weighted mean of the past that forgets slowly (ETS(A,N,N))."""
    return _state_space(ExponentialSmoothing(past), later)


def arima(past: Series, later: Series) -> OneStep:
    """Expect a return to the mean, with a memory of one week and one error: ARIMA(1,0,1) with a constant."""
    return _state_space(SARIMAX(past, order=(1, 0, 1), trend="c"), later)


MODELS: dict[str, Model] = {"naive": naive, "ETS": exponential_smoothing, "ARIMA": arima}


def _state_space(model: Any, later: Series) -> OneStep:  # noqa: ANN401 - statsmodels has no types
    weeks = len(model.endog)
    if weeks < SHORTEST:
        raise ValueError(f"The series has {weeks} weeks; expected {SHORTEST} or more.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an optimiser that stops early gives a worse forecast, which the table shows
        fitted = model.fit(disp=0, maxiter=MOST_STEPS)
        run = fitted.append(later) if len(later) else fitted
        expected = run.get_prediction(start=weeks, end=weeks + len(later)).predicted_mean
    parameters = {name: float(value) for name, value in zip(fitted.param_names, fitted.params, strict=True)}
    # The first weeks' errors are those of an unknown beginning.
    deviation = float(np.std(fitted.resid[4:]))
    if not (np.isfinite(expected).all() and np.isfinite(deviation)):
        raise ValueError("The estimate isn't finite.")
    return OneStep(np.asarray(expected), deviation, parameters)
