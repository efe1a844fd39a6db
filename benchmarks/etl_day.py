"""What one new day costs beside its history: `etl --score --state`, in a process of its own (`make bench-etl`).

The history is all rows of a ledger but those of its last two days. The first of them makes the state, the second is
measured: from the start of the process to its end, the state read, checked, used and written.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from model_code.etl.decisions import decisions
from model_code.etl.mapping import ColumnMapping
from model_code.features.views import REALTIME
from model_code.serving.archive import ARCHIVE
from model_code.version import features_sha256

PROJECT = Path(__file__).resolve().parents[1]


def new_day(root: Path, rows: int, write: Callable[[Path, int], None]) -> dict[str, Any]:
    """Seconds and memory of making the state and of the day after, beside so many rows that `write` writes."""
    ledger, given = root / "ledger.parquet", root / "processing/input"
    for name in ("ledger", "new", "model"):
        (given / name).mkdir(parents=True)
    write(ledger, rows)
    days = _cut(ledger, given)
    _model(given / "model" / ARCHIVE)
    shutil.move(days[0], given / "new/new.parquet")
    made = _timed(root)
    shutil.rmtree(given / "ledger")
    (root / "processing/output/state").rename(given / "state")
    shutil.move(days[1], given / "new/new.parquet")
    state = sum(path.stat().st_size for path in (given / "state").rglob("*.parquet"))
    day = _timed(root)
    told = json.loads((root / "processing/output/quarantine/report.json").read_bytes())["accepted"]
    return {
        "history_rows": told["history"],
        "day_rows": told["new"],
        "state_mb": round(state / 1e6),
        "made": made,
    } | day


def _cut(ledger: Path, given: Path) -> list[Path]:
    """The ledger without its last two days to the job, each of these into a file of its own."""
    days = [ledger.with_name(f"day{number}.parquet") for number in (1, 2)]
    with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": False}) as database:
        query = f"SELECT DISTINCT transaction_date FROM '{ledger}' ORDER BY 1 DESC LIMIT 2"  # noqa: S608 (our own path)
        last, before = (row[0] for row in database.execute(query).fetchall())
        parts = {given / "ledger/ledger.parquet": f"< '{before}'", days[0]: f"= '{before}'", days[1]: f"= '{last}'"}
        for path, which in parts.items():
            rows = f"SELECT * EXCLUDE (label, kind) FROM '{ledger}' WHERE transaction_date {which}"  # noqa: S608 (the same)
            database.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
    ledger.unlink()
    return days


def _model(archive: Path) -> None:
    """As much of a model as `etl --score` reads."""
    manifest = {
        "view": REALTIME.name,
        "features_sha256": features_sha256(),
        "decisions": decisions(ColumnMapping(), REALTIME),
    }
    path = archive.with_name("manifest.json")
    path.write_text(json.dumps(manifest))
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(path, path.name)
    path.unlink()


def _timed(root: Path) -> dict[str, float]:
    argv = [sys.executable, "-m", "model_code.container", "etl", "--score", "--state"]
    began = time.perf_counter()
    child = subprocess.Popen(argv, cwd=PROJECT, env=os.environ | {"ATOLL_ML_ROOT": str(root)}, stdout=sys.stderr)
    _, code, used = os.wait4(child.pid, 0)
    seconds, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
    if code:
        sys.exit(f"etl --score --state ended with {os.waitstatus_to_exitcode(code)}; its log is above.")
    return {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1)}
