"""The etl entry: SageMaker Processing's folders around `model_code.etl.pipeline`."""

import argparse
import gc
import sys
from pathlib import Path

from model_code.container.environment import whole_number
from model_code.errors import InputError
from model_code.etl.engines import ENGINES
from model_code.etl.helping import help_first
from model_code.etl.pipeline import Job, run
from model_code.features.views import REALTIME, VIEWS
from model_code.hosts import JOIN_SECONDS, read_hosts


def main(arguments: list[str], root: Path) -> None:
    """Turn `<root>/processing/input` into `<root>/processing/output`; arguments: `--inject SEED`, `--view`, `--engine`.

    Over several instances the first one (`<root>/config/resourceconfig.json`) does so, and the others compute for it.

    Raises:
        InputError: other arguments, not exactly one ledger, or a ledger that can't be used.
    """
    options = _options(arguments)
    hosts = read_hosts(
        root / "config/resourceconfig.json", join_seconds=whole_number("ATOLL_JOIN_SECONDS", JOIN_SECONDS)
    )
    instances, engine = len(hosts.names), options.engine
    if instances > 1 and engine != "spark":
        raise InputError(
            f"This job has {instances} instances, and --engine {engine} computes on one: ask for one instance "
            "(InstanceCount), or for --engine spark."
        )
    if hosts.number > 0:
        help_first(hosts)
        return
    mapping = root / "processing/input/mapping/columns.toml"
    job = Job(
        ledger=_one_ledger(root / "processing/input/ledger"),
        output=root / "processing/output",
        mapping=mapping if mapping.exists() else None,
        seed=options.inject,
        view=VIEWS[options.view],
        engine=engine,
        hosts=hosts,
    )
    # Rows by the hundred thousand, and none of them in a circle: looking for circles took two fifths of their checking.
    gc.set_threshold(100_000, 50, 100)
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
