"""The published anchor: the Fraud Detection Handbook's simulated transactions, by its protocol.

`python -m model_code.evaluation.handbook --data FOLDER` reads the book's transactions (CSV or Parquet; the book ships
pickles, which nothing here opens: convert them in an environment of your own) and prints our figures beside the
published ones. The protocol is the book's: Le Borgne et al., "Reproducible Machine Learning for Credit Card Fraud
Detection", chapters 3 (baseline features and split) and 5 (tuned): train 25 to 31 July 2018, labels seven days late,
test 8 to 14 August. Written from its text; its code and data aren't part of this project.
"""

import argparse
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xgboost

from model_code.algorithms.parameters import FIXED_PARAMETERS
from model_code.arrays import Vector
from model_code.errors import InputError
from model_code.training.metrics import Ranking

FIELDS = ("TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD")
WINDOWS = (1, 7, 30)
DELAY = 7
DAYS = 7
FIRST_DAY = pd.Timestamp("2018-07-25")
CARDS = 100


class Row(NamedTuple):
    """Area under the ROC, average precision, and the precision among the 100 cards that a day's review looks at."""

    roc_auc: float
    average_precision: float
    card_precision_at_100: float


PUBLISHED = {"chapter 3, defaults": Row(0.862, 0.639, 0.273), "chapter 5, tuned": Row(0.869, 0.687, 0.303)}
# XGBoost's defaults of the book's time, which moved since: base_score 0.5 and exact cuts.
SETTINGS = {
    "chapter 3, defaults": {"max_depth": 6, "learning_rate": 0.3, "tree_method": "exact"},
    "chapter 5, tuned": {"max_depth": 3, "learning_rate": 0.1, "tree_method": "exact"},
}
TREES = 100


def read(folder: Path) -> pd.DataFrame:
    """Return the transactions of all CSV and Parquet files in a folder, in order of time.

    Raises:
        InputError: there is none, or a file can't be read, lacks one of the book's columns, or holds other values.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix in {".csv", ".parquet"})
    if not files:
        raise InputError(f"{folder} holds no .csv or .parquet file; expected the handbook's transactions.")
    return pd.concat([_part(path) for path in files], ignore_index=True).sort_values("TX_DATETIME", ignore_index=True)


def _part(path: Path) -> pd.DataFrame:
    with _readable(path):
        part = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    if lacking := [name for name in FIELDS if name not in part.columns]:
        raise InputError(f"{path.name} has no column {', '.join(lacking)}; expected {', '.join(FIELDS)}.")
    with _readable(path):
        numbers = {name: pd.to_numeric(part[name]) for name in ("TX_AMOUNT", "TX_FRAUD")}
        return part[list(FIELDS)].assign(TX_DATETIME=pd.to_datetime(part["TX_DATETIME"], format="ISO8601"), **numbers)


@contextmanager
def _readable(path: Path) -> Generator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path.name} can't be read as the handbook's transactions: {error}") from error


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the book's fifteen features, row by row.

    A terminal's risk is the share of fraud in a window that ends DELAY days before, as labels come late.
    """
    found = {
        "amount": rows["TX_AMOUNT"],
        "weekend": (rows["TX_DATETIME"].dt.day_of_week >= 5).astype(float),  # noqa: PLR2004 (Saturday)
        "night": (rows["TX_DATETIME"].dt.hour <= 6).astype(float),  # noqa: PLR2004 (the book's night ends so)
    }
    for days in WINDOWS:
        number, spend = (_rolling(rows, "CUSTOMER_ID", name, days) for name in ("one", "TX_AMOUNT"))
        found[f"customer_number_{days}d"], found[f"customer_mean_{days}d"] = number, spend / number
        late = {name: _rolling(rows, "TERMINAL_ID", name, DELAY + days) for name in ("one", "TX_FRAUD")}
        early = {name: _rolling(rows, "TERMINAL_ID", name, DELAY) for name in ("one", "TX_FRAUD")}
        number, fraud = (late[name] - early[name] for name in ("one", "TX_FRAUD"))
        found[f"terminal_number_{days}d"] = number
        found[f"terminal_risk_{days}d"] = (fraud / number).fillna(0.0)
    return pd.DataFrame(found, index=rows.index)


