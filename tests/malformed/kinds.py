"""The requests: good ones, and what goes wrong with them, each as the bytes that a client sends."""

import dataclasses
import gzip
import io
import random
from collections.abc import Callable

import numpy as np
import orjson

COLUMNS = 4
CANARY = b"payload-canary"
"""Stands in bodies; the server's log must never show it."""
CSV, JSON, JSON_LINES, NPY = "text/csv", "application/json", "application/jsonlines", "application/x-npy"
PIECES = [b"", b"nan", b"inf", b"1e999", b"-", b"\0", b"\xff\xfe", b'"', b"[", b"]", b"{", b"null", b"true", b",",
          b"\n", b"\r", CANARY, b"[" * 200, b"9" * 400, b"0x1p3", "\u0663".encode(), b"'; drop table"]  # fmt: skip
ODD = ["", "text/plain", "text/csv; header=present", "application/x-pickle", "multipart/form-data; boundary=x", "*/*",
       "\xff", "a" * 5000, "text/csv,application/json"]  # fmt: skip
PATHS = ["/", "/ping", "/invocations", "/metrics", "/../etc/passwd", "/%2e%2e/", "//", "*", "/%zz", "/?x",
         "/invocations?reasons=%00", "/ping/" + "a" * 3000, "http://[::1/", "/\xff"]  # fmt: skip
GZIP_BOMB = gzip.compress(b"0" * 20_000_000)


@dataclasses.dataclass(frozen=True)
class Malformed:
    """What is sent over one connection, in `pieces` with a pause between them; an unfinished one gets no answer."""

    kind: str
    pieces: list[bytes]
    finished: bool = True


def good_body(chance: random.Random) -> tuple[str, bytes]:
    """Return a media type and a body that the server takes."""
    rows = [
        [round(chance.gauss(0, 1), chance.randint(0, 17)) for _ in range(COLUMNS)] for _ in range(chance.randint(1, 5))
    ]
    lines = [orjson.dumps(row) for row in rows]
    file = io.BytesIO()
    np.save(file, np.array(rows))
    bodies = {
        CSV: b"\n".join(line[1:-1] for line in lines),
        JSON: chance.choice([orjson.dumps(rows), orjson.dumps({"instances": rows})]),
        JSON_LINES: b"\n".join(lines),
        NPY: file.getvalue(),
    }
    media_type = chance.choice(list(bodies))
    return media_type, bodies[media_type]


def head(method: str = "POST", path: str = "/invocations", **headers: str) -> bytes:
    """Return a request line and headers; `content_type=` means Content-Type."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def post(body: bytes, media_type: str, **headers: str) -> bytes:
    """Return a whole request."""
    return head(content_type=media_type, content_length=str(len(body)), **headers) + body


def mutated(body: bytes, chance: random.Random) -> bytes:
    """Return the body with one to four harms."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.choice([0, 1, 2, 8, 40])] = chance.choice([*PIECES, chance.randbytes(3)])
    return bytes(changed)


def mutated_body(chance: random.Random) -> Malformed:
    """A good body with harms, under its own or another media type."""
    media_type, body = good_body(chance)
    given = chance.choice([media_type] * 4 + [CSV, JSON, JSON_LINES, NPY])
    accept = chance.choice([CSV, JSON, JSON_LINES, "*/*"])
    return Malformed("mutated body", [post(mutated(body, chance), given, accept=accept)])


def other_shape(chance: random.Random) -> Malformed:
    """Well-formed, and of another shape or with values that are no numbers."""
    cell = chance.choice([1, None, "x", [], {}, True, 1e39, -1e300, 2**70, CANARY.decode()])
    row = [cell] * chance.choice([0, 1, 3, 4, 5, 400])
    value = chance.choice(
        [row, [row], [row, row], {"instances": row}, {"instances": [row], "x": 1}, {"rows": [row]}, cell]
    )
    body = orjson.dumps(value, default=str) if cell != 2**70 else b"[[1,2,3,%d]]" % 2**70
    return Malformed("other shape", [post(body, chance.choice([JSON, JSON_LINES, CSV]))])


def odd_headers(chance: random.Random) -> Malformed:
    """Media types, encodings and options that nobody knows."""
    _, body = good_body(chance)
    options = f"reasons={chance.choice(['', '0', '-1', '3', '99999', 'x', 'é', '1;2'])};version={chance.choice('012x')}"
    headers = {
        "accept": chance.choice([*ODD, CSV, JSON]),
        "x-amzn-sagemaker-custom-attributes": options,
        chance.choice(["content_encoding", "x_y", "content_md5", "transfer"]): chance.choice(
            [*ODD, "gzip", "identity"]
        ),
    }
    return Malformed("odd headers", [post(body, chance.choice([*ODD, CSV, JSON]), **headers)])


