"""What an own column's texts must be, and what they become; a blank costs no row and stands for nothing."""

from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from model_code.etl.amounts import parse_amount
from model_code.etl.dates import parse_date
from model_code.etl.mapping import ColumnMapping
from model_code.features.own import OwnColumn

LARGEST = 1e9
"""No number of an own column is larger."""
Rule: TypeAlias = tuple[str, Callable[[str], object]]
DTYPES = {"number": "float64", "date": "datetime64[us]"}
"""Of pandas; the others are texts."""


def rules(column: OwnColumn, mapping: ColumnMapping) -> list[Rule]:
    """By reason, what holds for a text of the column that can be used."""
    name, read = column.name, reader(column, mapping)
    if column.kind == "number":
        return [
            _must(f"{name} is no number", lambda text: not text or read(text) is not None),
            _must(f"{name} is beyond {LARGEST:,.0f}", lambda text: abs(float(str(read(text) or 0))) <= LARGEST),
        ]
    return [_must(f"{name} is no date", lambda text: not text or read(text))] if column.kind == "date" else []


def _must(reason: str, holds: Callable[[str], object]) -> Rule:
    return reason, holds


def reader(column: OwnColumn, mapping: ColumnMapping) -> Callable[[str], float | date | str | None]:
    """What becomes of a text: a number, a day, or words in capitals."""
    decimal, formats = mapping.form.decimal or ".", mapping.date_formats
    if column.kind == "number":
        return lambda text: parse_amount(text, decimal, mapping.currencies)
    if column.kind == "date":
        return lambda text: parse_date(text, formats)
    return lambda text: " ".join(text.upper().split())
