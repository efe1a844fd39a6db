"""Creations that fail half-way, on the local AWS: what is kept, protected or named, and the way on by the runbook.

From each kind in the rehearsal's templates (govcloud-west's switches) one resource is taken as it stands there, its
references resolved. Its stack's creation fails after it was made, is rolled back as AWS does
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html), and then
docs/runbooks/first-deployment-failed.md is followed: lift the protections, delete the stack, deploy again.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from compliance.limits.judge import site
from compliance.limits.names import KINDS
from compliance.limits.resolved import Resolved
from compliance.synth import ROOT, synthesize
from compliance.templates import Template, read_templates
from local.cloud import LocalCloud

REHEARSAL = ROOT / "local" / "rehearsal.toml"
FAILS = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/no", "Type": "NoSuchType", "Value": "-"}}
"""A resource that AWS and the local AWS refuse."""
_BUSY = "IN_PROGRESS"
_SECONDS = 60
_NAMES = {"AWS::CloudTrail::Trail": "TrailName", "AWS::SSM::Parameter": "Name"}
_BY_SAGEMAKER = "AWS::SageMaker::Endpoint"  # needs a model that serves: tests/contract/sagemaker/test_stacks.py


@dataclass(frozen=True)
class Case:
    """One resource of a kind that is kept, protected or named (`why` names all of it), with its properties resolved."""

    place: str
    why: str
    body: dict[str, Any]


def cases(templates: dict[str, Template], region: str) -> Iterator[Case]:
    """Give one resource of each kind and of all its reasons together: once made for good, what is kept stays."""
    seen = set()
    for stack, template in Resolved(templates, site(region)).templates().items():
        for logical_id, body in template["Resources"].items():
            why = " and ".join(_reasons(body))
            if why and body["Type"] != _BY_SAGEMAKER and (body["Type"], why) not in seen:
                seen.add((body["Type"], why))
                yield Case(f"{stack}/{logical_id}", why, body)


def _reasons(body: dict[str, Any]) -> Iterator[str]:
    kind, properties = body["Type"], body.get("Properties", {})
    if body.get("DeletionPolicy", "Delete") not in ("Delete", "Snapshot"):
        yield "kept"
    attributes = {each["Key"]: each["Value"] for each in properties.get("LoadBalancerAttributes", ())}
    if "true" in (str(properties.get("DeletionProtection")).lower(), attributes.get("deletion_protection.enabled")):
        yield "protected"
    named_by = _NAMES.get(kind) or (KINDS[kind].named_by if kind in KINDS else "")
    if named_by and named_by in properties:
        yield "named"


def tried() -> list[dict[str, Any]]:
    """Synthesize the rehearsal, start a local AWS, and try every case; `led_on` says whether the runbook did."""
    with tempfile.TemporaryDirectory(prefix="creations-") as folder:
        assembly, settings = Path(folder) / "assembly", Path(folder) / "settings.toml"
        settings.write_text("[tracking]\nport = 443\n", encoding="utf-8")
        synthesize(str(REHEARSAL), assembly)
        with LocalCloud(Path(folder) / "cloud", settings=settings) as cloud:
            every = enumerate(cases(read_templates(assembly), "us-east-1"))
            return [outcome(cloud, case, f"creation-{number}") for number, case in every]


def outcome(cloud: LocalCloud, case: Case, name: str) -> dict[str, Any]:
    """Let the creation fail and follow the runbook; returns the statuses on the way, the last one of the second try."""
    client, body = cloud.client("cloudformation"), {key: case.body[key] for key in _KEPT if key in case.body}
    mended = {"Resources": {"It": body}}
    broken = {"Resources": {"It": body, "Fails": FAILS | {"DependsOn": "It"}}}
    first = created(client, name, broken)
    made = {each["ResourceType"]: each.get("PhysicalResourceId", "") for each in events(client, name)
            if each["LogicalResourceId"] == "It" and each["ResourceStatus"] == "CREATE_COMPLETE"}  # fmt: skip
    _lift(cloud, case.body["Type"], made.get(case.body["Type"], ""))
    delete(client, name)
    second = created(client, name, mended)
    reasons = [each["ResourceStatusReason"] for each in events(client, name) if "FAILED" in each["ResourceStatus"]]
    _lift(cloud, case.body["Type"], _physical_id(client, name))
    delete(client, name)
    expected = "ROLLBACK_FAILED" if "protected" in case.why else "ROLLBACK_COMPLETE"
    led_on = bool(made) and (first, second) == (expected, "CREATE_COMPLETE")
    return {
        "led_on": led_on,
        "place": case.place,
        "why": case.why,
        "made": bool(made),
        "first": first,
        "second": second,
        "reasons": [] if led_on else reasons,
    }


_KEPT = ("Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy")


def created(client: Any, name: str, template: dict[str, Any]) -> str:  # noqa: ANN401 - boto3 has no types
    """Create a protected stack; returns the status in which that ends."""
    capabilities = ["CAPABILITY_NAMED_IAM"]
    body = json.dumps(template)
    client.create_stack(StackName=name, TemplateBody=body, Capabilities=capabilities, EnableTerminationProtection=True)
    return settled(client, name)


def settled(client: Any, name: str) -> str:  # noqa: ANN401 - the same
    """Wait for the end of a stack's operation; returns its status."""
    deadline = time.monotonic() + _SECONDS
    while (status := client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith(_BUSY):
        assert time.monotonic() < deadline, f"{name} is {status}"
        time.sleep(0.1)
    return status


def events(client: Any, name: str) -> list[dict[str, Any]]:  # noqa: ANN401 - the same
    """Give a stack's events, the latest first."""
    return client.describe_stack_events(StackName=name)["StackEvents"]


def _physical_id(client: Any, name: str) -> str:  # noqa: ANN401 - the same
    found = client.describe_stack_resources(StackName=name)["StackResources"]
    return next((each.get("PhysicalResourceId", "") for each in found if each["LogicalResourceId"] == "It"), "")


def _lift(cloud: LocalCloud, kind: str, physical_id: str) -> None:
    """The runbook's commands that lift a protection; fine when the thing is gone."""
    try:
        if kind == "AWS::RDS::DBInstance" and physical_id:
            cloud.client("rds").modify_db_instance(DBInstanceIdentifier=physical_id, DeletionProtection=False)
        if kind == "AWS::ElasticLoadBalancingV2::LoadBalancer" and physical_id:
            off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
            cloud.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=physical_id, Attributes=off)
    except ClientError as error:
        if "NotFound" not in str(error):
            raise


def delete(client: Any, name: str) -> None:  # noqa: ANN401 - the same
    """Lift the stack's own protection and delete it; it must be gone."""
    stack = client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    client.delete_stack(StackName=name)
    deadline = time.monotonic() + _SECONDS
    while (status := client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]) != "DELETE_COMPLETE":
        assert status != "DELETE_FAILED", f"{name} can't be deleted"
        assert time.monotonic() < deadline, f"{name} is {status}"
        time.sleep(0.1)
