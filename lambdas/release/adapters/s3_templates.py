"""The deployed templates, in the release bucket: every version of the object stays, under Object Lock."""

from typing import Any

from botocore.exceptions import ClientError


class S3Templates:
    """`ports.DeployedTemplates` over a boto3 `s3` client."""

    def __init__(self, s3: Any, *, release_bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = release_bucket

    def recorded(self, model: str) -> str | None:
        """Return the template's text; None when no deployment was recorded."""
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=_key(model))["Body"].read().decode()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def record(self, model: str, template: str) -> None:
        """Put the template of a new deployment in the place of the former one."""
        self._s3.put_object(
            Bucket=self._bucket, Key=_key(model), Body=template.encode(), ContentType="application/json"
        )


def _key(model: str) -> str:
    return f"templates/{model}.json"
