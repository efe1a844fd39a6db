"""Runs as a Lambda function: takes every rule out of a VPC's default security group, which CloudFormation cannot do."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError


def handler(event: dict[str, Any], _context: object) -> None:
    """Answer CloudFormation's request for the custom resource; the group stays closed when the resource is deleted."""
    status, reason = "SUCCESS", "closed"
    try:
        if event["RequestType"] != "Delete":
            close(boto3.client("ec2"), **event["ResourceProperties"]["Group"])
    except Exception as error:  # noqa: BLE001 - whatever failed, CloudFormation must hear of it
        status, reason = "FAILED", repr(error)
    _answer(event, status, reason)


def close(ec2: Any, *, group: str, account: str) -> None:  # noqa: ANN401 - boto3 clients have no static type
    """Revoke the two rules that EC2 gives a default group; one that is gone already is as good.

    Raises:
        ClientError: EC2 refused for any other reason.
    """
    members = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group, "UserId": account}]}
    everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    _revoke(ec2.revoke_security_group_ingress, group, members)
    _revoke(ec2.revoke_security_group_egress, group, everywhere)


def _revoke(operation: Callable[..., object], group: str, rule: dict[str, Any]) -> None:
    try:
        operation(GroupId=group, IpPermissions=[rule])
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidPermission.NotFound":
            raise


def _answer(event: dict[str, Any], status: str, reason: str) -> None:
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": "default-security-group",
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(  # noqa: S310 - the address comes from CloudFormation
        event["ResponseURL"],
        data=json.dumps(body).encode(),
        method="PUT",
        headers={"Content-Type": ""},
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - the same
