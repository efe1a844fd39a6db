"""A mirror on loopback: it serves a folder, over TLS or as a proxy too, and keeps what was asked for."""

import contextlib
import functools
import http.server
import ssl
import threading
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit


class _Handler(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.path = urlsplit(self.path).path  # who asks a proxy names the host in the line
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Keep quiet."""


@contextlib.contextmanager
def serve(folder: Path, tls: ssl.SSLContext | None = None) -> Generator[tuple[str, list[str]]]:
    """Serve a folder; give the address and the list of what is asked for."""
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