def _rolling(rows: pd.DataFrame, by: str, name: str, days: int) -> pd.Series:
    """The sum of a column over the days up to each row, this one included, for the same `by`."""
    timed = rows.assign(one=1.0).set_index("TX_DATETIME")
    sums = timed.groupby(by)[name].rolling(f"{days}D").sum()
    order = rows.assign(at=rows.index).set_index("TX_DATETIME").groupby(by)["at"].rolling(f"{days}D").max()
    return pd.Series(sums.to_numpy(), index=order.to_numpy(dtype=int)).reindex(rows.index)


def split(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return which rows are learnt from and which are judged: of a card known as compromised, none is judged."""
    day = (rows["TX_DATETIME"].dt.normalize() - FIRST_DAY).dt.days
    train = day.between(0, DAYS - 1)
    fraud = rows["TX_FRAUD"] > 0
    judged = pd.Series(data=False, index=rows.index)
    for number in range(DAYS):
        known = set(rows.loc[fraud & day.between(0, DAYS + number - 1), "CUSTOMER_ID"])
        judged |= (day == DAYS + DELAY + number) & ~rows["CUSTOMER_ID"].isin(known)
    return train, judged


def card_precision(rows: pd.DataFrame, scores: Vector, cards: int = CARDS) -> float:
    """Return the mean over days of the compromised share of the cards that score highest; a found card leaves."""
    scored = rows.assign(score=scores, day=rows["TX_DATETIME"].dt.normalize())
    found: set[object] = set()
    precisions = []
    for _, day in scored.groupby("day"):
        of_card = day[~day["CUSTOMER_ID"].isin(found)].groupby("CUSTOMER_ID")[["score", "TX_FRAUD"]].max()
        top = of_card.sort_values("score", ascending=False, kind="stable").head(cards)
        compromised = top.index[top["TX_FRAUD"] > 0]
        found |= set(compromised)
        precisions.append(len(compromised) / cards)
    return float(np.mean(precisions))


def judge(rows: pd.DataFrame, table: pd.DataFrame, settings: Mapping[str, object]) -> Row:
    """Train by the book's split and return the three figures.

    Raises:
        InputError: one of the two weeks lacks frauds or ordinary transactions.
    """
    train, judged = split(rows)
    labels = rows["TX_FRAUD"].to_numpy(dtype=np.float32)
    for name, week in (("learnt from (25 to 31 July 2018)", train), ("judged (8 to 14 August 2018)", judged)):
        if set(np.unique(labels[week])) != {0.0, 1.0}:
            raise InputError(
                f"Of the transactions to be {name}, {int(week.sum())} are there and {int(labels[week].sum())} are "
                "frauds; expected both frauds and others. Hand in the book's whole simulation."
            )
    used = {name: value for name, value in FIXED_PARAMETERS.items() if name not in {"max_bin", "sampling_method"}}
    parameters = used | {"objective": "binary:logistic", "seed": 0, "nthread": 1} | dict(settings)
    model = xgboost.train(parameters, xgboost.DMatrix(table[train], labels[train]), num_boost_round=TREES)
    scores = model.predict(xgboost.DMatrix(table[judged]))
    ranking = Ranking.of(labels[judged], scores)
    return Row(ranking.roc_auc(), ranking.average_precision(), card_precision(rows[judged], scores))


def main(arguments: list[str] | None = None) -> int:
    """Print ours and the published figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m model_code.evaluation.handbook", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the book's transactions, CSV or Parquet")
    try:
        rows = read(parser.parse_args(arguments).data)
        table = features(rows)
        sys.stdout.write(f"{'':22}{'AUC':>18}{'AP':>18}{'CardP@100':>18}   (ours / published)\n")
        for name, settings in SETTINGS.items():
            pairs = zip(judge(rows, table, settings), PUBLISHED[name], strict=True)
            sys.stdout.write(f"{name:22}" + "".join(f"{ours:10.3f} / {theirs:.3f}" for ours, theirs in pairs) + "\n")
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
