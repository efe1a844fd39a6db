"""ETL at size: the whole job's time and memory, and its features against the same in plain pandas, in one run.

`make bench-etl` writes build/bench/etl.json (ROWS=, default 10,000,000). Three figures:

- `features`: COMPARED rows of one ledger from Parquet to every feature of the real-time view, in DuckDB and in pandas,
  by turns, ROUNDS times. pandas' part is `pandas_windows` alone: reading, keys, logarithms and formulas come free.
- `worst_difference`: between the two, over all rows and features, with the formulas applied to pandas' windows.
- `job`: the image's entry point (`etl`) on a tenth of the rows, three tenths and all: seconds, and the largest resident
  set of the process. Flat memory: it hardly grows with the rows.
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
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from model_code.etl.engines import duckdb_engine
from model_code.etl.generator import generate
from model_code.etl.slices import in_slices
from model_code.features.build import build_features, features_from, prepare
from model_code.features.views import REALTIME
from model_code.features.windows import Window

PROJECT = Path(__file__).resolve().parents[1]
PART = 500_000
COMPARED = 1_000_000
ROUNDS = 1


def main() -> None:
    """Measure, write the document, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.etl", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the largest ledger")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        document = {
            "cpus": len(os.sched_getaffinity(0)),
            "load_before": os.getloadavg()[0],
            "features": _compared(scratch, min(COMPARED, rows)),
            "job": [_job(scratch / str(size), size) for size in (rows // 10, 3 * rows // 10, rows)],
        }
    path = PROJECT / "build/bench/etl.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    sys.stdout.write(path.read_text())


def ledger_of(path: Path, rows: int) -> None:
    """Write a ledger of `rows` rows: the generator's, repeated with other offices, cards and merchants."""
    part = path.with_name("part.parquet")
    generate(min(rows, PART), seed=7).to_parquet(part, index=False)
    names = ("transaction_id", "office", "card", "merchant", "cost_centre")
    others = ", ".join(f"{name} || ' ' || part AS {name}" for name in names)
    query = f"SELECT * REPLACE ({others}) FROM '{part}', range({-(-rows // PART)}) AS parts(part) LIMIT {rows}"  # noqa: S608 (our own numbers and names)
    with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": False}) as database:
        database.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def _job(root: Path, rows: int) -> dict[str, Any]:
    """The whole job in a process of its own; its largest resident set is the kernel's (wait4's would be ours)."""
    (root / "processing/input/ledger").mkdir(parents=True)
    ledger_of(root / "ledger.parquet", rows)
    (root / "ledger.parquet").rename(root / "processing/input/ledger/ledger.parquet")
    argv = [sys.executable, "-m", "model_code.container", "etl"]
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
    numbered = "SELECT row_number() OVER (ORDER BY transaction_date, transaction_id) - 1 AS row, *"
    duckdb.execute(f"COPY ({numbered} FROM '{scratch / 'raw.parquet'}') TO '{scratch / 'ledger.parquet'}'")
    with duckdb_engine(scratch) as engine:
        prepared = engine.rows(prepare(engine.read(scratch / "ledger.parquet")).order_by("row")).to_pandas()
    runs: dict[str, list[dict[str, float]]] = {"atoll": [], "pandas": []}
    for _ in range(ROUNDS):
        windows = _timed(lambda: pandas_windows(prepared), runs["pandas"])
        features = _timed(lambda: _features(scratch), runs["atoll"])
    medians = {
        unit: {name: statistics.median(run[unit] for run in each) for name, each in runs.items()}
        for unit in ("seconds", "cpu_seconds")
    }
    return {
        "rows": rows,
        **runs,
        "times_faster": round(medians["seconds"]["pandas"] / medians["seconds"]["atoll"], 1),
        "times_faster_by_cpu": round(medians["cpu_seconds"]["pandas"] / medians["cpu_seconds"]["atoll"], 1),
        "worst_difference": _difference(features, windows),
    }


def _timed(work: Callable[[], pd.DataFrame], runs: list[dict[str, float]]) -> pd.DataFrame:
    began, cpu = time.perf_counter(), time.process_time()
    made = work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    run = {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "rows_per_second": round(len(made) / seconds)}
    runs.append(run)
    return made


def _features(scratch: Path) -> pd.DataFrame:
    """All features as a frame, by `row`, the way that the job takes: some rows at a time."""
    with duckdb_engine(scratch) as engine:
        ledger = engine.read(scratch / "ledger.parquet")
        features = build_features(ledger, keep=engine.keep)
        labelled = features.join(ledger.select("row", "label", "kind"), "row")
        slices = in_slices(engine, labelled, range(engine.size(ledger)), REALTIME.columns)
        return pa.concat_tables(slices).to_pandas()[list(REALTIME.columns)]


def pandas_windows(prepared: pd.DataFrame) -> pd.DataFrame:
    """The real-time view's windows as a data scientist writes them: a rolling window of days for each group.

    Groups are formed once for each set of keys, and columns with the same window and aggregate are rolled together.
    """
    windows = {}
    for by, own in groupby(sorted(REALTIME.windows, key=lambda window: window.by), key=lambda window: window.by):
        groups = prepared.groupby(list(by), sort=False)
        order = np.concatenate(list(groups.indices.values()))
        alike = groupby(sorted(own, key=_frame), key=_frame)
        for (first, how), same in ((frame, list(each)) for frame, each in alike):
            rolling = groups.rolling(f"{-first}D", on="transaction_date", closed="left", min_periods=1)
            values = getattr(rolling[[window.column for window in same]], how)()
            windows |= {each.name: pd.Series(values[each.column].to_numpy(), index=order) for each in same}
    return prepared.assign(**windows)


def _frame(window: Window) -> tuple[int, str]:
    return window.first, window.how


def _difference(features: pd.DataFrame, windows: pd.DataFrame) -> float:
    theirs = features_from(ibis.memtable(pa.Table.from_pandas(windows)), REALTIME).order_by("row")
    return float((features - theirs.to_pyarrow().to_pandas()[list(REALTIME.columns)]).abs().max().max())


if __name__ == "__main__":
    main()
