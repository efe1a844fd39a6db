"""ETL at size: the whole job's time and memory, and its features against the same in plain pandas, in one run.

`make bench-etl` writes build/bench/etl.json (ROWS=, default 10,000,000). Three figures:

- `job`: the image's entry point (`etl`) on a quarter of the rows and on all of them: seconds, and the largest resident
  set of the process. Flat memory: the second is hardly larger than the first.
- `features`: what DuckDB needs for SAMPLE rows from Parquet to every feature of the real-time view, and what pandas
  needs for the windows alone of PANDAS_ROWS rows (`groupby().rolling()`, the usual way), by turns, ROUNDS times.
  pandas' formulas aren't even counted; its rows are fewer because a million would take it half an hour.
- `worst_difference`: between the two, over all features of the pandas rows, with the formulas applied to its windows.
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
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from model_code.etl.engines import duckdb_engine
from model_code.etl.generator import generate
from model_code.features.build import build_features, features_from, prepare
from model_code.features.views import REALTIME

PROJECT = Path(__file__).resolve().parents[1]
PART = 500_000
SAMPLE = 1_000_000
PANDAS_ROWS = 20_000
ROUNDS = 3


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
            "features": _compared(scratch, min(SAMPLE, rows)),
            "job": [_job(scratch / str(size), size) for size in (rows // 4, rows)],
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
    ledger_of(scratch / "sample.parquet", rows)
    few = generate(PANDAS_ROWS, seed=7)
    few.to_parquet(scratch / "few.parquet", index=False)
    prepared = prepare(ibis.memtable(few)).to_pyarrow().to_pandas().sort_values("day", kind="stable", ignore_index=True)
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        theirs.append(_timed(lambda: pandas_windows(prepared), PANDAS_ROWS))
        ours.append(_timed(lambda: _features(scratch / "sample.parquet", scratch), rows))
    by_rate = {name: [run["rows_per_second"] for run in runs] for name, runs in (("atoll", ours), ("pandas", theirs))}
    return {
        "rows": {"atoll": rows, "pandas": PANDAS_ROWS},
        "atoll": ours,
        "pandas": theirs,
        "times_faster": round(statistics.median(by_rate["atoll"]) / statistics.median(by_rate["pandas"]), 1),
        "worst_difference": _difference(scratch, prepared),
    }


def _timed(work: Callable[[], object], rows: int) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "rows_per_second": round(rows / seconds)}


def _features(path: Path, scratch: Path) -> None:
    with duckdb_engine(scratch) as engine:
        engine.keep(build_features(engine.read(path), keep=engine.keep))


def pandas_windows(prepared: pd.DataFrame) -> pd.DataFrame:
    """The real-time view's windows as a data scientist writes them: a rolling window of days for each group."""
    windows = {}
    for window in REALTIME.windows:
        groups = prepared.groupby(list(window.by), sort=False)
        rolling = groups.rolling(f"{-window.first}D", on="transaction_date", closed="left", min_periods=1)
        values = getattr(rolling[window.column], window.how)()
        order = np.concatenate(list(groups.indices.values()))
        windows[window.name] = pd.Series(values.to_numpy(), index=order).sort_index()
    return prepared.assign(**windows)


def _difference(scratch: Path, prepared: pd.DataFrame) -> float:
    columns = list(REALTIME.columns)
    theirs = features_from(ibis.memtable(pa.Table.from_pandas(pandas_windows(prepared))), REALTIME)
    with duckdb_engine(scratch) as engine:
        ours = engine.rows(
            build_features(engine.read(scratch / "few.parquet"), keep=engine.keep).order_by("row")
        ).to_pandas()
    both = ours[columns], theirs.order_by("row").to_pyarrow().to_pandas()[columns]
    return float((both[0] - both[1]).abs().max().max())


if __name__ == "__main__":
    main()
