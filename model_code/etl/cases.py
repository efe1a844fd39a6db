"""Reviewed cases in a file of their own: an id of the ledger, what was decided, of which kind, on which day.

Agencies keep them beside the ledger. A row that no case names, or whose case isn't decided, counts as ordinary.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from model_code.errors import InputError
from model_code.etl.checking import today_somewhere
from model_code.etl.dates import parse_date
from model_code.etl.engine import Engine
from model_code.etl.mapping import ColumnMapping, plain
from model_code.etl.reading import RawLedger, open_ledger
from model_code.etl.staging import Staged
from model_code.etl.validation import label_of

COLUMNS = ("transaction_id", "label", "kind", "decided_on")
"""The file's columns; the last two may be missing or blank."""
MOST_UNKNOWN = 0.05
"""The share of cases whose id the ledger may lack: more of them, and it is another ledger's file."""
_WANTED = ColumnMapping(columns={name: (name,) for name in COLUMNS[:2]})


class Case(NamedTuple):
    """What was decided of a purchase; `decided` is none where the file has no day."""

    line: int
    id: str
    label: int
    kind: str
    decided: date | None


class Applied(NamedTuple):
    """A ledger with the labels of its cases, and what a report says of them."""

    staged: Staged
    told: dict[str, int]


def with_cases(staged: Staged, path: Path, mapping: ColumnMapping, engine: Engine) -> Applied:
    """Label the rows that cases name; the mapping's `label_words` and `date_formats` hold for the cases too.

    Raises:
        InputError: the ledger has labels of its own, the file can't be read, or its cases aren't this ledger's.
    """
    if staged.labelled:
        raise InputError(
            f"{path.name} holds cases, and the ledger has labels of its own (its column for `label`): leave out one of "
            "both."
        )
    with open_ledger(path, _WANTED, declared=True) as raw:
        read = list(_read(raw, path.name, mapping))
    cases = _last(read, path.name)
    given = pa.table(
        {
            "case_id": pa.array([case.id for case in cases], pa.string()),
            "case_label": pa.array([case.label for case in cases], pa.int8()),
            "case_kind": pa.array([case.kind if case.label else "" for case in cases], pa.string()),
        }
    )
    known = _known(staged, given, engine)
    _expect_known(cases, known, path.name)
    held = engine.hold(given)
    joined = staged.checked.left_join(held, staged.checked["transaction_id"] == held["case_id"])
    labelled = joined.mutate(
        label=joined["case_label"].fill_null(0).cast("int8"), kind=joined["case_kind"].fill_null("")
    ).select(staged.checked.columns)
    told = {
        "read": len(read),
        "decided": len(cases),
        "anomalies": sum(case.label for case in cases if case.id in known),
        "without_a_row": len(cases) - len(known),
    }
    return Applied(dataclasses.replace(staged, checked=engine.keep(labelled), cases=True), told)


def _read(raw: RawLedger, name: str, mapping: ColumnMapping) -> Iterator[Case]:
    """The decided cases, by line.

    Raises:
        InputError: a case has no id, or its label or day can't be read.
    """
    places = {each: [plain(named) for named in raw.header].index(each) for each in COLUMNS if each in _names(raw)}

    def text(values: Sequence[str], column: str) -> str:
        place = places.get(column, len(values))
        return values[place].strip() if place < len(values) else ""

    for line, values in raw.rows:
        word = text(values, "label")
        word = mapping.label_words.get(word.casefold(), word)
        if not word:
            continue
        label, day = label_of(word), text(values, "decided_on")
        decided = parse_date(day, mapping.date_formats) if day else None
        wrong = _wrong(text(values, "transaction_id"), label, day, decided)
        if wrong or label is None:
            raise InputError(f"{name}, line {line}: {wrong}")
        yield Case(line, text(values, "transaction_id"), label, text(values, "kind"), decided)


def _names(raw: RawLedger) -> set[str]:
    return {plain(name) for name in raw.header}


def _wrong(case: str, label: int | None, day: str, decided: date | None) -> str:
    if not case:
        return "a case without a transaction_id; name the ledger's row, or leave the line out."
    if label is None:
        return "the label is neither yes nor no. Write 1 or 0, or declare the word: label_words (docs/mapping.md)."
    if day and decided is None:
        return "decided_on is no day. Write it as 2026-01-31, or declare its form: date_formats (docs/mapping.md)."
    if decided and decided > today_somewhere():
        return f"decided_on is {decided}, a day that hasn't come."
    return ""


def _last(read: Sequence[Case], name: str) -> list[Case]:
    """Of several decisions on one id, the latest.

    Raises:
        InputError: two decisions of one day, or without one, contradict each other.
    """
    latest: dict[str, Case] = {}
    for case in read:
        other = latest.setdefault(case.id, case)
        if other.decided == case.decided and other.label != case.label:
            raise InputError(
                f"{name}, lines {other.line} and {case.line}: one id, one day, and two decisions. Correct one, or say "
                "by decided_on which is the later."
            )
        if (case.decided or date.min) > (other.decided or date.min):
            latest[case.id] = case
    return list(latest.values())


def _known(staged: Staged, given: pa.Table, engine: Engine) -> set[str]:
    held = engine.hold(given)
    found = staged.checked.semi_join(held, staged.checked["transaction_id"] == held["case_id"])
    return set(engine.rows(found.select("transaction_id"))["transaction_id"].to_pylist())


def _expect_known(cases: Sequence[Case], known: set[str], name: str) -> None:
    unknown = [case for case in cases if case.id not in known]
    if not cases:
        raise InputError(f"{name} holds no decided case: each line needs a transaction_id and a label.")
    if len(unknown) > MOST_UNKNOWN * len(cases):
        raise InputError(
            f"{name}: the ledger has no row for {len(unknown)} of {len(cases)} cases, the first in line "
            f"{unknown[0].line}; at most {MOST_UNKNOWN:.0%} may lack one. Is it another ledger's, or another form of "
            "the ids?"
        )
