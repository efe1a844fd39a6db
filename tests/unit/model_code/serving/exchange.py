"""Sends requests to an application through its connection, in this process: real HTTP, and no socket."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from uvicorn.server import ServerState

from model_code.serving.app import Application
from model_code.serving.protocol import Connection


class Wire(asyncio.Transport):
    """Keeps what is written. A client that hangs up is `close` or `connection_lost`."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_paused = False
        self.is_closed = False
        self.is_aborted = False
        self.news = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_closed, "nothing is written after the end"
        self.written += data
        self.news.set()

    def close(self) -> None:
        self.is_closed = True
        self.news.set()

    def abort(self) -> None:
        self.is_aborted = True
        self.close()

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        assert not self.is_paused
        self.is_paused = True

    def resume_reading(self) -> None:
        assert self.is_paused
        self.is_paused = False


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401
        return orjson.loads(self.body)


def connect(app: Application) -> tuple[Connection, Wire]:
    connection, wire = Connection(app, ServerState()), Wire()
    connection.connection_made(wire)
    return connection, wire


async def until(happened: Callable[[], bool]) -> None:
    """Let the loop work until something has happened."""
    while not happened():  # noqa: ASYNC110 - nobody sets an event
        await asyncio.sleep(0.001)


def read(written: bytes) -> tuple[Response, bytes]:
    """Return the first response, and what follows it."""
    head, _, rest = written.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    size = int(headers["content-length"])
    assert len(rest) >= size
    return Response(int(first.split()[1]), headers, rest[:size]), rest[size:]


def written(method: str, path: str, body: bytes, headers: dict[str, str], *, parts: int = 1) -> Sequence[bytes]:
    """Return the pieces of a request: one, or its head and a chunk for each part of the body."""
    lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()]
    first = f"{method} {path} HTTP/1.1\r\n".encode()
    if parts == 1:
        has_length = "content-length" in {name.lower() for name in headers}
        length = b"" if has_length else b"content-length: %d\r\n" % len(body)
        return [b"".join([first, *lines, length, b"\r\n", body])]
    step = -(-len(body) // parts)
    chunks = [body[start : start + step] for start in range(0, len(body), step)]
    head = b"".join([first, *lines, b"transfer-encoding: chunked\r\n\r\n"])
    return [head, *(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks), b"0\r\n\r\n"]


async def request(
    app: Application,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    parts: int = 1,
) -> Response:
    """Send one request, its body in `parts` chunks, and return what came back."""
    connection, wire = connect(app)
    for piece in written(method, path, body, headers or {}, parts=parts):
        connection.data_received(piece)
    await asyncio.wait_for(wire.news.wait(), 30)
    connection.connection_lost(None)
    response, rest = read(wire.written)
    assert rest == b""
    return response


def call(app: Application, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
    """`request` for a test without a loop of its own; `content_type=` means the header Content-Type."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(request(app, method, path, body, named))
