"""The texts of deployed templates in the release bucket, each under its hash; the record says which counts."""

import hashlib
from typing import Any

from botocore.exceptions import ClientError

from lambdas.release.audit_log import AuditLog
from lambdas.release.record import RecordError

_THERE_ALREADY = {"PreconditionFailed", "ConditionalRequestConflict"}


class S3Templates:
    """`ports.DeployedTemplates` over a boto3 `s3` client and the audit record.

    A text is believed by its hash, which stands in the record: whoever writes over the object changes nothing but that
    it is missed.
    """

    def __init__(self, s3: Any, *, release_bucket: str, audit: AuditLog) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = release_bucket
        self._audit = audit

    def recorded(self, model: str) -> str | None:
        """Return the text of the newest `deployed` entry's template; None when there is no such entry.

        Raises:
            RecordError: the text is gone, or another one than the entry's.
        """
        sha256 = self._audit.deployed(model)
        if sha256 is None:
            return None
        key = _key(model, sha256)
        try:
            text = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            raise RecordError(f"The template {key} that was deployed last is gone. Deploy the stack anew.") from error
        if hashlib.sha256(text).hexdigest() != sha256:
            raise RecordError(f"The template {key} isn't the one that was deployed last. Deploy the stack anew.")
        return text.decode()

    def keep(self, model: str, template: str) -> str:
        """Keep a template's text under its hash, unless it is there already; return the hash."""
        text = template.encode()
        sha256 = hashlib.sha256(text).hexdigest()
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=_key(model, sha256),
                Body=text,
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE_ALREADY:
                raise
        return sha256


def _key(model: str, sha256: str) -> str:
    return f"templates/{model}/{sha256}.json"
