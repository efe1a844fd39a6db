"""Model archives in S3: jobs' outputs, and released ones under their manifest's hash."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lambdas.release.artifact import MAXIMUM_TOTAL_BYTES, ArtifactError


class S3Artifacts:
    """`ports.ArtifactStore` over a boto3 `s3` client."""

    def __init__(self, s3: Any, *, release_bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = release_bucket

    def fetch(self, uri: str, to: Path) -> None:
        """Download a job's archive.

        Raises:
            ArtifactError: it is too large to be a model of ours, or the job names none.
        """
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not key:
            raise ArtifactError(f"The job's archive is {uri!r}, expected s3://<bucket>/<key>.")
        self._download(bucket, key, to)

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
        """Download a released archive."""
        self._download(self._bucket, _key(model, manifest_sha256), to)

    def _download(self, bucket: str, key: str, to: Path) -> None:
        answer = self._s3.get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > MAXIMUM_TOTAL_BYTES:
            raise ArtifactError(
                f"The archive has {answer['ContentLength']} bytes, at most {MAXIMUM_TOTAL_BYTES} are taken."
            )
        with to.open("wb") as target:
            for block in answer["Body"].iter_chunks(1 << 20):
                target.write(block)


def _key(model: str, manifest_sha256: str) -> str:
    return f"models/{model}/{manifest_sha256}/model.tar.gz"
