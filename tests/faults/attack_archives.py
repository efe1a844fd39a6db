"""Archives that escape, explode, hold code or lie."""

import functools
import gzip
import io
import tarfile
from collections.abc import Callable, Iterator

from lambdas.release.artifact import MAXIMUM_TOTAL_BYTES
from tests.fakes.artifacts import pack
from tests.fakes.release import FakeWorld
from tests.faults.attack import Attack, deliver, honest

PICKLE = b"\x80\x04K\x01."  # of the number 1


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", **headers: str) -> tarfile.TarInfo:
    """A member of an archive without content."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.pax_headers = kind, target, headers
    return made


def with_member(extra: tarfile.TarInfo, *, instead: str = "") -> Callable[[FakeWorld], str]:
    """Add a member to an honest archive, in place of another one."""

    def mount(world: FakeWorld) -> str:
        content = honest(world)
        content.pop(instead, None)
        return deliver(world, pack(content, extra))

    return mount


def with_files(**changes: bytes) -> Callable[[FakeWorld], str]:
    """Put other content into files (or new ones) without telling the manifest."""
    named = {name.replace("_", "."): content for name, content in changes.items()}
    return lambda world: deliver(world, pack(honest(world) | named))


@functools.cache
def bomb(kind: bytes = tarfile.REGTYPE) -> bytes:
    """A small archive whose one member claims a terabyte and unpacks to more than is taken."""
    header = member("model.ubj", kind)
    header.size = 10**12
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as stream:
        stream.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(MAXIMUM_TOTAL_BYTES // 10**7 + 2):
            stream.write(bytes(10**7))
    return out.getvalue()


def crowd(world: FakeWorld) -> str:
    """Fill the archive with members that hold nothing."""
    return deliver(world, pack(honest(world), *[member(".", tarfile.DIRTYPE) for _ in range(1000)]))


def truncated(world: FakeWorld) -> str:
    """Cut the archive in its middle."""
    packed = pack(honest(world))
    return deliver(world, packed[: len(packed) // 2])


def pickled_model(world: FakeWorld) -> str:
    """Name a pickle model.ubj and vouch for it in the manifest."""
    return deliver(world, pack(honest(world, model_ubj=PICKLE)))


def archives() -> Iterator[Attack]:
    """Yield the attacks by archives."""
    yield Attack("path traversal", with_files(**{"../../etc/cron_d": b"x"}), "is not one of the regular files")
    yield Attack("absolute path", with_files(**{"/etc/passwd": b"x"}), "is not one of the regular files")
    yield Attack("unexpected file", with_files(code_py=b"import os"), "'code.py' is not one of")
    yield Attack("pickle beside the model", with_files(model_pkl=PICKLE), "'model.pkl' is not one of")
    yield Attack("pickle in the model's place", pickled_model, "no pickle is ever taken")
    for name, kind in (
        ("symbolic link", tarfile.SYMTYPE),
        ("hard link", tarfile.LNKTYPE),
        ("character device", tarfile.CHRTYPE),
        ("block device", tarfile.BLKTYPE),
        ("named pipe", tarfile.FIFOTYPE),
    ):
        link = member("model.ubj", kind, "/etc/passwd")
        yield Attack(name, with_member(link, instead="model.ubj"), "'model.ubj' is not one of the regular files")
    yield Attack("a file twice", with_member(member("model.ubj")), "once each")
    yield Attack("a file twice by another spelling", with_member(member("./model.ubj")), "once each")
    yield Attack("bomb by size", lambda world: deliver(world, bomb()), "unpacks to more than")
    yield Attack("bomb by count", crowd, "'.' is not one of")
    yield Attack("bomb by a long name", lambda world: deliver(world, bomb(tarfile.GNUTYPE_LONGNAME)), "unpacks to more")
    yield Attack("bomb by a long header", lambda world: deliver(world, bomb(tarfile.XHDTYPE)), "unpacks to more than")
    yield Attack("truncated", truncated, "can't be read")
    yield Attack("no archive", lambda world: deliver(world, b"#!/bin/sh"), "can't be read")
    yield Attack("swapped file", with_files(model_ubj=b"{evil"), "manifest.json promises")
    yield Attack("deeply nested JSON", with_files(manifest_json=b"[" * 100_000), "is no JSON")
