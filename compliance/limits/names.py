"""What CloudFormation makes of a reference: names as it generates them, of their full length, and ARNs.

A generated name is `<stack>-<logical id>-<12 or 13 random signs>`, cut to what the service takes
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html). What `Ref` and
`GetAtt` give stands on each type's own page of that reference.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_RANDOM = "1A2B3C4D5E6F7"  # thirteen, the longer of the two forms
UUID = "01234567-89ab-cdef-0123-456789abcdef"


class LimitsError(Exception):
    """A reference can't be resolved; the message names the type and says where its form is to be written down."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a type's resources are called: which property names them, how long a name may be, and the ARN's form.

    `ref` says what `Ref` gives: the `name`, the `arn`, or a form of its own.
    """

    named_by: str = ""
    longest: int = 255
    lower: bool = False
    arn: str = ""
    ref: str = "name"


_BALANCING = "elasticloadbalancing:{region}:{account}"

KINDS: Mapping[str, Kind] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": Kind(ref="endpoint/{name}/variant/live|{uuid}"),
    "AWS::Backup::BackupPlan": Kind(ref="{uuid}"),
    "AWS::Backup::BackupVault": Kind(named_by="BackupVaultName", longest=50),
    "AWS::CloudWatch::Alarm": Kind(named_by="AlarmName", arn="cloudwatch:{region}:{account}:alarm:{name}"),
    "AWS::EC2::PrefixList": Kind(ref="pl-{hex}"),
    "AWS::EC2::RouteTable": Kind(ref="rtb-{hex}"),
    "AWS::EC2::SecurityGroup": Kind(ref="sg-{hex}"),
    "AWS::EC2::Subnet": Kind(ref="subnet-{hex}"),
    "AWS::EC2::VPC": Kind(ref="vpc-{hex}"),
    "AWS::ECR::Repository": Kind(named_by="RepositoryName", arn="ecr:{region}:{account}:repository/{name}", lower=True),
    "AWS::ECS::Cluster": Kind(named_by="ClusterName", arn="ecs:{region}:{account}:cluster/{name}"),
    "AWS::ECS::TaskDefinition": Kind(
        named_by="Family", arn="ecs:{region}:{account}:task-definition/{name}:1000", ref="arn"
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Kind(
        named_by="Name", longest=32, arn=f"{_BALANCING}:loadbalancer/app/{{name}}/{{hex}}", ref="arn"
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Kind(
        named_by="Name", longest=32, arn=f"{_BALANCING}:targetgroup/{{name}}/{{hex}}", ref="arn"
    ),
    "AWS::Events::EventBus": Kind(named_by="Name", longest=256, arn="events:{region}:{account}:event-bus/{name}"),
    "AWS::Events::Rule": Kind(named_by="Name", longest=64, arn="events:{region}:{account}:rule/{name}"),
    "AWS::IAM::ManagedPolicy": Kind(
        named_by="ManagedPolicyName", longest=128, arn="iam::{account}:policy{path}{name}", ref="arn"
    ),
    "AWS::IAM::Role": Kind(named_by="RoleName", longest=64, arn="iam::{account}:role{path}{name}"),
    "AWS::KMS::Key": Kind(arn="kms:{region}:{account}:key/{uuid}", ref="{uuid}"),
    "AWS::Lambda::Function": Kind(named_by="FunctionName", longest=64, arn="lambda:{region}:{account}:function:{name}"),
    "AWS::Logs::LogGroup": Kind(named_by="LogGroupName", longest=512, arn="logs:{region}:{account}:log-group:{name}:*"),
    "AWS::RDS::DBInstance": Kind(
        named_by="DBInstanceIdentifier", longest=63, lower=True, arn="rds:{region}:{account}:db:{name}"
    ),
    "AWS::RDS::DBParameterGroup": Kind(named_by="DBParameterGroupName", lower=True),
    "AWS::RDS::DBSubnetGroup": Kind(named_by="DBSubnetGroupName", lower=True),
    "AWS::Route53::HostedZone": Kind(ref="Z{hex}ABC"),
    "AWS::Route53Resolver::FirewallDomainList": Kind(named_by="Name", longest=64, ref="rslvr-fdl-{hex}"),
    "AWS::Route53Resolver::FirewallRuleGroup": Kind(named_by="Name", longest=64, ref="rslvr-frg-{hex}"),
    "AWS::S3::Bucket": Kind(named_by="BucketName", longest=63, lower=True, arn="s3:::{name}"),
    "AWS::SNS::Topic": Kind(named_by="TopicName", longest=256, arn="sns:{region}:{account}:{name}", ref="arn"),
    "AWS::SQS::Queue": Kind(
        named_by="QueueName",
        longest=80,
        arn="sqs:{region}:{account}:{name}",
        ref="https://sqs.{region}.{suffix}/{account}/{name}",
    ),
    "AWS::SSM::Parameter": Kind(named_by="Name", longest=1011),
    "AWS::SageMaker::EndpointConfig": Kind(
        named_by="EndpointConfigName", longest=63, arn="sagemaker:{region}:{account}:endpoint-config/{name}", ref="arn"
    ),
    "AWS::SageMaker::Endpoint": Kind(
        named_by="EndpointName", longest=63, arn="sagemaker:{region}:{account}:endpoint/{name}", ref="arn"
    ),
    "AWS::SageMaker::Model": Kind(
        named_by="ModelName", longest=63, arn="sagemaker:{region}:{account}:model/{name}", ref="arn"
    ),
    "AWS::SecretsManager::Secret": Kind(
        named_by="Name", longest=512, arn="secretsmanager:{region}:{account}:secret:{name}-AbCdEf", ref="arn"
    ),
    "AWS::WAFv2::WebACL": Kind(
        named_by="Name", longest=128, arn="wafv2:{region}:{account}:regional/webacl/{name}/{uuid}"
    ),
}
"""Every type that our templates refer to. One that isn't here can't be resolved, and is an error."""

ATTRIBUTES: Mapping[tuple[str, str], str] = {
    ("AWS::Backup::BackupPlan", "BackupPlanId"): "{uuid}",
    ("AWS::Backup::BackupVault", "BackupVaultArn"): "arn:{partition}:backup:{region}:{account}:backup-vault:{name}",
    ("AWS::EC2::PrefixList", "PrefixListId"): "pl-{hex}",
    ("AWS::EC2::SecurityGroup", "GroupId"): "sg-{hex}",
    ("AWS::EC2::VPC", "DefaultSecurityGroup"): "sg-{hex}",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CanonicalHostedZoneID"): "Z{hex}ABC",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName"): "internal-{name}-1234567890.{region}.elb.{suffix}",
    ("AWS::Route53Resolver::FirewallDomainList", "Id"): "rslvr-fdl-{hex}",
    ("AWS::Route53Resolver::FirewallRuleGroup", "Id"): "rslvr-frg-{hex}",
    ("AWS::RDS::DBInstance", "DbiResourceId"): "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ("AWS::RDS::DBInstance", "Endpoint.Address"): "{name}.abcdefghijkl.{region}.rds.{suffix}",
    ("AWS::RDS::DBInstance", "MasterUserSecret.SecretArn"): (
        "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!db-{uuid}-AbCdEf"
    ),
}
"""Attributes that are neither the ARN nor the name."""
_NAMES = {"BackupVaultName", "EndpointConfigName", "EndpointName", "ModelName", "QueueName"}


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a template is deployed: what pseudo parameters give."""

    partition: str
    region: str
    account: str
    suffix: str


