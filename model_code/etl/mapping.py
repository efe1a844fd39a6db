"""Which column of a foreign ledger holds what: declared in a TOML file, never guessed from the data.

currency = "CAD"                 # the one currency of the ledger; rows in another are quarantined
date_formats = ["%d/%m/%Y"]      # tried in this order after ISO (%Y-%m-%d)

[columns]                        # Atoll's field = the ledger's column
transaction_id = "batch_txn_id"

[constants]                      # fields that are the same in every row
agency = "City of Toronto"

[[thresholds]]                   # the micro-purchase threshold, by transaction date
effective = 1900-01-01
amount = 3000
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from model_code.errors import InputError
from model_code.features.fields import FIELDS
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold

_FORMS: dict[str, tuple[type, str]] = {
    "columns": (dict, "a table like [columns]"),
    "constants": (dict, "a table like [constants]"),
    "currency": (str, 'a code of three letters like "USD"'),
    "date_formats": (list, 'a list of formats like ["%d/%m/%Y"]'),
    "thresholds": (list, "tables like [[thresholds]]"),
}
_REQUIRED = frozenset(name for name, declared in FIELDS.items() if declared.required)


@dataclass(frozen=True)
class ColumnMapping:
    """How a ledger's columns become Atoll's fields. Without arguments: Atoll's own schema, in USD."""

    columns: Mapping[str, str] = field(default_factory=lambda: {name: name for name in FIELDS})
    constants: Mapping[str, str] = field(default_factory=dict)
    currency: str = "USD"
    date_formats: Sequence[str] = ()
    thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE

    def missing(self, header: Sequence[str], *, declared: bool) -> list[str]:
        """Source columns that the header lacks: all that are declared, or only those that a ledger can't do without."""
        wanted = [source for name, source in self.columns.items() if declared or name in _REQUIRED]
        return [source for source in wanted if source not in header]


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping that a TOML file declares.

    Raises:
        InputError: the file is no TOML, names unknown keys or fields, or lacks a field that every ledger needs.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"The column mapping {path.name} can't be read: {error}.") from error
    _expect_known(path, "keys", content, set(_FORMS))
    _expect_forms(path, content)
    columns, constants = content.get("columns", {}), content.get("constants", {})
    if not all(isinstance(source, str) for source in columns.values()):
        raise InputError(f"The column mapping {path.name} must name a column (a text) for each field in [columns].")
    _expect_known(path, "fields", {**columns, **constants}, set(FIELDS))
    if lacking := sorted(_REQUIRED - {*columns, *constants}):
        raise InputError(f"The column mapping {path.name} doesn't say where {', '.join(lacking)} can be found.")
    return ColumnMapping(
        columns=columns,
        constants={name: str(value) for name, value in constants.items()},
        currency=content.get("currency", "USD").upper(),
        date_formats=tuple(content.get("date_formats", ())),
        thresholds=_thresholds(path, content.get("thresholds")),
    )


def known_mapping(header: Sequence[str], folder: Path) -> Path | None:
    """The one mapping file in `folder` whose declared columns all stand in the header; None for Atoll's own schema.

    Raises:
        InputError: no mapping fits (it says which columns each one missed), or more than one does.
    """
    if not ColumnMapping().missing(header, declared=False):
        return None
    missed = {path: read_mapping(path).missing(header, declared=True) for path in sorted(folder.glob("*.toml"))}
    fitting = [path for path, columns in missed.items() if not columns]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(path.name for path in fitting)
        raise InputError(f"More than one mapping fits this ledger: {names}. Name the one to use.")
    reasons = "; ".join(f"{path.name} misses {', '.join(columns)}" for path, columns in missed.items())
    raise InputError(
        f"No known mapping fits the ledger's columns ({', '.join(header)}): {reasons or f'{folder} holds none'}. "
        "Declare its columns in a mapping of its own and name that file."
    )


def _expect_known(path: Path, what: str, given: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(given.keys() - known):
        expected = ", ".join(sorted(known))
        raise InputError(f"The column mapping {path.name} has unknown {what}: {', '.join(unknown)}. Known: {expected}.")


def _expect_forms(path: Path, content: Mapping[str, Any]) -> None:
    currency, formats = content.get("currency", "USD"), content.get("date_formats", [])
    wrong = [name for name, value in content.items() if not isinstance(value, _FORMS[name][0])]
    if not wrong and not (len(currency) == 3 and currency.isalpha() and currency.isascii()):  # noqa: PLR2004 (ISO 4217)
        wrong = ["currency"]
    if not wrong and not all(isinstance(text, str) for text in formats):
        wrong = ["date_formats"]
    for name in wrong:
        raise InputError(f"The column mapping {path.name} says {name} = {content[name]!r}; expected {_FORMS[name][1]}.")


def _thresholds(path: Path, declared: list[dict[str, Any]] | None) -> tuple[Threshold, ...]:
    if declared is None:
        return FAR_MICRO_PURCHASE
    try:
        thresholds = tuple(Threshold(entry["effective"], float(entry["amount"])) for entry in declared)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path.name}: each of [[thresholds]] needs effective (a date) and amount: {error!r}."
        ) from error
    if not thresholds or not all(type(entry.effective) is date and entry.amount > 0 for entry in thresholds):
        raise InputError(f"{path.name}: [[thresholds]] need a date like 2025-10-01 and a positive amount: {declared}.")
    return thresholds
