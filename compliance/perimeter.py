"""Claims about the perimeter: ways out of the network, endpoints, keys and buckets (see `compliance.predicates`)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from compliance.templates import Resource, Templates, log_receivers, resources
from stacks.regions import service_principal

_WITHIN = frozenset(
    f"AWS::EC2::{kind}"
    for kind in (
        *("FlowLog", "RouteTable", "SecurityGroup", "SecurityGroupEgress", "SecurityGroupIngress", "Subnet"),
        *("SubnetRouteTableAssociation", "VPC", "VPCEndpoint"),
    )
)
"""All that a network of ours is made of; whatever else EC2 has may lead out, or in."""
_WAYS_OUT = (
    *("AWS::EC2::", "AWS::DirectConnect::", "AWS::GlobalAccelerator::", "AWS::NetworkManager::", "AWS::RAM::"),
    *("AWS::VpcLattice::", "AWS::Route53Resolver::ResolverEndpoint"),
)
_OF_AWS = re.compile(
    r":s3:::(prod-[a-z0-9-]+-starport-layer-bucket|cloudformation-custom-resource-response-[a-z0-9]+)/\*"
)
_USE = re.compile(r"kms:(\*|Decrypt|Encrypt|GenerateDataKey|ReEncrypt|CreateGrant)")
_PURPOSES = {
    "AWS::Backup::BackupVault": "runs",
    "AWS::ECR::Repository": "images",
    "AWS::Lambda::Function": "releases",
    "AWS::Logs::LogGroup": "logs",
    "AWS::RDS::DBInstance": "runs",
    "AWS::SNS::Topic": "messages",
    "AWS::SQS::Queue": "messages",
    "AWS::SageMaker::EndpointConfig": "jobs",
    "AWS::SecretsManager::Secret": "runs",
}
_KEY = re.compile(r"Keys([A-Z][a-z]+)[0-9A-F]{8}")
_DATA = frozenset({"s3:DeleteObject*", "s3:GetObject*", "s3:ListBucket*", "s3:PutObject*"})
NETWORK_TAG = "aws:PrincipalTag/atoll:network"


def no_way_leads_out_of_the_network(templates: Templates) -> Iterator[str]:
    """Networks are made of subnets, groups, endpoints and flow logs alone: no gateway, route, peering or address.

    Every function works within one: outside of it, Lambda gives a function the internet
    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
    """
    for resource in resources(templates, *_WAYS_OUT):
        if resource.type not in _WITHIN:
            yield f"{resource.place} may lead out of the network ({resource.type})"
    yield from _works_outside(templates)
    yield from _has_a_public_address(templates)


def _works_outside(templates: Templates) -> Iterator[str]:
    for function in resources(templates, "AWS::Lambda::Function"):
        if not function.properties.get("VpcConfig", {}).get("SubnetIds"):
            yield f"{function.place} works outside of the network"


def _has_a_public_address(templates: Templates) -> Iterator[str]:
    for database in resources(templates, "AWS::RDS::DBInstance"):
        if database.properties.get("PubliclyAccessible") is not False:
            yield f"{database.place} doesn't say that it has no public address"
    for subnet in resources(templates, "AWS::EC2::Subnet"):
        if subnet.properties.get("MapPublicIpOnLaunch"):
            yield f"{subnet.place} gives public addresses"
    for service in resources(templates, "AWS::ECS::Service"):
        wiring = service.properties.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {})
        if wiring.get("AssignPublicIp") != "DISABLED":
            yield f"{service.place} gives its tasks public addresses"


def no_foreign_name_is_answered(templates: Templates) -> Iterator[str]:
    """The resolver of a VPC that is made answers names of AWS's and of zones that are made."""
    zones = [zone.properties["Name"].rstrip(".") for zone in resources(templates, "AWS::Route53::HostedZone")]
    for vpc in resources(templates, "AWS::EC2::VPC"):
        for action, domains in _answers(templates, vpc):
            if action == "BLOCK" and "*" in domains:
                break
            foreign = [each for each in domains if each not in zones and not _is_of_aws(each)]
            if action != "BLOCK" and foreign:
                yield f"{vpc.place} has names of others answered: {foreign}"
        else:
            yield f"{vpc.place} has every name answered"


