"""Claims about what serves: models, endpoints and their releases. The public rule packs ask little of SageMaker.

Like the claims of `compliance.predicates`: each yields objections, and holds when it yields nothing.
"""

import json
import re
from collections.abc import Iterator

from compliance.templates import Templates, resources, strings

PARAMETERS = {
    "ImageDigest": "^$|^sha256:[0-9a-f]{64}$",
    "ManifestSha256": "^$|^[0-9a-f]{64}$",
    "MlflowVersion": "^$|^[0-9]{1,9}$",
    "ReleaseId": "^$|^[A-Za-z0-9-]{1,120}$",
}
_ROLLS_BACK_ON = frozenset({"Invocation5XXErrors", "InvocationModelErrors", "ModelLatency"})
_LOCAL_DISKS = re.compile(r"ml\.([cmr]\d[a-z]*d[a-z]*|[dgi]\d\w*|p3dn|p[45]\w*|trn\d\w*)\.")


def models_are_isolated(templates: Templates) -> Iterator[str]:
    """Models serve in our network without any of their own."""
    for model in resources(templates, "AWS::SageMaker::Model"):
        if model.properties.get("EnableNetworkIsolation") is not True or "VpcConfig" not in model.properties:
            yield f"{model.place} is not isolated"


def models_are_named_by_digest(templates: Templates) -> Iterator[str]:
    """A model's image is the release's digest; its archive lies under the manifest's hash."""
    for model in resources(templates, "AWS::SageMaker::Model"):
        container = model.properties["PrimaryContainer"]
        if '"@", {"Ref": "ImageDigest"}' not in _joined(container["Image"]):
            yield f"{model.place} runs an image that is not pinned by the release's digest"
        if '{"Ref": "ManifestSha256"}' not in _joined(container["ModelDataUrl"]):
            yield f"{model.place} loads an archive that is not named by its hash"


def _joined(value: object) -> str:
    return json.dumps(value)


def endpoint_disks_are_under_our_keys(templates: Templates) -> Iterator[str]:
    """Endpoints and captures have our key; no instance has local disks, which refuse one."""
    for config in resources(templates, "AWS::SageMaker::EndpointConfig"):
        if "KmsKeyId" not in config.properties:
            yield f"{config.place} has no key for its volumes"
        if "KmsKeyId" not in config.properties.get("DataCaptureConfig", {"KmsKeyId": None}):
            yield f"{config.place} captures data without a key"
        for variant in config.properties["ProductionVariants"]:
            if _LOCAL_DISKS.match(variant["InstanceType"]):
                yield f"{config.place} has {variant['InstanceType']}, whose local disks refuse a key"


def endpoints_roll_back(templates: Templates) -> Iterator[str]:
    """Endpoints go back on server errors, latency and lost invocations, and keep what was scaled."""
    alarms = {alarm.place: alarm for alarm in resources(templates, "AWS::CloudWatch::Alarm")}
    for endpoint in resources(templates, "AWS::SageMaker::Endpoint"):
        deployment = endpoint.properties.get("DeploymentConfig", {})
        watched = deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        own = [alarms.get(f"{endpoint.stack}/{alarm['AlarmName'].get('Ref')}") for alarm in watched]
        seen = {word for alarm in own if alarm for _, word in strings(alarm.properties, alarm.place)}
        if missing := _ROLLS_BACK_ON - seen:
            yield f"{endpoint.place} does not roll back on {', '.join(sorted(missing))}"
        if endpoint.properties.get("RetainAllVariantProperties") is not True:
            yield f"{endpoint.place} forgets how it was scaled"


def a_first_deployment_needs_no_model(templates: Templates) -> Iterator[str]:
    """SageMaker and scaling stand under the condition that a release exists."""
    for resource in resources(templates, "AWS::SageMaker::", "AWS::ApplicationAutoScaling::"):
        if resource.condition != "ReleaseExists":
            yield f"{resource.place} would be made before any model exists"


def a_release_moves_four_parameters(templates: Templates) -> Iterator[str]:
    """Endpoint stacks have the four release parameters, by strict patterns, and no other."""
    for stack, template in templates.items():
        if not stack.startswith("Atoll-Endpoint-"):
            continue
        found = {name: body.get("AllowedPattern") for name, body in template.get("Parameters", {}).items()}
        if found != PARAMETERS:
            yield f"{stack} has the parameters {found}"
        if any(body.get("Default") != "" for body in template.get("Parameters", {}).values()):
            yield f"{stack} does not begin without a release"


CLAIMS = (
    models_are_isolated,
    models_are_named_by_digest,
    endpoint_disks_are_under_our_keys,
    endpoints_roll_back,
    a_first_deployment_needs_no_model,
    a_release_moves_four_parameters,
)
