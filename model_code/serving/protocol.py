"""uvicorn's protocol with the bounds that it lacks: on the bytes of headers, and on the time that a request may take.

A connection that sends nothing, or a byte a minute, is closed; a head of any length isn't kept.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024
"""Of a request line and headers, beyond the piece of the stream (at most 256 kB) in which they begin."""
RECEIVING_SECONDS = 60
"""From a connection's, or a request's, first byte to the request's last one. SageMaker itself waits 60 s."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless this is ever more of one head."""
        was_in_head = self._in_head
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if was_in_head and self._in_head else 0
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's headers have no end in sight.")

    def on_message_begin(self) -> None:
        """Expect all of this request in time."""
        super().on_message_begin()
        self._in_head = True
        self._wait()

    def on_headers_complete(self) -> None:
        """Let the application answer."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Let the application take its time."""
        self._wait_no_longer()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in JSON as all refusals."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(RECEIVING_SECONDS, self._too_slow)

    def _wait_no_longer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"The request didn't come whole within {RECEIVING_SECONDS} seconds.")

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Answer, unless an answer is on its way, and close."""
        if self.transport.is_closing():
            return
        answering = self.cycle and self.cycle.response_started and not self.cycle.response_complete
        if not answering:
            body = orjson.dumps({"error": sentence})
            head = (
                f"HTTP/1.1 {int(status)} {status.phrase}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
