"""What somebody has on the tracking server: an experiment, a run with an artifact, a model with a version, a trace."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.contract.mlflow.servers import ADMINISTRATOR, Replica

_numbers = itertools.count()


@dataclass(frozen=True)
class Belongings:
    """Somebody's things, by the names under which requests ask for them."""

    ids: Mapping[str, str]

    def seen(self, server: Replica) -> str:
        """Return all that the administrator can read of them."""
        ids = self.ids
        read = {
            "runs/get": f"run_id={ids['run_id']}",
            "experiments/get": f"experiment_id={ids['experiment_id']}",
            "registered-models/get": f"name={ids['name']}",
            "model-versions/get": f"name={ids['name']}&version=1",
            "artifacts/list": f"run_id={ids['run_id']}",
        }
        paths = [f"/api/2.0/mlflow/{path}?{query}" for path, query in read.items()]
        paths += [f"/api/3.0/mlflow/traces/{ids['trace_id']}", f"/api/2.0/mlflow/logged-models/{ids['model_id']}"]
        answers = [server.call("GET", path) for path in paths]
        return "\n".join(f"{answer.status_code} {answer.text}" for answer in answers)


def belongings(server: Replica, user: tuple[str, str] = ADMINISTRATOR) -> Belongings:
    """Have a user make things."""
    name = f"thing-{next(_numbers)}"

    def make(path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        version = 3 if path == "traces" else 2
        answer = server.call("POST", f"/api/{version}.0/mlflow/{path}", user=user, json=body)
        assert answer.ok, (path, answer.text)
        return answer.json()

    experiment = make("experiments/create", name=name)["experiment_id"]
    run = make("runs/create", experiment_id=experiment, run_name=name)["run"]["info"]
    make("runs/set-tag", run_id=run["run_id"], key="kept", value="kept")
    make("registered-models/create", name=name)
    make("model-versions/create", name=name, source=run["artifact_uri"], run_id=run["run_id"])
    make("model-versions/set-tag", name=name, version="1", key="planted", value="kept")
    make("registered-models/alias", name=name, alias="planted", version="1")
    model = make("logged-models", experiment_id=experiment, name=name)["model"]["info"]["model_id"]
    trace = f"tr-{next(_numbers):032x}"
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    about = {"trace_id": trace, "trace_location": location, "request_time": "2026-11-28T00:00:00Z", "state": "OK"}
    make("traces", trace={"trace_info": about})
    folder = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    written = server.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/kept.json", user=user, json={"kept": 1})
    assert written.ok, written.text
    return Belongings(
        {
            "name": name,
            "version": "1",
            "run_id": run["run_id"],
            "run_uuid": run["run_id"],
            "experiment_id": experiment,
            "model_id": model,
            "trace_id": trace,
            "request_id": trace,
            "artifact_path": f"{folder}/planted.bin",
            "username": user[0],
        }
    )


def kept(server: Replica, things: Belongings) -> bytes:
    """Return the run's artifact as the administrator reads it."""
    answer = server.call("GET", f"/get-artifact?run_id={things.ids['run_id']}&path=kept.json")
    return json.dumps(answer.json()).encode()
