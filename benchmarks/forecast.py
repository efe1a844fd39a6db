"""statsmodels against statsforecast: one week ahead through a year, ETS(A,N,N) and ARIMA(1,0,1), in one run.

`make bench-forecast` writes build/bench/forecast.json. The series are the weekly log spend of offices, and of merchant
category codes, on Toronto's ledger where the file is there, else on the generator's. Each library runs in a process of
its own, as a job does in a fresh container: `cpu_seconds` are from the process's start to its end, imports and
compilation included. statsforecast isn't among Atoll's packages (docs/algorithms.md says why): to repeat the
comparison, `pip install statsforecast` into an environment of your own; else its lines are left out.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PROJECT = Path(__file__).resolve().parents[1]
WEEKS = 52
ROUNDS = 3
Series = np.ndarray
Peer = Callable[[Series, int], Series]


def main(arguments: list[str]) -> None:
    """Measure both; with a library and a file of series, only compute its errors."""
    if arguments:
        sys.stdout.write(json.dumps(_errors(arguments[0], pd.read_parquet(arguments[1]))))
        return
    ledger, series = _series()
    document = {"ledger": ledger, "weeks": WEEKS, "by": {field: _compared(logs) for field, logs in series.items()}}
    path = PROJECT / "build/bench/forecast.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    sys.stdout.write(path.read_text())


def _compared(logs: pd.DataFrame) -> dict[str, Any]:
    naive = {"naive": float(np.abs(np.diff(logs.to_numpy(), axis=0))[-WEEKS:].mean())}
    with tempfile.TemporaryDirectory() as folder:
        series = Path(folder) / "series.parquet"
        logs.to_parquet(series)
        libraries = {name: _child(name, series) for name in _PEERS if importlib.util.find_spec(name)}
    return {"series": logs.shape[1], "libraries": {"last week": {"mean_absolute_error": naive}} | libraries}


def _series() -> tuple[str, dict[str, pd.DataFrame]]:
    from model_code.etl.generator import generate  # noqa: PLC0415 - the children are measured without it
    from model_code.evaluation.ledgers import TORONTO_FILE, toronto_weak  # noqa: PLC0415
    from model_code.forecasting.weekly import in_logs, weekly_spend  # noqa: PLC0415

    data = PROJECT.parent / "shared/data"
    if (data / TORONTO_FILE).is_file():
        name, rows = "toronto", toronto_weak(data).rows
    else:
        name, rows = "generated", generate(60_000, seed=7)
    return name, {field: in_logs(weekly_spend(rows, field)) for field in ("office", "mcc")}


def _child(name: str, series: Path) -> dict[str, Any]:
    """The library's errors, and the median of its CPU seconds over some processes."""
    seconds, errors = [], {}
    for _ in range(ROUNDS):
        before = os.times()
        argv = [sys.executable, "-m", "benchmarks.forecast", name, str(series)]
        done = subprocess.run(argv, cwd=PROJECT, check=True, capture_output=True, text=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
        errors = json.loads(done.stdout)
    return {"mean_absolute_error": errors, "cpu_seconds": round(float(np.median(seconds)), 2)}


def _errors(library: str, logs: pd.DataFrame) -> dict[str, float]:
    errors = {}
    for name, peer in _PEERS[library]().items():
        found = [np.abs(peer(values, len(values) - WEEKS) - values[-WEEKS:]).mean() for values in logs.to_numpy().T]
        errors[name] = float(np.mean(found))
    return errors


def _statsmodels() -> dict[str, Peer]:
    from model_code.forecasting.models import arima, exponential_smoothing  # noqa: PLC0415 - this library's child only

    models = {"ETS": exponential_smoothing, "ARIMA": arima}
    return {
        name: lambda values, cut, model=model: model(values[:cut], values[cut:]).expected[:-1]
        for name, model in models.items()
    }


def _statsforecast() -> dict[str, Peer]:
    peer = importlib.import_module("statsforecast.models")  # by name: no lock of ours holds it
    makes = {"ETS": lambda: peer.AutoETS(season_length=1, model="ANN"), "ARIMA": lambda: peer.ARIMA(order=(1, 0, 1))}
    return {
        name: lambda values, cut, make=make: (
            make().fit(values[:cut]).forward(y=values, h=1, fitted=True)["fitted"][cut:]
        )
        for name, make in makes.items()
    }


_PEERS: dict[str, Callable[[], dict[str, Peer]]] = {"statsmodels": _statsmodels, "statsforecast": _statsforecast}

if __name__ == "__main__":
    main(sys.argv[1:])
