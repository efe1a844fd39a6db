"""The table: each limit, AWS's page that states it, how much of it must stay free, and how its use is measured."""

from dataclasses import dataclass

from compliance.limits import policies, stacks, things
from compliance.limits.policies import Measure

_AWS = "https://docs.aws.amazon.com"
_IAM = f"{_AWS}/IAM/latest/UserGuide/reference_iam-quotas.html"
_SQS = f"{_AWS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"
_SNS = f"{_AWS}/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"
_S3 = f"{_AWS}/AmazonS3/latest/userguide/bucket-policies.html"
_KMS = f"{_AWS}/kms/latest/developerguide/resource-limits.html"
_CFN = f"{_AWS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
_LAMBDA = f"{_AWS}/lambda/latest/dg/gettingstarted-limits.html"
_CONCURRENCY = f"{_AWS}/lambda/latest/dg/configuration-concurrency.html"
_VPC = f"{_AWS}/vpc/latest/userguide/amazon-vpc-limits.html"
_LINK = f"{_AWS}/vpc/latest/privatelink/vpc-limits-endpoints.html"
_EVENTS = f"{_AWS}/eventbridge/latest/userguide/eb-quota.html"
_SSM = f"{_AWS}/general/latest/gr/ssm.html"
_TAGS = f"{_AWS}/tag-editor/latest/userguide/best-practices-and-strats.html"
_TRAIL = f"{_AWS}/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"
_WAF = f"{_AWS}/waf/latest/developerguide/limits.html"
_CLOUDWATCH = f"{_AWS}/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
_SAGEMAKER = f"{_AWS}/sagemaker/latest/APIReference"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit: `most` that AWS takes, of which `free` must stay free, `source` where AWS says so."""

    name: str
    most: int
    free: int
    source: str
    measure: Measure

    @property
    def allowed(self) -> int:
        """The most that we take."""
        return self.most - self.free


def _limit(name: str, most: int, free: int, source: str, measure: Measure) -> Limit:
    return Limit(name=name, most=most, free=free, source=source, measure=measure)


LIMITS = (
    _limit("characters of a managed policy", 6144, 144, _IAM, policies.managed_policy),
    _limit("characters of a trust policy", 2048, 48, _IAM, policies.trust_policy),
    _limit("managed policies of a role", 10, 5, _IAM, policies.policies_of_a_role),
    _limit("characters of a role's name", 64, 0, _IAM, things.names("AWS::IAM::Role")),
    _limit("characters of a role's path", 512, 128, _IAM, things.text("AWS::IAM::Role", "Path")),
    _limit("statements of a queue's policy", 20, 5, _SQS, policies.statements("AWS::SQS::QueuePolicy")),
    _limit("conditions of a queue's policy", 10, 3, _SQS, policies.conditions),
    _limit("principals of a queue's policy", 50, 10, _SQS, policies.principals),
    _limit("bytes of a queue's policy", 8192, 1000, _SQS, policies.document("AWS::SQS::QueuePolicy", "PolicyDocument")),
    _limit("statements of a topic's policy", 100, 10, _SNS, policies.statements("AWS::SNS::TopicPolicy")),
    _limit(
        "bytes of a topic's policy", 30_720, 3000, _SNS, policies.document("AWS::SNS::TopicPolicy", "PolicyDocument")
    ),
    _limit(
        "bytes of a bucket's policy", 20_480, 2000, _S3, policies.document("AWS::S3::BucketPolicy", "PolicyDocument")
    ),
    _limit("bytes of a key's policy", 32_768, 3000, _KMS, policies.document("AWS::KMS::Key", "KeyPolicy")),
    _limit(
        "characters of an endpoint's policy",
        20_480,
        2000,
        _LINK,
        policies.document("AWS::EC2::VPCEndpoint", "PolicyDocument"),
    ),
    _limit("interface endpoints of a VPC", 50, 10, _LINK, stacks.interface_endpoints),
    _limit("rules of a security group, inbound", 60, 10, _VPC, stacks.group_rules("Ingress")),
    _limit("rules of a security group, outbound", 60, 10, _VPC, stacks.group_rules("Egress")),
    _limit(
        "characters of a security group's text",
        255,
        5,
        _VPC,
        things.text("AWS::EC2::SecurityGroup", "GroupDescription"),
    ),
    _limit("bytes of a template", 1_048_576, 200_000, _CFN, stacks.template_bytes),
    _limit("resources of a stack", 500, 100, _CFN, stacks.stack_resources),
    _limit("outputs of a stack", 200, 40, _CFN, stacks.stack_outputs),
    _limit("parameters of a stack", 200, 40, _CFN, stacks.stack_parameters),
    _limit("characters of a stack's name", 128, 8, _CFN, stacks.stack_names),
    _limit("characters of a logical id", 255, 5, _CFN, stacks.logical_ids),
    _limit("characters of an export's name", 255, 5, _CFN, stacks.export_names),
    _limit("bytes of a function's environment", 4096, 400, _LAMBDA, stacks.function_environment),
    _limit("seconds of a function", 900, 0, _LAMBDA, stacks.function_seconds),
    # Of the account's 1,000, Lambda keeps 100 that nobody may reserve; smaller accounts: the preflight's row.
    _limit("concurrency that functions reserve", 900, 800, _CONCURRENCY, stacks.reserved_concurrency),
    _limit("characters of an event pattern", 2048, 200, _EVENTS, things.text("AWS::Events::Rule", "EventPattern")),
    _limit("targets of an event rule", 5, 1, _EVENTS, things.length("AWS::Events::Rule", "Targets")),
    _limit("characters of a parameter's value", 4096, 400, _SSM, things.text("AWS::SSM::Parameter", "Value")),
    _limit("tags of a resource", 50, 30, _TAGS, things.tags),
    _limit("characters of a tag's value", 256, 16, _TAGS, things.tag_values),
    _limit("conditions in a trail's selectors", 500, 450, _TRAIL, things.conditions_of_selectors),
    _limit("capacity of a firewall", 1500, 300, _WAF, stacks.firewall_capacity),
    _limit("characters of an alarm's name", 255, 5, _CLOUDWATCH, things.names("AWS::CloudWatch::Alarm")),
    _limit(
        "characters of an alarm's text",
        1024,
        100,
        _CLOUDWATCH,
        things.text("AWS::CloudWatch::Alarm", "AlarmDescription"),
    ),
    _limit("actions of an alarm", 5, 1, _CLOUDWATCH, things.length("AWS::CloudWatch::Alarm", "AlarmActions")),
    _limit(
        "characters of an endpoint's name",
        63,
        3,
        f"{_SAGEMAKER}/API_CreateEndpoint.html",
        things.names("AWS::SageMaker::Endpoint"),
    ),
    _limit(
        "characters of a container's variable",
        1024,
        100,
        f"{_SAGEMAKER}/API_ContainerDefinition.html",
        things.container_values,
    ),
    _limit("alarms of a deployment", 10, 2, f"{_SAGEMAKER}/API_AutoRollbackConfig.html", things.rollback_alarms),
    _limit(
        "names and texts outside their pattern", 0, 0, f"{_SAGEMAKER}/API_CreateEndpoint.html", things.outside_patterns
    ),
)
"""Every limit that a template of ours could meet."""
