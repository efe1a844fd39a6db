"""On loopback, for the test: a real registry with TLS and a login, and an emulated ECR API in front of it.

The registry is Debian's docker-registry; it doesn't forbid moving a tag, which ECR does. The API answers only what
`images.publish` asks; its scan result is given by the test.
"""

import base64
import contextlib
import json
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import bcrypt

from images.commands import ImageError
from local.certificates import make_certificates
from local.cloud_state import free_ports


@dataclass(frozen=True)
class Registry:
    """A running registry: `host:port`, its login, and the file of the authority that signed its certificate."""

    address: str
    user: str
    password: str
    authority: Path


@contextlib.contextmanager
def registry(folder: Path) -> Generator[Registry]:
    """Run a registry below `folder` that lets nobody in without a password.

    Raises:
        ImageError: it doesn't start within 20 seconds.
    """
    certificates = make_certificates(folder / "certificates")
    running = Registry(f"localhost:{free_ports(1)[0]}", "AWS", secrets.token_urlsafe(), certificates.authority)
    hashed = bcrypt.hashpw(running.password.encode(), bcrypt.gensalt(4)).decode()
    (folder / "htpasswd").write_text(f"{running.user}:{hashed}\n")
    tls = {"certificate": str(certificates.certificate), "key": str(certificates.key)}
    settings = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "blobs")}},
        "http": {"addr": running.address.replace("localhost", "127.0.0.1"), "tls": tls},
        "auth": {"htpasswd": {"realm": "atoll", "path": str(folder / "htpasswd")}},
    }
    (folder / "registry.yml").write_text(json.dumps(settings))
    with (folder / "registry.log").open("w") as log:
        argv = ["docker-registry", "serve", str(folder / "registry.yml")]
        process = subprocess.Popen(argv, stdout=log, stderr=log, env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
    try:
        _wait(running, process, folder / "registry.log")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(running: Registry, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = running.address.partition(":")
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise ImageError(f"docker-registry doesn't listen on {running.address}:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def ecr_api(behind: Registry, severities: dict[str, int] | None) -> Generator[str]:
    """Answer ECR's API for `behind`; every image's scan found `severities` (None: no scan). Gives the URL."""
    token = base64.b64encode(f"{behind.user}:{behind.password}".encode()).decode()
    scan = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": severities}}
    answers = {
        "GetAuthorizationToken": lambda _: {"authorizationData": [{"authorizationToken": token}]},
        "DescribeRepositories": lambda asked: {
            "repositories": [{"repositoryUri": f"{behind.address}/{name}"} for name in asked["repositoryNames"]]
        },
        "DescribeImageScanFindings": lambda _: scan if severities is not None else None,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found = answers[self.headers["x-amz-target"].rpartition(".")[2]](asked)
            body = json.dumps(found or {"__type": "ScanNotFoundException", "message": "no scan"}).encode()
            self.send_response(200 if found else 400)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
