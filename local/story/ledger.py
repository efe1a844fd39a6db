"""Which ledger the story runs on: the user's own, or one that the seeded generator makes."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
from typing import TYPE_CHECKING

from local.story.scene import BUILD, ROOT, Ledger
from model_code.errors import InputError
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import known_mapping, read_mapping
from model_code.etl.reading import header_of, open_ledger

if TYPE_CHECKING:
    from pathlib import Path

MAPPINGS = ROOT / "tests" / "mappings"
ROWS, SEED = 60_000, 7


def choose_ledger(file: Path | None, mapping: Path | None) -> Ledger:
    """The user's ledger with its mapping (found by its columns where none is named), or a generated one.

    Anomalies are to be injected where the ledger has no labels.

    Raises:
        InputError: the file is not there or can't be read, or no mapping (or not the one that was named) fits it.
    """
    if file is None and mapping is None:
        return Ledger(generated_ledger(), mapping=None, inject=False)
    if file is None:
        raise InputError(f"MAPPING={mapping} names the columns of a ledger: name that as well, LEDGER=<file>.")
    for path in (file, mapping):
        if path and not path.is_file():
            raise InputError(f"There is no file {path}. LEDGER= and MAPPING= take the path of a file.")
    mapping = mapping or known_mapping(header_of(file), MAPPINGS)
    columns = read_mapping(mapping) if mapping else ColumnMapping()
    with open_ledger(file, columns, declared=mapping is not None) as raw:
        inject = "label" not in columns.places(raw.header)
    return Ledger(file.resolve(), mapping, inject=inject)


def generated_ledger() -> Path:
    """The seeded ledger with a few spoilt rows at its end, made anew: the same file each time."""
    file = BUILD / "story" / "ledger.csv.gz"
    file.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "model_code.etl.generate", "--rows", str(ROWS), "--seed", str(SEED)]
    subprocess.run([*command, "--out", str(file)], cwd=ROOT, check=True, capture_output=True)
    spoil(file)
    return file


def spoil(file: Path) -> None:
    """Append four rows such as real ledgers hold: ETL must put each in quarantine with its reason."""
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    names = lines[0].split(",")
    good = next(csv.reader([lines[1]]))
    wrong = {"amount": "twelve", "transaction_date": "2026-02-31", "currency": "???", "merchant": ""}
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for number, (name, value) in enumerate(wrong.items()):
        row = dict(zip(names, good, strict=True)) | {"transaction_id": f"SPOILT-{number}", name: value}
        rows.writerow(row.values())
    file.write_bytes(gzip.compress("\n".join([*lines, text.getvalue()]).encode(), mtime=0))
