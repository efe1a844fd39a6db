"""The score entry: SageMaker Processing's folders around `model_code.scoring`."""

import argparse
import os
import sys
from pathlib import Path

from model_code.container.environment import whole_number
from model_code.errors import InputError
from model_code.scoring.scoring import BUDGET, Scoring, score


def main(arguments: list[str], root: Path) -> None:
    """Turn the rows and the model in `<root>/processing/input` into `<root>/processing/output/scores`.

    Argument: `--budget`, what people can look at: below 1 a share of the new rows, from 1 on a number of them.

    Raises:
        InputError: another argument, or rows and model that can't be used or don't belong together.
    """
    options = _options(arguments)
    given = root / "processing/input"
    score(
        Scoring(
            rows=given / "rows",
            model=given / "model",
            output=root / "processing/output/scores",
            budget=options.budget,
            expected_manifest_sha256=os.environ.get("ATOLL_MANIFEST_SHA256"),
            version=os.environ.get("ATOLL_MODEL_VERSION"),
            max_model_bytes=whole_number("ATOLL_MAX_MODEL_BYTES", 64_000_000),
        ),
        _say,
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="score", exit_on_error=False, add_help=False)
    parser.add_argument("--budget", type=float, default=BUDGET)
    try:
        options, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        options, unknown = None, arguments
    if options is None or unknown or not 0 < options.budget < float("inf"):
        raise InputError(
            "score takes no arguments, or --budget with a share of the rows below 1 (0.01) or a number of them (50); "
            f"given: {' '.join(arguments)}."
        )
    return options
