"""A file's rows as its agency published them: the same columns, the same texts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from model_code.etl.reading import open_ledger
from model_code.etl.writing import write_tables


def write_published(file: Path, lines: Sequence[int], path: Path) -> dict[str, Any]:
    """Write these lines of a file in this order, all columns as texts; returns what a manifest says.

    A column without a name gets `column 3`, one whose name came before gets `name (2)`.
    """
    wanted = set(lines)
    with open_ledger(file) as raw:
        names = unique_names(raw.header)
        found = {row.line: row.values for row in raw.rows if row.line in wanted}
    return write_tables(path, _tables([found[line] for line in lines], names))


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
