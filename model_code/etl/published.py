"""A file's rows as its agency published them: the same columns, the same texts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa

from model_code.etl.checking import LINES
from model_code.etl.files import files_of
from model_code.etl.mapping import ColumnMapping
from model_code.etl.reading import open_ledger
from model_code.etl.writing import write_tables


def write_published(
    ledger: Path, places: Sequence[int], path: Path, *, mapping: ColumnMapping | None = None, declared: bool = False
) -> dict[str, Any]:
    """Write the rows of these places of a ledger in this order, all columns as texts; returns what a manifest says.

    A column without a name gets `column 3`, one whose name came before gets `name (2)`; a file without a column that
    others have gives empty texts.
    """
    wanted = set(places)
    found: dict[int, dict[str, str]] = {}
    names: dict[str, None] = {}
    with files_of(ledger) as files:
        for number, file in enumerate(files):
            with open_ledger(file.path, mapping, declared=declared, name=file.name, folders=file.folders) as raw:
                own = unique_names(raw.header)
                names |= dict.fromkeys(own)
                for row in raw.rows:
                    if (place := number * LINES + row.line) in wanted:
                        found[place] = dict(zip_longest(own, row.values, fillvalue=""))
    rows = [[found[place].get(name, "") for name in names] for place in places]
    return write_tables(path, _tables(rows, list(names)))


def unique_names(header: Sequence[str]) -> list[str]:
    """The header's names, none of them empty and none of them twice."""
    seen: Counter[str] = Counter()
    names = []
    for place, given in enumerate(header, start=1):
        name = given.strip() or f"column {place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _tables(rows: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[pa.Table]:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    yield pa.table([pa.array(column, pa.string()) for column in columns], names=list(names))
