"""Batch transform's cutting of a file into requests, and the joining of the answers."""

from collections.abc import Iterator


def batches(body: bytes, *, split: bool, several: bool, limit: int) -> Iterator[bytes]:
    """Cut an object into request bodies of at most `limit` bytes.

    Without `split` the object is one body. With it, each line is a record (blank lines at the end are none), and
    `several` records share a body as long as they fit (`MultiRecord`), else each has its own (`SingleRecord`).

    Raises:
        ValueError: One record (or the unsplit object) is larger than the limit.
    """
    records = [line + b"\n" for line in body.rstrip(b"\r\n").split(b"\n")] if split else [body]
    if split and records == [b"\n"]:
        return
    batch = b""
    for record in records:
        if len(record) > limit:
            raise ValueError(f"a record of {len(record)} bytes is larger than MaxPayloadInMB allows ({limit} bytes)")
        if batch and (not several or len(batch) + len(record) > limit):
            yield batch
            batch = b""
        batch += record
    yield batch


def assemble(answers: list[bytes], *, by_line: bool) -> bytes:
    """Join answers: by line, each ending in exactly one line break, or as they are."""
    if not by_line:
        return b"".join(answers)
    return b"".join(answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers)
