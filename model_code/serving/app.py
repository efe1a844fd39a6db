"""What the server answers to each request: its head first, then its body."""

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from model_code.errors import InputError
from model_code.serving.answers import OK, Answer, Service, answer
from model_code.serving.requests import JSON, Request, RequestError

Headers = Mapping[bytes, bytes]

METHODS = {b"/ping": b"GET", b"/invocations": b"POST"}
ORIGIN = re.compile(b"^https?://[^/?#]*", re.IGNORECASE)
"""Of a target in absolute form, which every server has to take (RFC 9112, section 3.2.2)."""
METRICS_TYPE = "text/plain; version=0.0.4"
INLINE_BYTES = 100_000
"""Larger bodies (some 500 rows) go to the worker thread, so that /ping never waits for them."""
MOST_DIGITS = 20
"""Of a Content-Length: 2**64 has so many, and the parser reads no larger number."""
EXPLAINED_BYTES = 200_000
"""Of all bodies that wait for reasons, unless it is one alone: so the last one waits for seconds, not for minutes."""
HELD_BODIES = 32
"""Of so many bodies of the largest size one process holds the bytes; who sends more is asked to come back."""

logger = logging.getLogger(__name__)


class Application:
    """Answers GET /ping, POST /invocations and, if wanted, GET /metrics with one model."""

    def __init__(self, service: Service, *, max_body_bytes: int) -> None:
        self._service = service
        self._max_body_bytes = min(max_body_bytes, service.model.guard.maximum_bytes)
        self._methods = METHODS | ({b"/metrics": b"GET"} if service.policy.metrics else {})
        self._max_held_bytes = HELD_BODIES * self._max_body_bytes
        self._held = 0
        self._explaining = 0
        self.headers = ((b"x-atoll-model-version", service.model.version.encode()),)
        # One thread: a server has one CPU.
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")
        self.answered = service.metrics.answered

    def open(self, method: bytes, target: bytes, headers: Headers) -> Request | Answer:
        """Return what a request's head (header names in lower case) asks for, or the answer that needs no body."""
        try:
            path, _, query = ORIGIN.sub(b"", target).partition(b"?")
            self._check_route(path, method)
            if path == b"/ping":
                return Answer(OK, JSON, b"")
            if path == b"/metrics":
                return Answer(OK, METRICS_TYPE, self._service.metrics.text())
            declared = _length(headers.get(b"content-length", b"0"))
            if declared > self._max_body_bytes:
                return _failed(_too_large(declared, self._max_body_bytes))
            return Request.of(headers, query, self._service.policy.caller_header)
        except Exception as error:  # noqa: BLE001 - one bad request must not end the server
            return _failed(error)

    def hold(self, part: int, size: int) -> Answer | None:
        """Count so many more bytes held, of a body of `size` so far; return the refusal if that is too much."""
        self._held += part
        if size > self._max_body_bytes:
            return _failed(_too_large(size, self._max_body_bytes))
        if self._held > self._max_held_bytes:
            return _failed(_too_many(self._held))
        return None

    def release(self, size: int) -> None:
        """Count so many bytes no longer held."""
        self._held -= size

    def is_long(self, request: Request, body: bytes) -> bool:
        """Tell whether this takes so long that it belongs into the thread."""
        return request.options.reasons > 0 or len(body) > INLINE_BYTES

    def take(self, request: Request, size: int) -> Answer | None:
        """Let a long request wait for the thread; return the refusal if too much waits for reasons already."""
        if not request.options.reasons:
            return None
        if self._explaining and self._explaining + size > EXPLAINED_BYTES:
            return _failed(_too_many_reasons())
        self._explaining += size
        return None

    def leave(self, request: Request, size: int) -> None:
        """Forget a request that `take` took."""
        self._explaining -= size if request.options.reasons else 0

    def answer(self, request: Request, body: bytes, is_wanted: Callable[[], bool] = lambda: True) -> Answer:
        """Return the answer to a whole request, whatever happens; no work for nobody. Safe in another thread."""
        try:
            if not is_wanted():
                raise InputError("The caller has left.")  # noqa: TRY301 - one way to refuse
            return answer(self._service, request, body, is_wanted)
        except Exception as error:  # noqa: BLE001 - one bad request must not end the server
            return _failed(error)

    def _check_route(self, path: bytes, method: bytes) -> None:
        allowed = self._methods.get(path)
        if not allowed:
            known = " or ".join(each.decode() for each in self._methods)
            shown = path[:80].decode("latin-1")
            raise RequestError(HTTPStatus.NOT_FOUND, f"{shown} doesn't exist; expected {known}.")
        if method != allowed:
            sentence = f"{path.decode()} takes {allowed.decode()}, not {method.decode()}."
            raise RequestError(HTTPStatus.METHOD_NOT_ALLOWED, sentence, allow=allowed.decode())


def _length(header: bytes) -> int:
    if len(header) > MOST_DIGITS:
        raise InputError(f"The Content-Length has {len(header):,} digits; expected at most {MOST_DIGITS}.")
    return int(header)


def _too_large(size: int, most: int) -> RequestError:
    sentence = f"The body has {size:,} bytes or more; expected at most {most:,}: send fewer rows."
    return RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)


def _too_many(held: int) -> RequestError:
    sentence = f"The server holds bodies of {held:,} bytes and takes no more; send this one again later."
    return RequestError(HTTPStatus.TOO_MANY_REQUESTS, sentence, **{"retry-after": "1"})


def _too_many_reasons() -> RequestError:
    sentence = "Too many rows wait for their reasons already; send this request again later, or without reasons."
    return RequestError(HTTPStatus.TOO_MANY_REQUESTS, sentence, **{"retry-after": "1"})


def _failed(error: Exception) -> Answer:
    """Return the refusal of a bad request; of an error of ours, what may be told."""
    if not isinstance(error, InputError):
        # Where, not what: the message could hold a transaction's values.
        where = traceback.format_tb(error.__traceback__)
        logger.error("unexpected %s", type(error).__name__, extra={"facts": {"traceback": where}})
        return Answer.error(HTTPStatus.INTERNAL_SERVER_ERROR, f"unexpected {type(error).__name__}; see the log.")
    status, headers = HTTPStatus.BAD_REQUEST, {}
    if isinstance(error, RequestError):
        status, headers = error.status, error.headers
    logger.info("refused", extra={"facts": {"status": int(status)}})
    return Answer.error(status, str(error), tuple((name.encode(), text.encode()) for name, text in headers.items()))
