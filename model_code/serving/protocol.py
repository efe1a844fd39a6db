"""HTTP/1.1 for one connection: httptools reads it, the application answers it, and nothing is in between.

A task, an event and three dictionaries for each request, as ASGI has them, cost more than the model
(docs/decisions/0025). uvicorn keeps the sockets, the signals and the draining.
"""

import asyncio
import select
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import httptools
from uvicorn.server import ServerState

from model_code.serving.answers import Answer
from model_code.serving.app import Application
from model_code.serving.requests import Request

MOST_HEAD_BYTES = 64 * 1024
"""Of a request line and headers, in front of a body or behind it, and of what announces a chunk: so much may come in
which no head ends and no body is, beyond the piece of the stream (at most 256 kB) in which it begins."""
RECEIVING_SECONDS = 60
"""From a connection's, or a request's, first byte to the request's last one. SageMaker itself waits 60 s."""
KEEP_ALIVE_SECONDS = 75
"""Longer than callers keep connections, so that none sends into one that is just being closed."""
STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Message:
    """One request on its way in: what its head asks for (or why it's refused), and its body so far."""

    __slots__ = ("began", "body", "is_complete", "is_head", "keep_alive", "opened", "size")

    def __init__(self, opened: Request | Answer, *, is_head: bool = False, keep_alive: bool = True) -> None:
        self.opened = opened
        self.is_head = is_head
        self.keep_alive = keep_alive
        self.is_complete = False
        self.body: bytes | bytearray = b""
        self.size = 0
        self.began = time.perf_counter()


