"""The evaluation as pictures, one PNG each; drawn without a display."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model_code.evaluation.comparison import BEFORE_CALIBRATION, Comparison, Judged
from model_code.evaluation.tables import PROBABILITIES
from model_code.training.metrics import Ranking

COLOURS = {
    "rules": "#9a9a9a",
    "isolation forest": "#c8a24a",
    "xgboost, raw fields": "#7fa6c9",
    "xgboost, real-time view": "#14507a",
    "xgboost": "#7fa6c9",
    "xgboost before calibration": "#e08a3c",
    "xgboost, tuned": "#4d8f9e",
    "xgboost ranker": "#3aa6a0",
    "xgboost + text surprise": "#b05f8f",
    "xgboost + weekly residuals": "#8c6d46",
    "xgboost + isolation forest": "#6a4c93",
    "random split (a mistake)": "#d9534f",
    "xgboost, batch view": "#2f7d4f",
    "xgboost, batch without cost centre": "#8fc1a3",
    "xgboost that has seen the kind": "#14507a",
}
MAIN = set(COLOURS) - {
    BEFORE_CALIBRATION,
    "xgboost + text surprise",
    "xgboost + weekly residuals",
    "xgboost, tuned",
}
"""Drawn in the curves and bars: the others all but hide behind the real-time view's and stand in the table."""
BINS = 12
BUDGETS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5)
"""Percent of the rows."""
FEW = "disputed"
"""The kind of weak labels: so few that precision stays near zero, and a scale up to 1 would show nothing."""
REASONS = 15


def draw(folder: Path, comparison: Comparison) -> list[Path]:
    """Write the plots of one ledger into the folder; returns their paths."""
    pictures: dict[str, Callable[[Axes, Comparison], None]] = {"pr-curve": _pr_curve, "review-budget": _review_budget}
    pictures["calibration"] = _calibration
    if comparison.unseen:
        pictures |= {"recall-by-kind": _recall_by_kind, "unseen-kinds": _unseen_kinds, "reason-codes": _reason_codes}
    if comparison.forecasts:
        pictures["weekly-forecasts"] = _forecasts
    paths = []
    for name, picture in pictures.items():
        path = folder / f"{comparison.ledger.name}-{name}.png"
        with _axes(path) as axes:
            picture(axes, comparison)
        paths.append(path)
    return paths


@contextmanager
def _axes(path: Path) -> Generator[Axes]:
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    yield axes
    figure.savefig(path, dpi=110)


def _pr_curve(axes: Axes, comparison: Comparison) -> None:
    for name, judged in _main(comparison).items():
        ranking = Ranking.of(judged.labels, judged.scores)
        found = ranking.true_positives
        precision = found / (found + ranking.false_positives)
        area = judged.figures["average_precision"].value
        dashed = "--" if "random" in name else "-"
        axes.plot(
            found / found[-1], precision, dashed, color=COLOURS[name], label=f"{name} ({area:.2f})", linewidth=1.6
        )
    _label(axes, comparison, "precision against recall (in brackets: average precision)", "recall", "precision")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    _legend(axes)


def _review_budget(axes: Axes, comparison: Comparison) -> None:
    for name, judged in _main(comparison).items():
        if "random" in name:
            continue
        budget = np.unique(np.geomspace(20, len(judged.labels) * 0.05, 60).astype(int))
        ranked = np.cumsum(judged.labels[np.argsort(-judged.scores, kind="stable")] > 0)
        share = 100 * budget / len(judged.labels)
        axes.plot(share, ranked[budget - 1] / budget, color=COLOURS[name], label=name, linewidth=1.6)
    axes.axvline(1, color="#444444", linestyle=":", linewidth=1)
    axes.set_xscale("log")
    axes.set_xticks(BUDGETS, [f"{budget:g}" for budget in BUDGETS])
    axes.set_xticks([], minor=True)
    axes.set_ylim(0, None if FEW in comparison.models["isolation forest"].by_kind else 1.02)
    _label(axes, comparison, "precision at a review budget", "rows that people look at, % of all", "precision")
    _legend(axes)


