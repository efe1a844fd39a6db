"""The server: raw ASGI, since a framework costs more per request than the model does."""

import asyncio
import functools
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from model_code.errors import InputError
from model_code.serving.answers import Answer, Service, answer
from model_code.serving.requests import JSON, Request, RequestError

Headers = Mapping[bytes, bytes]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = {"/ping": "GET", "/invocations": "POST"}
METRICS_TYPE = "text/plain; version=0.0.4"
INLINE_BYTES = 100_000
"""Larger bodies (some 500 rows) go to the worker thread, so that /ping never waits for them."""
HELD_BODIES = 32
"""Of so many bodies of the largest size one process holds the bytes; who sends more is asked to come back."""

logger = logging.getLogger(__name__)


class Application:
    """Answers GET /ping, POST /invocations and, if wanted, GET /metrics with one model."""

    def __init__(self, service: Service, *, max_body_bytes: int) -> None:
        self._service = service
        self._max_body_bytes = min(max_body_bytes, service.model.guard.maximum_bytes)
        self._methods = METHODS | ({"/metrics": "GET"} if service.policy.metrics else {})
        self._version = (b"x-atoll-model-version", service.model.version.encode())
        self._held = 0
        # One thread: a server has one CPU.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (the ASGI interface)."""
        begin = time.perf_counter()
        result = await self._respond(scope, receive)
        headers = [
            (b"content-type", result.media_type.encode()),
            (b"content-length", b"%d" % len(result.body)),
            self._version,
            *result.headers,
        ]
        self._service.metrics.answered(result.status, time.perf_counter() - begin)
        await send({"type": "http.response.start", "status": int(result.status), "headers": headers})
        await send({"type": "http.response.body", "body": result.body})

    async def _respond(self, scope: Scope, receive: Receive) -> Answer:
        try:
            path = scope["path"]
            self._check_route(path, scope["method"])
            if path == "/ping":
                return Answer(HTTPStatus.OK, JSON, b"")
            if path == "/metrics":
                return Answer(HTTPStatus.OK, METRICS_TYPE, self._service.metrics.text())
            headers = dict(scope["headers"])
            request = Request.of(headers, scope["query_string"], self._service.policy.caller_header)
            return await self._invoke(request, headers, receive)
        except RequestError as error:
            return _refused(error.status, error, error.headers)
        except InputError as error:
            return _refused(HTTPStatus.BAD_REQUEST, error, {})
        except Exception as error:  # noqa: BLE001 - one bad request must not end the server
            # Where, not what: the message could hold a transaction's values.
            where = traceback.format_tb(error.__traceback__)
            logger.error("unexpected %s", type(error).__name__, extra={"facts": {"traceback": where}})  # noqa: TRY400
            return Answer.error(HTTPStatus.INTERNAL_SERVER_ERROR, f"unexpected {type(error).__name__}; see the log.")

    async def _invoke(self, request: Request, headers: Headers, receive: Receive) -> Answer:
        parts: list[bytes] = []
        try:
            await self._receive(headers, receive, parts)
            body = parts[0] if len(parts) == 1 else b"".join(parts)
            if not request.options.reasons and len(body) <= INLINE_BYTES:
                return answer(self._service, request, body)
            work = functools.partial(answer, self._service, request, body)
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        finally:
            self._held -= sum(map(len, parts))

    async def _receive(self, headers: Headers, receive: Receive, parts: list[bytes]) -> None:
        """Append the body's parts as they come."""
        declared = headers.get(b"content-length", b"0")
        size, received, more = int(declared) if declared.isdigit() else 0, 0, True
        while more and size <= self._max_body_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestError(HTTPStatus.BAD_REQUEST, "The connection ended before the body did.")
            parts.append(message.get("body", b""))
            received += len(parts[-1])
            self._held += len(parts[-1])
            self._check_held()
            more = message.get("more_body", False)
            size = max(size, received)
        if size > self._max_body_bytes:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The body has {size:,} bytes or more; expected at most {self._max_body_bytes:,}: send fewer rows.",
            )

    def _check_held(self) -> None:
        if self._held > HELD_BODIES * self._max_body_bytes:
            raise RequestError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"The server holds bodies of {self._held:,} bytes and takes no more; send this one again later.",
                **{"retry-after": "1"},
            )

    def _check_route(self, path: str, method: str) -> None:
        allowed = self._methods.get(path)
        if not allowed:
            known = " or ".join(self._methods)
            raise RequestError(HTTPStatus.NOT_FOUND, f"{path[:80]} doesn't exist; expected {known}.")
        if method != allowed:
            raise RequestError(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {allowed}, not {method}.", allow=allowed)


def _refused(status: HTTPStatus, error: InputError, headers: Mapping[str, str]) -> Answer:
    logger.info("refused", extra={"facts": {"status": int(status)}})
    return Answer.error(status, str(error), tuple((name.encode(), text.encode()) for name, text in headers.items()))
