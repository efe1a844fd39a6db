"""What a local AWS leaves on disk about its process, and how that process is recognised again."""

import json
import os
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from local.supervise import GRACE_SECONDS

_OK = 200


@dataclass(frozen=True)
class CloudState:
    """The supervisor's process id with its start time (so a reused id isn't taken for it), and the two ports."""

    pid: int
    started: int
    gateway_port: int
    mlflow_port: int

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """The state in `file`, or None where there is none."""
        return cls(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None

    def write(self, file: Path) -> None:
        """Keep the state in `file`."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    def is_running(self) -> bool:
        """Whether the process is still there, and is the one that was started then."""
        return process_started(self.pid) == self.started

    def end(self) -> None:
        """End the process, which ends all that it started; never another one that got its id."""
        for number, seconds in ((signal.SIGTERM, GRACE_SECONDS + 4), (signal.SIGKILL, 4)):
            deadline = time.monotonic() + seconds
            if self.is_running():
                os.kill(self.pid, number)
            while self.is_running() and time.monotonic() < deadline:
                time.sleep(0.05)


def process_started(pid: int) -> int:
    """When process `pid` started, in the kernel's clock ticks since boot; 0 where it doesn't run (any more)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def is_healthy(url: str, authority: Path) -> bool:
    """Whether `url` answers 200 with a certificate of `authority`."""
    trust = ssl.create_default_context(cafile=str(authority))
    try:
        with urllib.request.urlopen(url, timeout=5, context=trust) as answer:  # noqa: S310 - https on loopback
            return answer.status == _OK
    except (urllib.error.URLError, OSError):
        return False