@dataclass(frozen=True, kw_only=True)
class Named:
    """One resource as others refer to it: its type, its name, and its path in IAM."""

    kind: str
    name: str
    path: str
    place: str

    @property
    def forms(self) -> dict[str, str]:
        """What fills the forms: ids are made of the place, so that different resources have different ones."""
        digits = hashlib.sha256(self.place.encode()).hexdigest()
        uuid = "-".join(digits[start:end] for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        return {"name": self.name, "path": self.path, "hex": digits[:17], "uuid": uuid}


def name(kind: str, body: Mapping[str, Any], given: str, *, stack: str, logical_id: str) -> str:
    """Give a resource's name: the one given by its template, else the one that CloudFormation makes."""
    form = _form(kind)
    made = (
        given if body.get(form.named_by) is not None else f"{stack}-{logical_id}"[: form.longest - 14] + "-" + _RANDOM
    )
    return made.lower() if form.lower else made


def naming_property(kind: str) -> str:
    """Give the property by which a template names a resource of this type, or nothing."""
    return _form(kind).named_by


def reference(of: Named, site: Site) -> str:
    """Give what `Ref` gives."""
    form = _form(of.kind)
    if form.ref == "name":
        return of.name
    return arn(of, site) if form.ref == "arn" else _filled(form.ref, of, site)


def attribute(of: Named, which: str, site: Site) -> str:
    """Give what `GetAtt` gives.

    Raises:
        LimitsError: The attribute isn't known.
    """
    if which in _NAMES:
        return of.name
    if which == "Arn":
        return arn(of, site)
    if form := ATTRIBUTES.get((of.kind, which)):
        return _filled(form, of, site)
    raise LimitsError(f"{of.kind} has no known attribute {which}: write its form into compliance/limits/names.py")


def arn(of: Named, site: Site) -> str:
    """Give a resource's ARN.

    Raises:
        LimitsError: The type's form isn't known.
    """
    form = _form(of.kind)
    if not form.arn:
        raise LimitsError(f"{of.kind} has no known ARN: write its form into compliance/limits/names.py")
    return f"arn:{site.partition}:" + _filled(form.arn, of, site)


def _form(kind: str) -> Kind:
    try:
        return KINDS[kind]
    except KeyError:
        raise LimitsError(
            f"{kind} is referred to and unknown: write its form into compliance/limits/names.py"
        ) from None


def _filled(form: str, of: Named, site: Site) -> str:
    return form.format(**of.forms, **vars(site))
