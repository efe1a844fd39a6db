"""The server as a whole: its processes, what it keeps out of memory, and the bounds of a connection."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn

from model_code.container.serve import configuration
from model_code.serving import protocol
from model_code.serving.answers import Service
from model_code.serving.app import Application
from model_code.serving.model import load_model
from tests.contract.test_container import PROJECT, answer, container, environment, free_port, wait_for_ping
from tests.patience import PATIENCE
from tests.unit.model_code.native.compiled import needs_a_compiler
from tests.unit.model_code.training.features_folder import write_features

CSV = {"Content-Type": "text/csv"}
POST_CSV = b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_a_compiler()
    subprocess.run([sys.executable, "-m", "model_code.native"], check=True, cwd=PROJECT, capture_output=True)
    root = tmp_path_factory.mktemp("processes")
    write_features(root / "input/data/features")
    subprocess.run(
        container("train"), env=environment(root), cwd=root, check=True, timeout=PATIENCE, capture_output=True
    )
    return root


Start = Callable[..., tuple[int, subprocess.Popen]]


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    started: list[subprocess.Popen] = []

    def start(**settings: str) -> tuple[int, subprocess.Popen]:
        port = free_port()
        process = subprocess.Popen(
            container("serve"), env=environment(root, SAGEMAKER_BIND_TO_PORT=str(port), **settings), cwd=root
        )
        started.append(process)
        wait_for_ping(port, process)
        return port, process

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=PATIENCE)


def children(process: subprocess.Popen) -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


def has_xgboost(process: subprocess.Popen) -> bool:
    return "libxgboost" in Path(f"/proc/{process.pid}/maps").read_text()


def test_scoring_never_brings_xgboost_into_memory_and_reasons_do(start: Start) -> None:
    port, process = start(SAGEMAKER_MODEL_SERVER_WORKERS="1")
    assert answer(port, "POST", "/invocations", b"1,2,3,4", CSV)[0] == 200
    assert not has_xgboost(process)
    proportional = re.findall(r"Pss:\s+(\d+)", Path(f"/proc/{process.pid}/smaps_rollup").read_text())
    assert int(proportional[0]) <= 45_000
    wanted = CSV | {"Accept": "application/json", "X-Amzn-SageMaker-Custom-Attributes": "reasons=1"}
    assert answer(port, "POST", "/invocations", b"1,2,3,4", wanted)[0] == 200
    assert has_xgboost(process)


def test_a_process_that_dies_is_started_again_and_all_end_on_sigterm(start: Start) -> None:
    port, process = start(SAGEMAKER_MODEL_SERVER_WORKERS="2", ATOLL_METRICS="1")
    before = children(process)
    assert len(before) == 2
    time.sleep(5.1)  # any sooner, and a process counts as one that can't start
    os.kill(next(iter(before)), signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while len(children(process) - before) < 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(children(process)) == 2
    for _ in range(8):
        assert answer(port, "POST", "/invocations", b"1,2,3,4", CSV)[0] == 200
    assert b"atoll_rows_total 8\n" in answer(port, "GET", "/metrics")[1]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    assert not any(Path(f"/proc/{child}").exists() for child in before)


def test_no_process_outlives_a_server_that_was_killed(start: Start) -> None:
    _, process = start(SAGEMAKER_MODEL_SERVER_WORKERS="2")
    left = children(process)
    process.kill()
    deadline = time.monotonic() + PATIENCE
    while left and time.monotonic() < deadline:
        left = {child for child in left if Path(f"/proc/{child}").exists()}
        time.sleep(0.05)
    assert not left


def test_processes_that_can_not_start_end_the_server_with_1(root: Path) -> None:
    code = (
        "import os, sys; from model_code.container.processes import run_processes\n"
        "from model_code.errors import InputError\n"
        "try: run_processes(2, lambda number: sys.exit(3))\n"
        "except InputError as error: sys.exit(str(error))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(root),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 1
    assert "ended as soon as it had begun" in ended.stderr


def test_a_server_that_is_told_to_end_just_before_it_starts_a_process_again_does_not_start_it(root: Path) -> None:
    code = (
        "import signal, time; from model_code.container import processes\n"
        "processes.SHORTEST_LIFE, begin, begun = 0, processes._Children.start, []\n"
        "def late(children, number):\n"
        "    begun.append(number)\n"
        "    if len(begun) == 3: signal.raise_signal(signal.SIGTERM)\n"
        "    begin(children, number)\n"
        "processes._Children.start = late\n"
        "processes.run_processes(2, lambda number: time.sleep(600 if number or len(begun) == 3 else 0))"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=environment(root), timeout=PATIENCE, check=False)
    assert ended.returncode == 0


def test_callers_of_all_processes_share_one_budget(start: Start) -> None:
    port, _ = start(SAGEMAKER_MODEL_SERVER_WORKERS="2", ATOLL_CALLER_ROWS_PER_MINUTE="4")
    caller = CSV | {"X-Atoll-Caller": "someone"}
    statuses = [answer(port, "POST", "/invocations", b"1,2,3,4", caller)[0] for _ in range(20)]
    assert set(statuses) == {200, 429}
    assert 2 <= statuses.count(200) <= 4


@pytest.fixture
def bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of an application behind connections with short bounds."""
    monkeypatch.setattr(protocol, "RECEIVING_SECONDS", 0.5)

    listener = socket.create_server(("127.0.0.1", 0))
    model = load_model(root / "model", version=None, expected_manifest_sha256=None, max_model_bytes=10_000_000)
    server = uvicorn.Server(configuration(Application(Service(model), max_body_bytes=1_000_000)))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(20)


