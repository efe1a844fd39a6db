"""A versioned bucket in memory, as boto3's client tells of it, and the record over it by the product's own adapter.

A put-if-absent succeeds over a delete marker, as S3's does
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); tests/contract/release/test_audit.py
holds the adapter to a real one.
"""

import bisect
import io
import itertools
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from lambdas.release.adapters.s3_audit import S3AuditStore


class FakeVersions:
    """The calls that `S3AuditStore` makes, and a deletion."""

    def __init__(self) -> None:
        self.kept: dict[str, list[bytes | None]] = {}  # key -> versions, the oldest first; None is a delete marker
        self.keys: list[str] = []  # in their order
        self.changed = False  # since somebody looked

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803 - boto3's
        if Key not in self.kept:
            bisect.insort(self.keys, Key)
        versions = self.kept.setdefault(Key, [])
        if versions and versions[-1] is not None:
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": Key}}, "PutObject")
        versions.append(Body)
        self.changed = True

    def delete_object(self, *, Key: str) -> None:  # noqa: N803 - boto3's
        self.kept[Key].append(None)
        self.changed = True

    def get_object(self, *, Key: str, VersionId: str, **_: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        body = self.kept[Key][int(VersionId)]
        assert body is not None
        return {"Body": io.BytesIO(body)}

    def get_paginator(self, _operation: str) -> "FakeVersions":
        return self

    def paginate(self, *, Prefix: str, KeyMarker: str = "", **_: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - the same
        page: dict[str, list[dict[str, str]]] = {"Versions": [], "DeleteMarkers": []}
        for key in itertools.islice(self.keys, bisect.bisect_left(self.keys, Prefix), None):
            if not key.startswith(Prefix):
                break
            for number, body in reversed(list(enumerate(self.kept[key] if key > KeyMarker else ()))):
                kind = "DeleteMarkers" if body is None else "Versions"
                page[kind].append({"Key": key, "VersionId": str(number)})
        yield page


class VersionedAuditStore(S3AuditStore):
    """The record's objects over a versioned bucket in memory."""

    def __init__(self) -> None:
        self.s3 = FakeVersions()
        super().__init__(self.s3, bucket="audit")
        self.writing = ""  # the function that runs
        self.by: dict[str, str] = {}  # what it wrote
        self._listings: dict[tuple[str, str], list[str]] = {}  # since the bucket changed last: lives list all the time

    def keys(self, prefix: str, after: str = "") -> list[str]:
        if self.s3.changed:
            self._listings.clear()
            self.s3.changed = False
        if (prefix, after) not in self._listings:
            self._listings[prefix, after] = super().keys(prefix, after)
        return list(self._listings[prefix, after])

    def put(self, key: str, body: bytes) -> bool:
        made = super().put(key, body)
        if made and self.writing:
            self.by[key] = self.writing
        return made

    @property
    def objects(self) -> dict[str, bytes]:
        """What was written first, in order of writing."""
        return {key: versions[0] for key, versions in self.s3.kept.items() if versions[0] is not None}

    def write_over(self, key: str, body: bytes) -> None:
        """Put a delete marker over an object, and another over that: S3 takes both, where a policy lets somebody."""
        self.s3.delete_object(Key=key)
        super().put(key, body)
