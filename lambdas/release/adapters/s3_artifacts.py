"""Model archives in S3: jobs' outputs by version, and released ones under their manifest's hash."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lambdas.release.artifact import MAXIMUM_JSON_BYTES, MAXIMUM_TOTAL_BYTES, ArtifactError
from lambdas.release.records import ObjectVersion


class S3Artifacts:
    """`ports.ArtifactStore` over a boto3 `s3` client."""

    def __init__(self, s3: Any, *, release_bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = release_bucket

    def versions(self, uri: str) -> list[ObjectVersion]:
        """Return every version of the object at exactly this address, deletions too; none where none ever was.

        Raises:
            ArtifactError: this is no address of an object.
        """
        bucket, key = _place(uri)
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        found = [
            (item, deletes)
            for page in pages
            for kind, deletes in (("Versions", False), ("DeleteMarkers", True))
            for item in page.get(kind, [])
        ]
        return [
            ObjectVersion(id=item["VersionId"], written=item["LastModified"], deletes=deletes)
            for item, deletes in found
            if item["Key"] == key
        ]

    def fetch(self, uri: str, version: str, to: Path) -> None:
        """Download one version of a job's archive.

        Raises:
            ArtifactError: it is too large to be a model of ours.
        """
        bucket, key = _place(uri)
        self._download({"Bucket": bucket, "Key": key, "VersionId": version}, to)

    def data_manifest(self, features: str) -> bytes:
        """Return manifest.json of the features folder at this address.

        Raises:
            ArtifactError: there is none, or it is too large to be one.
        """
        bucket, key = _place(f"{features.rstrip('/')}/manifest.json")
        found = self._read(bucket, key)
        if found is None:
            raise ArtifactError(f"There is no s3://{bucket}/{key}, the manifest of the data that the job took.")
        return found

    def release(self, archive: Path, model: str, manifest_sha256: str) -> bool:
        """Write the archive to its release key; False when an object is there already, which is left as it is."""
        try:
            with archive.open("rb") as body:
                self._s3.put_object(Bucket=self._bucket, Key=_key(model, manifest_sha256), Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                return False
            raise
        return True

    def fetch_released(self, model: str, manifest_sha256: str, to: Path) -> None:
        """Download a released archive.

        Raises:
            ArtifactError: there is none, or it is too large to be a model of ours.
        """
        key = _key(model, manifest_sha256)
        try:
            self._download({"Bucket": self._bucket, "Key": key}, to)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                raise ArtifactError(f"There is no s3://{self._bucket}/{key}: copy the sealed archive there.") from error
            raise

    def keep(self, model: str, manifest_sha256: str, name: str, content: bytes) -> None:
        """Write a file beside a released archive, unless one of its name is there already, which stays."""
        key = _key(model, manifest_sha256, name)
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType="application/json", IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise

    def kept(self, model: str, manifest_sha256: str, name: str) -> bytes | None:
        """Return a file that was kept beside a released archive; None when there is none.

        Raises:
            ArtifactError: it is too large to be one of ours.
        """
        return self._read(self._bucket, _key(model, manifest_sha256, name))

    def _read(self, bucket: str, key: str) -> bytes | None:
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        if answer["ContentLength"] > MAXIMUM_JSON_BYTES:
            raise ArtifactError(f"{key} has {answer['ContentLength']} bytes, at most {MAXIMUM_JSON_BYTES} are taken.")
        return answer["Body"].read()

    def _download(self, place: dict[str, str], to: Path) -> None:
        answer = self._s3.get_object(**place)
        if answer["ContentLength"] > MAXIMUM_TOTAL_BYTES:
            raise ArtifactError(
                f"The archive has {answer['ContentLength']} bytes, at most {MAXIMUM_TOTAL_BYTES} are taken."
            )
        with to.open("wb") as target:
            for block in answer["Body"].iter_chunks(1 << 20):
                target.write(block)


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not (uri.startswith("s3://") and bucket and key):
        raise ArtifactError(f"The job names {uri!r:.200}, expected s3://<bucket>/<key>.")
    return bucket, key


def _key(model: str, manifest_sha256: str, name: str = "model.tar.gz") -> str:
    return f"models/{model}/{manifest_sha256}/{name}"
