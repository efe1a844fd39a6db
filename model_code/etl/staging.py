"""A checked ledger on disk: however long it is, only a part of it is in memory at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from model_code.etl.anomalies import Purchases
from model_code.etl.checking import LINES, FileRead
from model_code.etl.engine import ORDER, Engine
from model_code.etl.identity import added_up, identified, repeats
from model_code.etl.mapping import ColumnMapping

UNKNOWN_KIND = "unknown"

Inject = Callable[[Purchases], pd.DataFrame]
"""Makes anomalies for a ledger that brought no labels: rows to be added, with labels."""


@dataclass(frozen=True)
class Staged:
    """A ledger's purchases with the `line` that is their place, rows set aside, and what a report says of them."""

    checked: Table
    quarantined: Table
    rows: Table
    """The accepted rows before repeated ones were set aside and lines were added up."""
    kept: Table
    """The accepted rows without repeated ones; lines are not added up."""
    files: list[FileRead]
    lines_added: int
    """So many lines went into purchases of several lines, beyond the first."""
    cases: bool = False
    """Whether labels came from a file of cases (`model_code.etl.cases`)."""

    @property
    def labelled(self) -> bool:
        """Whether the ledger brought labels, its own or those of its cases."""
        return self.cases or any(each.labelled for each in self.files)

    @property
    def future(self) -> str | None:
        """The first day on which it would be read otherwise: a row counts that was set aside as in the future."""
        return min((str(each.future) for each in self.files if each.future), default=None)

    @property
    def encoding(self) -> str:
        """How the files are written, each way once."""
        return ", ".join(dict.fromkeys(each.encoding for each in self.files))


def stage(ledger: Path, mapping: ColumnMapping, *, declared: bool, engine: Engine) -> Staged:
    """Check a ledger row by row. `declared`: the mapping is the ledger's own, not Atoll's.

    Of rows with the same id, the first one of the last file that has it is accepted, or all are added up where the
    mapping says so.

    Raises:
        InputError: a file or its columns can't be used.
    """
    with engine.checked(ledger, mapping, declared=declared) as checked:
        rows = identified(checked.accepted, engine)
        twice = repeats(rows, engine, add_lines=mapping.add_lines)
        repeated = checked.repeated(twice)
    gone = pa.table({"line": pa.array(sorted(twice), pa.int64())})
    kept = rows.anti_join(engine.hold(gone), "line") if twice else rows
    purchases = added_up(kept) if mapping.add_lines else kept
    return Staged(
        checked=purchases,
        quarantined=checked.rejected.union(repeated),
        rows=rows,
        kept=kept,
        files=checked.read,
        lines_added=engine.size(kept) - engine.size(purchases) if mapping.add_lines else 0,
    )


def described(file: FileRead) -> dict[str, Any]:
    """What a report says of a file."""
    plain = {name: getattr(file, name) for name in ("name", "sha256", "encoding", "read", "accepted")}
    seen = {what: seen.rows for what, seen in sorted(file.seen.items())}
    return plain | {"reasons": dict(sorted(file.reasons.items())), "seen": seen}


def place_of(place: int, files: list[FileRead]) -> tuple[str, int]:
    """The file and the line of a row's place in the ledger."""
    number, line = divmod(place, LINES)
    return files[number].name, line


def labelled_ledger(staged: Staged, *, engine: Engine, inject: Inject | None) -> Table:
    """The accepted rows, labelled, with `row`: their numbers by date and id, which is also their order.

    Without labels and without `inject`, every label is 0 and says nothing.
    """
    rows = staged.checked.drop("line")
    unnamed = (rows["label"] == 1) & (rows["kind"] == "")
    labelled = rows.mutate(kind=unnamed.ifelse(UNKNOWN_KIND, rows["kind"]))
    if not staged.labelled and inject:
        made = pa.Table.from_pandas(inject(_purchases(staged, engine)), rows.schema().to_pyarrow())
        labelled = rows.union(engine.hold(made))
    return engine.numbered(labelled)


def _purchases(staged: Staged, engine: Engine) -> Purchases:
    """The accepted rows by date and id; of ten million, what is held in memory takes a third of a gigabyte."""
    known = staged.checked.order_by(ORDER).select("line", "transaction_date", "amount", "merchant", "mcc")
    parts = [_with_codes(part) for part in engine.batches(known)]
    held = pa.Table.from_batches(parts).unify_dictionaries().to_pandas()
    lines = held.pop("line").to_numpy()

    def rows(at: np.ndarray) -> pd.DataFrame:
        asked = engine.hold(pa.table({"line": np.unique(lines[at])}))
        found = engine.rows(staged.checked.semi_join(asked, "line")).to_pandas()
        return found.set_index("line").loc[lines[at]].reset_index(drop=True)

    return Purchases(held, rows)


def _with_codes(part: pa.RecordBatch) -> pa.RecordBatch:
    for name in ("merchant", "mcc"):
        part = part.set_column(part.schema.get_field_index(name), name, part[name].dictionary_encode())
    return part
