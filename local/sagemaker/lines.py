"""Batch transform's cutting of a file into requests, and the joining of the answers."""

from collections.abc import Iterator


def batches(body: bytes, *, split: bool, several: bool, limit: int) -> Iterator[bytes]:
    r"""Cut an object into request bodies of at most `limit` bytes.

    Without `split` the object is one body. With it, each line is a record (blank lines at the end are none), and
    `several` records share a body as long as they fit (`MultiRecord`), else each has its own (`SingleRecord`): then it
    is cut before its line break, and of a file whose lines end in `\r\n` a `\r` is left. Whether AWS leaves it isn't
    documented, so a container must take both.

    Raises:
        ValueError: One record (or the unsplit object) is larger than the limit.
    """
    records = _lines(body, end=b"\n" if several else b"") if split else [body]
    if not records:
        return
    batch: bytes | None = None
    for record in records:
        if len(record) > limit:
            raise ValueError(f"a record of {len(record)} bytes is larger than MaxPayloadInMB allows ({limit} bytes)")
        if batch is not None and (not several or len(batch) + len(record) > limit):
            yield batch
            batch = None
        batch = (batch or b"") + record
    yield batch or b""


def _lines(body: bytes, end: bytes) -> list[bytes]:
    lines = body.split(b"\n")
    while lines and not lines[-1].strip(b"\r"):
        lines.pop()
    return [line + end for line in lines]


def assemble(answers: list[bytes], *, by_line: bool) -> bytes:
    """Join answers: by line, each ending in exactly one line break, or as they are."""
    if not by_line:
        return b"".join(answers)
    return b"".join(answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers)
