"""A container for the tests of the local SageMaker: `python -m tests.contract.sagemaker.container train|serve|etl`.

Its model is one word. Serving answers each line with `<line>,<word>`; the word `broken` can't be served.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(os.environ["ATOLL_ML_ROOT"])


def train() -> int:
    given = json.loads((ROOT / "input/config/hyperparameters.json").read_text())
    lines = sum(len(file.read_text().splitlines()) for file in (ROOT / "input/data").rglob("*.csv"))
    print(f"rows={lines} secrets={[name for name in os.environ if name.startswith('AWS')]}")  # noqa: T201 - a container\'s log
    if "score" in given:
        print(f"score={given['score']};")  # noqa: T201 - the same
    (ROOT / "model/word.txt").write_text(given.get("word", "plain"))
    if given.get("behaviour") == "fail":
        (ROOT / "output/failure").write_text("the ledger is empty")
        return 1
    if given.get("behaviour") == "hang":
        time.sleep(120)
    return 0


def etl() -> int:
    out = ROOT / "processing/output/features"
    for source in sorted((ROOT / "processing/input/ledger").iterdir()):
        (out / source.name).write_text(source.read_text().upper() + " ".join(sys.argv[2:]))
    if "--fail" in sys.argv:
        (ROOT / "output/message").write_text("line 3 has no amount")
        return 1
    return 0


class Handler(BaseHTTPRequestHandler):
    word = ""

    def do_GET(self) -> None:
        self.answer(200, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "boom" in body:
            self.answer(400, b'{"error": "row 1 can not be read"}')
            return
        self.answer(200, "".join(f"{line},{self.word}\n" for line in body.splitlines()).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        custom = self.headers.get("X-Amzn-SageMaker-Custom-Attributes")
        if custom:
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", f"seen {custom}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        print(format % args)  # noqa: T201 - a container\'s log


def serve() -> int:
    Handler.word = (ROOT / "model/word.txt").read_text()
    if Handler.word == "broken":
        print("the manifest's sha256 differs")  # noqa: T201 - a container\'s log
        return 1
    address = (os.environ["ATOLL_BIND_ADDRESS"], int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
    ThreadingHTTPServer(address, Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit({"train": train, "serve": serve, "etl": etl}[sys.argv[1]]())
