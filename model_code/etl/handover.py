"""How a checked ledger gets from the first host of a job to the others: over HTTP, to the same path on each.

Spark's executors read files of their own host. The first host serves its ledger from the beginning to the end of its
work, so that the others also learn from its server that there is no ledger yet, or that the work is over.
"""

import http.client
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from model_code.errors import InputError
from model_code.etl.writing import sha256_of
from model_code.hosts import Hosts, address_of

PORT = 7078
LEDGER = "ledger.parquet"
DIGEST = f"{LEDGER}.sha256"
"""Stands beside the ledger once that is complete."""
SILENCE_SECONDS = 60
"""How long the first host may be silent before it counts as gone; one that refuses a connection is gone at once."""
_ANSWER_SECONDS = 10
_PART = 1 << 20


def shared_folder() -> Path:
    """The same path on every host of a job."""
    return Path(tempfile.gettempdir()) / "atoll-etl"


@contextmanager
def scratch_folder(hosts: Hosts) -> Generator[Path]:
    """A folder for the time of a job; among several hosts the shared one, whose ledger is served to the others.

    Raises:
        InputError: the server's port can't be had.
    """
    if not hosts.several:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
        return
    folder = shared_folder()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        with _served(folder, hosts):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(folder: Path) -> None:
    """Let the other hosts have the ledger in the shared folder: it is complete."""
    (folder / DIGEST).write_text(sha256_of(folder / LEDGER))


def news(hosts: Hosts) -> Iterator[str]:
    """What the first host says, about once a second until it is gone: its ledger's sha256, empty until there is one.

    Raises:
        InputError: it never answered.
    """
    ends, heard = time.monotonic() + hosts.join_seconds, False
    while True:
        try:
            with _get(hosts, DIGEST) as answer:
                said = answer.read().decode() if answer.status == HTTPStatus.OK else ""
        except (OSError, http.client.HTTPException) as error:
            late = time.monotonic() > ends
            if late and not heard:
                raise InputError(
                    f"The first host of this job, {hosts.first}, didn't answer on port {PORT} for {hosts.join_seconds} "
                    f"seconds ({error}). Its log says why, or the security group doesn't let the job's hosts talk to "
                    "each other (docs/data.md, Spark on several instances)."
                ) from None
            if heard and (late or isinstance(error, ConnectionRefusedError)):
                return
        else:
            ends, heard = time.monotonic() + SILENCE_SECONDS, True
            yield said
        time.sleep(1)


def fetch(hosts: Hosts, sha256: str) -> Path:
    """Bring the first host's ledger to the shared folder of this one.

    Raises:
        InputError: what arrived isn't what was sent.
    """
    ledger = shared_folder() / LEDGER
    ledger.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    arriving = ledger.with_suffix(f".{hosts.number}")  # hosts of one machine have one shared folder
    with suppress(http.client.IncompleteRead), _get(hosts, LEDGER) as answer, arriving.open("wb") as target:
        shutil.copyfileobj(answer, target, _PART)
    arrived = sha256_of(arriving)
    if arrived != sha256:
        arriving.unlink()
        raise InputError(
            f"The ledger from {hosts.first} has sha256 {arrived} here and {sha256} there: it was damaged or cut off on "
            "the way. Start the job again."
        )
    return arriving.replace(ledger)


@contextmanager
def _get(hosts: Hosts, name: str) -> Generator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(hosts.first, PORT, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", f"/{name}")
        yield connection.getresponse()
    finally:
        connection.close()


class _Answers(SimpleHTTPRequestHandler):
    """Serves the ledger and its digest, and nothing else of the folder."""

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Begin an answer."""
        if self.path not in {f"/{LEDGER}", f"/{DIGEST}"}:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing: each host asks each second."""


@contextmanager
def _served(folder: Path, hosts: Hosts) -> Generator[None]:
    address = address_of(hosts.own, seconds=hosts.join_seconds)
    try:
        server = ThreadingHTTPServer((address or hosts.own, PORT), partial(_Answers, directory=str(folder)))
    except OSError as error:
        raise InputError(f"{hosts.own} can't serve its ledger to the other hosts on port {PORT}: {error}.") from None
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
