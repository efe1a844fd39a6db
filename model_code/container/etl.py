"""The etl entry: SageMaker Processing's folders around `model_code.etl.pipeline`."""

import sys
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.pipeline import Job, run


def main(arguments: list[str], root: Path) -> None:
    """Turn `<root>/processing/input` into `<root>/processing/output`; arguments: none, or `--inject SEED`.

    Raises:
        InputError: other arguments, not exactly one ledger, or a ledger that can't be used.
    """
    mapping = root / "processing/input/mapping/columns.toml"
    job = Job(
        ledger=_one_ledger(root / "processing/input/ledger"),
        output=root / "processing/output",
        mapping=mapping if mapping.exists() else None,
        seed=_seed(arguments),
    )
    run(job, _say)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _seed(arguments: list[str]) -> int | None:
    match arguments:
        case []:
            return None
        case ["--inject", text] if text.isdecimal():
            return int(text)
    raise InputError(f"etl takes no arguments, or --inject with a whole number; given: {' '.join(arguments)}.")


def _one_ledger(folder: Path) -> Path:
    files = sorted(path for path in folder.glob("*") if path.is_file())
    if len(files) != 1:
        names = ", ".join(path.name for path in files) or "none"
        raise InputError(f"etl needs exactly one ledger file in {folder}; it found {names}.")
    return files[0]
