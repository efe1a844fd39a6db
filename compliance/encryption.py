"""Claims about encryption at rest (see `compliance.predicates`)."""

from collections.abc import Iterator
from typing import Any

from compliance.templates import Resource, Templates, log_receivers, resources

_KEYS = {
    "AWS::Backup::BackupVault": "EncryptionKeyArn",
    "AWS::CloudTrail::Trail": "KMSKeyId",
    "AWS::Lambda::Function": "KmsKeyArn",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::RDS::DBInstance": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SageMaker::EndpointConfig": "KmsKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
}

UNDER_A_KEY = (*_KEYS, "AWS::ECR::Repository", "AWS::S3::Bucket")


def everything_is_under_our_keys(templates: Templates) -> Iterator[str]:
    """Buckets, logs, queues, topics, secrets, images, databases and trails name a key that these templates make.

    The bucket for access logs has S3's own: load balancers deliver to no other
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).
    """
    ours, receivers = _our_keys(templates), log_receivers(templates)
    for resource in resources(templates, *UNDER_A_KEY):
        if resource.place not in receivers and (resource.stack, str(_key(resource))) not in ours:
            named = _KEYS.get(resource.type, "encryption")
            yield f"{resource.place} is not under a key of ours ({named}: {_key(resource)})"


def _key(resource: Resource) -> Any:  # noqa: ANN401 (a template's value)
    if resource.type == "AWS::ECR::Repository":
        return resource.properties.get("EncryptionConfiguration", {}).get("KmsKey")
    if resource.type == "AWS::S3::Bucket":
        rules = resource.properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        return next((rule.get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules), None)
    return resource.properties.get(_KEYS[resource.type])


def _our_keys(templates: Templates) -> set[tuple[str, str]]:
    """Give how each stack refers to keys that are made: in the stack itself, or by what another exports."""
    keys = [*resources(templates, "AWS::KMS::Key")]
    own = {
        (key.stack, str(name))
        for key in keys
        for name in ({"Ref": key.logical_id}, {"Fn::GetAtt": [key.logical_id, "Arn"]})
    }
    exported = {
        str({"Fn::ImportValue": output["Export"]["Name"]})
        for stack, template in templates.items()
        for output in template.get("Outputs", {}).values()
        if "Export" in output and (stack, str(output.get("Value"))) in own
    }
    return own | {(stack, name) for stack in templates for name in exported}


CLAIMS = (everything_is_under_our_keys,)
