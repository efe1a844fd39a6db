"""`python -m model_code.etl.inspect LEDGER [--out columns.toml]`: what is in its files, and a mapping to correct.

Guesses separator, header, encoding, decimal sign, order of days, sign of spending, currency, ids and codes, with its
evidence and its doubts. A job never guesses: it takes the mapping, once a person has corrected it.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.accepted import read_accepted
from model_code.etl.files import Kind, files_of, kind_of
from model_code.etl.guesses import Guess, day_formats, guess
from model_code.etl.mapping import ColumnMapping, Form
from model_code.etl.mapping_keys import SEPARATORS
from model_code.etl.raw import trimmed
from model_code.etl.reading import open_ledger
from model_code.etl.text_files import encoding_of, first_records
from model_code.etl.workbooks import first_rows

SAMPLE = 3000
"""So many rows of each file are looked at."""


def inspected(ledger: Path) -> tuple[Guess, list[str]]:
    """What a ledger may be, and what was found in each of its files.

    Raises:
        InputError: a file can't be read at all.
    """
    told, headers, rows = [], Counter[tuple[str, ...]](), []
    with files_of(ledger) as files:
        for file in files:
            form, line = _form(file.path)
            with open_ledger(file.path, ColumnMapping(columns={}, form=form), name=file.name) as raw:
                sample = [row.values for row in islice(raw.rows, SAMPLE)]
                header = tuple(raw.header)
                told.append(
                    f"{file.name}: {raw.encoding}, separator {raw.separator!r}, names in line {line}, "
                    f"{len(header)} columns"
                )
            headers[header] += 1
            if header == headers.most_common(1)[0][0]:
                rows += sample
    [(header, _)] = headers.most_common(1)
    made = guess(header, rows)
    if len(headers) > 1:
        made.doubts.append(
            f"Files have {len(headers)} different headers: give a list of names where a column's differ."
        )
    return made, told


def toml_of(made: Guess) -> str:
    """The mapping as a file to be corrected: evidence beside each line, doubts above."""
    lines = ["# Written by inspect: a guess. Correct it; each doubt below needs a look.", ""]
    lines += [f"# DOUBT: {doubt}" for doubt in made.doubts]
    for name, value in made.keys.items():
        lines.append(f"{name} = {value}{_because(made, name)}")
    lines += ["", "[columns]"]
    for name, column in made.columns.items():
        lines.append(f"{name} = {_quoted(column)}{_because(made, name)}")
    if made.unused:
        lines += [
            f"# Not used: {', '.join(map(_quoted, made.unused))}. One that is a field belongs above (docs/data.md);",
            "# one of your own that the model should use is declared (docs/your-features.md).",
        ]
    return "\n".join([*lines, ""])


def _because(made: Guess, name: str) -> str:
    return f"  # {made.evidence[name]}" if name in made.evidence else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _form(path: Path) -> tuple[Form, int]:
    """The separator that splits the first lines best, and the line of the header."""
    kind = kind_of(path)
    if kind is Kind.PARQUET:
        return Form(), 0
    if kind is Kind.BOOK:
        sheet, rows = max(first_rows(path), key=lambda each: len(each[1]) * max(map(len, each[1]), default=0))
        line = _header_line(rows)
        return Form(sheet=sheet, header_line=line), line
    encoding = encoding_of(path)
    splits = {each: first_records(path, encoding, each, Form()) for each in SEPARATORS}
    separator = max(SEPARATORS, key=lambda each: _regularity([names for *_, names in splits[each]]))
    records = splits[separator]
    if not records:
        raise InputError(f"{path.name} is empty.")
    line = records[_header_line([names for *_, names in records]) - 1][1]
    return Form(separator=separator, header_line=line), line


def _regularity(records: Sequence[Sequence[str]]) -> float:
    """How well a split fits: the most frequent number of values, by how many lines have it."""
    widths = Counter(len(trimmed(values)) for values in records if any(values))
    return max((count * (width - 1) for width, count in widths.items()), default=0)


def _header_line(records: Sequence[Sequence[str]]) -> int:
    """The number of the first record that is nearly as wide as most and holds words alone."""
    widths = Counter(len(trimmed(values)) for values in records if len(trimmed(values)) > 1)
    usual = max(widths, key=lambda width: (widths[width], width), default=1)
    for number, values in enumerate(records, start=1):
        names = trimmed(values)
        data = [name for name in names if day_formats([name]) or name.replace(".", "").replace(",", "").isdigit()]
        if len(names) >= 0.6 * usual and not data and sum(map(bool, names)) > 0.6 * len(names):
            return number
    return 1


def main(arguments: list[str] | None = None) -> None:
    """Print what was found, and write the mapping."""
    parser = argparse.ArgumentParser(prog="python -m model_code.etl.inspect", description=__doc__)
    parser.add_argument("ledger", type=Path, help="a ledger: a file or a folder")
    parser.add_argument("--out", type=Path, help="where to write the mapping; else it is printed")
    options = parser.parse_args(arguments)
    try:
        made, told = inspected(options.ledger)
        text = toml_of(made)
    except InputError as error:
        parser.error(str(error))
    sys.stdout.write("".join(f"{line}\n" for line in [*told, ""]))
    if options.out is None:
        sys.stdout.write(text)
        return
    options.out.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{options.out}: {len(made.doubts)} doubts\n{_tried(options.ledger, options.out)}\n")


def _tried(ledger: Path, mapping: Path) -> str:
    """What comes of reading the ledger by the mapping as it stands."""
    try:
        rows, set_aside = read_accepted(ledger, mapping)
    except InputError as error:
        return f"As it stands: {error}"
    return f"As it stands: {len(rows)} rows are read, {sum(set_aside.values())} set aside {set_aside or ''}"


if __name__ == "__main__":
    main()
