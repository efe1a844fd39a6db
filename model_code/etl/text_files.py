"""Files of text: their encoding, separator and header; every record that the bytes have is read, or the job ends."""

import codecs
import csv
import gzip
import io
import re
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from model_code.errors import InputError
from model_code.etl.counting import Survey, quoteless, survey
from model_code.etl.escapes import escaped_records
from model_code.etl.files import GZIP_MAGIC
from model_code.etl.mapping import Form
from model_code.etl.mapping_keys import SEPARATORS
from model_code.etl.raw import HEADER_WITHIN, RawLedger, RawRow, Wanted, fitted, trimmed

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BEYOND_LATIN1 = re.compile("[^\x00-\xff]")
_BLOCK = 1 << 20
_FIRST = 4096
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml|body|head|style|meta)\b", re.IGNORECASE)
_FALLBACKS = ("cp1252", "latin-1")
_UTF8_LETTER = re.compile(rb"[\xc2\xc3][\x80-\xbf]")


class _Head(NamedTuple):
    """The header: how its line is separated, how many records end with it, and its names."""

    separator: str
    records: int
    names: list[str]


@contextmanager
def open_text(path: Path, wanted: Wanted) -> Generator[RawLedger]:
    """Open a file of separated values, gzipped or not.

    Raises:
        InputError: its bytes are no text, no line names the columns, or its records can't be told apart.
    """
    encoding = wanted.form.encoding or encoding_of(path)
    _expect_table(path, encoding, wanted)
    try:
        head = _head(path, encoding, wanted)
        counted = _survey(path, encoding, head, wanted)
        with _open_bytes(path) as source, io.TextIOWrapper(source, encoding=encoding, newline="") as text:
            rows = _rows(_records(text, head.separator, wanted.form), head, counted, wanted.name)
            yield RawLedger(
                trimmed(head.names),
                encoding.removesuffix("-sig"),
                rows,
                head.separator,
                counted.swallowed,
                half_marked=counted.half_marked if counted.marked else [],
                utf8_lines=[] if wanted.form.encoding else _utf8_lines(path, encoding),
            )
    except UnicodeDecodeError as error:
        raise InputError(
            f"{wanted.name} isn't {encoding} throughout ({error.reason} at byte {error.start}): declare its encoding."
        ) from error


def _expect_table(path: Path, encoding: str, wanted: Wanted) -> None:
    """See by the first bytes that a file isn't something else, whose content no message may show."""
    with _open_bytes(path) as source:
        first = source.read(_FIRST)
    if _MARKUP.match(first):
        raise InputError(
            f"{wanted.name} is a web page or XML by its first bytes, whatever its name says: open it in a spreadsheet "
            "and save it as .xlsx or .csv."
        )
    if b"\0" in first and "16" not in encoding and "32" not in encoding:
        line = first[: first.index(b"\0")].count(b"\n") + 1
        raise InputError(
            f"{wanted.name}, line {line}: there is a NUL byte: the file is damaged, or it is UTF-16 without its mark. "
            'Then declare encoding = "utf-16-le".'
        )


def _utf8_lines(path: Path, encoding: str) -> list[int]:
    """Lines of a file in an older encoding where letters are written as UTF-8 writes them."""
    if encoding not in _FALLBACKS:
        return []
    with _open_bytes(path) as source:
        return [line for line, content in enumerate(source, start=1) if _UTF8_LETTER.search(content)]


def _open_bytes(path: Path) -> BinaryIO:
    with path.open("rb") as source:
        zipped = source.read(2) == GZIP_MAGIC
    if path.name.lower().endswith(".gz") and not zipped:
        raise InputError(f"{path.name} is named .gz but isn't gzip inside: compress it, or name it .csv.")
    return cast("BinaryIO", gzip.open(path)) if zipped else path.open("rb")


def encoding_of(path: Path) -> str:
    """UTF-16 with its mark, or UTF-8 if the whole file is; else cp1252 if it has signs such as €, else latin-1."""
    with _open_bytes(path) as source:
        unicode = "utf-16" if source.read(2) in _UTF16_MARKS else "utf-8-sig"
    with suppress(UnicodeDecodeError):
        deque(_blocks(path, unicode), maxlen=0)
        return unicode
    with suppress(UnicodeDecodeError):
        # Read to the end: a byte that cp1252 lacks may come late.
        if sum(_BEYOND_LATIN1.search(block) is not None for block in _blocks(path, "cp1252")):
            return "cp1252"
    return "latin-1"


