"""Containers as confined as Fargate and EKS allow: no network, no capability, nothing writable but what a job owns."""

import contextlib
import dataclasses
import json
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

from images.commands import ImageError, expect, run
from images.engine import Engine

UID = 1000
CONFINED = (
    *("--network", "none", "--read-only", "--tmpfs", "/tmp:rw,size=64m,noexec,nosuid,nodev"),  # noqa: S108 - the container's own
    *("--security-opt", "no-new-privileges", "--pids-limit", "256", "--memory", "2g", "--cap-drop", "ALL"),
)
AS_UID_1000 = ("--user", f"{UID}:{UID}")
"""How Fargate and EKS start the image."""
AS_ROOT = ("--cap-add", "SETUID,SETGID,CHOWN,FOWNER,DAC_OVERRIDE")
"""How SageMaker starts it, with no more than the entry point needs to leave root."""
SHELLS = ("dash", "bash")
START_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Ended:
    """A job's exit code, its log and the seconds it took."""

    code: int
    log: str
    seconds: float


def mounts(ml: Path, *, writable: bool) -> list[str]:
    """Return the options that mount `ml` as /opt/ml, and an empty file without rights over each shell."""
    empty = ml.parent / "no-shell"
    empty.touch(mode=0o444)
    shells = [part for shell in SHELLS for part in ("--volume", f"{empty}:/usr/bin/{shell}:ro")]
    return ["--volume", f"{ml}:/opt/ml{'' if writable else ':ro'}", *shells]


def run_job(engine: Engine, reference: str, ml: Path, command: Sequence[str], *, user: Sequence[str]) -> Ended:
    """Run a job on `ml` to its end."""
    begin = time.monotonic()
    argv = ("podman", "run", "--rm", *CONFINED, *user, *mounts(ml, writable=True), reference, *command)
    done = engine.start(*argv)
    return Ended(done.returncode, done.stdout + done.stderr, round(time.monotonic() - begin, 1))


@dataclasses.dataclass(frozen=True)
class Server:
    """A container that serves; requests enter its network namespace, since it has no network."""

    engine: Engine
    name: str
    pid: int
    start_seconds: float

    def ask(self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Return status and body of the answer; status 0 means that nobody answered."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(body or b"")
            file.flush()
            given = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
            posted = ["--data-binary", f"@{file.name}"] if body is not None else []
            curl = ["curl", "-s", "--max-time", "10", "-w", "\n%{http_code}", *given, *posted]
            inside = ["nsenter", "-t", str(self.pid), "-n", *curl, f"http://127.0.0.1:8080{path}"]
            text, _, status = self.engine.start(*inside).stdout.rpartition("\n")
        return int(status or 0), text

    def process(self) -> dict[str, str]:
        """Return what the kernel says of the container's first process: user, capabilities, seccomp, memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM; return the exit code and the seconds it took."""
        begin = time.monotonic()
        run(["kill", "-TERM", str(self.pid)])
        code = self.engine("podman", "wait", self.name, timeout=40)
        return int(code), round(time.monotonic() - begin, 2)

    def log(self) -> str:
        """Return what the server wrote so far."""
        done = self.engine.start("podman", "logs", self.name)
        return done.stdout + done.stderr


@contextlib.contextmanager
def serving(engine: Engine, reference: str, ml: Path, *, user: Sequence[str]) -> Generator[Server]:
    """Start the image's default command on the model in `ml`, wait for /ping, and remove it in the end.

    Raises:
        ImageError: it ends, or doesn't answer within a minute; the message has its log.
    """
    begin = time.monotonic()
    argv = ("podman", "run", "--detach", *CONFINED, *user, *mounts(ml, writable=False), reference)
    name = engine(*argv).strip()
    try:
        pid = json.loads(engine("podman", "inspect", name))[0]["State"]["Pid"]
        server = Server(engine, name, pid, 0.0)
        while server.ask("/ping")[0] != 200:  # noqa: PLR2004 - HTTP OK
            running = json.loads(engine("podman", "inspect", name))[0]["State"]["Running"]
            expect(running, f"The server ended before it answered:\n{server.log()}")
            if time.monotonic() - begin > START_SECONDS:
                raise ImageError(f"No /ping within {START_SECONDS} s:\n{server.log()}")
            time.sleep(0.05)
        yield dataclasses.replace(server, start_seconds=round(time.monotonic() - begin, 2))
    finally:
        engine.start("podman", "rm", "--force", "--time", "0", name)
