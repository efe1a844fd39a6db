"""card.json: the facts of a model card, for whoever approves, reviews or audits the model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model_code import view_names
from model_code.arrays import Vector
from model_code.training.channel import SPLITS, Channel
from model_code.training.metrics import FALSE_POSITIVE_RATE, Ranking

BUDGET = 0.01
"""People can look at one row in a hundred."""
INTENDED_USE = {
    view_names.REALTIME: "Sorts purchase-card transactions at authorisation time, so that people review the most "
    "unusual ones first. A person decides on every alert.",
    view_names.BATCH: "Sorts the purchase-card transactions of whole months, so that people review the most unusual "
    "ones first. A person decides on every alert.",
}
NOT_INTENDED = (
    "Declining a purchase, sanctioning a card holder or judging a person or merchant without a person's review.",
    "Ledgers with another meaning of the fields than the one it was trained on.",
)
LIMITS = (
    "It learns its labels: figures on injected anomalies are a regression test, no claim of finding fraud.",
    "A kind of anomaly that training never showed is mostly missed (docs/evaluation.md has the figures).",
    "Scores are probabilities at the training ledger's rate of anomalies only.",
    "The order of purchases within a day is unknown.",
)
USED = {
    view_names.REALTIME: "Only fields known at authorisation are used.",
    view_names.BATCH: "It also uses the cost centre and what followed a purchase, as far as the ledger goes: no "
    "endpoint can serve it, and of a month's last days it knows less. "
    "In training it knew each purchase's later ones, credits after a dispute among them, up to the ledger's end.",
}


def thresholds(labels: Vector, scores: Vector) -> dict[str, object]:
    """Return the scores from which on rows are alerted, chosen on these rows: for a review budget, for a fall-out.

    Without an anomaly among them, or where the highest score of all is many ordinary rows', there is no fall-out to
    choose by.
    """
    alerts = max(1, int(len(scores) * BUDGET))
    chosen: dict[str, object] = {"chosen_on": "validation", "review_budget_1pct": float(np.sort(scores)[-alerts])}
    if labels.any() and np.isfinite(lowest := Ranking.of(labels, scores).threshold_at(FALSE_POSITIVE_RATE)):
        chosen["false_positives_1pct"] = lowest
    return chosen


def model_card(
    channel: Channel, *, model: Mapping[str, Any], metrics: Mapping[str, Any], limits: Sequence[str] = LIMITS
) -> dict[str, Any]:
    """Return the card: `model` holds what the training says of itself (algorithm, hyperparameters, thresholds, ...)."""
    labels = {name: getattr(channel, name).labels for name in SPLITS}
    data = {
        "manifest_sha256": channel.manifest_sha256,
        "ledger_sha256": channel.manifest.get("ledger_sha256"),
        "view": channel.manifest["view"],
        "periods": channel.manifest.get("periods", {}),
        "rows": {name: len(found) for name, found in labels.items()},
        "anomalies": {name: int(np.sum(found > 0)) for name, found in labels.items()},
        "features": len(channel.columns),
        "labels": channel.manifest["labels"],
        "decisions": channel.manifest["decisions"],
        "meanings": channel.manifest["meanings"],
    }
    view = channel.manifest["view"]
    use = {"intended_use": INTENDED_USE[view], "not_intended": NOT_INTENDED, "limits": [*limits, USED[view]]}
    shown = {name: value for name, value in metrics.items() if name not in {"slices", "champion"}}
    return {"version": 1, **model, "data": data, "metrics": shown, "slices": metrics["slices"], **use}
