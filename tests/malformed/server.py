"""The real server with a freshly trained model, on a free loopback port, and what can be seen of it from outside."""

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

from tests.patience import PATIENCE
from tests.unit.model_code.training.features_folder import write_features

PROJECT = Path(__file__).resolve().parents[2]
PING_EVERY = 0.02


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    @property
    def alive(self) -> bool:
        """Whether it runs, as the very process that was started."""
        return self.process.poll() is None

    def rss(self) -> int:
        """Resident memory in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) * 1024


@contextlib.contextmanager
def serving(folder: Path) -> Generator[Server]:
    """Train a model below `folder` and serve it with one process."""
    fixed = {"ATOLL_ML_ROOT": str(folder), "ATOLL_BIND_ADDRESS": "127.0.0.1", "OMP_NUM_THREADS": "1"}
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT),
        "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        **fixed,
    }
    write_features(folder / "input/data/features")
    command = [sys.executable, "-m", "model_code.container"]
    subprocess.run([*command, "train"], env=environment, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    with log.open("wb") as lines:
        settings = environment | {"SAGEMAKER_BIND_TO_PORT": str(port)}
        process = subprocess.Popen([*command, "serve"], env=settings, stdout=lines, stderr=lines)
    try:
        wait(process, port)
        yield Server(process, port, log)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait for /ping."""
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("The server ended; see its log.")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            ping(connection)
            return
        time.sleep(0.1)
    sys.exit("The server gave no /ping within a minute.")


def ping(connection: http.client.HTTPConnection) -> float:
    """Ask, expect 200, and return the seconds it took."""
    begin = time.perf_counter()
    connection.request("GET", "/ping")
    response = connection.getresponse()
    response.read()
    if response.status != http.HTTPStatus.OK:
        sys.exit(f"/ping answered {response.status}.")
    return time.perf_counter() - begin


class Pinger(threading.Thread):
    """Asks /ping again and again, and notes how long each took, and the server's memory."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._ended = threading.Event()
        self.seconds: list[float] = []
        self.rss: list[int] = []
        self.late: list[float] = []
        """By how much this thread itself was woken too late: how busy the machine is."""

    def run(self) -> None:
        """Ask until `end`."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=PATIENCE)
        begin = time.perf_counter()
        while not self._ended.wait(PING_EVERY):
            self.late.append(time.perf_counter() - begin - PING_EVERY)
            self.seconds.append(ping(connection))
            self.rss.append(self._server.rss())
            begin = time.perf_counter()
        connection.close()

    def end(self) -> None:
        """Stop asking."""
        self._ended.set()
        self.join()
