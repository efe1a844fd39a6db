"""A ledger's usable rows in memory, for reports beside ETL: weekly spend, vendors. The checks are ETL's own."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from model_code.errors import InputError
from model_code.etl.mapping import ColumnMapping, read_mapping
from model_code.etl.reading import open_ledger
from model_code.etl.staging import DUPLICATE, expect_columns, today_somewhere
from model_code.etl.validation import validate


class Accepted(NamedTuple):
    """The rows in Atoll's schema, in the file's order, and how many were set aside for which reason."""

    rows: pd.DataFrame
    set_aside: Mapping[str, int]


def read_accepted(ledger: Path, mapping: Path | None = None) -> Accepted:
    """Read a ledger as ETL does: the same forms, the same reasons, of rows with one id the first.

    Raises:
        InputError: the ledger or its mapping can't be read, or no row can be used.
    """
    columns = read_mapping(mapping) if mapping else ColumnMapping()
    with open_ledger(ledger) as raw:
        expect_columns(ledger, raw.header, columns, declared=mapping is not None)
        parts = list(validate(raw.rows, raw.header, columns, today=today_somewhere()))
    rows = pd.concat([part.accepted for part in parts], ignore_index=True)
    repeated = rows.duplicated("transaction_id")
    reasons = Counter(row.reason for part in parts for row in part.quarantined)
    reasons += Counter({DUPLICATE: int(repeated.sum())})
    expect_rows(ledger, len(rows), reasons)
    return Accepted(rows[~repeated].drop(columns="line").reset_index(drop=True), dict(reasons))


def expect_rows(ledger: Path, accepted: int, reasons: Mapping[str, int]) -> None:
    """Check that some rows were accepted.

    Raises:
        InputError: none was.
    """
    if not accepted:
        raise InputError(f"{ledger.name} has no row that can be used: {dict(reasons) or 'it has no rows'}.")
