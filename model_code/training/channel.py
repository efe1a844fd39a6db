"""Reading the features folder: it is what its manifest says, or nothing is trained."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_code.algorithms.gradient_boosting import Labelled
from model_code.arrays import LARGEST, Matrix
from model_code.errors import InputError

MANIFEST = "manifest.json"
SPLITS = ("train", "validation", "test")
NOT_FEATURES = {"label", "kind", "transaction_id"}
VIEW = "realtime"


@dataclasses.dataclass(frozen=True)
class Split(Labelled):
    """One part of the ledger by time; `kinds` names each row's kind of anomaly ("" where there is none).

    `texts` are the columns of text that came along (agency): no features, but what figures are sliced by.
    """

    kinds: list[str]
    texts: Mapping[str, list[str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Channel:
    """What a training is made of."""

    columns: list[str]
    train: Split
    validation: Split
    test: Split
    manifest: Mapping[str, Any]
    manifest_sha256: str


def read_channel(folder: Path) -> Channel:
    """Return the three splits of `folder`, checked against its manifest.

    Raises:
        InputError: the folder isn't what the manifest says, or holds nothing that a model can learn from.
    """
    manifest, manifest_sha256 = _read_manifest(folder)
    columns = _columns(manifest)
    _check_objects(folder, manifest)
    splits = {name: _read_split(folder / f"{name}.parquet", columns) for name in SPLITS}
    missing = np.all(np.isnan(splits["train"].rows), axis=0)
    if np.any(missing):
        names = ", ".join(name for name, empty in zip(columns, missing.tolist(), strict=True) if empty)
        raise InputError(
            f"train.parquet has no value at all for {names}; drop the feature or mend the ledger's mapping."
        )
    return Channel(columns=columns, manifest=manifest, manifest_sha256=manifest_sha256, **splits)


def _read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"The features channel has no {MANIFEST}; expected the output of the etl step in {folder}.")
    content = path.read_bytes()
    try:
        manifest = json.loads(content)
    except ValueError:
        raise InputError(f"The features' {MANIFEST} is no JSON; expected the output of the etl step.") from None
    if not isinstance(manifest, dict) or manifest.get("version") != 1 or manifest.get("view") != VIEW:
        raise InputError(f"The features' {MANIFEST} isn't version 1 of the {VIEW!r} view; run this version's etl step.")
    return manifest, hashlib.sha256(content).hexdigest()


def _columns(manifest: dict[str, Any]) -> list[str]:
    columns = manifest.get("columns")
    if not isinstance(columns, list) or not columns or not all(isinstance(name, str) for name in columns):
        raise InputError(f"The features' {MANIFEST} names no columns; expected the features in the model's order.")
    if len(set(columns)) < len(columns) or NOT_FEATURES & set(columns):
        raise InputError(
            f"The features' {MANIFEST} names columns {columns}; expected distinct ones, none of {sorted(NOT_FEATURES)}."
        )
    return columns


def _check_objects(folder: Path, manifest: dict[str, Any]) -> None:
    listed = {name: entry["sha256"] for name, entry in manifest.get("objects", {}).items()}
    found = {path.name for path in folder.iterdir() if path.is_file()} - {MANIFEST}
    if set(listed) != found or not {f"{name}.parquet" for name in SPLITS} <= found:
        raise InputError(
            f"The features channel holds {sorted(found)} and its {MANIFEST} lists {sorted(listed)}; "
            f"expected the same, with {', '.join(f'{name}.parquet' for name in SPLITS)}."
        )
    for name, expected in listed.items():
        actual = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if actual != expected:
            raise InputError(
                f"{name} has sha256 {actual} and the features' {MANIFEST} says {expected}: "
                "it changed after the etl step. Run the step again."
            )


def _read_split(path: Path, columns: list[str]) -> Split:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} can't be read as Parquet: {error}") from None
    absent = [name for name in [*columns, "label", "kind"] if name not in table.column_names]
    if absent:
        raise InputError(
            f"{path.name} has no column {', '.join(absent)}; expected the manifest's columns, label, kind."
        )
    if table.num_rows == 0:
        raise InputError(f"{path.name} is empty; give a ledger that covers a longer time.")
    labels = _numbers(table, "label", path.name)
    if set(np.unique(labels)) != {0.0, 1.0}:
        found = ", ".join(f"{value:g}" for value in np.unique(labels))
        raise InputError(f"The labels of {path.name} are {found}; expected both 0 and 1, else nothing can be learnt.")
    rows = np.column_stack([_numbers(table, name, path.name) for name in columns])
    texts = {
        name: _words(table, name)
        for name in table.column_names
        if name not in NOT_FEATURES and str(table[name].type) in {"string", "large_string"}
    }
    return Split(rows=rows, labels=labels.astype(np.float32), kinds=_words(table, "kind"), texts=texts)


def _words(table: pa.Table, name: str) -> list[str]:
    return [value or "" for value in table[name].to_pylist()]


def _numbers(table: pa.Table, name: str, file: str) -> Matrix:
    try:
        column = table[name].cast(pa.float64(), safe=False)
    except pa.ArrowException:
        raise InputError(f"Column {name} of {file} holds {table[name].type}; expected numbers.") from None
    values = column.to_numpy()
    for row in np.flatnonzero(np.abs(values) > LARGEST):
        raise InputError(
            f"Column {name} of {file} is {values[row]} in row {row + 1}; expected a number up to {LARGEST:.2g} or none."
        )
    return values