def _blocks(path: Path, encoding: str) -> Iterator[str]:
    with _open_bytes(path) as source:
        text = io.TextIOWrapper(source, encoding=encoding, newline="")
        while block := text.read(_BLOCK):
            yield block


def _bytes(path: Path, encoding: str) -> Iterator[bytes]:
    """The file's bytes, of other encodings than ASCII's kin in UTF-8, without the mark at the beginning."""
    if encoding not in {"utf-8-sig", "cp1252", "latin-1"}:
        yield from (block.encode("utf-8", "surrogatepass") for block in _blocks(path, encoding))
        return
    with _open_bytes(path) as source:
        first = source.read(len(codecs.BOM_UTF8))
        yield b"" if first == codecs.BOM_UTF8 else first
        while block := source.read(_BLOCK):
            yield block


def _records(text: Iterable[str], separator: str, form: Form) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins in."""
    if form.backslashes:
        yield from escaped_records(text, separator)
        return
    quoting = csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE
    lines = csv.reader(text, delimiter=separator, quoting=quoting)
    line = 1
    for values in lines:
        yield line, values
        # A quoted value may run over several lines.
        line = lines.line_num + 1


def _head(path: Path, encoding: str, wanted: Wanted) -> _Head:
    form = wanted.form
    separators = (form.separator,) if form.separator else SEPARATORS
    if form.column_names:
        names = list(form.column_names)
        return _Head(form.separator or _widest(path, encoding, form, len(names)), 0, names)
    firsts = {each: first_records(path, encoding, each, form) for each in separators}
    heads = [
        [
            _Head(each, number, names)
            for number, line, names in firsts[each]
            if wanted.fits(trimmed(names)) and form.header_line in (None, line)
        ]
        for each in separators
    ]
    fitting = [found[0] for found in heads if found]
    if not fitting:
        raise wanted.refuse(
            max((trimmed(names) for found in firsts.values() for *_, names in found), key=len, default=[])
        )
    if wanted.mapping is not None and len(fitting) > 1:
        raise InputError(f"{wanted.name} can be split in several ways: declare its separator in the column mapping.")
    return max(fitting, key=lambda head: len(trimmed(head.names)))


def first_records(path: Path, encoding: str, separator: str, form: Form) -> list[tuple[int, int, list[str]]]:
    """The first records: how many end with each, its line, its values."""
    found: list[tuple[int, int, list[str]]] = []
    with (
        _open_bytes(path) as source,
        io.TextIOWrapper(source, encoding=encoding, newline="") as text,
        suppress(csv.Error),
    ):
        for number, (line, names) in enumerate(islice(_records(text, separator, form), HEADER_WITHIN), start=1):
            found.append((number, line, names))
    return found


def _widest(path: Path, encoding: str, form: Form, width: int) -> str:
    """The separator that splits the first lines of a file without a header into as many values as were named."""
    for separator in SEPARATORS:
        if any(len(values) == width for *_, values in first_records(path, encoding, separator, form)):
            return separator
    raise InputError(f"{path.name} has no line of {width} values, as column_names says: declare the separator too.")


def _survey(path: Path, encoding: str, head: _Head, wanted: Wanted) -> Survey:
    form, blocks = wanted.form, _bytes(path, encoding)
    if not form.quotes:
        counted = quoteless(blocks)
    else:
        counted = survey(blocks, head.separator, width=len(head.names), backslashes=form.backslashes)
    if counted.fault:
        raise InputError(
            f"{wanted.name}, line {counted.fault.line}: {counted.fault.what}. Nothing of it was read: rows may be "
            "swallowed. Mend the line; or, if quotation marks are written with a backslash (Spark), declare "
            "backslashes = true; or, if they have no meaning in this file, quotes = false."
        )
    return counted


def _rows(records: Iterator[tuple[int, list[str]]], head: _Head, counted: Survey, name: str) -> Iterator[RawRow]:
    """The records after the header's; that they are all of them is made sure of at the end.

    Raises:
        InputError: the bytes have another number of records.
    """
    width, read = len(trimmed(head.names)), 0
    for line, values in records:
        read += 1
        if read > head.records:
            yield RawRow(line, fitted(values, width))
    if read != counted.records:
        raise InputError(
            f"{name} has {counted.records} records by its bytes, and {read} were read: its quotation marks can be "
            "understood in two ways. Mend them; nothing of the file is used."
        )
