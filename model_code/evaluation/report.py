"""The evaluation as JSON for machines and Markdown for people."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from model_code.evaluation.comparison import Comparison
from model_code.evaluation.figures import Figure
from model_code.evaluation.targets import Target

_TITLES = {
    "average_precision": "average precision",
    "precision_at_100": "precision at 100",
    "recall_at_1pct_fpr": "recall at 1 % false positives",
    "recall_at_1pct_budget": "recall at 1 % budget",
}
PROBABILITIES = ("xgboost before calibration", "xgboost, real-time view", "xgboost ranker", "xgboost, batch view")
"""The models whose scores are meant as probabilities."""
_INTRODUCTION = """# Evaluation

Figures on generated or injected anomalies are a regression test, no claim of finding fraud: a classifier learns the
injector. Leave-one-kind-out shows what is left when the kind was never seen. Brackets: 95 % intervals (bootstrap over
the rows of test). Everything was chosen on validation; test was looked at once per run.
"""


def write_report(folder: Path, comparisons: Mapping[str, Comparison], targets: Sequence[Target]) -> str:
    """Write evaluation.json and evaluation.md into the folder; returns the Markdown."""
    facts = {
        "ledgers": {name: comparison.facts() for name, comparison in comparisons.items()},
        "targets": [target._asdict() | {"reached": target.reached} for target in targets],
    }
    (folder / "evaluation.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    parts = [_INTRODUCTION, *(_chapter(comparison) for comparison in comparisons.values())]
    if targets:
        parts.append(_targets(targets))
    text = "\n".join(parts)
    (folder / "evaluation.md").write_text(text, encoding="utf-8")
    return text


def _chapter(comparison: Comparison) -> str:
    rows = [
        [name, *(_shown(judged.figures[figure]) for figure in _TITLES)] for name, judged in comparison.models.items()
    ]
    test = next(iter(comparison.models.values())).labels
    lines = [
        f"## {comparison.ledger.name}",
        "",
        f"Test: {len(test):,} rows, {int(np.sum(test > 0)):,} anomalies.",
        "",
        _table(["model", *_TITLES.values()], rows),
    ]
    if comparison.unseen:
        lines += ["", *_kinds(comparison), "", *_unseen(comparison), "", *_calibration(comparison)]
    if comparison.forecasts:
        lines += ["", *_weekly(comparison)]
    return "\n".join([*lines, ""])


def _kinds(comparison: Comparison) -> list[str]:
    kinds = list(comparison.unseen)
    rows = [
        [name, *(f"{judged.by_kind[kind]:.2f}" for kind in kinds)]
        for name, judged in comparison.models.items()
        if "random" not in name
    ]
    return ["Recall at 1 % false positives, by kind:", "", _table(["model", *kinds], rows)]


def _unseen(comparison: Comparison) -> list[str]:
    kinds = list(comparison.unseen)
    rows = []
    for name in next(iter(comparison.unseen.values())):
        recalls = [comparison.unseen[kind][name] for kind in kinds]
        rows.append([name, *(f"{recall:.2f}" for recall in recalls), f"{np.mean(recalls):.3f}"])
    return [
        "Leave one kind out: the same, on the kind that training never showed:",
        "",
        _table(["model", *kinds, "mean"], rows),
    ]


def _calibration(comparison: Comparison) -> list[str]:
    names = [name for name in PROBABILITIES if name in comparison.models]
    rows = [[name, f"{comparison.models[name].brier:.5f}"] for name in names]
    return ["Brier score (mean squared error of the probability):", "", _table(["model", "Brier"], rows)]


def _weekly(comparison: Comparison) -> list[str]:
    rows = []
    for field, found in comparison.forecasts.items():
        for name, error in found.errors.items():
            gain, within = found.gains[name], f"{found.within_95[name]:.3f}"
            failed = str(found.failed[name])
            rows.append(
                [field, str(found.series), str(found.weeks), name, f"{error:.3f}", _shown(gain), within, failed]
            )
    header = ["series by", "series", "weeks", "model", "mean absolute error", "share below naive", "weeks within 95 %"]
    title = "Weekly spend, one week ahead (error of ln(1 + spend); brackets: weeks drawn anew):"
    return [title, "", _table([*header, "failed series"], rows)]


def _targets(targets: Sequence[Target]) -> str:
    rows = [
        [target.what, f"{target.asked:.3f}", _measured(target), "yes" if target.reached else "no"] for target in targets
    ]
    return "## Targets\n\n" + _table(["target", "asked", "measured", "reached"], rows) + "\n"


def _measured(target: Target) -> str:
    if target.low is None or target.high is None:
        return f"{target.measured:.3f}"
    return _shown(Figure(target.measured, target.low, target.high))


def _shown(figure: Figure) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
