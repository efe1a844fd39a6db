"""`python -m model_code.etl.generate`: writes a seeded federal ledger as CSV (gzipped if the name ends so)."""

import argparse
import gzip
import sys
from datetime import date
from pathlib import Path

import pandas as pd

from model_code.etl.generator import generate


def to_csv(ledger: pd.DataFrame) -> bytes:
    """The ledger as UTF-8 CSV: ISO dates, amounts with two decimals, a header line."""
    dates = {name: ledger[name].dt.strftime("%Y-%m-%d") for name in ("transaction_date", "posting_date")}
    return ledger.assign(**dates).to_csv(index=False, float_format="%.2f", lineterminator="\n").encode()


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and write the file; equal options give equal bytes."""
    parser = argparse.ArgumentParser(prog="python -m model_code.etl.generate", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=60_000, help="rows of the ledger, anomalies among them (default 60000)"
    )
    parser.add_argument("--seed", type=int, default=7, help="one seed, one ledger (default 7)")
    parser.add_argument(
        "--start", type=date.fromisoformat, default=date(2025, 1, 1), help="first day (default 2025-01-01)"
    )
    parser.add_argument(
        "--end", type=date.fromisoformat, default=date(2026, 6, 30), help="last day (default 2026-06-30)"
    )
    parser.add_argument("--out", type=Path, required=True, help="the file to write: .csv or .csv.gz")
    options = parser.parse_args(arguments)
    try:
        ledger = generate(options.rows, seed=options.seed, start=options.start, end=options.end)
    except ValueError as error:
        parser.error(str(error))
    content = to_csv(ledger)
    try:
        options.out.write_bytes(gzip.compress(content, mtime=0) if options.out.suffix == ".gz" else content)
    except OSError as error:
        parser.error(f"{options.out} can't be written: {error.strerror}.")
    sys.stdout.write(
        f"{options.out}: {len(ledger)} rows, {int(ledger['label'].sum())} anomalies, seed {options.seed}\n"
    )


if __name__ == "__main__":
    main()
