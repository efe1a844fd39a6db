"""Records whose quotation marks are written with a backslash before them, as Spark writes them."""

import re
from collections.abc import Iterable, Iterator

_ESCAPED = re.compile(r'\\(["\\])')


def escaped_records(text: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins in; lines keep their ends, and a value in marks may have several."""
    one = re.escape(separator)
    value = re.compile(rf'"((?:[^"\\]|\\.)*)"(?={one}|\r?\n?\Z|\r\Z)|((?:[^{one}\r\n"][^{one}\r\n]*)?)', re.DOTALL)
    waiting, began = "", 1
    for line, more in enumerate(text, start=1):
        waiting += more
        if (values := _split(waiting, separator, value)) is not None:
            yield began, values
            waiting, began = "", line + 1
    if waiting:
        yield began, waiting.split(separator)


def _split(record: str, separator: str, value: re.Pattern[str]) -> list[str] | None:
    """The values of a record; None if it goes on in the next line."""
    body = record.rstrip("\r\n")
    if not body:
        return []
    values, at = [], 0
    while True:
        found = value.match(record, at)
        if found is None or (found[1] is None and record[at : at + 1] == '"'):
            return None
        values.append(_ESCAPED.sub(r"\1", found[1]) if found[1] is not None else found[2])
        at = found.end()
        if at >= len(body):
            return values
        if record[at : at + 1] != separator:
            return None
        at += 1
