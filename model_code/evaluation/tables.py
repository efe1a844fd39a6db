"""The tables of evaluation.json in Markdown, for the command's report and for docs/evaluation.md."""

from collections.abc import Mapping, Sequence
from typing import Any

Facts = Mapping[str, Any]

_TITLES = {
    "average_precision": "average precision",
    "precision_at_100": "precision at 100",
    "recall_at_1pct_fpr": "recall at 1 % false positives",
    "recall_at_1pct_budget": "recall at 1 % budget",
}
PROBABILITIES = ("xgboost before calibration", "xgboost, real-time view", "xgboost ranker", "xgboost, batch view")
"""The models whose scores are meant as probabilities."""


def targets(facts: Facts) -> str:
    """What was asked for and what was measured."""
    rows = [
        [target["what"], f"{target['asked']:.3f}", _shown(target | {"value": target["measured"]}), _yes(target)]
        for target in facts["targets"]
    ]
    return _table(["target", "asked", "measured", "reached"], rows) + "\n"


def chapters(facts: Facts) -> str:
    """Each ledger's tables under a heading of their own."""
    return "\n".join(_chapter(name, ledger) for name, ledger in facts["ledgers"].items())


def _chapter(name: str, ledger: Facts) -> str:
    rows = [
        [model, *(_shown(judged["figures"][figure]) for figure in _TITLES)]
        for model, judged in ledger["models"].items()
    ]
    lines = [
        f"### {name}",
        "",
        "Test: {rows:,} rows, {anomalies:,} anomalies.".format_map(ledger["test"]),
        "",
        _table(["model", *_TITLES.values()], rows),
    ]
    if ledger["leave_one_kind_out"]:
        lines += ["", *_kinds(ledger), "", *_unseen(ledger), "", *_calibration(ledger)]
    if ledger["weekly_forecasts"]:
        lines += ["", *_weekly(ledger)]
    return "\n".join([*lines, ""])


def _kinds(ledger: Facts) -> list[str]:
    kinds = list(ledger["leave_one_kind_out"])
    rows = [
        [name, *(f"{judged['recall_at_1pct_fpr_by_kind'][kind]:.2f}" for kind in kinds)]
        for name, judged in ledger["models"].items()
        if "random" not in name
    ]
    return ["Recall at 1 % false positives, by kind:", "", _table(["model", *kinds], rows)]


def _unseen(ledger: Facts) -> list[str]:
    kinds = ledger["leave_one_kind_out"]
    above = ledger["leave_one_kind_out_above_isolation_forest"]
    rows = [
        [name, *(f"{recalls[name]:.2f}" for recalls in kinds.values()), _shown(mean), _shown(above[name])]
        for name, mean in ledger["leave_one_kind_out_mean"].items()
    ]
    return [
        "Leave one kind out: the same, on the kind that training never showed:",
        "",
        _table(["model", *kinds, "mean", "above the forest's"], rows),
    ]


def _calibration(ledger: Facts) -> list[str]:
    models = ledger["models"]
    rows = [[name, f"{models[name]['brier']:.5f}"] for name in PROBABILITIES if name in models]
    return ["Brier score (mean squared error of the probability):", "", _table(["model", "Brier"], rows)]


def _weekly(ledger: Facts) -> list[str]:
    rows = []
    for field, found in ledger["weekly_forecasts"].items():
        for name, error in found["errors"].items():
            gain, within = found["gains"][name], f"{found['within_95'][name]:.3f}"
            counts = [str(found["series"]), str(found["weeks"])]
            rows.append([field, *counts, name, f"{error:.3f}", _shown(gain), within, str(found["failed"][name])])
    header = ["series by", "series", "weeks", "model", "mean absolute error", "share below naive", "weeks within 95 %"]
    title = "Weekly spend, one week ahead (error of ln(1 + spend); brackets: weeks drawn anew):"
    return [title, "", _table([*header, "failed series"], rows)]


def _yes(target: Facts) -> str:
    return "yes" if target["reached"] else "no"


def _shown(figure: Facts) -> str:
    return "{value:.3f} [{low:.3f}, {high:.3f}]".format_map(figure)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