def huge_headers(chance: random.Random) -> Malformed:
    """One long header, many short ones, or a head without an end."""
    size = chance.choice([10_000, 70_000, 300_000])
    match chance.randrange(3):
        case 0:
            return Malformed("huge headers", [post(b"1,2,3,4", CSV, x="a" * size)])
        case 1:
            return Malformed("huge headers", [post(b"1,2,3,4", CSV, **{f"h{n}": "0" for n in range(size // 20)})])
    return Malformed("huge headers", [b"POST /invocations HTTP/1.1\r\nx: "] + [b"a" * 60_000] * (size // 60_000 + 6))


def other_line(chance: random.Random) -> Malformed:
    """Methods, paths, queries and versions that aren't there."""
    method = chance.choice(["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "POST", "BREW", "get", ""])
    path = chance.choice(PATHS)
    line = f"{method} {path} HTTP/{chance.choice(['1.1', '1.0', '2.0', '0.9', '9', 'x'])}\r\nHost: x\r\n\r\n"
    return Malformed("other request line", [line.encode("latin-1")])


def wrong_length(chance: random.Random) -> Malformed:
    """Lengths that don't fit, aren't numbers, or stand beside chunks; chunks that aren't."""
    body = b"1,2,3,4"
    kind = {"content_type": CSV}
    too_long = str(chance.choice([8, 5000, 10**9, 2**63, 10**30]))
    no_number = chance.choice(["-1", "x", "", "7,8", "+7", "0x7"])
    whole = b"7\r\n1,2,3,4\r\n0\r\n\r\n"
    chunks = [whole, whole.replace(b"4", b"4,5"), b"ffffffffffffffffff\r\n", b"x\r\n", b"-1\r\n"]
    return chance.choice([
        Malformed("wrong length", [head(**kind, content_length=too_long) + body], finished=False),
        Malformed("wrong length", [head(**kind, content_length=chance.choice("013")) + body + b"\r\n\r\n"]),
        Malformed("wrong length", [head(**kind, content_length=no_number) + body]),
        Malformed("wrong length", [head(**kind, content_length="7", Content_Length="8") + body]),
        Malformed("wrong length", [head(**kind, content_length="7", transfer_encoding="chunked") + body]),
        Malformed("wrong length", [head(**kind, transfer_encoding="chunked") + chance.choice(chunks)]),
        Malformed("wrong length", [head(**kind) + body]),
    ])  # fmt: skip


def pipelined(chance: random.Random) -> Malformed:
    """Several requests at once, good and bad, and something that is none behind them."""
    each = [post(b"1,2,3,4", CSV), post(b"x", CSV), head("GET", "/ping"), head("GET", "/none"), post(b"[[1]]", JSON)]
    tail = chance.choice([b"", b"\r\n", b"nonsense\r\n\r\n", chance.randbytes(20)])
    return Malformed("pipelining", [b"".join(chance.choices(each, k=chance.randint(2, 20))) + tail])


def compressed(chance: random.Random) -> Malformed:
    """A gzip bomb of 20 MB, declared or not."""
    declared = {"content_encoding": chance.choice(["gzip", "x-gzip", "deflate", "br", "gzip, gzip"])}
    return Malformed("gzip bomb", [post(GZIP_BOMB, chance.choice([CSV, JSON, NPY]), **chance.choice([{}, declared]))])


def slow(chance: random.Random) -> Malformed:
    """A request that trickles in, and is left unfinished or not."""
    request = post(mutated(b"1,2,3,4", chance), CSV)
    step = chance.randint(5, 40)
    pieces = [request[start : start + step] for start in range(0, len(request), step)]
    whole = chance.random() < 0.5
    return Malformed("slow client", pieces if whole else pieces[:-1], finished=whole)


def noise(chance: random.Random) -> Malformed:
    """No HTTP at all."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    content = chance.choice(
        [chance.randbytes(chance.randint(1, 300)), hello, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0"]
    )
    return Malformed("no HTTP", [content + b"\r\n\r\n"], finished=False)


LARGE: list[tuple[str, Callable[[], bytes]]] = [
    (CSV, lambda: b"1,2,3,4\n" * 700_000 + b"x"),
    (CSV, lambda: b"9" * 6_000_000),
    (CSV, lambda: b"\n" * 6_000_000),
    (CSV, lambda: b"1,2,3,4\n" * 900_000),
    (JSON, lambda: b"[[1,2,3,4]" + b",[1,2,3,4]" * 500_000 + b",[1]]"),
    (JSON, lambda: b"[" * 6_000_000),
    (JSON, lambda: b"[" + b"[]," * 2_000_000 + b"[]]"),
    (JSON_LINES, lambda: b"{}\n" * 2_000_000),
]
"""Bodies around the limit of 6 MB: wrong in the last row, nested, without rows, or too large."""


def large(chance: random.Random) -> Malformed:
    """One of LARGE."""
    media_type, body = chance.choice(LARGE)
    return Malformed("large body", [post(body(), media_type)])


SHARES: dict[Callable[[random.Random], Malformed], float] = {
    mutated_body: 45, other_shape: 15, odd_headers: 10, other_line: 8, wrong_length: 8, pipelined: 4, noise: 5,
    huge_headers: 2, slow: 2, compressed: 0.9, large: 0.1,
}  # fmt: skip
"""Of a hundred requests, so many are made by each."""


def malformed(seed: int, number: int) -> Malformed:
    """Return request `number` of the campaign with this seed."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - a fuzzer's seed
    [make] = chance.choices(list(SHARES), list(SHARES.values()))
    return make(chance)
