"""The mapping file: read, and refused in a sentence where it says what can't be (docs/mapping.md)."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

from model_code.errors import InputError
from model_code.etl.mapping import Acknowledged, ColumnMapping, Form, Rate, Refunds
from model_code.etl.mapping_keys import KEYS
from model_code.etl.own_declared import read_own
from model_code.features.fields import FIELDS
from model_code.features.own import Own
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold

_REQUIRED = frozenset(name for name, declared in FIELDS.items() if declared.required)


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping that a TOML file declares.

    Raises:
        InputError: the file is no TOML, names unknown keys or fields, or lacks what every ledger needs.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"The column mapping {path.name} can't be read: {error}.") from error
    _expect_known(path, "keys", content, set(KEYS))
    for name, value in content.items():
        if not KEYS[name].holds(value):
            raise InputError(f"The column mapping {path.name} says {name} = {value!r}; expected {KEYS[name].expected}.")
    if "currency" not in content:
        raise InputError(
            f"The column mapping {path.name} doesn't say in which currency the amounts are: add a line such as "
            'currency = "USD".'
        )
    return _mapping(path, content)


def _mapping(path: Path, content: dict[str, Any]) -> ColumnMapping:
    currency, ids = content["currency"].upper(), content.get("ids", "")
    own, constants = read_own(path.name, content), content.get("constants", {})
    columns = _columns(path, content, own)
    _expect_known(path, "fields", constants, set(FIELDS))
    given = {*columns, *constants, *(["transaction_id"] if ids else [])}
    if lacking := sorted(_REQUIRED - given):
        raise InputError(
            f"The column mapping {path.name} doesn't say where {', '.join(lacking)} can be found. A ledger without ids "
            'gets them by ids = "digest".'
        )
    if ids:
        columns.pop("transaction_id", None)
    return ColumnMapping(
        columns=columns,
        constants={name: str(value) for name, value in constants.items()},
        currency=currency,
        date_formats=tuple(content.get("date_formats", ())),
        thresholds=_thresholds(path, content.get("thresholds"), currency),
        rates=_rates(path, content.get("rates", [])),
        spending=content.get("spending", "positive"),
        refunds=_refunds(path, content),
        label_words={word.casefold(): str(label) for word, label in content.get("label_words", {}).items()},
        fill_down=_fill_down(path, content),
        ids=tuple(ids) if isinstance(ids, list) else ids,
        add_lines=content.get("lines") == "add",
        blank=frozenset(word.casefold() for word in content.get("blank", ())),
        fiscal_year_starts=content.get("fiscal_year_starts", 10),
        limits=_limits(path, content.get("limits", {})),
        own_names="columns" not in content,
        acknowledged=_acknowledged(path, content.get("acknowledged", [])),
        form=_form(path, content),
        own=own,
    )


def _columns(path: Path, content: dict[str, Any], own: Own) -> dict[str, tuple[str, ...]]:
    """By field the columns' names; an own column that [columns] doesn't name is called as the ledger's."""
    declared = content.get("columns", {name: name for name in FIELDS if name not in content.get("constants", {})})
    mine = {each.name: each.column for each in own.columns}
    if unknown := sorted(declared.keys() - FIELDS.keys() - mine.keys()):
        raise InputError(
            f"The column mapping {path.name} has unknown fields: {', '.join(unknown)}. Known: "
            f"{', '.join(sorted(FIELDS))}. A column of your own is declared by what it holds, such as "
            f'[own.{unknown[0]}] with kind = "category" and known_at = "authorisation" (docs/your-features.md).'
        )
    declared = {**{name: name for name in mine}, **declared}
    if not all(isinstance(names, str) or KEYS["blank"].holds(names) for names in declared.values()):
        raise InputError(f"The column mapping {path.name} must name a column (a text) for each field in [columns].")
    return {
        mine.get(name, name): (names,) if isinstance(names, str) else tuple(names) for name, names in declared.items()
    }


