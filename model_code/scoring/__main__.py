"""`python -m model_code.scoring`: scores an agency's new purchases on this machine, without any AWS (`make score`)."""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

from model_code.errors import InputError
from model_code.scoring.local import Order, deliver
from model_code.view_names import NAMES

PROJECT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and score; a line on standard output for each step, and a table at the end."""
    parser = argparse.ArgumentParser(prog="python -m model_code.scoring", description=__doc__)
    parser.add_argument("--ledger", type=Path, help="the purchases so far; a state that fits needs none")
    parser.add_argument("--new", type=Path, required=True, help="the file with the new ones, in the same form")
    parser.add_argument("--mapping", type=Path, help="which column holds what (columns.toml)")
    parser.add_argument(
        "--cases", type=Path, help="reviewed cases to train by: transaction_id, label, kind, decided_on"
    )
    parser.add_argument("--model", type=Path, help="a released model.tar.gz; without it, one is trained on the ledger")
    parser.add_argument("--view", choices=NAMES, help="what to train on; batch: with the cost centre and days after")
    parser.add_argument("--earlier", type=Path, action="append", default=[], help="scores.parquet of former months")
    parser.add_argument("--state", type=Path, help="folder of the history as the last scoring left it, for the next")
    parser.add_argument("--budget", type=float, default=0.01, help="below 1 a share of the new rows, else a number")
    parser.add_argument("--output", type=Path, default=PROJECT / "build" / "score", help="default: build/score")
    options = parser.parse_args(arguments)
    # Ibis 12 calls DuckDB 2 functions that are to go; our code can't avoid these calls.
    warnings.filterwarnings("ignore", r"fetch_\w+\(\) is deprecated", DeprecationWarning)
    began = time.perf_counter()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.perf_counter() - began:5.0f} s  {line}\n")
        sys.stdout.flush()

    try:
        table = deliver(Order(**vars(options), threads=len(os.sched_getaffinity(0))), say)
    except InputError as error:
        parser.exit(1, f"{error}\n")
    sys.stdout.write(f"\n{table}\n")


if __name__ == "__main__":
    main()
