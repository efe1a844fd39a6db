"""What goes wrong with published ledgers: each fault spoils one, and says by which sentence it must be found."""

import gzip
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from model_code.etl.doubts import KINDS
from tests.ledgers.forms import Ledger
from tests.ledgers.writers import table, text, write

Spoil = Callable[[Ledger, Path], Path]


class Fault(NamedTuple):
    """What spoils a ledger, and what must be said of it: in the refusal, or as the reason for rows set aside.

    Without a sentence, the fault is none for a good reader: all is read as it is true.
    """

    spoil: Spoil
    sentence: str = ""


def as_text(ledger: Ledger, folder: Path) -> Path:
    """Write it as one file of text, whatever it was to be."""
    ledger.container = "csv"
    return write(ledger, folder)


def open_mark(ledger: Ledger, folder: Path) -> Path:
    """A quotation mark is left open."""
    path = as_text(ledger, folder)
    path.write_bytes(b"".join(_with(text(table(ledger), ledger), lambda line: line.replace("ACME", '"ACME', 1))))
    return path


def _with(content: bytes, change: Callable[[str], str]) -> list[bytes]:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    shown = content.decode(encoding).replace('"ACME', "ACME")
    return [change(shown).encode(encoding)]


def cut_archive(ledger: Ledger, folder: Path) -> Path:
    """A gzip that ends early."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ledger.csv.gz").write_bytes(gzip.compress(text(table(ledger), ledger))[:-30])
    return folder / "ledger.csv.gz"


def nul(ledger: Ledger, folder: Path) -> Path:
    """A NUL byte in the midst."""
    ledger.rows[40]["merchant"] = "A\0B"
    return as_text(ledger, folder)


def other_decimal(ledger: Ledger, folder: Path) -> Path:
    """The wrong decimal sign is declared."""
    ledger.keys["decimal"] = '"."' if ledger.decimal == "," else '","'
    return as_text(ledger, folder)


def no_decimal(ledger: Ledger, folder: Path) -> Path:
    """No decimal sign is declared, and amounts need one."""
    del ledger.keys["decimal"]
    ledger.rows[7]["amount"] = "1.250" if ledger.decimal == "." else "149,97"
    return as_text(ledger, folder)


def other_order(ledger: Ledger, folder: Path) -> Path:
    """Day and month are declared the wrong way round."""
    for row, true in zip(ledger.rows, ledger.truth, strict=True):
        row["transaction_date"] = true.day.strftime("%d/%m/%Y")
    ledger.keys["date_formats"] = '["%m/%d/%Y"]'
    return as_text(ledger, folder)


def both_orders(ledger: Ledger, folder: Path) -> Path:
    """Both orders are declared."""
    path = other_order(ledger, folder)
    ledger.keys["date_formats"] = '["%m/%d/%Y", "%d/%m/%Y"]'
    return path


def banks_sign(ledger: Ledger, folder: Path) -> Path:
    """The sign is the other way round than declared."""
    if ledger.keys.pop("spending", None) is None:
        ledger.keys["spending"] = '"negative"'
    return write(ledger, folder)


def no_month(ledger: Ledger, folder: Path) -> Path:
    """February is missing."""
    kept = [number for number, true in enumerate(ledger.truth) if true.day.month != 2]
    ledger.rows = [ledger.rows[number] for number in kept]
    ledger.truth = [ledger.truth[number] for number in kept]
    return write(ledger, folder)


def twice(ledger: Ledger, folder: Path) -> Path:
    """All rows come again under other ids."""
    ledger.names.setdefault("transaction_id", "id")
    ledger.keys.pop("ids", None)
    ledger.rows += [row | {"transaction_id": f"X{number}"} for number, row in enumerate(ledger.rows)]
    return as_text(ledger, folder)


def nothing_names(ledger: Ledger, folder: Path) -> Path:
    """NULL stands for some payees."""
    for row in ledger.rows[::9]:
        row["merchant"] = ledger.random.choice(["NULL", "n/a", "#N/A"])
    return write(ledger, folder)


def rounded_ids(ledger: Ledger, folder: Path) -> Path:
    """A spreadsheet has rounded the ids."""
    ledger.names.setdefault("transaction_id", "id")
    ledger.keys.pop("ids", None)
    for number, row in enumerate(ledger.rows):
        row["transaction_id"] = f"1.{number:05d}E+15"
    return as_text(ledger, folder)


def cents(ledger: Ledger, folder: Path) -> Path:
    """One month's amounts are a thousand times too large."""
    for row, true in zip(ledger.rows, ledger.truth, strict=True):
        size = abs(true.amount) * (1000 if true.day.month == 2 else 1)
        row["amount"] = f"{'-' if 'spending' in ledger.keys else ''}{size:.2f}".replace(".", ledger.decimal)
    return as_text(ledger, folder)


def same_id(ledger: Ledger, folder: Path) -> Path:
    """Two rows have one id."""
    ledger.names.setdefault("transaction_id", "id")
    ledger.keys.pop("ids", None)
    ledger.rows[11]["transaction_id"] = ledger.rows[10]["transaction_id"]
    return as_text(ledger, folder)


def other_currency(ledger: Ledger, folder: Path) -> Path:
    """Amounts carry the sign of another currency."""
    for row in ledger.rows:
        row["amount"] = f"R$ {row['amount'].strip('€$£ ')}"
    return as_text(ledger, folder)


def far_day(ledger: Ledger, folder: Path) -> Path:
    """A row lies years before all others."""
    ledger.rows[5]["transaction_date"] = (ledger.truth[5].day - timedelta(days=1500)).strftime("%Y-%m-%d")
    return as_text(ledger, folder)


def words_for_amounts(ledger: Ledger, folder: Path) -> Path:
    """One amount in eight is a word."""
    for row in ledger.rows[::8]:
        row["amount"] = "withheld"
    return as_text(ledger, folder)


FAULTS: dict[str, Fault] = {
    "open mark": Fault(open_mark, r"quotation mark|swallowed_rows"),
    "cut archive": Fault(cut_archive, r"damaged or cut off"),
    "nul": Fault(nul, r"NUL byte"),
    "other decimal": Fault(other_decimal, r"amount is no number"),
    "no decimal": Fault(no_decimal, r"Declare decimal"),
    "other order": Fault(other_order, r"other_date_order"),
    "both orders": Fault(both_orders, r"two_date_orders"),
    "bank's sign": Fault(banks_sign, r"mostly_negative"),
    "no month": Fault(no_month, r"missing_month"),
    "twice": Fault(twice, r"block_twice"),
    "words for nothing": Fault(nothing_names, r"words_for_nothing"),
    "rounded ids": Fault(rounded_ids, r"damaged_ids"),
    "cents": Fault(cents, r"many_times_larger"),
    "same id": Fault(same_id, r"several_amounts"),
    "other currency": Fault(other_currency, r"amount is in another currency"),
    "far day": Fault(far_day, r"far_dates"),
    "words for amounts": Fault(words_for_amounts, r"amount is no number"),
}


def unknown_warnings(faults: dict[str, Fault]) -> set[str]:
    """Warnings that faults must be found by and that no ledger can give."""
    named = {kind for fault in faults.values() for kind in fault.sentence.split("|") if re.fullmatch(r"\w+_\w+", kind)}
    return named - set(KINDS)
