"""Calls an ASGI application in this process: no socket, no server."""

import asyncio
import dataclasses
from collections.abc import MutableMapping
from typing import Any

import orjson

from model_code.serving.app import Application


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401
        return orjson.loads(self.body)


async def request(
    app: Application,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    parts: int = 1,
) -> Response:
    """Send one request, its body in `parts` messages, and return what came back."""
    step = max(1, -(-len(body) // parts))
    chunks = [body[start : start + step] for start in range(0, len(body), step)] or [b""]
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages[-1]["more_body"] = False
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    path, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": pairs}
    await app(scope, receive, send)
    start, *rest = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], answered, b"".join(part["body"] for part in rest))


def call(app: Application, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
    """`request` for a test without a loop of its own; `content_type=` means the header Content-Type."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(request(app, method, path, body, named))