def everything(connection: socket.socket) -> bytes:
    connection.settimeout(PATIENCE)
    received = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


@pytest.mark.parametrize(
    "sent", [b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: x\r\n", POST_CSV + b"content-length: 9\r\n\r\n1"]
)
def test_a_request_that_never_comes_whole_is_refused_and_closed(bounded: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", bounded)) as connection:
        connection.sendall(sent)
        received = everything(connection)
    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"].startswith("The request didn't come whole within")


def test_a_head_without_end_is_refused_and_closed(bounded: int) -> None:
    with socket.create_connection(("127.0.0.1", bounded)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nx: ")
        sent = 0
        try:
            while sent < 50_000_000:
                sent += connection.send(b"a" * 65536)
        except (ConnectionResetError, BrokenPipeError):
            pass
        received = everything(connection)
    assert sent < 10_000_000
    assert received == b"" or received.startswith(b"HTTP/1.1 431 ")


def test_what_is_no_http_is_refused_in_json(bounded: int) -> None:
    with socket.create_connection(("127.0.0.1", bounded)) as connection:
        connection.sendall(b"hello\r\n\r\n")
        received = everything(connection)
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(received.partition(b"\r\n\r\n")[2]) == {"error": "Invalid HTTP request received."}


def test_good_requests_may_follow_each_other_for_as_long_as_they_like(
    bounded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "RECEIVING_SECONDS", 3)  # a busy machine may need a second for a good one
    connection = http.client.HTTPConnection("127.0.0.1", bounded, timeout=PATIENCE)
    with contextlib.closing(connection):
        for rows, pause in ((1, 3.5), (30_000, 0), (2, 0)):
            connection.request("POST", "/invocations", b"1,2,3,4\n" * rows, CSV)
            response = connection.getresponse()
            assert (response.status, response.read().count(b"\n")) == (200, rows - 1)
            time.sleep(pause)


def test_nobody_waits_for_the_reasons_of_callers_who_have_left(bounded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_code.serving.reference import Reference  # noqa: PLC0415 - XGBoost, which the server imports when asked

    asked: list[int] = []

    def slow(_self: Reference, rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        time.sleep(1)
        return np.zeros(rows.shape, np.float32)

    monkeypatch.setattr(Reference, "contributions", slow)
    monkeypatch.setattr("model_code.serving.model.STEPS_A_LOOK", 1)  # a row a step, a second each
    body = b"1,2,3,4\n" * 20
    head = b"POST /invocations?reasons=1 HTTP/1.1\r\nContent-Type: text/csv\r\nAccept: application/json\r\n"
    left = [socket.create_connection(("127.0.0.1", bounded)) for _ in range(8)]
    for connection in left:
        connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
    while not asked:
        time.sleep(0.05)
    for connection in left:
        connection.close()
    honest = http.client.HTTPConnection("127.0.0.1", bounded, timeout=PATIENCE)
    honest.request("POST", "/invocations", b"1,2,3,4\n" * 30_000, CSV)
    assert honest.getresponse().read().count(b"\n") == 29_999
    honest.close()
    assert len(asked) < 80  # of 160 rows that were asked for
