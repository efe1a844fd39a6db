"""Reading the features folder: it is what its manifest says, or nothing is trained."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_code import view_names
from model_code.algorithms.protocol import Labelled
from model_code.arrays import Matrix, Vector
from model_code.errors import InputError
from model_code.training.batches import Batches, numbers
from model_code.version import features_sha256

MANIFEST = "manifest.json"
SPLITS = ("train", "validation", "test")
NOT_FEATURES = {"label", "kind", "transaction_id"}
_SAID = {"labels", "decisions", "meanings"}


@dataclasses.dataclass(frozen=True)
class Split(Labelled):
    """One part of the ledger by time; `kinds` names each row's kind of anomaly ("" where there is none).

    `texts` are the columns of text that came along (agency): no features, but what figures are sliced by.
    """

    kinds: list[str]
    texts: Mapping[str, list[str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Channel:
    """What a training is made of: `train` is read in batches, the other two are in memory."""

    columns: list[str]
    train: Batches
    validation: Split
    test: Split
    manifest: Mapping[str, Any]
    manifest_sha256: str

    @property
    def labelled(self) -> bool:
        """Whether labels say anything: the ledger brought some, or anomalies were injected."""
        return has_labels(self.manifest)


def has_labels(manifest: Mapping[str, Any]) -> bool:
    """Whether the labels of these features say anything."""
    return manifest["labels"] != "none"


def read_channel(folder: Path, *, host: int = 0, hosts: int = 1) -> Channel:
    """Return the three splits of `folder`, checked against its manifest; of `train`, host number `host`'s part.

    Raises:
        InputError: the folder isn't what the manifest says, or holds nothing that a model can learn from.
    """
    manifest, manifest_sha256 = _read_manifest(folder)
    _check_code(manifest)
    columns = _columns(manifest)
    _check_objects(folder, manifest)
    train = Batches(folder / "train.parquet", columns, host, hosts)
    labelled = has_labels(manifest)
    _check_train(train, labelled=labelled)
    return Channel(
        columns=columns,
        train=train,
        validation=_read_split(folder / "validation.parquet", columns, labelled=labelled),
        test=_read_split(folder / "test.parquet", columns, labelled=labelled),
        manifest=manifest,
        manifest_sha256=manifest_sha256,
    )


def _check_train(train: Batches, *, labelled: bool) -> None:
    """Look at one column after the other, so that no ledger is too long."""
    name = train.path.name
    schema = _open(train.path)
    _check_columns(schema.schema_arrow.names, train.columns, name)
    _check_rows(schema.metadata.num_rows, name)
    _check_labels(train.labels, name, labelled=labelled)
    if empty := [column for column in train.columns if np.isnan(train.column(column)).all()]:
        raise InputError(
            f"{name} has no value at all for {', '.join(empty)}; drop the feature or mend the ledger's mapping."
        )


def _read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"The features channel has no {MANIFEST}; expected the output of the etl step in {folder}.")
    content = path.read_bytes()
    try:
        manifest = json.loads(content)
    except ValueError:
        raise InputError(f"The features' {MANIFEST} is no JSON; expected the output of the etl step.") from None
    if not isinstance(manifest, dict) or manifest.get("version") != 1 or manifest.get("view") not in view_names.NAMES:
        raise InputError(
            f"The features' {MANIFEST} isn't version 1 of the view {' or '.join(view_names.NAMES)}; "
            "run this version's etl step."
        )
    if absent := sorted(_SAID - set(manifest)):
        raise InputError(f"The features' {MANIFEST} doesn't say {', '.join(absent)}; run this version's etl step.")
    return manifest, hashlib.sha256(content).hexdigest()


def _check_code(manifest: dict[str, Any]) -> None:
    """What a request's features are computed with, must have computed those of the training."""
    if (found := manifest.get("features_sha256")) != (ours := features_sha256()):
        raise InputError(
            f"The features' {MANIFEST} says that code {found} computed them, and this image's feature code is {ours}: "
            "a model would learn other features than its requests bring. Run this version's etl step on the ledger."
        )


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
    listed = _listed(manifest)
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


def _listed(manifest: dict[str, Any]) -> dict[str, str]:
    """The objects' sha256 by name."""
    try:
        return {name: str(entry["sha256"]) for name, entry in manifest["objects"].items()}
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            f"The features' {MANIFEST} lists no objects with their sha256; expected the output of the etl step."
        ) from None


def _read_split(path: Path, columns: list[str], *, labelled: bool) -> Split:
    table = _open(path).read()
    _check_columns(table.column_names, columns, path.name)
    _check_rows(table.num_rows, path.name)
    labels = numbers(table["label"], "label", path.name)
    _check_labels(labels, path.name, labelled=labelled)
    rows = np.column_stack([numbers(table[name], name, path.name) for name in columns])
    texts = {
        name: _words(table, name)
        for name in table.column_names
        if name not in NOT_FEATURES and str(table[name].type) in {"string", "large_string"}
    }
    return Split(rows=rows, labels=labels.astype(np.float32), kinds=_words(table, "kind"), texts=texts)


def _words(table: pa.Table, name: str) -> list[str]:
    return [value or "" for value in table[name].to_pylist()]


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} can't be read as Parquet: {error}") from None


def _check_columns(found: Sequence[str], columns: Sequence[str], name: str) -> None:
    if absent := [column for column in [*columns, "label", "kind"] if column not in found]:
        raise InputError(f"{name} has no column {', '.join(absent)}; expected the manifest's columns, label, kind.")


def _check_rows(rows: int, name: str) -> None:
    if rows == 0:
        raise InputError(f"{name} is empty; give a ledger that covers a longer time.")


def _check_labels(labels: Matrix | Vector, name: str, *, labelled: bool) -> None:
    if labelled and set(np.unique(labels)) != {0.0, 1.0}:
        found = ", ".join(f"{value:g}" for value in np.unique(labels))
        raise InputError(f"The labels of {name} are {found}; expected both 0 and 1, else nothing can be learnt.")
