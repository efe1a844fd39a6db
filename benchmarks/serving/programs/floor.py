"""The floor: the same ASGI server with an application that reads the body and always answers the same."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

ANSWER = b'{"predictions":[{"score":0.5}],"model_version":"floor"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def application(_: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:  # noqa: ANN401 - ASGI's dictionaries
    """Answer one request."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    quiet: dict[str, Any] = {"access_log": False, "log_level": "error", "lifespan": "off", "server_header": False}
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", **quiet)
