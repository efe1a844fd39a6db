"""The audit record's objects: written once, under Object Lock. The first version of a key is the one that counts."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

_THERE_ALREADY = {"PreconditionFailed", "ConditionalRequestConflict"}  # the second: another write is under way


class S3AuditStore:
    """`chain.AuditStore` over a boto3 `s3` client.

    S3 compares a put-if-absent with the current version alone: over a delete marker it succeeds again
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). So what is read is the oldest
    version of a key, whatever lies above it; that something does, `rewritten` tells.
    """

    def __init__(self, s3: Any, *, bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = bucket
        self._first: dict[str, str] = {}  # key -> id of its first version, which never changes

    def put(self, key: str, body: bytes) -> bool:
        """Write an object; False when one is there already (or is just being written), which is left as it is."""
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _THERE_ALREADY:
                return False
            raise
        return True

    def get(self, key: str) -> bytes:
        """Return the first version of an object that `keys` listed."""
        if key not in self._first:
            self.keys(key)
        found = self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=self._first[key])
        return found["Body"].read()

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys below a prefix in their order, those behind `after` only; deleted ones, too.

        A key is looked for by listing: without the right to list, S3 answers 403 for an object that is not there.
        """
        found = {key: version for kind, key, version in self._listed(prefix, after) if kind == "Versions"}
        self._first |= found  # S3 lists the versions of a key from the newest to the oldest
        return list(found)

    def rewritten(self, prefix: str) -> list[str]:
        """Name the objects that have more versions than the one that was written, or were deleted."""
        count: dict[str, int] = {}
        told = []
        for kind, key, _ in self._listed(prefix):
            if kind == "DeleteMarkers":
                told.append(f"deleted: {key} has a delete marker")
            else:
                count[key] = count.get(key, 0) + 1
        return told + [f"rewritten: {key} has {n} versions, expected one" for key, n in count.items() if n > 1]

    def _listed(self, prefix: str, after: str = "") -> Iterator[tuple[str, str, str]]:
        """Yield kind, key and id of each version and each delete marker."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix, **({"KeyMarker": after} if after else {})
        )
        for page in pages:
            for kind in ("Versions", "DeleteMarkers"):
                for item in page.get(kind, []):
                    yield kind, item["Key"], item["VersionId"]
