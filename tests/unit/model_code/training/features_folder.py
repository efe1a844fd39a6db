"""A small features folder as the etl step leaves it, with anomalies that a model can find."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_code.version import features_sha256

COLUMNS = ["amount", "hour", "merchant_age", "refunds"]
KINDS = ["split", "weekend"]


def split_table(rows: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, len(COLUMNS))).round(1)
    split = values[:, 0] > 1.2
    weekend = values[:, 1] + values[:, 2] > 2.2
    values[random.random(rows) < 0.1, 3] = np.nan
    label = (split | weekend) & (random.random(rows) < 0.9)
    kinds = np.where(split, KINDS[0], KINDS[1])
    agencies = np.where(values[:, 1] > 0, "Energy", "Labor").tolist()
    return pa.table(
        {"transaction_id": [f"t{row}" for row in range(rows)], "agency": agencies}
        | {"label": label.astype(np.int8), "kind": [kinds[row] if label[row] else None for row in range(rows)]}
        | {name: pa.array(values[:, column], from_pandas=True) for column, name in enumerate(COLUMNS)}
    )


def write_manifest(folder: Path, columns: list[str] = COLUMNS, **changes: object) -> None:
    objects = {
        path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        for path in sorted(folder.glob("*.parquet"))
    }
    code: dict[str, object] = {
        "version": 1,
        "view": "realtime",
        "features_sha256": features_sha256(),
        "labels": "given",
    }
    code |= {"decisions": {"currency": "USD", "thresholds": []}, "meanings": {}}
    manifest = {**code, "columns": columns, "objects": objects, **changes}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def write_features(folder: Path, rows: int = 600) -> Path:
    folder.mkdir(parents=True)
    for seed, name in enumerate(["train", "validation", "test"]):
        pq.write_table(split_table(rows, seed), folder / f"{name}.parquet")
    write_manifest(folder)
    return folder
