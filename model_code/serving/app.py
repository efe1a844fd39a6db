"""The server: raw ASGI, since a framework costs more per request than the model does."""

import asyncio
import functools
import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from model_code.errors import InputError
from model_code.serving.answers import JSON, Answer, Request, RequestError, answer
from model_code.serving.model import ServedModel

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = {"/ping": "GET", "/invocations": "POST"}
INLINE_BYTES = 100_000
"""Larger bodies (some 500 rows) go to the worker thread, so that /ping never waits for them."""

logger = logging.getLogger(__name__)


class Application:
    """Answers GET /ping and POST /invocations with one model."""

    def __init__(self, model: ServedModel, *, max_body_bytes: int) -> None:
        self._model = model
        self._max_body_bytes = max_body_bytes
        # One thread: a model's contributions may not run in two at once, and a server has one CPU.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (the ASGI interface)."""
        result = await self._respond(scope, receive)
        headers = [
            (b"content-type", result.media_type.encode()),
            (b"content-length", str(len(result.body)).encode()),
            (b"x-atoll-model-version", self._model.version.encode()),
        ]
        if result.status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append((b"allow", METHODS[scope["path"]].encode()))
        await send({"type": "http.response.start", "status": int(result.status), "headers": headers})
        await send({"type": "http.response.body", "body": result.body})

    async def _respond(self, scope: Scope, receive: Receive) -> Answer:
        try:
            _check_route(scope["path"], scope["method"])
            if scope["path"] == "/ping":
                return Answer(HTTPStatus.OK, JSON, b"")
            return await self._invoke(Request.of(scope["headers"], await self._body(scope, receive)))
        except InputError as error:
            status = error.status if isinstance(error, RequestError) else HTTPStatus.BAD_REQUEST
            logger.info("refused", extra={"facts": {"status": int(status)}})
            return Answer.error(status, str(error))
        except Exception as error:  # noqa: BLE001 - one bad request must not end the server
            # Where, not what: the message could hold a transaction's values.
            where = traceback.format_tb(error.__traceback__)
            logger.error("unexpected %s", type(error).__name__, extra={"facts": {"traceback": where}})  # noqa: TRY400
            return Answer.error(HTTPStatus.INTERNAL_SERVER_ERROR, f"unexpected {type(error).__name__}; see the log.")

    async def _invoke(self, request: Request) -> Answer:
        work = functools.partial(answer, self._model, request)
        if request.reasons or len(request.body) > INLINE_BYTES:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        return work()

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = int(dict(scope["headers"]).get(b"content-length", b"0"))
        more = True
        while more and size <= self._max_body_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestError(HTTPStatus.BAD_REQUEST, "The connection ended before the body did.")
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
            size = max(size, sum(map(len, parts)))
        if size > self._max_body_bytes:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The body has {size:,} bytes or more; expected at most {self._max_body_bytes:,}: send fewer rows.",
            )
        return b"".join(parts)


def _check_route(path: str, method: str) -> None:
    if path not in METHODS:
        raise RequestError(HTTPStatus.NOT_FOUND, f"{path} doesn't exist; expected {' or '.join(METHODS)}.")
    if method != METHODS[path]:
        raise RequestError(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {METHODS[path]}, not {method}.")
