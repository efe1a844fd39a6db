"""`python -m model_code.forecasting`: a ledger in Atoll's schema becomes forecasts.json."""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

from model_code.errors import InputError
from model_code.forecasting.forecasts import forecast
from model_code.forecasting.models import MODELS
from model_code.forecasting.weekly import FIELDS


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and write the artifact; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m model_code.forecasting", description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True, help="CSV (.gz too) or Parquet, in Atoll's schema")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    parser.add_argument("--model", choices=MODELS, default="ETS", help="default ETS, the best on Toronto")
    options = parser.parse_args(arguments)
    try:
        document = forecast(_read(options.ledger), FIELDS, model=options.model)
    except (OSError, ValueError, InputError) as error:
        sys.stderr.write(f"{options.ledger.name}: {error}\n")
        return 1
    options.out.write_text(json.dumps(document, sort_keys=True, indent=1) + "\n", encoding="ascii")
    counts = {name: len(document[name]) for name in ("series", "alerts", "failed")}
    sys.stdout.write(f"{options.out}: {counts}\n")
    return 0


def _read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=dict.fromkeys(FIELDS, "str"))


if __name__ == "__main__":
    sys.exit(main())
