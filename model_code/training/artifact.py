"""Writing a model's artifact: its files and the manifest that names each one's sha256."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from model_code.arrays import Matrix, Vector

OPTIONAL = frozenset({"forest.bin"})
"""Where the kernel doesn't know such a model, there is none."""
FILES = frozenset(
    {"model.ubj", "metrics.json", "baseline.json", "features.json", "golden.json", "guard.json", "card.json"}
    | {"manifest.json", *OPTIONAL}
)
"""Every file of an artifact: the release refuses any other (`lambdas/release/artifact.py` has the same list)."""
GOLDEN_ROWS = 20


def canonical_json(value: object) -> bytes:
    """Return the one spelling of `value`: sorted keys, compact separators, ASCII, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def golden(rows: Matrix, scores: Vector) -> dict[str, object]:
    """Return rows from the lowest to the highest score with what the model says of them; None is a missing value."""
    count = min(GOLDEN_ROWS, len(rows))
    chosen = np.argsort(scores, kind="stable")[np.linspace(0, len(rows) - 1, count).astype(int)]
    cells = [[None if np.isnan(value) else float(value) for value in row] for row in rows[chosen]]
    return {"rows": cells, "scores": scores[chosen].astype(float).tolist()}


def write_artifact(folder: Path, files: dict[str, bytes], facts: dict[str, Any]) -> str:
    """Write `files` and manifest.json (`facts` and each file's hash) into `folder`; return the manifest's sha256.

    Everybody may read them, whatever the umask: SageMaker packs and unpacks the modes with the files, mounts them
    read-only, and the server reads them as uid 1000.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in files.items()
    }
    manifest = canonical_json(facts | {"files": listed})
    for name, content in (files | {"manifest.json": manifest}).items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o644)
    return hashlib.sha256(manifest).hexdigest()
