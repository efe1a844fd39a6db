"""Parquet, by whatever program: every value as text that can be read in one way only."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from model_code.errors import InputError
from model_code.etl.raw import RawLedger, RawRow, Wanted, trimmed

_ODD = r"[eE]|^-?nan$|\.\d{3}$"


@contextmanager
def open_parquet(path: Path, wanted: Wanted) -> Generator[RawLedger]:
    """Open a Parquet file.

    Raises:
        InputError: it lacks columns, or a field is to be read from a column of lists or the like.
    """
    with pq.ParquetFile(path) as parquet:
        schema = parquet.schema_arrow
        header = trimmed(schema.names)
        if wanted.mapping is not None and not wanted.fits(header):
            raise wanted.refuse(header)
        unreadable = {each.name: str(each.type) for each in schema if not _readable(each.type)}
        rows = _rows(parquet, unreadable, wanted)
        yield RawLedger(header, "parquet", rows, unreadable=unreadable)


def _readable(kind: pa.DataType) -> bool:
    """Whether a type is one of texts, numbers or days."""
    if pa.types.is_dictionary(kind):
        return _readable(kind.value_type)
    return not (pa.types.is_nested(kind) or pa.types.is_map(kind) or _is_bytes(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _rows(parquet: pq.ParquetFile, unreadable: dict[str, str], wanted: Wanted) -> Iterator[RawRow]:
    row = 0
    for batch in parquet.iter_batches():
        columns = [
            [""] * len(batch) if name in unreadable else _as_text(name, column, wanted).to_pylist()
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        for values in zip(*columns, strict=True):
            row += 1
            yield RawRow(row, list(values))
    if row != parquet.metadata.num_rows:
        raise InputError(f"{wanted.name} says that it has {parquet.metadata.num_rows} rows, and {row} were read.")


def _as_text(name: str, column: pa.Array, wanted: Wanted) -> pa.Array:
    """Days as ISO dates, numbers without exponents; missing values, NaN too, as empty text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.date32(), safe=False)
    try:
        text = column.cast(pa.string()).fill_null("")
    except pa.ArrowException:
        raise InputError(
            f"Column {name} of {wanted.name} holds {column.type}; expected texts, numbers or days."
        ) from None
    if not (pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        return text
    # PyArrow makes its functions when it is imported: type checkers don't see them.
    compute: Any = pc
    if compute.any(compute.match_substring_regex(text, _ODD)).as_py():
        text = pa.array([number_text(value) for value in text.to_pylist()], pa.string())
    return compute.replace_substring(text, ".", ",") if wanted.form.decimal == "," else text


def number_text(number: str) -> str:
    """A number without an exponent, and never with three decimals, which could be thousands; NaN is missing."""
    if number.lstrip("-") == "nan":
        return ""
    plain = format(Decimal(number), "f") if re.fullmatch(r"-?[\d.]+[eE][-+]?\d+", number) else number
    return f"{plain}0" if re.search(r"\.\d{3}$", plain) else plain
