"""Log what `make evaluate` compared to MLflow: `MLFLOW_TRACKING_URI=https://... python -m benchmarks.log_evaluation`.

An experiment for each ledger, a run for each algorithm: the classifiers, the rules, the forests, and the forecasts'
models. Names of metrics are those under which a training job's model is registered; the plots are the artifacts.
User and password are MLflow's own MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdas.release.adapters.mlflow_registry import MlflowRegistry
from lambdas.release.candidates import numbers
from lambdas.release.records import RunRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient

BUILD = Path(__file__).resolve().parents[1] / "build"
Facts = Mapping[str, Any]


def log(folder: Path, client: "MlflowClient") -> int:
    """Log `folder`'s evaluation.json with its plots; returns how many runs were made.

    Raises:
        FileNotFoundError: nothing was evaluated into this folder.
    """
    content = (folder / "evaluation.json").read_bytes()
    evaluated = {"atoll.evaluation_sha256": hashlib.sha256(content).hexdigest()}
    ledgers, runs = json.loads(content)["ledgers"], 0
    for name, ledger in ledgers.items():
        files = {"evaluation.json": content} | _plots(folder, name, others=set(ledgers) - {name})
        experiment = _experiment(client, f"evaluation-{name}")
        for algorithm, metrics in measured(ledger):
            run = client.create_run(experiment, run_name=algorithm).info.run_id
            params = {"algorithm": algorithm, "ledger": name}
            record = RunRecord(
                params=params, metrics=numbers(metrics), tags=evaluated, files=files, ended=datetime.now(UTC)
            )
            MlflowRegistry(lambda: client).log(run, record)
            runs += 1
    return runs


def measured(ledger: Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each algorithm of a ledger with its metrics; nested ones become dotted names."""
    for name, model in ledger["models"].items():
        values = {figure: found["value"] for figure, found in model["figures"].items()}
        bounds = {f"{figure}_95": {k: found[k] for k in ("low", "high")} for figure, found in model["figures"].items()}
        others = {each: model[each] for each in ("roc_auc", "brier")} | ledger["test"]
        yield name, values | bounds | others | {"by_kind": model["recall_at_1pct_fpr_by_kind"]}
    forecasts: dict[str, dict[str, Any]] = {}
    for field, found in ledger["weekly_forecasts"].items():
        for name, error in found["errors"].items():
            told = {"mean_absolute_error": error, "within_95": found["within_95"][name]}
            told |= {"below_naive": found["gains"][name]["value"], "failed": found["failed"][name]}
            forecasts.setdefault(f"weekly spend, {name}", {})[field] = told | {"series": found["series"]}
    yield from forecasts.items()


def _plots(folder: Path, ledger: str, *, others: set[str]) -> dict[str, bytes]:
    longer = tuple(f"{other}-" for other in others if other.startswith(f"{ledger}-"))
    pictures = sorted((folder / "evaluation").glob(f"{ledger}-*.png"))
    return {path.name: path.read_bytes() for path in pictures if not path.name.startswith(longer)}


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    return found.experiment_id if found else client.create_experiment(name)


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and log."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log_evaluation", description=__doc__)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where evaluation.json lies (default build)")
    folder = parser.parse_args(arguments).folder
    if not (uri := os.environ.get("MLFLOW_TRACKING_URI")):
        parser.error("MLFLOW_TRACKING_URI isn't set; give the tracking server's address.")
    if not (folder / "evaluation.json").is_file():
        parser.error(f"{folder} holds no evaluation.json; run `make evaluate` first.")
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
    from mlflow import MlflowClient  # noqa: PLC0415 - MLflow reads these when it is imported

    runs = log(folder, MlflowClient(tracking_uri=uri))
    parser.exit(message=f"{runs} runs logged to {uri}\n")


if __name__ == "__main__":
    main()
