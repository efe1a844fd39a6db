"""ETL at size: the whole job's time and memory, and its features against the same in plain pandas, in one run.

`make bench-etl` writes build/bench/etl.json (ROWS=, default 10,000,000):

- `features`: COMPARED rows of one ledger from Parquet to every feature of the real-time view, in DuckDB and in pandas
  (`benchmarks.etl_pandas`), by turns, ROUNDS times.
- `worst_difference`: between the two, over all rows and features.
- `job`: the image's entry point (`etl`) on a tenth of the rows, three tenths and all: seconds, and the largest resident
  set of the process. Flat memory: it hardly grows with the rows.
- `job_without_labels`: the same on all rows of a ledger that brings no labels, with `--inject`.
- `new_day`: `etl --score --state` on the last day of all rows (`benchmarks.etl_day`). `--day` measures this alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pandas as pd
import pyarrow as pa

from benchmarks import etl_pandas
from benchmarks.etl_day import new_day
from model_code.etl.engines import duckdb_engine
from model_code.etl.generator import generate
from model_code.etl.slices import in_slices
from model_code.features.build import build_features
from model_code.features.views import REALTIME

PROJECT = Path(__file__).resolve().parents[1]
PART = 500_000
COMPARED = 1_000_000
ROUNDS = 1

Made = TypeVar("Made", pa.Table, pd.DataFrame)


def main() -> None:
    """Measure, write the document, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.etl", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the largest ledger")
    parser.add_argument("--day", action="store_true", help="measure what a new day costs, and keep the other figures")
    options = parser.parse_args()
    rows, path = options.rows, PROJECT / "build/bench/etl.json"
    kept = json.loads(path.read_bytes()) if options.day and path.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        document = kept | _measured(Path(folder), rows, day_alone=options.day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    sys.stdout.write(path.read_text())


def _measured(scratch: Path, rows: int, *, day_alone: bool) -> dict[str, Any]:
    load = os.getloadavg()[0]
    (scratch / "day").mkdir()
    day = {"new_day": {"load_before": load} | new_day(scratch / "day", rows, ledger_of)}
    if day_alone:
        return day
    return day | {
        "cpus": len(os.sched_getaffinity(0)),
        "load_before": load,
        "features": _compared(scratch, min(COMPARED, rows)),
        "job": [_job(scratch / str(size), size) for size in (rows // 10, 3 * rows // 10, rows)],
        "job_without_labels": _job(scratch / "unlabelled", rows, without_labels=True),
    }


def ledger_of(path: Path, rows: int, *, without_labels: bool = False) -> None:
    """Write a ledger of `rows` rows: the generator's, repeated with other offices, cards and merchants."""
    part = path.with_name("part.parquet")
    generated = generate(min(rows, PART), seed=7)
    generated.drop(columns=["label", "kind"] if without_labels else []).to_parquet(part, index=False)
    names = ("transaction_id", "office", "card", "merchant", "cost_centre")
    others = ", ".join(f"{name} || ' ' || part AS {name}" for name in names)
    query = f"SELECT * REPLACE ({others}) FROM '{part}', range({-(-rows // PART)}) AS parts(part) LIMIT {rows}"  # noqa: S608 (our own numbers and names)
    with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": False}) as database:
        database.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def numbered(ledger: Path) -> Path:
    """The ledger as the job leaves it for the features, beside the other: in order, with `row`."""
    ordered = ledger.with_name("ledger.parquet")
    rows = "SELECT row_number() OVER (ORDER BY transaction_date, transaction_id) - 1 AS row, *"
    duckdb.execute(f"COPY ({rows} FROM '{ledger}' ORDER BY row) TO '{ordered}'")
    return ordered


def _job(root: Path, rows: int, *, without_labels: bool = False) -> dict[str, Any]:
    """The whole job in a process of its own; its largest resident set is the kernel's (wait4's would be ours)."""
    (root / "processing/input/ledger").mkdir(parents=True)
    ledger_of(root / "ledger.parquet", rows, without_labels=without_labels)
    (root / "ledger.parquet").rename(root / "processing/input/ledger/ledger.parquet")
    argv = [sys.executable, "-m", "model_code.container", "etl", *(["--inject", "7"] if without_labels else [])]
    began = time.perf_counter()
    child = subprocess.Popen(argv, cwd=PROJECT, env=os.environ | {"ATOLL_ML_ROOT": str(root)}, stdout=sys.stderr)
    largest = 0
    while (status := Path(f"/proc/{child.pid}/status").read_text()) and "VmHWM" in status:
        largest = int(status.split("VmHWM:")[1].split()[0])
        time.sleep(0.1)
    _, code, used = os.wait4(child.pid, 0)
    seconds, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
    if code:
        sys.exit(f"etl of {rows} rows ended with {os.waitstatus_to_exitcode(code)}; its log is above.")
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "rows_per_second": round(rows / seconds),
        "largest_resident_mb": round(largest / 1000),
    }


def _compared(scratch: Path, rows: int) -> dict[str, Any]:
    ledger_of(scratch / "raw.parquet", rows)
    ledger = numbered(scratch / "raw.parquet")
    runs: dict[str, list[dict[str, float]]] = {"atoll": [], "pandas": []}
    for _ in range(ROUNDS):
        ours = _timed(lambda: atoll_features(ledger), runs["atoll"])
        theirs = _timed(lambda: etl_pandas.features(ledger), runs["pandas"])
    medians = {
        unit: {name: statistics.median(run[unit] for run in each) for name, each in runs.items()}
        for unit in ("seconds", "cpu_seconds")
    }
    return {
        "rows": rows,
        **runs,
        "times_faster": round(medians["seconds"]["pandas"] / medians["seconds"]["atoll"], 1),
        "times_faster_by_cpu": round(medians["cpu_seconds"]["pandas"] / medians["cpu_seconds"]["atoll"], 1),
        "worst_difference": float((ours.to_pandas() - theirs[ours.column_names]).abs().max(axis=None)),
    }


def _timed(work: Callable[[], Made], runs: list[dict[str, float]]) -> Made:
    began, cpu = time.perf_counter(), time.process_time()
    made = work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    run = {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "rows_per_second": round(len(made) / seconds)}
    runs.append(run)
    return made


def atoll_features(ledger: Path) -> pa.Table:
    """All features of the ledger in a Parquet file, by `row`, the way that the job takes: some rows at a time."""
    with tempfile.TemporaryDirectory(dir=ledger.parent) as folder, duckdb_engine(Path(folder)) as engine:
        rows = engine.read(ledger)
        features = build_features(rows, keep=engine.keep)
        labelled = features.join(rows.select("row", "label", "kind"), "row")
        slices = in_slices(engine, labelled, range(engine.size(rows)), REALTIME.columns)
        return pa.concat_tables(slices).select(list(REALTIME.columns))


if __name__ == "__main__":
    main()
