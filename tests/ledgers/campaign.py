"""Seeded ledgers in many forms, some spoilt: each is read as it is true, or refused by the right sentence."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from model_code.errors import InputError
from model_code.etl.accepted import Accepted, read_accepted
from model_code.etl.inspect import inspected, toml_of
from tests.ledgers.faults import FAULTS
from tests.ledgers.forms import Ledger, made
from tests.ledgers.reported import REPORTED
from tests.ledgers.reported_books import REPORTED_BOOKS
from tests.ledgers.writers import office, write

EXCUSED = {"blank row", "total or remark", "header again"}
ALL = FAULTS | REPORTED | REPORTED_BOOKS


def tried(seed: int, fault: str | None) -> str | None:
    """What went wrong in silence, or was refused wrongly; None if nothing did."""
    ledger = made(seed)
    spoil, expected = ALL[fault] if fault else (write, "")
    with tempfile.TemporaryDirectory() as folder:
        return _read(ledger, spoil(ledger, Path(folder) / "l"), ledger.mapping(), expected)


def _read(ledger: Ledger, path: Path, mapping: str, expected: str = "") -> str | None:
    """What is wrong with what the reader makes of a file by this mapping."""
    file = path.parent / f"{path.name}.toml" if path.is_dir() else path.parent.parent / "columns.toml"
    file.write_text(mapping, encoding="utf-8")
    try:
        read = read_accepted(path, file)
    except InputError as error:
        right = bool(expected) and re.search(expected, str(error))
        return None if right else f"refused ({ledger.container}): {error}"
    return untrue(ledger, read) or _passed_over(ledger, read, expected)


def _passed_over(ledger: Ledger, read: Accepted, expected: str) -> str | None:
    """Rows set aside for another reason than the fault's; with every row read and true, no harm was done."""
    others = [reason for reason in read.set_aside if reason not in EXCUSED and not re.search(expected or "$^", reason)]
    lost = len(ledger.rows) - len(ledger.truth)
    return f"{ledger.container}: rows were set aside for {others}, {lost} rows too many" if others or lost else None


def untrue(ledger: Ledger, read: Accepted) -> str | None:
    """What differs from the truth, row by row, without a word."""
    aside = sum(rows for reason, rows in read.set_aside.items() if reason not in EXCUSED)
    if len(read.rows) + aside != len(ledger.truth):
        return f"{ledger.container}: {len(read.rows)} rows read and {aside} set aside, of {len(ledger.truth)}"
    ids = read.rows["transaction_id"] if "transaction_id" in ledger.names else [""] * len(read.rows)
    columns = [ids, *(read.rows[name] for name in ("merchant", "amount", "transaction_date", "office"))]
    known = "transaction_id" in ledger.names
    found = Counter(
        (name if known else "", payee, round(amount, 2), day.date(), office)
        for name, payee, amount, day, office in zip(*columns, strict=True)
    )
    wrong = found - Counter(true if known else ("", *true[1:]) for true in ledger.truth)
    return f"{ledger.container}: read {next(iter(wrong))}, which isn't true" if wrong else None


def guessed(seed: int) -> str | None:
    """Whether inspect's mapping, its currency filled in and its doubts about days decided, reads what is true."""
    ledger = made(seed)
    with tempfile.TemporaryDirectory() as folder:
        return _guessed(ledger, write(ledger, Path(folder) / "l"))


def _guessed(ledger: Ledger, path: Path) -> str | None:
    try:
        text = toml_of(inspected(path)[0]).replace('"???"', f'"{ledger.currency}"')
    except InputError as error:
        return f"refused ({ledger.container}): {error}"
    return _read(ledger, path, text)


def clean(seed: int) -> tuple[str | None, str | None]:
    """What is wrong with a clean ledger by the right mapping, and by the guessed one."""
    ledger = made(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = write(ledger, Path(folder) / "l")
        return _read(ledger, path, ledger.mapping()), _guessed(ledger, path)


def campaign(seeds: Iterable[int]) -> dict[str, Any]:
    """Each seed clean, guessed by inspect, and spoilt by one fault in turn; what went wrong, by seed."""
    found: dict[str, dict[int, str]] = {"clean": {}, "spoilt": {}, "guessed": {}}
    faults, containers = list(ALL), Counter[str]()
    for seed in seeds:
        containers[made(seed).container] += 1
        fault = faults[seed % len(faults)]
        outcomes = dict(zip(("clean", "guessed"), clean(seed), strict=True)) | {"spoilt": tried(seed, fault)}
        for name, wrong in outcomes.items():
            if wrong:
                found[name][seed] = f"{fault}: {wrong}"[:300] if name == "spoilt" else wrong[:300]
    ledgers = containers.total()
    return {
        "ledgers": ledgers,
        "faults": len(faults),
        "containers": dict(sorted(containers.items())),
        "libreoffice": bool(office()),
        "guessed_right": 1 - len(found["guessed"]) / max(ledgers, 1),
        "wrong": found,
    }
