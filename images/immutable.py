"""What ECR adds to a registry, on loopback: TLS, and a repository whose tags never move.

A tag that is there is refused, were it for the very same image, as ECR does where `imageTagMutability` is IMMUTABLE:
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
"""

import contextlib
import http.client
import json
import re
import ssl
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.certificates import Certificates

Tags = dict[tuple[str, str], str]
"""Repository and tag -> digest."""
_TAGGED = re.compile(r"/v2/(.+)/manifests/([^:]+)")
_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class Handler(BaseHTTPRequestHandler):
    """Passes each request on to the registry, but for one that would move a tag."""

    protocol_version = "HTTP/1.1"
    behind: int
    tags: Tags

    def do_GET(self) -> None:
        """Pass it on."""
        body = self._body()
        tagged = _TAGGED.fullmatch(self.path) if self.command == "PUT" else None
        if tagged and (tagged[1], tagged[2]) in self.tags:
            sentence = f"tag invalid: The image tag {tagged[2]!r} already exists in the {tagged[1]!r} repository"
            errors = [{"code": "TAG_INVALID", "message": f"{sentence} and it is immutable."}]
            self._answer(400, {"content-type": "application/json"}, json.dumps({"errors": errors}).encode())
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=120)
        upstream.request(self.command, self.path, body, {**self.headers} | {"content-length": str(len(body))})
        answer = upstream.getresponse()
        content = answer.read()
        if tagged and answer.status == http.client.CREATED:
            self.tags[tagged[1], tagged[2]] = answer.headers["docker-content-digest"]
        self._answer(answer.status, dict(answer.headers), content)
        upstream.close()

    do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class calls them so

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        del self.headers["transfer-encoding"]
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        told = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("content-length", told or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay quiet."""


@contextlib.contextmanager
def immutable(port: int, behind: int, certificates: Certificates, tags: Tags) -> Generator[None]:
    """Stand with TLS on `port` in front of the registry on the port `behind`; `tags` gets what is pushed."""
    handler = type("Handler", (Handler,), {"behind": behind, "tags": tags})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
