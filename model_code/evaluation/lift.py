"""What a review of one purchase in a hundred finds, without any label to learn from.

The forest of `make score` beside "largest amount first" and rules, on what Toronto's staff called disputed.

`make bench-score` writes build/bench/score.json (docs/score.json is a copy of one run's).
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model_code.algorithms.gradient_boosting import unlearnt
from model_code.algorithms.isolation_trees import add_isolation
from model_code.algorithms.protocol import Labelled
from model_code.algorithms.rules import Rules
from model_code.arrays import Vector
from model_code.etl.periods import Period
from model_code.evaluation.ledgers import TORONTO_FILE, Ledger, toronto_weak
from model_code.evaluation.protocol import take
from model_code.features.views import REALTIME
from model_code.training.channel import Split
from model_code.training.lift import BUDGET, among_first, compared

PROJECT = Path(__file__).resolve().parents[2]
YEARS = (2017, 2018, 2019)
FOREST, AMOUNT, RULES = "forest of make score", "largest amount first", "rules"
SEED = 17


def measure(data: Path) -> dict[str, Any]:
    """Review each year with what was learnt of the years before; returns the shares found, with intervals."""
    ledger = toronto_weak(data)
    days = ledger.rows["transaction_date"].dt
    first, last = days.date.min(), days.date.max()
    whole = take(Ledger(ledger.name, ledger.rows, [Period("all", first, last)], ledger.thresholds), REALTIME)
    split = whole.splits["all"]
    by_id = ledger.rows.set_index("transaction_id")["transaction_date"].dt.year
    years = by_id.loc[split.texts["transaction_id"]].to_numpy()
    found: dict[str, list[Vector]] = {name: [] for name in (FOREST, AMOUNT, RULES)}
    for year in YEARS:
        before, now = _part(split, years < year), _part(split, years == year)
        for name, scores in _scores(before, now, whole.columns).items():
            found[name].append(among_first(scores, now.labels))
    hits = {name: np.concatenate(parts) for name, parts in found.items()}
    return {"years": list(YEARS), "budget": BUDGET, "purchases": int(np.isin(years, YEARS).sum()), **summary(hits)}


def summary(hits: Mapping[str, Vector]) -> dict[str, Any]:
    """How many of the disputed purchases each way found, and what the forest finds more; draws are the same for all."""
    figures = compared(hits, FOREST)
    return {
        "disputed": len(hits[FOREST]),
        "found": {name: each | {"purchases": int(hits[name].sum())} for name, each in figures["found"].items()},
        "more": figures["over"],
    }


def _part(split: Split, chosen: np.ndarray) -> Labelled:
    return Labelled(split.rows[chosen], split.labels[chosen])


def _scores(before: Labelled, now: Labelled, columns: tuple[str, ...]) -> dict[str, Vector]:
    forest = add_isolation(unlearnt(columns), [before], before, seed=SEED, keep=False)
    named = dict(zip(columns, now.rows.T, strict=True))
    return {
        FOREST: forest.inplace_predict(now.rows, predict_type="margin"),
        AMOUNT: (named["amount_log"] * (named["refund"] == 0)).astype(np.float32),
        RULES: Rules().fit(before, now, columns).score(now.rows),
    }


def table(measured: Mapping[str, Any]) -> str:
    """The figures for a document."""
    lines = ["| order of the review | disputed purchases found | share [95 % interval] |", "| --- | --- | --- |"]
    for name, each in measured["found"].items():
        lines.append(f"| {name} | {each['purchases']} of {measured['disputed']} | {_share(each)} |")
    more = " and ".join(f"{_share(each, ' points')} above {name}" for name, each in measured["more"].items())
    return "\n".join(lines) + f"\n\nThe forest's share lies {more}.\n"


def _share(figure: Mapping[str, float], unit: str = " %") -> str:
    value, low, high = (round(100 * figure[name]) for name in ("value", "low", "high"))
    return f"{value}{unit} [{low}, {high}]"


def main(arguments: list[str] | None = None) -> None:
    """Measure, where the real ledger lies beside the project."""
    parser = argparse.ArgumentParser(prog="python -m model_code.evaluation.lift", description=__doc__)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared/data", help="folder of the real ledger")
    parser.add_argument("--output", type=Path, default=PROJECT / "build/bench/score.json")
    options = parser.parse_args(arguments)
    if not (options.data / TORONTO_FILE).is_file():
        parser.exit(1, f"{options.data} holds no {TORONTO_FILE}; expected the real ledger (--data).\n")
    measured = measure(options.data)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(measured, indent=1) + "\n", encoding="ascii")
    sys.stdout.write(table(measured))


if __name__ == "__main__":
    main()
