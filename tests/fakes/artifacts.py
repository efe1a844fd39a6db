"""Model archives for tests: honest ones by default, each part replaceable by a worse one."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

GOLDEN_SCORES = [0.25, 0.75]
GOLDEN = {"rows": [[1.0, None], [2.0, 3.0]], "scores": GOLDEN_SCORES}
BASELINE = {
    "amount": {"count": 100, "missing": 0, "edges": [10.0, 20.0, 30.0], "shares": [0.25, 0.25, 0.25, 0.25]},
    "days": {"count": 100, "missing": 50, "edges": [1.0], "shares": [0.5, 0.5]},
}


HOLDOUT = "7" * 64
FEATURES_SHA = "f" * 64


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


DATA_MANIFEST = canonical(
    {
        "version": 1,
        "features_sha256": FEATURES_SHA,
        "objects": {"test.parquet": {"sha256": HOLDOUT, "rows": 100}},
    }
)
DATA_SHA = hashlib.sha256(DATA_MANIFEST).hexdigest()


def figures(value: object = 0.8, champion: tuple[str, object] | None = None, **changes: object) -> dict[str, Any]:
    """What metrics.json holds: an average precision, over all rows and by agency, and that of a champion (manifest's
    sha256, value) on the same rows."""
    found = _measured(value) | {"rows": 100, "by_kind": {"weekend": 0.5}, "holdout_sha256": HOLDOUT}
    compared = {"champion": _measured(champion[1]) | {"manifest_sha256": champion[0]}} if champion else {}
    return found | compared | changes


def _measured(value: object) -> dict[str, Any]:
    parts = {
        "A": {"rows": 60, "anomalies": 30, "average_precision": value},
        "B": {"rows": 40, "anomalies": 1, "average_precision": 0.1},  # too few to judge
    }
    return {"average_precision": value, "slices": {"agency": parts}}


def metrics(value: object = 0.8, champion: tuple[str, object] | None = None, **changes: object) -> bytes:
    """metrics.json of `figures`."""
    return canonical(figures(value, champion, **changes))


def files(**changes: bytes) -> dict[str, bytes]:
    """The files of an artifact but its manifest; `metrics_json=b"..."` replaces metrics.json, and so on."""
    content = {
        "model.ubj": b"\x7bL",
        "metrics.json": metrics(),
        "baseline.json": canonical(BASELINE),
        "card.json": canonical({"intended_use": "Sorts transactions.", "limits": ["labels"], "data": {"rows": 100}}),
        "guard.json": canonical({"columns": {}}),
        "features.json": canonical({"view": "realtime", "columns": list(BASELINE), "objective": "binary:logistic"}),
        "golden.json": canonical(GOLDEN),
    }
    return content | {name.replace("_", "."): value for name, value in changes.items()}


def manifest(content: Mapping[str, bytes], **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """The manifest of some files."""
    listed = {n: {"sha256": hashlib.sha256(c).hexdigest(), "bytes": len(c)} for n, c in content.items()}
    facts = {
        "version": 1,
        "model": "card-anomaly",
        "algorithm": "xgboost",
        "xgboost_version": "3.2.0",
        "code_sha256": "c" * 64,
        "data_manifest_sha256": DATA_SHA,
        "features_sha256": FEATURES_SHA,
        "hyperparameters": {"max_depth": 6, "seed": 7},
        "trained_rows": 100,
        "files": listed,
    }
    return canonical(facts | changes)


def pack(content: Mapping[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    """A .tar.gz of files, and of further members without content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, body in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
        for member in extra:
            tar.addfile(member)
    return gzip.compress(out.getvalue(), mtime=0)


def archive(**changes: bytes) -> bytes:
    """An honest archive, of other files where asked."""
    content = files(**changes)
    return pack(content | {"manifest.json": manifest(content)})


def sha_of(**changes: bytes) -> str:
    """The manifest's sha256 of `archive(**changes)`."""
    return hashlib.sha256(manifest(files(**changes))).hexdigest()
