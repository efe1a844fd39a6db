"""What a data scientist may turn, with the default and the bounds of each."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from model_code.errors import InputError

CLASSIFIER, RANKER, COMBINED, ISOLATION = "classifier", "ranker", "combined", "isolation"
FORESTS = (ISOLATION, COMBINED)
"""They learn from rows without labels, too."""


@dataclasses.dataclass(frozen=True)
class Hyperparameters:
    """The choices of one training: XGBoost's own names and meanings first, then how it is trained."""

    max_depth: int = 6
    n_estimators: int = 300
    learning_rate: float = 0.1
    subsample: float = 0.8
    colsample_bytree: float = 0.8
    min_child_weight: float = 1.0
    seed: int = 17
    early_stopping_rounds: int = 50
    """Stop when the validation's aucpr hasn't improved for so many trees; 0 keeps every tree."""
    algorithm: str = CLASSIFIER
    """`classifier` learns each row's probability; `ranker` learns which rows of a window come first; `combined` is the
    classifier with an isolation forest among its trees, for kinds of anomalies that no label shows; `isolation` is that
    forest alone: labels only calibrate it, and XGBoost's own choices mean nothing to it. Both do without labels."""
    tuning_trials: int = 0
    """Trials of a study on validation, the given values first; 0 trains once with the given values."""
    tuning_minutes: int = 30
    """No trial begins later than this."""
    external_memory: int = 0
    """1 keeps the training rows on disk, in XGBoost's own cache, for a ledger larger than memory."""


BOUNDS: dict[str, tuple[float, float]] = {
    "max_depth": (1, 16),
    "n_estimators": (1, 5000),
    "learning_rate": (0.001, 1),
    "subsample": (0.01, 1),
    "colsample_bytree": (0.01, 1),
    "min_child_weight": (0, 1000),
    "seed": (0, 2**31 - 1),
    "early_stopping_rounds": (0, 1000),
    "tuning_trials": (0, 1000),
    "tuning_minutes": (1, 1440),
    "external_memory": (0, 1),
}
TUNING_METRIC = "_tuning_objective_metric"
"""SageMaker adds it to each trial of a tuning job; it says nothing to a training."""
CHOICES: dict[str, tuple[str, ...]] = {"algorithm": (CLASSIFIER, RANKER, COMBINED, ISOLATION)}


def parse_hyperparameters(given: Mapping[str, object]) -> Hyperparameters:
    """Return the typed choices; SageMaker gives each value as a string, and what isn't given takes its default.

    Raises:
        InputError: an unknown name, a value of the wrong type or outside its bounds.
    """
    known = [*BOUNDS, *CHOICES]
    for name in given:
        if name not in [*known, TUNING_METRIC]:
            raise InputError(f"Hyperparameter {name!r} is unknown; expected some of {', '.join(known)}.")
    parsed: dict[str, Any] = {
        name: _choose(name, value) if name in CHOICES else _parse(name, value)
        for name, value in given.items()
        if name != TUNING_METRIC
    }
    return Hyperparameters(**parsed)


def _choose(name: str, value: object) -> str:
    if value not in CHOICES[name]:
        default = getattr(Hyperparameters, name)
        choices = " or ".join(CHOICES[name])
        raise InputError(f"Hyperparameter {name} is {value!r}; expected {choices} (its default is {default}).")
    return str(value)


def _parse(name: str, value: object) -> float:
    default = getattr(Hyperparameters, name)
    kind = type(default)
    low, high = BOUNDS[name]
    try:
        number = kind(str(value))
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        whole = "a whole number" if kind is int else "a number"
        raise InputError(
            f"Hyperparameter {name} is {value!r}; expected {whole} from {low} to {high} (its default is {default})."
        )
    return number
