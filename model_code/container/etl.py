"""The etl entry: SageMaker Processing's folders around `model_code.etl.pipeline`."""

import argparse
import gc
import sys
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.engines import ENGINES, expect_java
from model_code.etl.files import is_hidden
from model_code.etl.pipeline import Job, run
from model_code.etl.ready import ScoringJob, States
from model_code.etl.scoring import run_scoring
from model_code.features.views import REALTIME, VIEWS
from model_code.hosts import read_hosts
from model_code.serving.archive import ARCHIVE


def main(arguments: list[str], root: Path) -> None:
    """Turn `<root>/processing/input` into `<root>/processing/output`.

    Arguments: `--inject SEED`, `--view`, `--engine`; or `--score`, which makes the rows of `input/new` ready for the
    model in `input/model`, with `--state` by the one in `input/state`.

    Raises:
        InputError: other arguments, no ledger, or a ledger that can't be used.
    """
    options = _options(arguments)
    instances = len(read_hosts(root / "config/resourceconfig.json").names)
    if instances > 1:
        raise InputError(
            f"This job has {instances} instances, and etl computes on one: each would write the same rows. Ask for one "
            "instance (InstanceCount)."
        )
    if options.engine == "spark":
        expect_java()
    # Rows by the hundred thousand, and none of them in a circle: looking for circles took two fifths of their checking.
    gc.set_threshold(100_000, 50, 100)
    given = root / "processing/input"
    if options.score:
        run_scoring(_scoring(given, root / "processing/output", options), _say)
        return
    job = Job(
        ledger=_ledger(given / "ledger"),
        output=root / "processing/output",
        mapping=_mapping(given),
        cases=_cases(given / "cases"),
        seed=options.inject,
        view=VIEWS[options.view or REALTIME.name],
        engine=options.engine,
    )
    run(job, _say)


def _scoring(given: Path, output: Path, options: argparse.Namespace) -> ScoringJob:
    ledger = given / "ledger"
    return ScoringJob(
        ledger=None if options.state and not any(ledger.rglob("*")) else _ledger(ledger),
        new=_ledger(given / "new"),
        model=given / "model" / ARCHIVE,
        output=output,
        mapping=_mapping(given),
        earlier=sorted((given / "earlier").rglob("*.parquet")),
        engine=options.engine,
        states=States(given / "state", output / "state") if options.state else None,
    )


def _mapping(given: Path) -> Path | None:
    mapping = given / "mapping/columns.toml"
    return mapping if mapping.exists() else None


def _cases(folder: Path) -> Path | None:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if len(files) > 1:
        raise InputError(f"{folder.name} holds {len(files)} files; expected one file of cases (docs/data.md).")
    return files[0] if files else None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="etl", exit_on_error=False, add_help=False)
    parser.add_argument("--inject", type=int)
    parser.add_argument("--view", choices=VIEWS)
    parser.add_argument("--engine", choices=ENGINES, default="duckdb")
    parser.add_argument("--score", action="store_true")
    parser.add_argument("--state", action="store_true")
    try:
        options, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        options, unknown = None, arguments
    if options is None or unknown or (options.inject or 0) < 0:
        raise InputError(
            "etl takes no arguments, or --inject with a whole number, --view realtime or batch, "
            f"--engine duckdb or spark, --score, --state; given: {' '.join(arguments)}."
        )
    if options.score and (options.inject is not None or options.view):
        raise InputError(
            "etl --score invents no rows and computes the model's own view: leave out --inject and --view; "
            f"given: {' '.join(arguments)}."
        )
    if options.state and (not options.score or options.engine != "duckdb"):
        raise InputError(
            "--state goes with --score, and DuckDB reads it: leave out --state, or --engine; "
            f"given: {' '.join(arguments)}."
        )
    return options


def _ledger(folder: Path) -> Path:
    """The folder as a ledger of many files; its only file, if no folder in it says more of the rows."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = [path for path in paths if not is_hidden(path.relative_to(folder).as_posix())]
    return files[0] if len(files) == 1 and files[0].parent == folder else folder
