"""The floor: our own connections, with an application that keeps the body and always answers the same."""

import functools
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn

from model_code.serving.answers import OK, Answer
from model_code.serving.protocol import Connection
from model_code.serving.requests import JSON, Options, Request

ANSWER = Answer(OK, JSON, b'{"predictions":[{"score":0.5}],"model_version":"floor"}')
REQUEST = Request(JSON, JSON, Options(), b"")


class Constant:
    """What `Connection` asks of an application, and nothing more."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    thread = None

    def open(self, _method: bytes, _target: bytes, _headers: Mapping[bytes, bytes]) -> Request:
        """Take every request."""
        return REQUEST

    def hold(self, _part: int, _size: int) -> None:
        """Take every body."""

    def release(self, _size: int) -> None:
        """Count nothing."""

    def is_long(self, _request: Request, _body: bytes) -> bool:
        """Take little time."""
        return False

    def answer(self, _request: Request, _body: bytes) -> Answer:
        """Answer one request."""
        return ANSWER

    def answered(self, _status: int, _seconds: float) -> None:
        """Count nothing."""


if __name__ == "__main__":
    application: Any = Constant()
    connection: Any = functools.partial(Connection, application)
    quiet: dict[str, Any] = {"access_log": False, "log_level": "error", "lifespan": "off", "server_header": False}
    uvicorn.run(
        application, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http=connection, ws="none", **quiet
    )
