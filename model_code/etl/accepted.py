"""A ledger's usable rows in memory, for reports beside ETL: weekly spend, vendors. The checks are ETL's own."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from model_code.etl.engines import duckdb_engine
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.etl.parts import Ledger
from model_code.etl.soundness import judged
from model_code.etl.staging import stage


class Accepted(NamedTuple):
    """The rows in Atoll's schema, in the ledger's order, and how many were set aside for which reason."""

    rows: pd.DataFrame
    set_aside: Mapping[str, int]


def read_accepted(ledger: Path, mapping: Path | None = None) -> Accepted:
    """Read a ledger (a file or a folder) as ETL does: the same forms, the same reasons, the same warnings.

    Raises:
        InputError: the ledger or its mapping can't be read or isn't sound, or no row can be used.
    """
    columns = read_mapping(mapping) if mapping else ColumnMapping()
    with tempfile.TemporaryDirectory() as folder, duckdb_engine(Path(folder)) as engine:
        staged = stage(ledger, columns, declared=mapping is not None, engine=engine)
        looked = Ledger(ledger.name, staged, engine, own_ids=columns.own_ids)
        judged(looked, columns).expect()
        rows = engine.rows(staged.checked.order_by("line").drop("line")).to_pandas()
        return Accepted(rows, looked.reasons)