class Connection(asyncio.Protocol):
    """Answers one connection's requests in their order, one at a time.

    A connection that sends nothing, or a byte a minute, is closed; a head of any length isn't kept; and nothing more
    is read from a client that has an answer to wait for, or doesn't read its answers.
    """

    def __init__(self, application: Application, server_state: ServerState, **_uvicorns: Any) -> None:  # noqa: ANN401
        self._application = application
        self._server = server_state
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle
        self._deadline = self._loop.time() + RECEIVING_SECONDS
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._in_head = True
        self._has_moved = False
        self._incoming: Message | None = None
        self._waiting: deque[Message] = deque()
        self._in_thread = False
        self._can_write = True
        self._is_paused = False
        self._is_last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)  # ty: ignore[invalid-argument-type] - it names uvicorn's own
        self._timer = self._loop.call_later(RECEIVING_SECONDS, self._watch)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Forget what was on its way."""
        self._server.connections.discard(self)
        self._timer.cancel()
        self._forget()

    def shutdown(self) -> None:
        """Close as soon as what has begun is answered (uvicorn calls this when it drains)."""
        self._is_last = True
        if not self._waiting and not self._incoming:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Read on, and soon answer what is whole.

        Soon, not at once: what several clients sent is read first, then answered in one go. The second answer finds
        code and model in the processor's caches, which the kernel's work between two reads empties (ADR 25).
        """
        self._has_moved = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._is_last = True
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "Invalid HTTP request received.")
        self._head_bytes = 0 if self._has_moved else self._head_bytes + len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's headers have no end in sight.")
        self._loop.call_soon(self._work)

    def on_message_begin(self) -> None:
        """Expect all of this request in time."""
        self._url = b""
        self._headers = {}
        self._in_head = True
        self._deadline = self._loop.time() + RECEIVING_SECONDS

    def on_url(self, url: bytes) -> None:
        """Take the next piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. One behind the body says nothing to us."""
        if self._in_head:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Ask the application what this head is for."""
        self._in_head, self._has_moved = False, True
        method = self._parser.get_method()
        opened = self._application.open(method, self._url, self._headers)
        if self._parser.should_upgrade() and isinstance(opened, Request):  # httptools doesn't read such a body
            opened = Answer.error(HTTPStatus.BAD_REQUEST, "This server speaks HTTP/1.1 alone; send no Upgrade header.")
        keep_alive = self._parser.should_keep_alive() and self._parser.get_http_version() != "1.0"
        self._incoming = Message(opened, is_head=method == b"HEAD", keep_alive=keep_alive)
        if b"expect" in self._headers and not self._waiting and isinstance(opened, Request):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._waiting.append(self._incoming)

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, unless the request is refused already."""
        self._has_moved = True
        message = self._incoming
        if message and isinstance(message.opened, Request):
            if message.size:  # joined at once: a piece of two bytes costs two bytes
                message.body = message.body if isinstance(message.body, bytearray) else bytearray(message.body)
                message.body += body
            else:
                message.body = body
            message.size += len(body)
            refusal = self._application.hold(len(body), message.size)
            if refusal:
                self._drop(message, refusal)

    def on_message_complete(self) -> None:
        """Let the application answer."""
        self._has_moved = True
        if self._incoming:
            self._incoming.is_complete = True
            self._incoming = None

    def pause_writing(self) -> None:
        """Answer no more requests of a client that doesn't read the answers."""
        self._can_write = False

    def resume_writing(self) -> None:
        """Go on."""
        self._can_write = True
        self._work()

    def _work(self) -> None:
        """Answer the first request, if that can be done now; read no more while a whole one waits."""
        if self._transport.is_closing():
            return
        if self._waiting and self._can_write and not self._in_thread:
            message = self._waiting[0]
            if isinstance(message.opened, Answer):
                self._send(message, message.opened)
            elif message.is_complete:
                self._answer(message, message.opened)
        must_wait = bool(self._waiting) and self._waiting[0] is not self._incoming
        if must_wait != self._is_paused:
            self._is_paused = must_wait
            (self._transport.pause_reading if must_wait else self._transport.resume_reading)()

    def _answer(self, message: Message, request: Request) -> None:
        app, body = self._application, bytes(message.body)
        if not app.is_long(request, body):
            self._send(message, app.answer(request, body))
            return
        if refusal := app.take(request, message.size):
            self._send(message, refusal)
            return
        self._in_thread = True
        work = self._loop.run_in_executor(app.thread, app.answer, request, body, self._watching())
        work.add_done_callback(lambda done: self._answered(message, request, done.result()))

    def _watching(self) -> Callable[[], bool]:
        """Return what tells whether the client still waits, though nothing is read from it. Safe in another thread."""
        socket = self._transport.get_extra_info("socket")
        if socket is None:
            return lambda: not self._transport.is_closing()
        hung_up = select.poll()
        hung_up.register(socket.fileno(), select.POLLRDHUP)
        return lambda: not (self._transport.is_closing() or hung_up.poll(0))

    def _answered(self, message: Message, request: Request, answer: Answer) -> None:
        self._in_thread = False
        self._application.leave(request, message.size)
        if self._transport.is_closing():
            self._forget()
            return
        self._send(message, answer)
        self._work()

    def _send(self, message: Message, answer: Answer) -> None:
        """Write an answer to the first of the waiting requests, and leave that."""
        self._waiting.popleft()
        self._application.release(message.size)
        self._application.answered(answer.status, time.perf_counter() - message.began)
        self._deadline = self._loop.time() + KEEP_ALIVE_SECONDS
        is_last = not message.keep_alive or (self._is_last and not self._waiting)
        self._transport.write(self._response(answer, with_body=not message.is_head, is_last=is_last))
        if is_last:
            self._transport.close()
        elif self._waiting:
            self._loop.call_soon(self._work)  # and others in between

    def _response(self, answer: Answer, *, with_body: bool, is_last: bool) -> bytes:
        headers = (*self._server.default_headers, *self._application.headers, *answer.headers)
        head = b"%bcontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n" % (
            STATUS_LINES[answer.status],
            answer.media_type.encode(),
            len(answer.body),
            b"".join([b"%b: %b\r\n" % header for header in headers]),
            b"connection: close\r\n" if is_last else b"",
        )
        return head + answer.body if with_body else head

    def _watch(self) -> None:
        """Look whether the client takes too long."""
        if self._in_thread:
            self._deadline = self._loop.time() + RECEIVING_SECONDS
        left = self._deadline - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(min(left, RECEIVING_SECONDS), self._watch)
        elif not self._can_write:
            self._transport.abort()
        elif self._in_head or self._incoming:
            sentence = f"The request didn't come whole within {RECEIVING_SECONDS} seconds."
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, sentence)
            self._work()
        else:
            self._transport.close()

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Take nothing more: refuse the request on its way, unless it has its answer."""
        refusal = Answer.error(status, sentence)
        self._is_last = True
        if not self._incoming:
            self._waiting.append(Message(refusal))
        elif self._incoming in self._waiting:
            self._drop(self._incoming, refusal)
        else:
            self._transport.close()
        self._incoming = None

    def _drop(self, message: Message, refusal: Answer) -> None:
        """Forget a request's body, and give it this answer."""
        self._application.release(message.size)
        message.opened, message.body, message.size = refusal, b"", 0

    def _forget(self) -> None:
        """Let go of the bodies that wait, but for one that is in the thread."""
        while self._waiting and not self._in_thread:
            self._application.release(self._waiting.popleft().size)
