"""The figures that issue 6 asks for, and whether they were reached."""

from collections.abc import Mapping
from typing import NamedTuple

from model_code.evaluation.comparison import Comparison


class Target(NamedTuple):
    """What was asked for and what was measured, with its interval."""

    what: str
    asked: float
    measured: float
    low: float
    high: float

    @property
    def reached(self) -> bool:
        """Whether the measured figure is at least what was asked for."""
        return self.measured >= self.asked


def targets(comparisons: Mapping[str, Comparison]) -> list[Target]:
    """The targets on the real ledger; none where it isn't there."""
    found = []
    if "toronto" in comparisons:
        found += _injected(comparisons["toronto"])
    if "toronto-weak" in comparisons:
        weak = comparisons["toronto-weak"].models["xgboost, real-time view"].figures["recall_at_1pct_budget"]
        found.append(Target("weak labels: recall at a 1 % budget, 2019", 0.27, *weak))
        gains = comparisons["toronto-weak"].forecasts["office"].gains
        for name in ("ETS", "ARIMA"):
            found.append(
                Target(f"weekly spend of offices: error of {name} below last week's, share", 0.10, *gains[name])
            )
    return found


def _injected(comparison: Comparison) -> list[Target]:
    models = {name: judged.figures for name, judged in comparison.models.items()}
    realtime, batch = models["xgboost, real-time view"], models["xgboost, batch view"]
    return [
        Target("real time: AP against raw fields, times", 2.0, *comparison.times_precision["xgboost, raw fields"]),
        Target("real time: AP against rules, times", 5.0, *comparison.times_precision["rules"]),
        Target("real time: precision among the first 100", 0.95, *realtime["precision_at_100"]),
        Target("batch: AP", 0.85, *batch["average_precision"]),
        Target("batch: recall at 1 % false positives", 0.90, *batch["recall_at_1pct_fpr"]),
        Target(
            "kind never seen: mean recall above the forest's alone",
            0.0,
            *comparison.unseen_gains["xgboost + isolation forest"],
        ),
    ]
