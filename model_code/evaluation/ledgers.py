"""The ledgers of the evaluation, labelled and divided by time: one generated, one real with injected or weak labels."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType

import pandas as pd

from model_code.errors import InputError
from model_code.etl.generator import generate
from model_code.etl.periods import Period, split_by_time
from model_code.features.fields import FIELDS
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold

TORONTO_FILE = "toronto_pcard_2016_2019.parquet"
INJECTOR_FILE = "inject.py"
# The City's own limit for a single purchase, visible in its amounts.
TORONTO_LIMIT = (Threshold(date(1900, 1, 1), 3000.0),)
INJECTED_PERIODS = (
    Period("train", date(2016, 1, 1), date(2018, 6, 30)),
    Period("validation", date(2018, 7, 1), date(2018, 12, 31)),
    Period("test", date(2019, 1, 1), date(2019, 12, 31)),
)
SEEDS = {"train": 100, "validation": 101, "test": 102}
# Staff find out late: three months between the last label that is learnt from and the first that is predicted.
WEAK_PERIODS = (
    Period("train", date(2016, 1, 1), date(2018, 9, 30)),
    Period("test", date(2019, 1, 1), date(2019, 12, 31)),
)
_DISPUTED = "DISPUT|FRAUD|COMPROMIS"
# Talk about fraud that isn't one: conferences, investigations' expenses, what has been settled.
_HARMLESS = "CONF|REFUND|RESOLV|TRANSCRIPT|INVESTIGAT|PREVENT|EXAMIN|TRAINING|COURSE|SEMINAR|WORKSHOP|FRAUD UNIT"


@dataclass(frozen=True)
class Ledger:
    """Rows in Atoll's schema with labels, and the periods to learn from and to be judged by."""

    name: str
    rows: pd.DataFrame
    periods: Sequence[Period]
    thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE


def generated(rows: int, *, seed: int = 7) -> Ledger:
    """The story's ledger, divided as ETL divides it.

    Raises:
        InputError: so few rows hold no ledger.
    """
    try:
        ledger = generate(rows, seed=seed)
    except ValueError as error:
        raise InputError(f"{error} Give more rows (--rows).") from None
    periods = split_by_time(ledger["transaction_date"].dt.date.value_counts().to_dict())
    return Ledger("generated", ledger, [period for period in periods if period.name != "live"])


def toronto_injected(folder: Path) -> Ledger:
    """The City of Toronto's purchases with anomalies injected by the common yardstick, each period by itself."""
    injector = _module(folder / INJECTOR_FILE)
    raw = pd.read_parquet(folder / TORONTO_FILE)
    parts = [
        injector.inject(
            raw[raw["txn_date"].between(pd.Timestamp(period.first), pd.Timestamp(period.last))],
            seed=SEEDS[period.name],
            history=raw[raw["txn_date"] < pd.Timestamp(period.first)] if period.name != "train" else None,
        )
        for period in INJECTED_PERIODS
    ]
    both = pd.concat(parts, ignore_index=True)
    rows = _in_our_schema(both).assign(label=both["injected"].astype("int8"), kind=both["kind"])
    return Ledger("toronto", rows, INJECTED_PERIODS, TORONTO_LIMIT)


def toronto_weak(folder: Path) -> Ledger:
    """The City of Toronto's purchases, an anomaly being what staff called disputed; these words are no feature."""
    raw = pd.read_parquet(folder / TORONTO_FILE)
    words = raw["purpose"].fillna("").str.upper()
    disputed = words.str.contains(_DISPUTED) & ~words.str.contains(_HARMLESS) & (raw["amount"] > 0)
    rows = _in_our_schema(raw).assign(
        label=disputed.astype("int8"), kind=disputed.map({True: "disputed", False: ""}).astype("str")
    )
    return Ledger("toronto-weak", rows, WEAK_PERIODS, TORONTO_LIMIT)


def _in_our_schema(raw: pd.DataFrame) -> pd.DataFrame:
    """New ids, as the file's aren't unique; merchants as ETL spells them. `orig_amount` would betray injected rows."""
    texts = {
        "office": raw["division"],
        "merchant": raw["merchant"].str.upper().str.split().str.join(" "),
        "mcc": raw["mcc"],
        "merchant_currency": raw["orig_currency"],
        "cost_centre": raw["cost_centre"],
    }
    dates = {"transaction_date": raw["txn_date"], "posting_date": raw["post_date"]}
    columns = {name: column.astype("object").fillna("").astype("str") for name, column in texts.items()}
    columns |= {name: column.astype("datetime64[us]") for name, column in dates.items()}
    frame = pd.DataFrame(columns | {"amount": raw["amount"].astype(float)})
    ids = [f"R{number:07d}" for number in range(len(raw))]
    constants = {"agency": "City of Toronto", "card": "", "currency": "CAD", "description": "", "label": 0, "kind": ""}
    return frame.assign(transaction_id=ids, **constants)[list(FIELDS)]


def _module(path: Path) -> ModuleType:
    """The module in a file beside the project, which isn't ours to copy."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
