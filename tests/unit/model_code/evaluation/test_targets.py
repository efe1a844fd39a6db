import dataclasses

import numpy as np
import pytest

from model_code.evaluation.comparison import Comparison, Judged
from model_code.evaluation.extras import Forecasts
from model_code.evaluation.figures import Figure
from model_code.evaluation.ledgers import generated
from model_code.evaluation.targets import Target, targets

LEDGER = generated(2000)
NAMES = ("average_precision", "precision_at_100", "recall_at_1pct_fpr", "recall_at_1pct_budget")


def judged(value: float) -> Judged:
    figures = dict.fromkeys(NAMES, Figure(value, value, value))
    return Judged(figures, {}, np.zeros(1, np.float32), np.zeros(1, np.float32), 0.0)


def toronto(realtime: float, *, raw: float = 0.2, both: float = 0.08) -> Comparison:
    models = {
        "xgboost, real-time view": realtime,
        "xgboost, batch view": 0.92,
        "xgboost, raw fields": raw,
        "rules": 0.1,
    }
    comparison = Comparison(LEDGER, {name: judged(value) for name, value in models.items()})
    comparison.unseen_gains["xgboost + isolation forest"] = Figure(both - 0.04, both - 0.05, both - 0.03)
    for baseline in ("xgboost, raw fields", "rules"):
        times = realtime / models[baseline]
        comparison.times_precision[baseline] = Figure(times, times - 0.1, times + 0.1)
    return comparison


def weak(recall: float, ets: float) -> Comparison:
    errors = {"naive": 0.8, "ETS": ets, "ARIMA": 0.7}
    gains = {name: Figure(1 - error / 0.8, 0.0, 1.0) for name, error in errors.items()}
    forecasts = {"office": Forecasts(11, 52, errors, dict.fromkeys(errors, 0), gains, dict.fromkeys(errors, 0.95))}
    return Comparison(LEDGER, {"xgboost, real-time view": judged(recall)}, forecasts=forecasts)


def reached(found: list[Target]) -> dict[str, bool]:
    return {target.what: target.reached for target in found}


def test_without_the_real_ledger_nothing_is_claimed() -> None:
    assert targets({"generated": toronto(0.9)}) == []


def test_what_is_reached_is_said_and_what_is_not_too() -> None:
    found = reached(targets({"toronto": toronto(0.96), "toronto-weak": weak(0.27, 0.72)}))
    assert all(found.values())
    assert len(found) == 9


@pytest.mark.parametrize(
    ("comparisons", "missed"),
    [
        ({"toronto": toronto(0.96, raw=0.5)}, "real time: AP against raw fields, times"),
        ({"toronto": toronto(0.49)}, "real time: AP against rules, times"),
        ({"toronto": toronto(0.94)}, "real time: precision among the first 100"),
        ({"toronto": toronto(0.96, both=0.03)}, "kind never seen: mean recall above the forest's alone"),
        ({"toronto-weak": weak(0.26, 0.72)}, "weak labels: recall at a 1 % budget, 2019"),
        ({"toronto-weak": weak(0.3, 0.73)}, "weekly spend of offices: error of ETS below last week's, share"),
    ],
)
def test_a_figure_below_what_was_asked_for_is_a_miss(comparisons: dict[str, Comparison], missed: str) -> None:
    assert reached(targets(comparisons))[missed] is False


def test_every_target_has_its_interval() -> None:
    found = targets({"toronto": toronto(0.96), "toronto-weak": weak(0.27, 0.72)})
    assert all(target.low <= target.measured <= target.high for target in found)
    assert (found[0].low, found[0].high) == pytest.approx((4.7, 4.9))


def test_the_recall_on_weak_labels_is_told_with_its_interval() -> None:
    comparison = weak(0.4, 0.72)
    figures = {**comparison.models["xgboost, real-time view"].figures, "recall_at_1pct_budget": Figure(0.4, 0.28, 0.54)}
    comparison.models["xgboost, real-time view"] = dataclasses.replace(judged(0.4), figures=figures)
    found = targets({"toronto-weak": comparison})
    assert (found[0].measured, found[0].low, found[0].high) == (0.4, 0.28, 0.54)
