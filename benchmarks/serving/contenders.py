"""The servers: how each is started, asked and understood."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.serving.environments import FOLDER, ROOT, python
from benchmarks.serving.model import Subject
from local.cloud_state import free_ports

OURS, FLOOR, MLFLOW = "atoll", "floor", "mlflow"
PROGRAMS = Path(__file__).parent / "programs"
JSON, CSV, NPY = "json", "csv", "npy"
Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """One kind of body of a server: where it goes, what it is called, how rows become bytes."""

    path: str
    media_type: str
    encode: Callable[[Rows], bytes]


@dataclass(frozen=True)
class Contender:
    """A server: its environment's name, its command for a port, its health address, its bodies and its answers."""

    name: str
    command: Callable[[int], list[str]]
    health: str
    bodies: Mapping[str, Body]
    decode: Callable[[object], list[float]]
    environment: Mapping[str, str] = field(default_factory=dict)
    package: str = ""

    @property
    def is_floor(self) -> bool:
        """Whether it always gives the same answer."""
        return self.name == FLOOR


def contenders(subject: Subject, folder: Path) -> list[Contender]:
    """Return all servers of the comparison; `folder` gets what they need of files."""
    model = {"MODEL": str(subject.bare)}
    return [
        _ours(subject),
        _floor(),
        _mlflow(subject, folder),
        _mlserver(subject, folder),
        _bentoml(model),
        _fastapi(model),
    ]


def as_csv(rows: Rows, header: str = "") -> bytes:
    """Return rows of four decimals as CSV."""
    text = io.StringIO()
    np.savetxt(text, rows, delimiter=",", fmt="%.4f")
    return (header + text.getvalue()).encode()


def as_npy(rows: Rows) -> bytes:
    """Return rows in NumPy's format."""
    file = io.BytesIO()
    np.save(file, rows)
    return file.getvalue()


def _listed(key: str) -> Callable[[Rows], bytes]:
    return lambda rows: json.dumps({key: rows.tolist()}).encode()


def _predictions(answer: object) -> list[float]:
    assert isinstance(answer, dict)  # noqa: S101 - anything else ends the comparison
    return [each["score"] if isinstance(each, dict) else each for each in answer["predictions"]]


def _ours(subject: Subject) -> Contender:
    return Contender(
        OURS,
        lambda _: [str(python(OURS)), "-m", "model_code.container", "serve"],
        "/ping",
        {
            JSON: Body("/invocations", "application/json", _listed("instances")),
            CSV: Body("/invocations", "text/csv", as_csv),
            NPY: Body("/invocations", "application/x-npy", as_npy),
        },
        _predictions,
        {"ATOLL_ML_ROOT": str(subject.root), "ATOLL_BIND_ADDRESS": "127.0.0.1", "PYTHONPATH": str(ROOT)},
        package=OURS,
    )


def _floor() -> Contender:
    command = [str(python(OURS)), str(PROGRAMS / "floor.py")]
    bodies = {JSON: Body("/", "application/json", _listed("instances"))}
    environment = {"PYTHONPATH": str(ROOT)}
    return Contender(FLOOR, lambda port: [*command, str(port)], "/", bodies, _predictions, environment, OURS)


def _mlflow(subject: Subject, folder: Path) -> Contender:
    saved = folder / "mlflow"
    header = ",".join(f"f{number}" for number in range(subject.rows.shape[1])) + "\n"
    binary = str(FOLDER / MLFLOW / "bin" / "mlflow")
    serve = [binary, "models", "serve", "-m", str(saved), "--env-manager", "local", "-w", "1", "-h", "127.0.0.1", "-p"]
    return Contender(
        MLFLOW,
        lambda port: [*serve, str(port)],
        "/ping",
        {
            JSON: Body("/invocations", "application/json", _listed("inputs")),
            CSV: Body("/invocations", "text/csv", lambda rows: as_csv(rows, header)),  # it takes row one for a header
        },
        _predictions,
        {"MLFLOW_DISABLE_TELEMETRY": "true"},
        package=MLFLOW,
    )


def _mlserver(subject: Subject, folder: Path) -> Contender:
    settings = folder / "mlserver"
    settings.mkdir(parents=True, exist_ok=True)
    uri = {"uri": str(subject.bare)}
    model = {"name": "m", "implementation": "mlserver_xgboost.XGBoostModel", "parameters": uri}
    (settings / "model-settings.json").write_text(json.dumps(model))

    def encode(rows: Rows) -> bytes:
        given = {"name": "x", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}
        return json.dumps({"inputs": [given]}).encode()

    def command(port: int) -> list[str]:
        grpc, metrics = free_ports(2)
        ports = {"http_port": port, "grpc_port": grpc, "metrics_port": metrics}
        single = {"host": "127.0.0.1", "parallel_workers": 0, "debug": False, "metrics_endpoint": None}
        (settings / "settings.json").write_text(json.dumps(ports | single))
        return [str(FOLDER / "mlserver" / "bin" / "mlserver"), "start", str(settings)]

    bodies = {JSON: Body("/v2/models/m/infer", "application/json", encode)}
    return Contender("mlserver", command, "/v2/models/m/ready", bodies, _outputs, package="mlserver")


def _outputs(answer: object) -> list[float]:
    assert isinstance(answer, dict)  # noqa: S101 - anything else ends the comparison
    return answer["outputs"][0]["data"]


def _bentoml(model: Mapping[str, str]) -> Contender:
    serve = [str(FOLDER / "bentoml" / "bin" / "bentoml"), "serve", "bento:Scorer", "--working-dir", str(PROGRAMS)]
    bodies = {JSON: Body("/predict", "application/json", _listed("rows"))}
    quiet = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(Path(model["MODEL"]).parent / "bento")}

    def decode(answer: object) -> list[float]:
        assert isinstance(answer, list)  # noqa: S101 - anything else ends the comparison
        return answer

    command = [*serve, "--host", "127.0.0.1", "--port"]
    return Contender(
        "bentoml", lambda port: [*command, str(port)], "/readyz", bodies, decode, {**model, **quiet}, package="bentoml"
    )


def _fastapi(model: Mapping[str, str]) -> Contender:
    start = [str(python("fastapi")), "-m", "uvicorn", "--app-dir", str(PROGRAMS), "plain_fastapi:app"]
    options = ["--no-access-log", "--log-level", "error", "--host", "127.0.0.1", "--port"]
    bodies = {
        JSON: Body("/json", "application/json", _listed("instances")),
        CSV: Body("/csv", "text/csv", as_csv),
    }
    return Contender(
        "fastapi", lambda port: [*start, *options, str(port)], "/ping", bodies, _predictions, model, package="fastapi"
    )