def _answers(templates: Templates, vpc: Resource) -> Iterator[tuple[str, list[Any]]]:
    """Give action and names of each rule of the DNS firewall of a VPC, in their order."""
    made = templates[vpc.stack]["Resources"]
    for association in resources(
        {vpc.stack: templates[vpc.stack]}, "AWS::Route53Resolver::FirewallRuleGroupAssociation"
    ):
        if association.properties["VpcId"] == {"Ref": vpc.logical_id}:
            rules = made[association.properties["FirewallRuleGroupId"]["Fn::GetAtt"][0]]["Properties"]["FirewallRules"]
            for rule in sorted(rules, key=lambda each: each["Priority"]):
                names = made[rule["FirewallDomainListId"]["Fn::GetAtt"][0]]["Properties"]["Domains"]
                yield rule["Action"], names


def _is_of_aws(name: object) -> bool:
    return name == {"Fn::Join": ["", ["*.", {"Ref": "AWS::URLSuffix"}]]}


def endpoints_admit_our_account_alone(templates: Templates) -> Iterator[str]:
    """Endpoints let our principals at our resources, and at two named buckets of AWS's."""
    for endpoint in resources(templates, "AWS::EC2::VPCEndpoint"):
        statements = endpoint.properties.get("PolicyDocument", {}).get("Statement", ())
        if not statements:
            yield f"{endpoint.place} has no policy, so it lets anybody at anything"
        for statement in statements:
            same = statement.get("Condition", {}).get("StringEquals", {})
            own = same.get("aws:PrincipalAccount") and same.get("aws:PrincipalAccount") == same.get(
                "aws:ResourceAccount"
            )
            if not own and not _is_a_bucket_of_aws(statement):
                yield f"{endpoint.place} lets {statement['Action']} through for other accounts"


def _is_a_bucket_of_aws(statement: dict[str, Any]) -> bool:
    named = _OF_AWS.search(json.dumps(statement["Resource"]))
    return bool(named) and statement["Action"] in {"s3:GetObject", "s3:PutObject"}


def endpoints_have_groups_of_their_own(templates: Templates) -> Iterator[str]:
    """Each interface endpoint stands behind one security group, and no two behind the same."""
    seen: dict[str, str] = {}
    for endpoint in resources(templates, "AWS::EC2::VPCEndpoint"):
        if endpoint.properties["VpcEndpointType"] == "Interface":
            groups = json.dumps(endpoint.properties.get("SecurityGroupIds", []))
            if groups in seen or len(endpoint.properties.get("SecurityGroupIds", [])) != 1:
                yield f"{endpoint.place} has no group of its own"
            seen[groups] = endpoint.place


def keys_are_used_through_services(templates: Templates) -> Iterator[str]:
    """Keys rotate, and no policy lets the account or a service use one but by named services."""
    for key in resources(templates, "AWS::KMS::Key"):
        if key.properties.get("KeyUsage") == "SIGN_VERIFY":
            continue
        if key.properties.get("EnableKeyRotation") is not True:
            yield f"{key.place} does not rotate"
        for statement in key.properties["KeyPolicy"]["Statement"]:
            if _USE.search(json.dumps(statement["Action"])) and not _is_bound(statement):
                yield f"{key.place} may be used without a named service"


def _is_bound(statement: dict[str, Any]) -> bool:
    """Say whether a statement names the services, or bounds what a grant may hold (stacks/components/keys.py)."""
    conditions, who = json.dumps(statement.get("Condition", {})), statement["Principal"]
    if who == {"Service": service_principal("events")}:
        return True  # bound by the queue's policy: `queues_name_whose_rules_send`
    if isinstance(who, dict) and "Service" in who:
        return "aws:SourceAccount" in conditions or "kms:EncryptionContext:aws:logs:arn" in conditions
    if who in ("*", {"AWS": "*"}) and "kms:CallerAccount" not in conditions:
        return False
    return "kms:ViaService" in conditions or _only_lends(statement)


def _only_lends(statement: dict[str, Any]) -> bool:
    """Say whether a statement allows grants alone, of operations that it lists, and none that tells none."""
    conditions = statement.get("Condition", {})
    listed = conditions.get("ForAllValues:StringEquals", {}).get("kms:GrantOperations")
    told = conditions.get("Null", {}).get("kms:GrantOperations") == "false"
    return statement["Action"] == "kms:CreateGrant" and bool(listed) and told


