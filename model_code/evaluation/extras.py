"""What is measured beside the models of a comparison: weekly forecasts, text features, hybrid features."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.algorithms.protocol import Labelled
from model_code.evaluation.figures import INTERVAL, RESAMPLES, Figure
from model_code.evaluation.ledgers import Ledger
from model_code.evaluation.protocol import Sample
from model_code.features.text import surprises
from model_code.features.weekly import weekly_features
from model_code.forecasting.forecasts import Run, run
from model_code.forecasting.models import MODELS
from model_code.forecasting.weekly import FIELDS, weekly_spend
from model_code.training.channel import Split
from model_code.training.tuning import tune

SEED = 17
TRIALS, TUNING_MINUTES = 5, 2
FORECAST_WEEKS = 52
LARGEST_SERIES = 60
"""Of a field: those with the largest spend."""


class Forecasts(NamedTuple):
    """One field's series, one week ahead, by model: the mean absolute error, and how many series failed."""

    series: int
    weeks: int
    errors: Mapping[str, float]
    failed: Mapping[str, int]
    gains: Mapping[str, Figure]
    """By which share the error lies below that of last week's figure."""
    within_95: Mapping[str, float]
    """The share of weeks inside the interval that is to hold 95 % of them."""


def forecasts(ledger: Ledger) -> dict[str, Forecasts]:
    """Forecast each week of the last year (of a short ledger: the last third) from the weeks before it."""
    found = {}
    for field in FIELDS:
        spend = weekly_spend(ledger.rows, field)
        spend = spend[spend.sum().nlargest(LARGEST_SERIES).index]
        weeks = min(FORECAST_WEEKS, len(spend) // 3)
        runs = {name: run(spend, model, weeks) for name, model in MODELS.items()}
        found[field] = Forecasts(
            series=spend.shape[1],
            weeks=weeks,
            errors={name: one.error() for name, one in runs.items()},
            failed={name: len(one.failed) for name, one in runs.items()},
            gains={name: _gain(one, runs["naive"]) for name, one in runs.items()},
            within_95={name: one.within() for name, one in runs.items()},
        )
    return found


def _gain(one: Run, naive: Run) -> Figure:
    """Over the series that both could estimate; the interval is of weeks drawn anew, as series share their weeks."""
    ours, theirs = one.misses(), naive.misses()
    both = [name for name in ours if name in theirs]
    if not both:
        return Figure(*[float("nan")] * 3)
    ours, theirs = (np.mean([misses[name] for name in both], axis=0) for misses in (ours, theirs))
    draws = np.random.default_rng(SEED).integers(0, len(ours), (RESAMPLES, len(ours)))
    low, high = np.percentile(1 - ours[draws].mean(axis=1) / theirs[draws].mean(axis=1), INTERVAL)
    return Figure(float(1 - ours.mean() / theirs.mean()), float(low), float(high))


class _Study(NamedTuple):
    """What a study learns from, and what it judges its trials by."""

    columns: Sequence[str]
    train: Sequence[Labelled]
    validation: Labelled


def tuned(sample: Sample) -> tuple[Hyperparameters, list[dict[str, Any]]]:
    """The study of a training job, short: the choices that are best on validation, and its trials."""
    given = Hyperparameters(tuning_trials=TRIALS, tuning_minutes=TUNING_MINUTES)
    study = _Study(sample.columns, [sample.splits["train"]], sample.splits["validation"])
    return tune(study, given, threads=1)


def with_surprise(sample: Sample, ledger: Ledger) -> Sample:
    """The sample with one more feature: how odd the code is, given the merchant's name (`features.text`)."""
    parts = {name: _rows(ledger, part) for name, part in sample.splits.items()}
    return _extended(sample, {name: {"merchant_mcc_surprise": value} for name, value in surprises(parts).items()})


def with_weeks(sample: Sample, ledger: Ledger) -> Sample:
    """The sample with the hybrid's features (`features.weekly`), each period's from rows up to its last day."""
    found = {}
    for period in ledger.periods:
        known = ledger.rows[ledger.rows["transaction_date"] <= pd.Timestamp(period.last)].reset_index(drop=True)
        features = weekly_features(known).set_index(pd.Index(known["transaction_id"].to_numpy(dtype=object)))
        chosen = features.loc[sample.splits[period.name].texts["transaction_id"]]
        found[period.name] = {str(name): chosen[name].to_numpy() for name in chosen}
    return _extended(sample, found)


def _rows(ledger: Ledger, part: Split) -> pd.DataFrame:
    return ledger.rows.set_index("transaction_id").loc[part.texts["transaction_id"]]


def _extended(sample: Sample, more: Mapping[str, Mapping[str, np.ndarray]]) -> Sample:
    splits = {
        name: Split(np.column_stack([part.rows, *more[name].values()]), part.labels, part.kinds, part.texts)
        for name, part in sample.splits.items()
    }
    return Sample((*sample.columns, *next(iter(more.values()))), splits)
