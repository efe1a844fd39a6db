"""Reading what `etl --score` left: it is what its manifest says, or nothing is scored."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_code.arrays import Matrix
from model_code.errors import InputError

MANIFEST = "manifest.json"
ROWS, PUBLISHED = "rows.parquet", "published.parquet"
_NEEDED = {
    "columns",
    "meanings",
    "own",
    "own_columns",
    "decisions",
    "features_sha256",
    "history_from",
    "objects",
    "until",
    "view",
}


@dataclasses.dataclass(frozen=True)
class RowsToScore:
    """The new rows with features and facts, the same rows as published, and what the manifest says of both."""

    table: pa.Table
    published: pa.Table
    manifest: Mapping[str, Any]

    def features(self, columns: Sequence[str]) -> Matrix:
        """These features as a matrix, in this order."""
        return np.ascontiguousarray(np.column_stack([self.table[name].to_numpy() for name in columns]), np.float64)


def read_rows(folder: Path) -> RowsToScore:
    """Return the rows of a folder.

    Raises:
        InputError: it isn't what `etl --score` of this version leaves, or was changed since.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read ({error}); expected what etl --score leaves in rows/.") from None
    if not isinstance(manifest, dict) or manifest.get("version") != 1 or not set(manifest) >= _NEEDED:
        raise InputError(f"{path} isn't of this version's etl --score; run that step again.")
    tables = [_read(folder / name, manifest["objects"]) for name in (ROWS, PUBLISHED)]
    if tables[0].num_rows != tables[1].num_rows or not tables[0].num_rows:
        raise InputError(f"{folder} holds {tables[0].num_rows} rows and {tables[1].num_rows} as published: run again.")
    return RowsToScore(tables[0], tables[1], manifest)


def _read(path: Path, objects: Mapping[str, Any]) -> pa.Table:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error}. Run etl --score again.") from None
    found, expected = hashlib.sha256(content).hexdigest(), objects.get(path.name, {}).get("sha256")
    if found != expected:
        raise InputError(
            f"{path.name} has sha256 {found} and its {MANIFEST} says {expected}: it was changed. Run etl --score again."
        )
    return pq.read_table(pa.BufferReader(content))
