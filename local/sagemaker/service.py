"""The door: HTTP requests to SageMaker, its runtime and Application Auto Scaling."""

import asyncio
import contextvars
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import unquote

from local import events
from local.rights.identity import Right
from local.sagemaker import autoscaling, emulator, operations
from local.sagemaker.authorization import denial, invocation, rights
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.errors import InvalidRequestError, ServiceError
from local.sagemaker.records import Record

T = TypeVar("T")
Answer = tuple[int, dict[str, str], bytes]
_JSON = {"Content-Type": "application/x-amz-json-1.1"}
_OK = 200
_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


class Service:
    """Answers requests. Work runs on threads of its own, never on the emulator's event loop."""

    def __init__(self, backend: Backend, endpoints: Endpoints, scaling: autoscaling.Scaling) -> None:
        self._backend, self._endpoints, self._scaling = backend, endpoints, scaling
        self._operations = operations.build_operations(backend, endpoints)
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="sagemaker")

    async def sagemaker(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Answer:
        """Serve the SageMaker API and, at `/endpoints/<name>/invocations`, its runtime."""
        try:
            if path.startswith("/endpoints/"):
                return await self._invoke(method, path, headers, body, query)
            operation, params = _parse(headers, body, self._operations)
            operations.check(operation, params)
            needed = rights(operation, params, self._backend.records)
            refusal = _first_denial(needed, "sagemaker", headers, query)
            if refusal:
                return refusal
            reply = await self._on_thread(lambda: self._operations[operation](params))
            if operation in events.STARTS:
                events.tell_start(operation, params, reply)
            return _json(reply)
        except ServiceError as error:
            return _error(error)

    async def application_autoscaling(
        self, _method: str, _path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Answer:
        """Serve the Application Auto Scaling API."""
        try:
            operation, params = _parse(headers, body, self._scaling.operations)
            needed = self._scaling.rights(operation, params)
            refusal = _first_denial(needed, "application-autoscaling", headers, query)
            return refusal or _json(self._scaling.operations[operation](params))
        except ServiceError as error:
            return _error(error)

    async def _invoke(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Answer:
        name, _, what = unquote(path).removeprefix("/endpoints/").partition("/")
        if (method, what) != ("POST", "invocations"):
            raise InvalidRequestError(f"The local AWS doesn't know {method} {path}.")
        refusal = _first_denial([invocation(name, headers, self._backend.records)], "sagemaker", headers, query)
        if refusal:
            return refusal
        variant, reply = await self._on_thread(lambda: self._endpoints.invoke(name, body, headers))
        if reply.status != _OK:
            return _model_error(name, reply.status, reply.body)
        answer = {"Content-Type": reply.headers.get("content-type", "application/octet-stream")}
        answer["x-Amzn-Invoked-Production-Variant"] = variant
        if _CUSTOM_ATTRIBUTES.lower() in reply.headers:
            answer[_CUSTOM_ATTRIBUTES] = reply.headers[_CUSTOM_ATTRIBUTES.lower()]
        return _OK, answer, reply.body

    async def _on_thread(self, work: Callable[[], T]) -> T:
        context = contextvars.copy_context()  # it holds the request's account and region
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, work)


def _parse(headers: dict[str, str], body: bytes, known: Iterable[str]) -> tuple[str, Record]:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in known:
        raise InvalidRequestError(f"The local AWS doesn't know the operation {operation!r}.")
    try:
        params = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"The request's body is no JSON: {error}") from error
    if not isinstance(params, dict):
        raise ServiceError("SerializationException", "The request's body is no JSON object.")
    return operation, params


def _first_denial(
    needed: Iterable[Right], service: str, headers: dict[str, str], query: dict[str, Any]
) -> Answer | None:
    return next((refusal for right in needed if (refusal := denial(right, service, headers, query))), None)


def _json(reply: Record) -> Answer:
    return _OK, dict(_JSON), json.dumps(reply, default=emulator.json_times).encode()


def _error(error: ServiceError) -> Answer:
    body = {"__type": error.code, "message": error.message, "Message": error.message}
    return error.status, _JSON | {"x-amzn-errortype": error.code}, json.dumps(body).encode()


def _model_error(endpoint: str, status: int, body: bytes) -> Answer:
    text = body.decode(errors="replace")
    message = (
        f'Received server error ({status}) from primary with message "{text}". See '
        f"/aws/sagemaker/Endpoints/{endpoint} in CloudWatch Logs for more information."
    )
    fields = {"Message": message, "OriginalStatusCode": status, "OriginalMessage": text, "LogStreamArn": ""}
    return 424, _JSON | {"x-amzn-errortype": "ModelError"}, json.dumps(fields).encode()