def _refunds(path: Path, content: dict[str, Any]) -> Refunds | None:
    if (declared := content.get("refunds")) is None:
        return None
    if content.get("spending") == "negative":
        raise InputError(
            f"The column mapping {path.name} says both refunds and spending = 'negative': amounts that a column tells "
            "refunds of have no sign to be turned round. Leave one of them out."
        )
    return Refunds(declared["column"], frozenset(word.casefold() for word in declared.get("words", ())))


def _fill_down(path: Path, content: dict[str, Any]) -> tuple[str, ...]:
    declared = tuple(content.get("fill_down", ()))
    _expect_known(path, "fields in fill_down", dict.fromkeys(declared), set(FIELDS))
    return declared


def _form(path: Path, content: dict[str, Any]) -> Form:
    names = tuple(content.get("column_names", ()))
    if (content.get("header_line") == 0) != bool(names):
        raise InputError(f"The column mapping {path.name} needs column_names where header_line is 0, and only there.")
    plain = {
        name: content[name] for name in ("separator", "encoding", "decimal", "sheet", "header_line") if name in content
    }
    return Form(
        **plain, backslashes=content.get("backslashes", False), quotes=content.get("quotes", True), column_names=names
    )


def _expect_known(path: Path, what: str, given: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(given.keys() - known):
        expected = ", ".join(sorted(known))
        raise InputError(f"The column mapping {path.name} has unknown {what}: {', '.join(unknown)}. Known: {expected}.")


def _thresholds(path: Path, declared: list[dict[str, Any]] | None, currency: str) -> tuple[Threshold, ...]:
    if declared is None:
        return FAR_MICRO_PURCHASE if currency == "USD" else ()
    try:
        thresholds = tuple(Threshold(entry["effective"], float(entry["amount"])) for entry in declared)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path.name}: each of [[thresholds]] needs effective (a date) and amount: {error!r}."
        ) from error
    if not thresholds or not all(type(entry.effective) is date and entry.amount > 0 for entry in thresholds):
        raise InputError(f"{path.name}: [[thresholds]] need a date like 2025-10-01 and a positive amount: {declared}.")
    return thresholds


def _rates(path: Path, declared: list[dict[str, Any]]) -> tuple[Rate, ...]:
    rates = [
        Rate(entry.get("currency", ""), cast("date", entry.get("effective")), entry.get("rate", 0))
        for entry in declared
    ]
    for rate in rates:
        if not (
            KEYS["currency"].holds(rate.currency)
            and type(rate.effective) is date
            and _is_number(rate.rate)
            and rate.rate > 0
        ):
            raise InputError(
                f"{path.name}: each of [[rates]] needs currency, effective (a date) and rate (above 0); found {rate}."
            )
    return tuple(sorted(rate._replace(currency=rate.currency.upper()) for rate in rates))


def _limits(path: Path, declared: dict[str, Any]) -> dict[str, float]:
    for reason, share in declared.items():
        if not (_is_number(share) and 0 <= share <= 1):
            raise InputError(f"{path.name}: [limits] says {reason} = {share!r}; expected a share from 0 to 1.")
    return {reason: float(share) for reason, share in declared.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _acknowledged(path: Path, declared: list[dict[str, Any]]) -> tuple[Acknowledged, ...]:
    made = []
    for entry in declared:
        each = Acknowledged(
            str(entry.get("warning", "")),
            str(entry.get("file", "")),
            entry.get("from"),
            entry.get("to"),
            str(entry.get("why", "")),
        )
        period = type(each.first) is date and type(each.last) is date
        if not each.warning or not each.why or bool(each.file) == period:
            raise InputError(
                f"{path.name}: each of [[acknowledged]] needs warning, why, and either file (a sha256) or from and to "
                f"(dates); found {entry}."
            )
        made.append(each)
    return tuple(made)


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
        f"No known mapping fits the ledger's columns: {reasons or f'{folder} holds none'}. Declare its columns in a "
        "mapping of its own (python -m model_code.etl.inspect writes one) and name that file."
    )
