"""Warnings: what can't be right in most ledgers. Each ends the job until people acknowledge it in the mapping."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from model_code.etl.checking import FileRead
from model_code.etl.mapping import Acknowledged
from model_code.etl.odd_texts import odd_texts
from model_code.etl.parts import Ledger, Part
from model_code.etl.periods import GAP_DAYS
from model_code.etl.shapes import REMARK
from model_code.etl.texts import DAMAGED, NOTHING, OTHER_ORDER, SIGNS_BESIDE, TWO_ORDERS, UNREADABLE_CODE

LEAST = 20
"""A file or month of fewer rows says nothing of its kind: one day's file isn't stopped for what a month can show."""
FEW_CODES, TIMES = 0.05, 50
LEAST_WORDS = 3
KINDS: dict[str, str] = {
    "swallowed_rows": "A value in quotation marks runs over several lines that look like rows.",
    "two_date_orders": "Texts of days fit two declared forms that make different days of them.",
    "other_date_order": "Days that fit no declared form fit one with day and month exchanged.",
    "one_id": "Every row has the same id.",
    "exchanged_days": "A program took days for months: its own days all lie up to the 12th, those left as text beyond.",
    "three_decimals": "Amounts of three decimals stand among others of two: thousands of another writer, perhaps.",
    "signs_elsewhere": "No amount is negative, and a column beside them says debit and credit.",
    "filled_once": "The office is blank in more than half of the rows.",
    "blank_centres": "The cost centre is blank in more than half of the rows, and the view reads it.",
    "half_marks": "A value ends with a quotation mark and doesn't begin with one, where others stand between marks.",
    "two_encodings": "Letters of UTF-8 stand in a file that isn't UTF-8 throughout.",
    "several_amounts": "One id has rows of different amounts: lines of an order, perhaps, or corrections.",
    "mostly_negative": "More amounts are negative than positive, in the ledger or in one of its files.",
    "missing_month": "A month between the first and the last has no row.",
    "far_dates": "Single rows lie half a year or more from all others.",
    "block_twice": "Rows come a second time in the same order under other ids.",
    "words_for_nothing": "A word such as NULL or n/a stands where a name should.",
    "damaged_ids": "Ids or cards look like a spreadsheet's rounded numbers.",
    "many_times_larger": "Amounts of one file or month are fifty times those of the one before, or a fiftieth.",
    "changed_meaning": "A column holds something else in one file than in the others.",
    "unreadable_codes": "More than one merchant code in twenty is none.",
    "ids_used_again": "Most ids of new rows that the history has come back with another day and another payee.",
    "many_remarks": "More than a third of the lines have neither payee nor day.",
}


@dataclass(frozen=True)
class Doubt:
    """A warning: its kind, what was seen where, the files (sha256) and days that it is about."""

    kind: str
    sentence: str
    files: frozenset[str]
    first: date
    last: date

    def acknowledged(self, by: Iterable[Acknowledged]) -> bool:
        """Whether people have looked at it: all of its files, or its days."""
        mine = [each for each in by if each.warning == self.kind]
        if self.files and self.files <= {each.file for each in mine}:
            return True
        return any(each.first and each.last and each.first <= self.first and self.last <= each.last for each in mine)


def doubts(ledger: Ledger) -> list[Doubt]:
    """Every warning that a ledger gives."""
    return [doubt for look in _LOOKS for doubt in look(ledger)] if ledger.parts else []


def _doubt(ledger: Ledger, kind: str, sentence: str, files: Sequence[FileRead]) -> Doubt:
    """A warning about some files, and about the days of their rows."""
    return Doubt(kind, sentence, frozenset(file.sha256 for file in files), *ledger.span(files))


def _texts(ledger: Ledger) -> Iterator[Doubt]:
    """What the files' texts say by themselves."""
    for file in ledger.files:
        if file.swallowed:
            yield _doubt(
                ledger,
                "swallowed_rows",
                f"{file.name}, line {file.swallowed[0]}: a value in quotation marks holds lines that look like rows "
                f"({len(file.swallowed)} times). Is a mark missing there?",
                [file],
            )
        for kind, what, least, says in _SEEN:
            if (seen := file.seen.get(what)) and seen.rows >= least:
                yield _doubt(
                    ledger, kind, f"{file.name}, line {seen.line} (`{seen.text}`, {seen.rows} rows): {says}", [file]
                )
        yield from (_doubt(ledger, kind, sentence, [file]) for kind, sentence in odd_texts(file))
        codes, rows = file.seen.get(UNREADABLE_CODE), max(file.accepted, 1)
        if codes and codes.rows >= LEAST / 2 and codes.rows / rows > FEW_CODES:
            says = f"{codes.rows} of {rows} merchant codes can't be read and count as none. Is it another column?"
            yield _doubt(ledger, "unreadable_codes", f"{file.name}, line {codes.line} (`{codes.text}`): {says}", [file])
        remarks = file.reasons[REMARK]
        if remarks >= LEAST and remarks > file.read / 3:
            says = f"{remarks} of {file.read} lines have neither payee nor day and count as totals or remarks."
            yield _doubt(ledger, "many_remarks", f"{file.name}: {says} Is the right column declared?", [file])


_SEEN = (
    (
        "two_date_orders",
        TWO_ORDERS,
        1,
        "the text fits two declared date_formats that make different days of it. Declare the right one alone.",
    ),
    (
        "other_date_order",
        OTHER_ORDER,
        1,
        "it fits no declared form, but one with day and month exchanged: others may be wrong. Mend date_formats.",
    ),
    (
        "words_for_nothing",
        NOTHING,
        LEAST_WORDS,
        "a word for nothing stands where a name should. Declare it: blank = [...].",
    ),
    (
        "damaged_ids",
        DAMAGED,
        1,
        'a spreadsheet has rounded this id or card number. Export it as text, or let ids be made: ids = "digest".',
    ),
)


