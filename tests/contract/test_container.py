"""The entry points as SageMaker runs them: real processes, real files, one loopback port."""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model_code.algorithms import gradient_boosting
from model_code.boosters import load_booster
from tests.patience import PATIENCE
from tests.unit.model_code.training.features_folder import COLUMNS, write_features

PROJECT = Path(__file__).resolve().parents[2]
CSV = {"Content-Type": "text/csv"}


def environment(root: Path, **settings: str) -> dict[str, str]:
    fixed = {"ATOLL_ML_ROOT": str(root), "ATOLL_BIND_ADDRESS": "127.0.0.1", "OMP_NUM_THREADS": "1"}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)} | fixed | settings


def container(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "model_code.container", *arguments]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answer(port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    result = response.status, response.read(), dict(response.getheaders())
    connection.close()
    return result


def wait_for_ping(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            if answer(port, "GET", "/ping")[0] == 200:
                return
        except ConnectionError:
            time.sleep(0.05)
    pytest.fail("no /ping within 60 seconds")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SageMaker's folder after a training job."""
    root = tmp_path_factory.mktemp("container")
    write_features(root / "input/data/features")
    subprocess.run(container("train"), env=environment(root), cwd=root, check=True, timeout=PATIENCE)
    return root


@pytest.fixture
def server(root: Path) -> Iterator[tuple[int, subprocess.Popen]]:
    port = free_port()
    settings = environment(root, SAGEMAKER_BIND_TO_PORT=str(port), ATOLL_MODEL_VERSION="12")
    process = subprocess.Popen(container("serve"), env=settings, cwd=root)
    try:
        wait_for_ping(port, process)
        yield port, process
    finally:
        process.kill()
        process.wait()


def test_a_served_model_scores_as_the_model_itself_and_ends_on_sigterm(
    root: Path, server: tuple[int, subprocess.Popen]
) -> None:
    port, process = server
    table = pq.read_table(root / "input/data/features/test.parquet")
    rows = np.column_stack([table[name].to_numpy() for name in COLUMNS])
    body = "\n".join(",".join("" if np.isnan(value) else repr(float(value)) for value in row) for row in rows)
    model = load_booster((root / "model/model.ubj").read_bytes())
    expected = gradient_boosting.score(model, rows)

    status, scored, headers = answer(port, "POST", "/invocations", body.encode(), CSV)
    assert status == 200
    assert headers["x-atoll-model-version"] == "12"
    assert np.abs(np.array(scored.split(b"\n"), dtype=float) - expected).max() <= 1e-6

    instances = {"instances": [[None if np.isnan(value) else value for value in row] for row in rows.tolist()]}
    wanted = {"Content-Type": "application/json", "X-Amzn-SageMaker-Custom-Attributes": "reasons=3"}
    status, explained, _ = answer(port, "POST", "/invocations", json.dumps(instances).encode(), wanted)
    assert status == 200
    predictions = json.loads(explained)["predictions"]
    assert np.abs(np.array([row["score"] for row in predictions]) - expected).max() <= 1e-6
    assert {len(row["reasons"]) for row in predictions} == {3}

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0


def test_a_request_under_way_is_answered_before_the_server_ends(
    root: Path, server: tuple[int, subprocess.Popen]
) -> None:
    port, process = server
    body = b"1,1,1,1\n" * 30_000
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    wanted = CSV | {"Accept": "application/json", "X-Amzn-SageMaker-Custom-Attributes": "reasons=4"}
    connection.request("POST", "/invocations", body, wanted)
    time.sleep(0.1)
    assert not select.select([connection.sock], [], [], 0)[0], "the answer was there before the signal"
    process.send_signal(signal.SIGTERM)
    assert len(json.loads(connection.getresponse().read())["predictions"]) == 30_000
    assert process.wait(timeout=PATIENCE) == 0
    assert (root / "model/manifest.json").is_file()


def test_a_body_over_the_limit_is_refused_and_the_server_goes_on(server: tuple[int, subprocess.Popen]) -> None:
    port, _ = server
    status, refusal, _ = answer(port, "POST", "/invocations", b"1,1,1,1\n" * 800_000, CSV)
    assert status == 413
    assert "send fewer rows" in json.loads(refusal)["error"]
    assert answer(port, "GET", "/ping")[0] == 200


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("ATOLL_MANIFEST_SHA256", "0" * 64, "this isn't the released model"),
        ("ATOLL_MAX_MODEL_BYTES", "1000", "this endpoint loads at most 1,000"),
        ("SAGEMAKER_BIND_TO_PORT", "http", "SAGEMAKER_BIND_TO_PORT is 'http'"),
    ],
)
def test_a_server_that_may_not_serve_says_why_and_ends_with_1(
    root: Path, setting: str, value: str, expected: str
) -> None:
    ended = subprocess.run(
        container("serve"),
        env=environment(root, **{setting: value}),
        cwd=root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 1
    assert expected in ended.stderr
    assert "Traceback" not in ended.stderr
    assert expected in (root / "output/failure").read_text()


def test_a_port_that_is_taken_ends_the_server_with_1(root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = environment(root, SAGEMAKER_BIND_TO_PORT=str(taken.getsockname()[1]))
        ended = subprocess.run(
            container("serve"), env=settings, cwd=root, capture_output=True, timeout=PATIENCE, check=False
        )
    assert ended.returncode == 1
    assert "address already in use" in ended.stderr.decode()


def test_a_stopped_training_ends_without_a_model(tmp_path: Path) -> None:
    write_features(tmp_path / "input/data/features", rows=5000)
    (tmp_path / "input/config").mkdir()
    choices = {"n_estimators": "5000", "early_stopping_rounds": "0"}
    (tmp_path / "input/config/hyperparameters.json").write_text(json.dumps(choices))
    process = subprocess.Popen(container("train"), env=environment(tmp_path), stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert b"training" in process.stderr.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert b"SIGTERM" in errors
    assert not (tmp_path / "model/manifest.json").exists()
