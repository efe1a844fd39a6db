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
from tests.ledgers.forms import Ledger, made, write

EXCUSED = {"blank row", "total or remark", "header again"}


def tried(seed: int, fault: str | None) -> str | None:
    """What went wrong in silence, or was refused wrongly; None if nothing did."""
    ledger = made(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = write(ledger, Path(folder) / "l") if fault is None else FAULTS[fault][0](ledger, Path(folder) / "l")
        mapping = Path(folder) / "columns.toml"
        mapping.write_text(ledger.mapping(), encoding="utf-8")
        try:
            read = read_accepted(path, mapping)
        except InputError as error:
            expected = FAULTS[fault][1] if fault else ""
            right = bool(expected) and re.search(expected, str(error))
            return None if right else f"refused ({ledger.container}): {error}"
        return untrue(ledger, read) if fault is None else untrue(ledger, read) or _harmless(ledger, read, fault)


def _harmless(ledger: Ledger, read: Accepted, fault: str) -> str | None:
    """A fault that left every value true and every row read did no harm."""
    whole = len(read.rows) == len(ledger.truth) == len(ledger.rows)
    return None if whole else f"{fault} was passed over: {len(read.rows)} of {len(ledger.truth)} rows"


def untrue(ledger: Ledger, read: Accepted) -> str | None:
    """What differs from the truth, row by row, without a word."""
    aside = sum(rows for reason, rows in read.set_aside.items() if reason not in EXCUSED)
    if len(read.rows) + aside != len(ledger.truth):
        return f"{ledger.container}: {len(read.rows)} rows read and {aside} set aside, of {len(ledger.truth)}"
    names = zip(read.rows["merchant"], read.rows["amount"], read.rows["transaction_date"], strict=True)
    found = Counter((payee, round(amount, 2), day.date()) for payee, amount, day in names)
    wrong = found - Counter(true[1:] for true in ledger.truth)
    return f"{ledger.container}: read {next(iter(wrong))}, which isn't true" if wrong else None


def guessed(seed: int) -> str | None:
    """Whether inspect's mapping, its currency filled in and its doubts about days decided, reads what is true."""
    ledger = made(seed)
    with tempfile.TemporaryDirectory() as folder:
        path, mapping = write(ledger, Path(folder) / "l"), Path(folder) / "columns.toml"
        try:
            text = toml_of(inspected(path)[0]).replace('"???"', f'"{ledger.currency}"')
            mapping.write_text(text, encoding="utf-8")
            return untrue(ledger, read_accepted(path, mapping))
        except InputError as error:
            return f"refused ({ledger.container}): {error}"


def campaign(seeds: Iterable[int]) -> dict[str, Any]:
    """Each seed clean, spoilt by one fault in turn, and guessed by inspect; what went wrong, by seed."""
    found: dict[str, dict[int, str]] = {"clean": {}, "spoilt": {}, "guessed": {}}
    faults, counted = list(FAULTS), 0
    for seed in seeds:
        counted += 1
        fault = faults[seed % len(faults)]
        outcomes = {"clean": tried(seed, None), "spoilt": tried(seed, fault), "guessed": guessed(seed)}
        for name, wrong in outcomes.items():
            if wrong:
                found[name][seed] = f"{fault}: {wrong}"[:300] if name == "spoilt" else wrong[:300]
    return {"ledgers": counted, "guessed_right": 1 - len(found["guessed"]) / max(counted, 1), "wrong": found}
