"""`python -m model_code.forecasting`: a ledger becomes forecasts.json."""

import argparse
import json
import sys
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.accepted import read_accepted
from model_code.forecasting.forecasts import forecast
from model_code.forecasting.models import MODELS
from model_code.forecasting.weekly import FIELDS


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and write the artifact; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m model_code.forecasting", description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True, help="a ledger, as etl takes it")
    parser.add_argument("--mapping", type=Path, help="its column mapping, unless it has Atoll's own columns")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    parser.add_argument(
        "--model", choices=MODELS, default="ETS", help="default ETS, the best on Toronto for the whole and by code"
    )
    options = parser.parse_args(arguments)
    try:
        rows, set_aside = read_accepted(options.ledger, options.mapping)
        document = forecast(rows, FIELDS, model=options.model) | {"set_aside": set_aside}
        options.out.write_text(json.dumps(document, sort_keys=True, indent=1) + "\n", encoding="ascii")
    except (OSError, InputError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    counts = {name: len(document[name]) for name in ("series", "alerts", "failed", "left_out")}
    sys.stdout.write(f"{options.out}: {counts}, rows set aside: {set_aside}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
