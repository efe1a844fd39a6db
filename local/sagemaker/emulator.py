"""The rest of the emulator, as SageMaker's own threads use it: logs, metrics, events, roles and S3."""

import json
import os
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config

from local import events
from local.sagemaker.errors import InvalidRequestError
from local.sagemaker.private import find

SERVICE_PRINCIPAL = "sagemaker.amazonaws.com"
_SESSION_SECONDS = 3600


class CloudError(Exception):
    """Another service of the emulator refused what SageMaker asked of it."""


def call(service: str, target: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Call a JSON service of this process, from a thread that isn't the event loop's.

    Raises:
        CloudError: The service answered with an error.
    """
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
    handler = find("ministack.app.SERVICE_HANDLERS")[service]
    body = json.dumps(payload).encode()
    call_handler = find("ministack.app.call_service_handler_sync")
    status, _, answer = call_handler(handler, "POST", "/", headers, body, {}, timeout=30)
    if status != 200:  # noqa: PLR2004 - HTTP OK
        raise CloudError(f"{target} answered {status}: {answer[:300]!r}")
    return json.loads(answer or b"{}")


def manifest_kind(reference: str) -> str | None:
    """The media type of the manifest that ECR holds for an image (`<registry>/<repository>@<digest>`, or by tag)."""
    repository = reference.partition("/")[2]
    name, by_digest, wanted = repository.partition("@")
    if not by_digest:
        name, _, wanted = repository.partition(":")
    for image in find("ministack.services.ecr._images").get(name, ()):
        if wanted in (image["imageDigest"], *image["imageTags"]):
            return image["imageManifestMediaType"]
    return None


def log_stream(group: str, stream: str) -> Callable[[list[str]], None]:
    """Create a CloudWatch log stream; the result appends lines to it."""
    names = {"logGroupName": group, "logStreamName": stream}
    for operation, given in (("CreateLogGroup", {"logGroupName": group}), ("CreateLogStream", names)):
        try:
            call("logs", f"Logs_20140328.{operation}", given)
        except CloudError as error:
            if "ResourceAlreadyExists" not in str(error):
                raise

    def append(lines: list[str]) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line or " "} for line in lines]
        call("logs", "Logs_20140328.PutLogEvents", {**names, "logEvents": events})

    return append


def put_metrics(namespace: str, dimensions: dict[str, str], metrics: dict[str, tuple[float, str]]) -> None:
    """Put one value of each metric (name -> value, unit)."""
    dims = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data = [
        {"MetricName": name, "Dimensions": dims, "Value": value, "Unit": unit, "Timestamp": int(time.time())}
        for name, (value, unit) in metrics.items()
    ]
    payload = {"Namespace": namespace, "MetricData": data}
    call("monitoring", "GraniteServiceVersion20100801.PutMetricData", payload)


def put_event(detail_type: str, detail: dict[str, Any], arn: str) -> None:
    """Emit an `aws.sagemaker` event; times in `detail` become epoch milliseconds, as in AWS's events."""
    text = json.dumps(detail, default=lambda value: int(value.timestamp() * 1000))
    events.send_event("aws.sagemaker", detail_type, json.loads(text), [arn])


def json_times(value: object) -> float:
    """`json.dumps(default=...)` for AWS's JSON protocol: times as epoch seconds."""
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{value!r} has no JSON form")


def require_role(arn: str, *, source: str) -> None:
    """Refuse a role that doesn't exist or that SageMaker may not assume for `source`, the job's or model's ARN.

    Raises:
        InvalidRequestError: With AWS's sentence for it.
    """
    role = find("ministack.services.iam._roles").get(arn.rpartition("/")[2])
    if role is None or role.get("Arn") != arn:
        raise InvalidRequestError(f"Could not find the execution role {arn!r}: no such IAM role.")
    statements = json.loads(role.get("AssumeRolePolicyDocument") or "{}").get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    keys = {"aws:SourceArn": source, "aws:SourceAccount": account_id()}
    if not any(_trusts_sagemaker(statement, keys) for statement in statements):
        raise InvalidRequestError(
            f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
            f"'{SERVICE_PRINCIPAL}' to assume the role."
        )


def _trusts_sagemaker(statement: dict[str, Any], keys: dict[str, str]) -> bool:
    matches = find("ministack.core.iam_evaluator._service_principal_matches")
    met = find("ministack.core.iam_evaluator._evaluate_single_condition")
    conditions = [
        (operator, keys.get(key), expected if isinstance(expected, list) else [expected])
        for operator, by_key in statement.get("Condition", {}).items()
        for key, expected in by_key.items()
    ]
    named = statement.get("Effect") == "Allow" and matches(statement.get("Principal"), SERVICE_PRINCIPAL)
    return named and all(met(*condition) for condition in conditions)


def short_id() -> str:
    """Eight letters that name what SageMaker makes by itself."""
    return secrets.token_hex(4)


def account_id() -> str:
    """The account of the request that is being served."""
    return find("ministack.core.responses.get_account_id")()


def region() -> str:
    """The region of the request that is being served."""
    return find("ministack.core.responses.get_region")()


def s3_as(role_arn: str) -> Any:  # noqa: ANN401 - boto3's clients have no types
    """An S3 client with the rights of the job's own role, through the emulator's front door."""
    session = boto3.session.Session(region_name=region(), **_assume(role_arn))
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}, read_timeout=60)
    return session.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config)


def _assume(role_arn: str) -> dict[str, str]:
    """Temporary credentials of a role, as the service itself obtains them (the role's trust was checked before)."""
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(32)
    role = role_arn.rpartition("/")[2]
    find("ministack.services.sts.register_session")(
        key,
        {
            "Arn": f"arn:aws:sts::{account_id()}:assumed-role/{role}/SageMaker",
            "UserId": f"{role}:SageMaker",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": time.time() + _SESSION_SECONDS,
        },
    )
    return {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}
