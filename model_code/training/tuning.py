"""A study of hyperparameters inside one training job: Optuna's TPE, seeded, judged on validation, bounded in time.

SageMaker Tuning starts this same training job many times instead: docs/algorithms.md.
"""

import dataclasses
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import optuna

from model_code.algorithms.calibration import margins
from model_code.algorithms.gradient_boosting import boost
from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.algorithms.matrices import Matrices, bins
from model_code.algorithms.protocol import Labelled
from model_code.training.metrics import Ranking

SPACE: dict[str, optuna.distributions.BaseDistribution] = {
    "max_depth": optuna.distributions.IntDistribution(3, 10),
    "learning_rate": optuna.distributions.FloatDistribution(0.02, 0.3, log=True),
    "subsample": optuna.distributions.FloatDistribution(0.5, 1.0),
    "colsample_bytree": optuna.distributions.FloatDistribution(0.3, 1.0),
    "min_child_weight": optuna.distributions.FloatDistribution(0.5, 20.0, log=True),
}
"""What is searched; the rest stays as given."""


class Studied(Protocol):
    """What a study needs of a channel."""

    @property
    def columns(self) -> Sequence[str]:
        """The features' names."""

    @property
    def train(self) -> Iterable[Labelled]:
        """Rows in batches, read more than once."""

    @property
    def validation(self) -> Labelled:
        """What trials are judged by."""


def tune(channel: Studied, given: Hyperparameters, *, threads: int) -> tuple[Hyperparameters, list[dict[str, Any]]]:
    """Return the best choices by average precision on validation, and the study's table for the card, trial by trial.

    The first trial is the given values, so that tuning can't end below them; without trials nothing is trained and the
    table is empty. Same seed and input, same study, unless the time runs out.
    """
    if not given.tuning_trials:
        return given, []
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=given.seed))
    ends = time.monotonic() + 60 * given.tuning_minutes
    choices, table = [given], []
    with bins(channel.train, channel.validation, channel.columns, given, threads=threads) as shared:
        table.append(_try(channel, shared, given, threads))
        while len(table) < given.tuning_trials and time.monotonic() < ends:
            trial = study.ask(SPACE)
            choices.append(dataclasses.replace(given, **trial.params))
            table.append(_try(channel, shared, choices[-1], threads))
            study.tell(trial, table[-1]["average_precision"])
    best = max(range(len(table)), key=lambda number: table[number]["average_precision"])
    return choices[best], table


def _try(channel: Studied, shared: Matrices, chosen: Hyperparameters, threads: int) -> dict[str, Any]:
    """Train once; returns the table's line."""
    model = boost(shared, channel.columns, chosen, threads=threads)
    ranking = Ranking.of(channel.validation.labels, margins(model, channel.validation.rows))
    values = {name: getattr(chosen, name) for name in SPACE}
    return values | {"trees": model.num_boosted_rounds(), "average_precision": ranking.average_precision()}