def queues_name_whose_rules_send(templates: Templates) -> Iterator[str]:
    """Queues take events of rules that they name, in no other account."""
    for queue in resources(templates, "AWS::SQS::QueuePolicy"):
        for statement in queue.properties["PolicyDocument"]["Statement"]:
            sends = statement["Principal"] == {"Service": service_principal("events")}
            if sends and "aws:SourceArn" not in statement.get("Condition", {}).get("ArnLike", {}):
                yield f"{queue.place} takes events of anybody's rules"


def keys_have_one_purpose(templates: Templates) -> Iterator[str]:
    """No key protects things of two purposes."""
    purposes: dict[str, str] = {}
    for resource in resources(templates):
        key = _KEY.search(json.dumps(resource.properties.get(_property(resource), "")))
        if key and (purpose := _purpose(resource)) and purposes.setdefault(key[1], purpose) != purpose:
            yield f"{resource.place} shares the key {key[1]} with {purposes[key[1]]}"


def _property(resource: Resource) -> str:
    names = ("KmsKeyId", "KMSKeyId", "KmsKeyArn", "KmsMasterKeyId", "BucketEncryption", "EncryptionConfiguration")
    return next((name for name in names if name in resource.properties), "EncryptionKeyArn")


def _purpose(resource: Resource) -> str | None:
    if resource.type != "AWS::S3::Bucket":
        return _PURPOSES.get(resource.type)
    return "releases" if resource.logical_id.startswith("Release") else resource.logical_id


def buckets_answer_our_machines_in_our_network(templates: Templates) -> Iterator[str]:
    """Buckets refuse the data of functions' and tasks' roles from outside of our network, and log who asks.

    But the one for access logs: in it is nothing that functions and tasks may read.
    """
    guarded = {
        (policy.stack, json.dumps(policy.properties["Bucket"]))
        for policy in resources(templates, "AWS::S3::BucketPolicy")
        if any(_keeps_machines_in(each) for each in policy.properties["PolicyDocument"]["Statement"])
    }
    receivers = log_receivers(templates)
    for bucket in resources(templates, "AWS::S3::Bucket"):
        if bucket.place in receivers:
            continue
        if (bucket.stack, json.dumps({"Ref": bucket.logical_id})) not in guarded:
            yield f"{bucket.place} answers a function's credentials from anywhere"
        if "LoggingConfiguration" not in bucket.properties:
            yield f"{bucket.place} tells nobody whom it answered"


def _keeps_machines_in(statement: dict[str, Any]) -> bool:
    conditions = statement.get("Condition", {})
    whole = [each for each in statement["Resource"] if str(each).endswith("/*']]}")]
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] == {"AWS": "*"}
        and set(statement["Action"]) >= _DATA
        and bool(whole)
        and conditions.get("StringEquals") == {NETWORK_TAG: "vpc"}
        and "*" not in conditions.get("StringNotEquals", {}).get("aws:SourceVpc", "*")
        and len(conditions) == 2  # noqa: PLR2004 (a further condition would narrow the refusal)
    )


def machines_are_known_by_their_tag(templates: Templates) -> Iterator[str]:
    """Every role that a function or a task works with bears the tag that binds it to the network."""
    tasks = [json.dumps(task.properties["TaskRoleArn"]) for task in resources(templates, "AWS::ECS::TaskDefinition")]
    for role in resources(templates, "AWS::IAM::Role"):
        trusted = json.dumps(role.properties["AssumeRolePolicyDocument"])
        works_inside = "lambda." in trusted or any(f'"{role.logical_id}"' in task for task in tasks)
        if works_inside and {"Key": "atoll:network", "Value": "vpc"} not in role.properties.get("Tags", ()):
            yield f"{role.place} is not tagged as one of the network"


CLAIMS = (
    no_way_leads_out_of_the_network,
    no_foreign_name_is_answered,
    endpoints_admit_our_account_alone,
    endpoints_have_groups_of_their_own,
    keys_are_used_through_services,
    keys_have_one_purpose,
    buckets_answer_our_machines_in_our_network,
    machines_are_known_by_their_tag,
    queues_name_whose_rules_send,
)
