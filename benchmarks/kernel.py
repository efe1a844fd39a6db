"""`python -m benchmarks.kernel`: the kernel beside XGBoost, the CSV parser beside Python and pandas, in one process.

Prints a table and writes build/bench/kernel.json. One thread. Every contender gives the same numbers, which is checked
before anything is timed.
"""

import argparse
import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost

from benchmarks.turns import ROUNDS, in_turns, summary
from model_code.algorithms.gradient_boosting import Matrix, score, to_bytes
from model_code.native.build import NativeError
from model_code.native.library import Library, Unread, load_library
from model_code.serving.flatten import flatten
from model_code.serving.kernel import TOLERANCE, Kernel
from model_code.serving.python_parsing import parse_csv

FEATURES, TREES, DEPTH = 30, 400, 7
SIZES = {1: 200, 1_000: 5, 10_000: 1}
"""Rows of a body, and how often a round repeats it."""
REPORT = Path(__file__).resolve().parent.parent / "build" / "bench" / "kernel.json"


def data(count: int) -> Matrix:
    """Return normal numbers, one in fifty missing."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(count, FEATURES))
    rows[random.random(rows.shape) < 0.02] = np.nan  # noqa: PLR2004 - one in fifty
    return rows


def model(rows: Matrix) -> xgboost.Booster:
    """Return a two-class model of the size that the facts were measured with."""
    labels = np.nansum(rows[:, :5], axis=1) + np.random.default_rng(1).normal(size=len(rows)) > 0
    parameters = {"objective": "binary:logistic", "max_depth": DEPTH, "nthread": 1, "seed": 0}
    return xgboost.train(parameters, xgboost.DMatrix(rows, labels), TREES)


def scoring(booster: xgboost.Booster, kernel: Kernel, rows: Matrix, calls: int) -> dict[str, object]:
    """Time both predictors on the rows."""
    difference = float(np.abs(kernel.predict(rows) - score(booster, rows)).max())
    if not difference <= TOLERANCE:
        sys.exit(f"The kernel is {difference} off; nothing was measured.")
    contenders = {"kernel": lambda: kernel.predict(rows), "inplace_predict": lambda: score(booster, rows)}
    times = summary(in_turns(contenders, calls=calls), "kernel")
    return {"work": "score", "rows": len(rows), "max_difference": difference, "contenders": times}


def reading(library: Library, numbers: str, rows: Matrix, calls: int) -> dict[str, object]:
    """Time the three parsers on the rows as CSV; all three round to the nearest double."""
    body = "\n".join(",".join("" if np.isnan(value) else repr(float(value)) for value in row) for row in rows).encode()
    columns = [f"f{column}" for column in range(FEATURES)]
    contenders = {
        "C": lambda: library.parse_csv(body, FEATURES),
        "Python": lambda: parse_csv(body, columns),
        "pandas": lambda: pd.read_csv(io.BytesIO(body), header=None).to_numpy(np.float64),
    }
    for name, read in contenders.items():
        found = read()
        if isinstance(found, Unread) or not np.array_equal(found, rows, equal_nan=True):
            sys.exit(f"{name} reads other numbers; nothing was measured.")
    times = summary(in_turns(contenders, calls=calls), "C")
    return {"work": f"read CSV, {numbers}", "rows": len(rows), "bytes": len(body), "contenders": times}


def table(measured: list[dict]) -> str:
    """Return the lines of the table."""
    lines = [f"{'work':<24}{'rows':>8}  {'contender':<16}{'median us':>12}{'times ours':>12}"]
    lines += [
        f"{each['work']:<24}{each['rows']:>8}  {name:<16}{times['median_us']:>12}{times['times_ours']:>12}"
        for each in measured
        for name, times in each["contenders"].items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, write."""
    try:
        library = load_library()
    except NativeError as error:
        sys.exit(str(error))
    rows = data(max(SIZES))
    booster = model(rows)
    kernel = Kernel(library, flatten(to_bytes(booster)))
    bodies = {"17 digits": rows, "2 decimals": np.round(rows, 2)}
    measured = [scoring(booster, kernel, rows[:count], calls) for count, calls in SIZES.items()]
    measured += [
        reading(library, numbers, values[:count], calls)
        for numbers, values in bodies.items()
        for count, calls in SIZES.items()
    ]
    report = {"model": {"features": FEATURES, "trees": TREES, "depth": DEPTH}, "rounds": ROUNDS, "measured": measured}
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(measured))


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m benchmarks.kernel", description=__doc__).parse_args()
    main()
