"""S3 objects to folders and back, and model archives."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.sagemaker.errors import InvalidRequestError, JobFailedError
from local.unpacking import extract


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key (or prefix) of an `s3://` address.

    Raises:
        InvalidRequestError: It isn't one.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise InvalidRequestError(f"{uri!r} is no S3 address: expected s3://<bucket>/<key>.")
    return bucket, key


def relative_keys(prefix: str, keys: list[str]) -> dict[str, str]:
    """Keys below a prefix, each with its path below it; a key that equals the prefix keeps its own file name.

    A prefix names a folder when something lies in it, else the beginning of names. Folder markers are left out.
    """
    if any(key.startswith(prefix.rstrip("/") + "/") for key in keys):
        prefix = prefix.rstrip("/") + "/" if prefix else ""
    base = prefix[: prefix.rfind("/") + 1]
    return {key: key[len(base) :] for key in keys if key.startswith(prefix) and not key.endswith("/")}


def objects(s3: Any, uri: str) -> dict[str, str]:  # noqa: ANN401 - boto3 has no types
    """The keys below an S3 prefix, in S3's order, each with its path below the prefix.

    Raises:
        JobFailedError: There are none.
    """
    bucket, prefix = split_uri(uri)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = relative_keys(prefix, [item["Key"] for page in pages for item in page.get("Contents", [])])
    if not found:
        raise JobFailedError(f"ClientError: Data download failed: No S3 objects found under S3 URL {uri!r}")
    return found


def download(s3: Any, uri: str, folder: Path) -> None:  # noqa: ANN401 - boto3 has no types
    """Put the objects below an S3 prefix into a folder.

    Raises:
        JobFailedError: There are none, or a key leads out of the folder.
    """
    bucket, _ = split_uri(uri)
    for key, path in objects(s3, uri).items():
        target = (folder / path).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise JobFailedError(f"ClientError: Data download failed: the key {key!r} leads out of the input folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def upload(s3: Any, body: bytes, uri: str, kms_key: str | None) -> None:  # noqa: ANN401 - boto3 has no types
    """Write one object, under the given KMS key if there is one."""
    bucket, key = split_uri(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder with their relative names, sorted."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def archive(folder: Path) -> bytes:
    """A folder as tar.gz; the same files give the same bytes."""
    raw = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for name, path in files_below(folder):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as content:
                tar.addfile(entry, content)
    return raw.getvalue()


def unpack(body: bytes, folder: Path) -> None:
    """Unpack a model archive, refusing entries that lead out of the folder and special files.

    Raises:
        JobFailedError: It is no tar.gz, or an entry is unsafe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as tar:
            extract(tar, folder)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise JobFailedError(f"The model archive can't be unpacked: {error}") from error
