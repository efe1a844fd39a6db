"""Containers as confined as Fargate and EKS allow: no network, no capability, nothing writable but what a job owns."""

import contextlib
import dataclasses
import json
import os
import signal
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

from images.commands import ImageError, expect
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
MODEL_URL = "http://127.0.0.1:8080"
START_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Ended:
    """A job's exit code, its log and the seconds it took."""

    code: int
    log: str
    seconds: float


def mounts(ml: Path, *, writable: bool) -> list[str]:
    """Return the options that mount `ml` as /opt/ml, and no shell."""
    return ["--volume", f"{ml}:/opt/ml{'' if writable else ':ro'}", *no_shell(ml.parent)]


def no_shell(folder: Path) -> list[str]:
    """Return the options that mount an empty file without rights, made in `folder`, over each shell."""
    empty = folder / "no-shell"
    empty.touch(mode=0o444)
    return [part for shell in SHELLS for part in ("--volume", f"{empty}:/usr/bin/{shell}:ro")]


def run_job(engine: Engine, reference: str, ml: Path, command: Sequence[str], *, user: Sequence[str]) -> Ended:
    """Run a job on `ml` to its end."""
    begin = time.monotonic()
    argv = ("podman", "run", "--rm", *CONFINED, *user, *mounts(ml, writable=True), reference, *command)
    done = engine.start(*argv)
    return Ended(done.returncode, done.stdout + done.stderr, round(time.monotonic() - begin, 1))


@dataclasses.dataclass(frozen=True)
class Server:
    """A container that serves at `url`; requests enter its network namespace, since it has no network."""

    engine: Engine
    name: str
    pid: int
    url: str
    start_seconds: float = 0.0

    def ask(self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Return status and body of the answer; status 0 means that nobody answered."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(body or b"")
            file.flush()
            given = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
            posted = ["--data-binary", f"@{file.name}"] if body is not None else []
            curl = ["curl", "-s", "--max-time", "10", "-w", "\n%{http_code}", "--insecure", *given, *posted]
            inside = ["nsenter", "-t", str(self.pid), "-n", *curl, f"{self.url}{path}"]
            text, _, status = self.engine.start(*inside).stdout.rpartition("\n")
        return int(status or 0), text

    def process(self) -> dict[str, str]:
        """Return what the kernel says of the container's first process: user, capabilities, seccomp, memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def expect_no_privileges(self, uid: int) -> None:
        """Do nothing if the first process is `uid` and can become nothing else.

        Raises:
            ImageError: it isn't, has a capability, or may gain one.
        """
        process = self.process()
        wanted = {
            "Uid": lambda value: set(value.split()) == {str(uid)},
            "Gid": lambda value: set(value.split()) == {str(uid)},
            "Groups": lambda value: value in {"", str(uid)},
            "CapEff": lambda value: int(value, 16) == 0,
            "CapPrm": lambda value: int(value, 16) == 0,
            "NoNewPrivs": lambda value: value == "1",
            "Seccomp": lambda value: value == "2",
        }
        for name, good in wanted.items():
            expect(good(process[name]), f"The server's {name} is {process[name]!r}; it should be uid {uid}, confined.")

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM; return the exit code and the seconds it took."""
        begin = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        code = self.engine("podman", "wait", self.name, timeout=40)
        return int(code), round(time.monotonic() - begin, 2)

    def log(self) -> str:
        """Return what the server wrote so far."""
        done = self.engine.start("podman", "logs", self.name)
        return done.stdout + done.stderr


@contextlib.contextmanager
def serving(
    engine: Engine, reference: str, options: Sequence[str], *, url: str = MODEL_URL, ping: str = "/ping"
) -> Generator[Server]:
    """Start the image's default command, confined, wait until `ping` gives 200, and remove it in the end.

    Raises:
        ImageError: it ends, or doesn't answer within two minutes; the message has its log.
    """
    begin = time.monotonic()
    name = engine("podman", "run", "--detach", *CONFINED, *options, reference).strip()
    try:
        pid = json.loads(engine("podman", "inspect", name))[0]["State"]["Pid"]
        server = Server(engine, name, pid, url)
        while server.ask(ping)[0] != 200:  # noqa: PLR2004 - HTTP OK
            running = json.loads(engine("podman", "inspect", name))[0]["State"]["Running"]
            expect(running, f"The server ended before it answered:\n{server.log()}")
            if time.monotonic() - begin > START_SECONDS:
                raise ImageError(f"No {ping} within {START_SECONDS} s:\n{server.log()}")
            time.sleep(0.05)
        yield dataclasses.replace(server, start_seconds=round(time.monotonic() - begin, 2))
    finally:
        engine.start("podman", "rm", "--force", "--time", "0", "--volumes", name)
