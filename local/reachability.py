"""Who of the deployed network reaches what: a call that would find no way on AWS finds none here either.

The model is the claim's (`compliance.reach`), asked about the resources as they stand now in the emulator's stacks,
with their references resolved: endpoints' private names and policies, and both security groups. Judged are the calls
of functions within a network of ours, what Fargate calls for a task before it runs, and S3 for jobs and models there.
On AWS such a call ends in a timeout; here it is refused at once, with the reason.
https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from compliance import reach
from compliance.templates import Templates, resources
from local import private
from local.cloud_environment import REGION

EVALUATOR = "ministack.core.iam_evaluator"
NO_WAY = "NoWayThroughTheNetwork"
"""The error's code; no service of AWS answers so."""
_SESSION = ":assumed-role/"
_S3 = "s3:GetObject"
_GROUP = "Atoll::SecurityGroup::Id"  # a group's id, which its own properties don't hold


def register() -> None:
    """Refuse calls without a way. Call once, after `import ministack.app` and before its main, and after `iam`'s."""
    private.wrap(f"{EVALUATOR}.enforce", _asking_for_a_way)


def _asking_for_a_way(enforce: Callable[..., object]) -> Callable[..., object]:
    def extended(access_key_id: str, iam_action: str, *about: object, **named: object) -> object:
        if why := _without_a_way(private.find(f"{EVALUATOR}.caller_arn")(), iam_action):
            return private.find(f"{EVALUATOR}.AuthError")(NO_WAY, why)
        return enforce(access_key_id, iam_action, *about, **named)

    return extended


def _without_a_way(caller: str, action: str) -> str:
    """Say why the call of a function's role finds no way; nothing for everybody who isn't a function of the network."""
    if _SESSION not in caller:
        return ""
    deployed = stacks()
    for function in resources(deployed, "AWS::Lambda::Function"):
        groups = function.properties.get("VpcConfig", {}).get("SecurityGroupIds", ())
        if groups and str(function.properties["Role"]).rpartition("/")[2] == caller.split("/")[1]:
            variables = function.properties.get("Environment", {}).get("Variables", {})
            why = lost(groups, reach.called(action, variables, REGION), action, deployed)
            return _told(function.place, action, why)
    return ""


def lost(groups: Iterable[str], name: str, action: str, deployed: Templates | None = None) -> str:
    """Say why a call of the endpoint `name` from within these security groups finds no way.

    Nothing when it finds one, or when the groups aren't of a network of ours.
    """
    found = stacks() if deployed is None else deployed
    known = {reach.key(each) for each in groups} & set(_groups(found))
    return reach.why_not(found, tuple(known), name, action) if known and reach.region_of(found) else ""


def task_without_a_way(props: Mapping[str, Any]) -> str:
    """Say which call that Fargate makes for a service's task finds no way."""
    groups = props.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {}).get("SecurityGroups", ())
    told = (_told("Fargate", action, lost(groups, name, action)) for name, action in reach.OF_TASKS.items())
    return next(filter(None, told), "")


def job_without_a_way(spec: Mapping[str, Any]) -> str:
    """Say why a job's or model's way to S3 is closed; nothing where it has no VPC."""
    place = spec.get("VpcConfig") or spec.get("NetworkConfig", {}).get("VpcConfig") or {}
    return _told("SageMaker", _S3, lost(place.get("SecurityGroupIds", ()), "s3", _S3))


def stacks() -> dict[str, Any]:
    """Give the resources of all stacks as they stand now, in the form of templates with their references resolved."""
    found = private.find("ministack.services.cloudformation._stacks")
    return {name: {"Resources": dict(_resources(stack))} for name, stack in dict(found).items()}


def _resources(stack: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, each in dict(stack.get("_resources", {})).items():
        properties = each.get("Properties") or {}
        yield name, {"Type": each["ResourceType"], "Properties": properties}
        if each["ResourceType"] == "AWS::EC2::SecurityGroup":
            group = each.get("PhysicalResourceId", "")
            yield f"{name}Itself", {"Type": _GROUP, "Properties": {"GroupId": group}}
            for direction in ("Egress", "Ingress"):
                for number, rule in enumerate(properties.get(f"SecurityGroup{direction}") or ()):
                    kind = f"AWS::EC2::SecurityGroup{direction}"
                    yield f"{name}{direction}{number}", {"Type": kind, "Properties": {**rule, "GroupId": group}}


def _groups(deployed: Templates) -> Iterator[str]:
    return (reach.key(each.properties["GroupId"]) for each in resources(deployed, _GROUP))


def _told(who: str, action: str, why: str) -> str:
    return why and f"{who} calls {action}, and {why}: on AWS the call would time out"
