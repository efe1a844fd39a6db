"""What one file's texts say together, though each by itself can be read: evidence that they mean something else."""

from collections.abc import Callable, Iterator

from model_code.etl.checking import FileRead
from model_code.etl.texts import BLANK_OFFICE, CENTS, EARLY_DAYS, HALF_MARKED, LATE_DAYS, THREE_DECIMALS, UTF8_LETTERS

FEW = 3
"""Fewer texts of a kind may be chance."""


def odd_texts(file: FileRead) -> Iterator[tuple[str, str]]:
    """Warnings about a file: kind and sentence."""
    for kind, look in _LOOKS.items():
        if says := look(file):
            line, sentence = says
            yield kind, f"{file.name}, line {line}: {sentence}"


def _exchanged(file: FileRead) -> tuple[int, str] | None:
    """A program that thinks month first made days of the texts it could: 05/01 is the first of May, 25/01 stays."""
    early, late = (tuple(file.seen.get(name) for name in names) for names in (EARLY_DAYS, LATE_DAYS))
    if early[1] or late[0] or not (early[0] and late[1] and min(early[0].rows, late[1].rows) >= FEW):
        return None
    return early[0].line, (
        f"{early[0].rows} days are the program's own, none beyond the 12th, and {late[1].rows} are texts (line "
        f"{late[1].line}: `{late[1].text}`), none up to it: day and month were exchanged when the file was opened. "
        "Export it anew, all days as text."
    )


def _decimals(file: FileRead) -> tuple[int, str] | None:
    three, two = file.seen.get(THREE_DECIMALS), file.seen.get(CENTS)
    if not (three and two and FEW <= three.rows < two.rows):
        return None
    return three.line, (
        f"the amount `{three.text}` has three decimals under the declared sign, as {three.rows} have, and {two.rows} "
        "have two. Are they thousands?"
    )


def _offices(file: FileRead) -> tuple[int, str] | None:
    blank = file.seen.get(BLANK_OFFICE)
    if not (blank and file.accepted / 2 < blank.rows < file.accepted):
        return None
    return blank.line, (
        f"the office is blank in {blank.rows} of {file.accepted} rows. If it stands in the first row of a group alone, "
        'declare fill_down = ["office"].'
    )


def _letters(file: FileRead) -> tuple[int, str] | None:
    letters = file.seen.get(UTF8_LETTERS)
    if not (letters and letters.rows >= FEW):
        return None
    return letters.line, (
        f"letters are written in UTF-8 there ({letters.rows} lines), and the file isn't UTF-8 throughout: read as "
        f"{file.encoding}, names change. Save it anew, or declare its encoding."
    )


def _marks(file: FileRead) -> tuple[int, str] | None:
    if not (half := file.seen.get(HALF_MARKED)):
        return None
    return half.line, (
        f"a value has a quotation mark and doesn't begin with one ({half.rows} lines), and others of this file stand "
        "between marks: the mark became a part of the value. Was the one before it lost? If they are inch marks, "
        "acknowledge it."
    )


_LOOKS: dict[str, Callable[[FileRead], tuple[int, str] | None]] = {
    "exchanged_days": _exchanged,
    "three_decimals": _decimals,
    "filled_once": _offices,
    "two_encodings": _letters,
    "half_marks": _marks,
}
