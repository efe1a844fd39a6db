"""The etl entry: SageMaker Processing's folders around `model_code.etl.pipeline`."""

import argparse
import sys
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.engines import ENGINES
from model_code.etl.pipeline import Job, run
from model_code.features.views import REALTIME, VIEWS


def main(arguments: list[str], root: Path) -> None:
    """Turn `<root>/processing/input` into `<root>/processing/output`; arguments: `--inject SEED`, `--view`, `--engine`.

    Raises:
        InputError: other arguments, not exactly one ledger, or a ledger that can't be used.
    """
    options = _options(arguments)
    mapping = root / "processing/input/mapping/columns.toml"
    job = Job(
        ledger=_one_ledger(root / "processing/input/ledger"),
        output=root / "processing/output",
        mapping=mapping if mapping.exists() else None,
        seed=options.inject,
        view=VIEWS[options.view],
        engine=options.engine,
    )
    run(job, _say)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="etl", exit_on_error=False, add_help=False)
    parser.add_argument("--inject", type=int)
    parser.add_argument("--view", choices=VIEWS, default=REALTIME.name)
    parser.add_argument("--engine", choices=ENGINES, default="duckdb")
    try:
        options, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        options, unknown = None, arguments
    if options is None or unknown or (options.inject or 0) < 0:
        raise InputError(
            "etl takes no arguments, or --inject with a whole number, --view realtime or batch, "
            f"--engine duckdb or spark; given: {' '.join(arguments)}."
        )
    return options


def _one_ledger(folder: Path) -> Path:
    files = sorted(path for path in folder.glob("*") if path.is_file())
    if len(files) != 1:
        names = ", ".join(path.name for path in files) or "none"
        raise InputError(f"etl needs exactly one ledger file in {folder}; it found {names}.")
    return files[0]
