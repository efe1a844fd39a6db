"""On loopback, for the test: a real registry with TLS and a login, and an emulated ECR API in front of it.

The registry is Debian's docker-registry behind `images.immutable`, which refuses a tag that is there as ECR does. The
API answers only what `images.publish` asks; its scan result is given by the test, and comes as ECR's enhanced scanning
gives it: not at all, then a status without a result, then the result.
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
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bcrypt

from images.commands import ImageError
from images.immutable import Tags, immutable
from local.certificates import make_certificates
from local.cloud_state import free_ports


@dataclass(frozen=True)
class Registry:
    """A running registry: `host:port`, its login, the file of the authority that signed its certificate, its tags."""

    address: str
    user: str
    password: str
    authority: Path
    tags: Tags = field(default_factory=dict)


@contextlib.contextmanager
def registry(folder: Path) -> Generator[Registry]:
    """Run a registry below `folder` that lets nobody in without a password.

    Raises:
        ImageError: it doesn't start within 20 seconds.
    """
    certificates = make_certificates(folder / "certificates")
    outside, inside = free_ports(2)
    running = Registry(f"localhost:{outside}", "AWS", secrets.token_urlsafe(), certificates.authority)
    hashed = bcrypt.hashpw(running.password.encode(), bcrypt.gensalt(4)).decode()
    (folder / "htpasswd").write_text(f"{running.user}:{hashed}\n")
    settings = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "blobs")}},
        "http": {"addr": f"127.0.0.1:{inside}", "relativeurls": True},
        "auth": {"htpasswd": {"realm": "atoll", "path": str(folder / "htpasswd")}},
    }
    (folder / "registry.yml").write_text(json.dumps(settings))
    with (folder / "registry.log").open("w") as log:
        argv = ["docker-registry", "serve", str(folder / "registry.yml")]
        process = subprocess.Popen(argv, stdout=log, stderr=log, env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
    try:
        _wait(inside, process, folder / "registry.log")
        with immutable(outside, inside, certificates, running.tags):
            yield running
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise ImageError(f"docker-registry doesn't listen on port {port}:\n{log.read_text()[-2000:]}")


def _image(tags: Tags, asked: dict[str, Any]) -> dict[str, Any] | None:
    digest = tags.get((asked["repositoryName"], asked["imageIds"][0]["imageTag"]))
    return {"imageDetails": [{"imageDigest": digest}]} if digest else None


def _scans(severities: dict[str, int] | None) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """Return what ECR says of an image's scan, the more the oftener it is asked."""
    asked: Counter[str] = Counter()
    begun = {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"findings": []}}
    done = begun | {"imageScanFindings": {"imageScanCompletedAt": 1.0, "findingSeverityCounts": severities}}

    def answer(about: dict[str, Any]) -> dict[str, Any] | None:
        digest = about["imageId"]["imageDigest"]
        asked[digest] += 1
        return None if asked[digest] == 1 else done if asked[digest] > 2 and severities is not None else begun  # noqa: PLR2004

    return answer


@contextlib.contextmanager
def ecr_api(behind: Registry, severities: dict[str, int] | None) -> Generator[str]:
    """Answer ECR's API for `behind`; every image's scan found `severities` (None: no scan). Gives the URL."""
    token = base64.b64encode(f"{behind.user}:{behind.password}".encode()).decode()
    answers = {
        "GetAuthorizationToken": lambda _: {"authorizationData": [{"authorizationToken": token}]},
        "DescribeRepositories": lambda asked: {
            "repositories": [{"repositoryUri": f"{behind.address}/{name}"} for name in asked["repositoryNames"]]
        },
        "DescribeImageScanFindings": _scans(severities),
        "DescribeImages": lambda asked: _image(behind.tags, asked),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            action = self.headers["x-amz-target"].rpartition(".")[2]
            found = answers[action](asked)
            missing = "ImageNotFoundException" if action == "DescribeImages" else "ScanNotFoundException"
            body = json.dumps(found or {"__type": missing, "message": "not there"}).encode()
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