def _calibration(axes: Axes, comparison: Comparison) -> None:
    axes.plot([1e-5, 1], [1e-5, 1], ":", color="#444444", linewidth=1, label="as predicted")
    for name in PROBABILITIES:
        if name not in comparison.models:
            continue
        judged = comparison.models[name]
        edges = np.concatenate([np.geomspace(1e-4, 1, BINS), [1.001]])
        which = np.digitize(judged.scores, edges)
        bins = [bin_ for bin_ in np.unique(which) if np.sum(judged.labels[which == bin_] > 0) > 0]
        predicted = [judged.scores[which == bin_].mean() for bin_ in bins]
        axes.plot(
            predicted,
            [judged.labels[which == bin_].mean() for bin_ in bins],
            "o-",
            color=COLOURS[name],
            label=name,
            markersize=4,
        )
    axes.set(xscale="log", yscale="log", xlim=(1e-5, 1.2), ylim=(1e-5, 1.2))
    _label(axes, comparison, "calibration", "predicted probability (mean of a bin)", "observed share of anomalies")
    _legend(axes)


def _recall_by_kind(axes: Axes, comparison: Comparison) -> None:
    kinds = list(comparison.unseen)
    shown = {name: judged.by_kind for name, judged in _main(comparison).items() if "random" not in name}
    _bars(axes, kinds, {name: [by_kind[kind] for kind in kinds] for name, by_kind in shown.items()})
    _label(axes, comparison, "recall at 1 % false positives, by kind", "", "recall")


def _unseen_kinds(axes: Axes, comparison: Comparison) -> None:
    kinds = list(comparison.unseen)
    names = list(next(iter(comparison.unseen.values())))
    seen = comparison.models["xgboost, real-time view"].by_kind
    recalls = {name: [comparison.unseen[kind][name] for kind in kinds] for name in names}
    _bars(axes, kinds, recalls | {"xgboost that has seen the kind": [seen[kind] for kind in kinds]})
    _label(axes, comparison, "a kind that training never showed: recall at 1 % false positives", "", "recall")


def _reason_codes(axes: Axes, comparison: Comparison) -> None:
    largest = list(comparison.reasons.items())[:REASONS][::-1]
    axes.barh([name for name, _ in largest], [size for _, size in largest], color="#14507a")
    axes.grid(axis="y", visible=False)
    title = "mean size of each reason over the 100 highest alerts"
    _label(axes, comparison, title, "contribution to the score (log-odds)", "")


def _forecasts(axes: Axes, comparison: Comparison) -> None:
    fields = list(comparison.forecasts)
    names = list(comparison.forecasts[fields[0]].errors)
    width = 0.82 / len(names)
    for index, name in enumerate(names):
        places = np.arange(len(fields)) + (index - (len(names) - 1) / 2) * width
        heights = [comparison.forecasts[field].errors[name] for field in fields]
        bars = axes.bar(places, heights, width * 0.92, label=name, color=("#9a9a9a", "#14507a", "#2f7d4f")[index])
        axes.bar_label(bars, fmt="%.3f", fontsize=9)
    labels = [f"{field} ({comparison.forecasts[field].series} series)" for field in fields]
    axes.set_xticks(np.arange(len(fields)), labels)
    axes.grid(axis="x", visible=False)
    title = "weekly spend, one week ahead: mean absolute error"
    _label(axes, comparison, title, "", "of ln(1 + spend); naive: last week again")
    _legend(axes)


def _main(comparison: Comparison) -> dict[str, Judged]:
    return {name: judged for name, judged in comparison.models.items() if name in MAIN}


def _bars(axes: Axes, kinds: list[str], recalls: dict[str, list[float]]) -> None:
    width = 0.82 / len(recalls)
    for index, (name, values) in enumerate(recalls.items()):
        places = np.arange(len(kinds)) + (index - (len(recalls) - 1) / 2) * width
        axes.bar(places, values, width * 0.92, label=name, color=COLOURS[name])
    axes.set_xticks(np.arange(len(kinds)), [kind.replace("_", " ") for kind in kinds])
    axes.grid(axis="x", visible=False)
    axes.set_ylim(0, 1.02)
    _legend(axes)


def _label(axes: Axes, comparison: Comparison, title: str, x: str, y: str) -> None:
    axes.set_title(f"{comparison.ledger.name}: {title}", loc="left", fontsize=11)
    axes.set(xlabel=x, ylabel=y)


def _legend(axes: Axes) -> None:
    axes.figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