def _ids(ledger: Ledger) -> Iterator[Doubt]:
    ids = ledger.ids()
    if ids.rows > 1 and ids.different == 1:
        says = 'every row has the same id. Map another column, or let ids be made: ids = "digest".'
        yield _doubt(ledger, "one_id", f"{ledger.name}: {says}", ledger.files)
    elif ids.several_amounts:
        files = [ledger.files[number] for number in ids.files]
        yield _doubt(
            ledger,
            "several_amounts",
            f"{ledger.where(ids.first)}: the id has several amounts, as {ids.several_amounts} ids have. If rows are "
            "lines "
            'of an order, declare lines = "add", or ids = ["id", "line"]; only one row of an id counts else.',
            files,
        )
    if ids.long >= LEAST and ids.long_zeros > 0.9 * ids.long:
        says = f"{ids.long_zeros} of {ids.long} ids or cards of 16 digits end in 0: a spreadsheet has rounded them."
        yield _doubt(ledger, "damaged_ids", f"{ledger.name}: {says}", ledger.files)


def _signs(ledger: Ledger) -> Iterator[Doubt]:
    for number, file in enumerate(ledger.files):
        beside = file.seen.get(SIGNS_BESIDE)
        if beside and not any(part.negative for part in ledger.parts if part.file == number):
            yield _doubt(
                ledger,
                "signs_elsewhere",
                f"{file.name}, line {beside.line}: no amount is negative, and the column {beside.text} holds words for "
                f"debit and credit, {beside.rows} for credit. Declare refunds = {{ column = ..., words = [...] }}.",
                [file],
            )
    says = 'of {} amounts, {} are negative. Is the sign the bank\'s? Then declare spending = "negative".'
    rows, negative = ledger.rows, sum(part.negative for part in ledger.parts)
    if negative > rows / 2 and (rows >= LEAST or negative == rows > 1):
        yield _doubt(ledger, "mostly_negative", f"{ledger.name}: {says.format(rows, negative)}", ledger.files)
        return
    for number, file in enumerate(ledger.files):
        parts = [part for part in ledger.parts if part.file == number]
        rows, negative = sum(part.rows for part in parts), sum(part.negative for part in parts)
        if rows >= LEAST and negative > rows / 2:
            yield _doubt(ledger, "mostly_negative", f"{file.name}: {says.format(rows, negative)}", [file])


def _days(ledger: Ledger) -> Iterator[Doubt]:
    strays = ledger.strays(gap=GAP_DAYS, least=LEAST)
    for day, rows in strays.items():
        yield Doubt(
            "far_dates",
            f"{ledger.name}: {rows} rows of {day} lie {GAP_DAYS} days or more from all others. Correct them, or take "
            "them out.",
            frozenset(),
            day,
            day,
        )
    months: dict[date, int] = {}
    for part in ledger.parts:
        if part.rows > sum(rows for day, rows in strays.items() if day.replace(day=1) == part.month):
            months[part.month] = months.get(part.month, 0) + part.rows
    if len(months) < 3 or np.median(list(months.values())) < LEAST:  # noqa: PLR2004 (one month between two)
        return
    month = min(months)
    while (month := _next(month)) < max(months):
        if month not in months:
            says = f"{month:%B %Y} has no row, and months before and after have. Is a file missing?"
            yield Doubt("missing_month", f"{ledger.name}: {says}", frozenset(), month, month.replace(day=28))


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _blocks(ledger: Ledger) -> Iterator[Doubt]:
    for block in ledger.blocks(least=LEAST):
        files = [ledger.files[number] for number in block.files]
        yield _doubt(
            ledger,
            "block_twice",
            f"{ledger.where(block.place)}: {block.rows} rows come that stood in the same order at "
            f"{ledger.where(block.before)}. Is a file there twice, under another name?",
            files,
        )


def _sizes(ledger: Ledger) -> Iterator[Doubt]:
    """Amounts of one file against the one before it, and of one month against the one before it."""
    for key in (lambda part: part.file, lambda part: part.month):
        groups = ledger.grouped(key)
        large = {name: parts for name, parts in groups.items() if sum(part.rows for part in parts) >= LEAST}
        medians = {name: _median(parts) for name, parts in large.items()}
        names = list(medians)
        for before, after in pairwise(names):
            ratio = medians[after] / medians[before] if medians[before] and medians[after] else 1
            if not 1 / TIMES < ratio < TIMES:
                files = [ledger.files[part.file] for part in large[after]]
                yield _doubt(
                    ledger,
                    "many_times_larger",
                    f"{ledger.group_name(after)}: amounts are {ratio:.3g} times those of {ledger.group_name(before)} "
                    f"(medians {medians[after]:g} and {medians[before]:g}). Is it cents, thousands, or another column?",
                    files,
                )
                return


def _median(parts: Sequence[Part]) -> float:
    return max(parts, key=lambda part: part.rows).median


def _meanings(ledger: Ledger) -> Iterator[Doubt]:
    for number in ledger.one_day_a_month():
        file = ledger.files[number]
        says = (
            "its rows lie on one day of several months, and the other files' in a month or two. Is the month before "
            "the day?"
        )
        yield _doubt(ledger, "other_date_order", f"{file.name}: {says}", [file])
    for number, what in ledger.changed(least=LEAST):
        file = ledger.files[number]
        yield _doubt(ledger, "changed_meaning", f"{file.name}: {what}. Declare the right column for this file.", [file])


_LOOKS: tuple[Callable[[Ledger], Iterator[Doubt]], ...] = (_texts, _ids, _signs, _days, _blocks, _sizes, _meanings)
