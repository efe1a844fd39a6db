"""`python -m model_code.evaluation`: compares the models and writes JSON, Markdown and plots."""

import argparse
import sys
import time
import warnings
from pathlib import Path

from model_code.errors import InputError
from model_code.evaluation.comparison import Comparison, Say, compare, compare_weak
from model_code.evaluation.ledgers import INJECTOR_FILE, TORONTO_FILE, generated, toronto_injected, toronto_weak
from model_code.evaluation.plots import draw
from model_code.evaluation.report import write_report
from model_code.evaluation.targets import targets

PROJECT = Path(__file__).resolve().parents[2]


def evaluate(output: Path, *, rows: int, data: Path, say: Say) -> dict[str, Comparison]:
    """Compare on the generator's ledger and, where `data` holds it, on the real one; write everything into `output`."""
    pictures = output / "evaluation"
    pictures.mkdir(parents=True, exist_ok=True)
    comparisons = {"generated": compare(generated(rows), say)}
    absent = [name for name in (TORONTO_FILE, INJECTOR_FILE) if not (data / name).is_file()]
    if absent:
        say(f"The real ledger was left out: {data} holds no {' and no '.join(absent)}.")
    else:
        comparisons["toronto"] = compare(toronto_injected(data), say)
        comparisons["toronto-weak"] = compare_weak(toronto_weak(data), say)
    report = write_report(output, comparisons, targets(comparisons))
    plots = [path for comparison in comparisons.values() for path in draw(pictures, comparison)]
    say(f"\n{report}\n{output}: evaluation.json, evaluation.md and {len(plots)} plots")
    return comparisons


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and evaluate; a line on standard output for each model."""
    parser = argparse.ArgumentParser(prog="python -m model_code.evaluation", description=__doc__)
    parser.add_argument(
        "--output",
        type=Path,
        default=PROJECT / "build",
        help="folder of evaluation.json, evaluation.md and evaluation/*.png (default build)",
    )
    parser.add_argument("--rows", type=int, default=60_000, help="rows of the generated ledger (default 60000)")
    parser.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared/data", help="folder of the real ledger and the injector"
    )
    options = parser.parse_args(arguments)
    # Ibis 12 calls DuckDB 2 functions that are to go; our code can't avoid these calls.
    warnings.filterwarnings("ignore", r"fetch_\w+\(\) is deprecated", DeprecationWarning)
    began = time.perf_counter()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.perf_counter() - began:5.0f} s  {line}\n")
        sys.stdout.flush()

    try:
        evaluate(options.output, rows=options.rows, data=options.data, say=say)
    except InputError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
