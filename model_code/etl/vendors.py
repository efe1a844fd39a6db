"""Vendors under nearly the same name: `python -m model_code.etl.vendors --ledger FILE [--mapping columns.toml]`.

A report for people: one vendor that is paid under two names may be a typing error, a new terminal, or an imitation.
Each spelling is shown beside the first one that the ledger used, with its purchases and what was spent.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from model_code.errors import InputError
from model_code.etl.accepted import read_accepted
from model_code.features.text import near_duplicates, without_order_code


def spellings(ledger: pd.DataFrame) -> pd.DataFrame:
    """The names that are nearly another's: `vendor` (the first spelling), `spelling`, first day, purchases, spend.

    Names stand in the order of their first purchase (on one day: of the alphabet), so a name is only ever held against
    those that were known before it. Shop numbers, codes of orders and punctuation aside, spellings differ. The most
    spent stands first.
    """
    by_name = ledger.groupby("merchant").agg(
        first_day=("transaction_date", "min"), purchases=("amount", "size"), spent=("amount", "sum")
    )
    seen = by_name.reset_index(names="spelling").sort_values(["first_day", "spelling"], ignore_index=True)
    seen.insert(0, "vendor", seen["spelling"].map(near_duplicates(seen["spelling"].tolist())))
    others = seen[_letters(seen["vendor"]) != _letters(seen["spelling"])]
    return others.sort_values(["spent", "spelling"], ascending=[False, True], ignore_index=True)


def _letters(names: pd.Series) -> pd.Series:
    return names.map(without_order_code).str.replace(r"[\W\d_]+", "", regex=True)


def main(arguments: list[str] | None = None) -> None:
    """Print the report as CSV."""
    parser = argparse.ArgumentParser(prog="python -m model_code.etl.vendors", description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True, help="a ledger, as etl takes it")
    parser.add_argument("--mapping", type=Path, help="its column mapping, unless it has Atoll's own columns")
    options = parser.parse_args(arguments)
    try:
        report = spellings(read_accepted(options.ledger, options.mapping).rows)
    except InputError as error:
        parser.error(str(error))
    report.to_csv(sys.stdout, index=False, float_format="%.2f", date_format="%Y-%m-%d")


if __name__ == "__main__":
    main()
