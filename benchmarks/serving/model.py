"""The one model of the comparison, trained and packed by the container's `train`: 30 features, 400 trees, depth 7."""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray

from model_code.version import features_sha256

FEATURES, TREES, DEPTH = 30, 400, 7
TRAINED_ROWS, OTHER_ROWS, BATCH_ROWS = 40_000, 10_000, 10_000
COLUMNS = [f"f{number:02}" for number in range(FEATURES)]


@dataclasses.dataclass(frozen=True)
class Subject:
    """The packed model (`root` is what /opt/ml would be), the same trees without names, rows, and their scores."""

    root: Path
    bare: Path
    rows: NDArray[np.float64]
    scores: NDArray[np.float32]

    @property
    def rows_file(self) -> Path:
        """The rows as npy."""
        return self.root / "rows.npy"


def make_subject(folder: Path) -> Subject:
    """Train below `folder`.

    Raises:
        SystemExit: the training fails, or gives another number of trees.
    """
    shutil.rmtree(folder, ignore_errors=True)
    features = folder / "input" / "data" / "features"
    features.mkdir(parents=True)
    for number, (name, count) in enumerate(
        {"train": TRAINED_ROWS, "validation": OTHER_ROWS, "test": OTHER_ROWS}.items()
    ):
        _split(count, seed=number).to_parquet(features / f"{name}.parquet", index=False)
    objects = {file.name: _described(file) for file in sorted(features.iterdir())}
    code = {"version": 1, "view": "realtime", "features_sha256": features_sha256()}
    manifest = {**code, "columns": COLUMNS, "objects": objects, "periods": {}}
    (features / "manifest.json").write_text(json.dumps(manifest))
    chosen = {"n_estimators": str(TREES), "max_depth": str(DEPTH), "early_stopping_rounds": "0"}
    (folder / "input" / "config").mkdir()
    (folder / "input" / "config" / "hyperparameters.json").write_text(json.dumps(chosen))
    argv = [sys.executable, "-m", "model_code.container", "train"]
    done = subprocess.run(
        argv, env={**os.environ, "ATOLL_ML_ROOT": str(folder)}, check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"The training failed:\n{done.stderr[-2000:]}")
    booster = xgboost.Booster({"nthread": 1}, model_file=folder / "model" / "model.ubj")
    if booster.num_boosted_rounds() != TREES:
        sys.exit(f"The model has {booster.num_boosted_rounds()} trees; expected {TREES}.")
    booster.feature_names = None  # peers get rows without names
    booster.save_model(folder / "bare.ubj")
    rows = _split(BATCH_ROWS, seed=9)[COLUMNS].to_numpy(np.float64)
    np.save(folder / "rows.npy", rows)
    return Subject(folder, folder / "bare.ubj", rows, booster.inplace_predict(rows))


def _split(count: int, *, seed: int) -> pd.DataFrame:
    """Return rows with one anomaly in ten; four decimals, as amounts and ratios have in a request."""
    random = np.random.default_rng(seed)
    rows = np.round(random.normal(size=(count, FEATURES)), 4)
    wave = np.sin(3 * rows[:, 0]) * rows[:, 1] + rows[:, 2] * rows[:, 3] + np.abs(rows[:, 4:12]).sum(axis=1) / 4
    labels = (wave + random.normal(size=count) > np.quantile(wave, 0.9)).astype(np.int64)
    table = pd.DataFrame(rows, columns=pd.Index(COLUMNS))
    kinds = np.where(labels == 1, "injected", "")
    return table.assign(label=labels, kind=kinds, transaction_id=[f"{seed}-{number}" for number in range(count)])


def _described(file: Path) -> dict[str, object]:
    content = file.read_bytes()
    rows = pd.read_parquet(file, columns=["label"])
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows": len(rows),
        "anomalies": int(rows["label"].sum()),
    }
