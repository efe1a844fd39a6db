"""All series of a ledger: forecasts with intervals, alerts on weeks out of bounds, and which model was best."""

import dataclasses
import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from model_code.etl.periods import GAP_DAYS, stray_days
from model_code.forecasting.models import MODELS, Model, OneStep, Series
from model_code.forecasting.weekly import in_logs, weekly_spend

NORMAL_95, NORMAL_99 = 1.96, 2.576
ALERT_WEEKS = 13
"""A quarter: the weeks that are judged, by what the weeks before let expect."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Run:
    """What one model said of the series' last weeks; a series that couldn't be estimated stands among the failed."""

    actual: pd.DataFrame
    steps: Mapping[str, OneStep]
    failed: Mapping[str, str]

    def misses(self) -> dict[str, Series]:
        """Each series' absolute errors of one week ahead, of the log spend, week by week."""
        return {name: np.abs(step.expected[:-1] - self.actual[name].to_numpy()) for name, step in self.steps.items()}

    def error(self) -> float:
        """Mean absolute error over all series and weeks."""
        return float(np.mean(list(self.misses().values()))) if self.steps else float("nan")

    def within(self, width: float = NORMAL_95) -> float:
        """The share of weeks, over all series, inside the interval of `width` standard deviations to each side."""
        inside = [miss <= width * self.steps[name].deviation for name, miss in self.misses().items()]
        return float(np.mean(inside)) if inside else float("nan")


def run(spend: pd.DataFrame, model: Model, weeks: int) -> Run:
    """Estimate each series on all but its last `weeks` weeks, then walk through these one by one."""
    logs = in_logs(spend)
    steps, failed = {}, {}
    for name, values in logs.items():
        try:
            steps[str(name)] = model(values.to_numpy()[:-weeks], values.to_numpy()[-weeks:])
        except Exception as error:  # noqa: BLE001 - whatever a library raises on one odd series, the others go on
            failed[str(name)] = f"{type(error).__name__}: {error}"
            logger.warning("no forecast", extra={"facts": {"series": str(name), "reason": failed[str(name)]}})
    return Run(logs.tail(weeks), steps, failed)


def forecast(ledger: pd.DataFrame, fields: tuple[str, ...], *, model: str = "ETS") -> dict[str, Any]:
    """Return the artifact: next week's forecast of each series with its 95 % interval, and last quarter's alerts.

    Single rows far from all others are left out and named (`left_out`): one stray year would make every series a rare
    one. Every figure is in the ledger's currency. JSON and nothing else: the parameters stand in it as numbers.

    Raises:
        InputError: the ledger lacks a column or has no rows.
    """
    ledger, strays = _without_strays(ledger)
    document: dict[str, Any] = {"version": 1, "unit": "week", "model": model, "series": [], "alerts": [], "failed": []}
    document["left_out"] = [{"day": str(day), "rows": rows} for day, rows in sorted(strays.items())]
    for field in fields:
        spend = weekly_spend(ledger, field)
        found = run(spend, MODELS[model], ALERT_WEEKS)
        document["failed"] += [{"by": field, "key": key, "reason": reason} for key, reason in found.failed.items()]
        for key, step in found.steps.items():
            document["series"].append({"by": field, "key": key, **_next_week(found.actual.index[-1], step)})
            document["alerts"] += [{"by": field, "key": key, **alert} for alert in _alerts(found.actual[key], step)]
    return document


def _without_strays(ledger: pd.DataFrame) -> tuple[pd.DataFrame, dict[date, int]]:
    if "transaction_date" not in ledger.columns:
        return ledger, {}
    days = pd.to_datetime(ledger["transaction_date"]).dt.date
    strays = stray_days(days.value_counts().to_dict(), gap=GAP_DAYS)
    return ledger[~days.isin(list(strays))], strays


def _next_week(last: pd.Timestamp, step: OneStep) -> dict[str, Any]:
    week = str((last + pd.Timedelta(days=7)).date())
    return {"week": week, **_money(step.expected[-1], step.deviation, NORMAL_95), "parameters": dict(step.parameters)}


def _alerts(actual: pd.Series, step: OneStep) -> list[dict[str, Any]]:
    """The weeks outside of the 99 % interval that the weeks before them gave."""
    bound = NORMAL_99 * step.deviation
    return [
        {"week": str(week.date()), "spend": _amount(value), **_money(expected, step.deviation, NORMAL_99)}
        for week, value, expected in zip(actual.index, actual, step.expected, strict=False)
        if abs(value - expected) > bound
    ]


def _money(expected: float, deviation: float, width: float) -> dict[str, float]:
    bounds = {"expected": 0.0, "low": -width * deviation, "high": width * deviation}
    return {name: _amount(expected + distance) for name, distance in bounds.items()}


def _amount(log_spend: float) -> float:
    return round(float(np.expm1(max(log_spend, 0.0))), 2)
