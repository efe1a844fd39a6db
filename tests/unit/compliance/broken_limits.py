"""For each limit of the table a template that breaks it: nothing in the table is there for show."""

from typing import Any

from compliance.templates import Template

LONG = "x" * 40_000


def stack(**resources: dict[str, Any]) -> dict[str, Template]:
    """Give one stack with these resources, each written as (type, properties)."""
    return {"Atoll-Broken": {"Resources": resources}}


def one(kind: str, **properties: object) -> dict[str, Template]:
    return stack(One={"Type": kind, "Properties": properties})


def lets(count: int = 1, text: str = "", *, who: int = 1) -> dict[str, Any]:
    """Give a policy of so many statements, each with a condition, so many principals and a resource."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": [f"service{number}" for number in range(who)]},
        "Action": "a:B",
        "Resource": f"*{text}",
        "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
    }
    return {"Statement": [statement] * count}


def function(**properties: object) -> dict[str, Template]:
    return one("AWS::Lambda::Function", **{"Timeout": 1, **properties})


def rules(direction: str, peer: str) -> dict[str, Template]:
    """Give a group with a list of the customer's that may hold sixty entries: one rule, and sixty of the quota."""
    return stack(
        Group={"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "g"}},
        List={"Type": "AWS::EC2::PrefixList", "Properties": {"MaxEntries": 60}},
        Rule={
            "Type": f"AWS::EC2::SecurityGroup{direction}",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
                peer: {"Fn::GetAtt": ["List", "PrefixListId"]},
            },
        },
    )


def outputs(count: int, name: str = "o") -> dict[str, Template]:
    exported = {f"O{number}": {"Value": "v", "Export": {"Name": name}} for number in range(count)}
    return {"Atoll-Broken": {"Resources": {}, "Outputs": exported}}


_QUEUE, _ALARM, _RULE = "AWS::SQS::QueuePolicy", "AWS::CloudWatch::Alarm", "AWS::Events::Rule"
_BLOCKED = {"Statement": {"ManagedRuleGroupStatement": {"Name": "AWSManagedRulesCommonRuleSet"}}}
BROKEN: dict[str, dict[str, Template]] = {
    "characters of a managed policy": one("AWS::IAM::ManagedPolicy", PolicyDocument=lets(text="x" * 6000)),
    "characters of a trust policy": one("AWS::IAM::Role", AssumeRolePolicyDocument=lets(text="x" * 2000)),
    "managed policies of a role": one("AWS::IAM::Role", AssumeRolePolicyDocument=lets(), ManagedPolicyArns=["p"] * 6),
    "characters of a role's name": one("AWS::IAM::Role", AssumeRolePolicyDocument=lets(), RoleName="r" * 65),
    "characters of a role's path": one("AWS::IAM::Role", AssumeRolePolicyDocument=lets(), Path="/" * 400),
    "statements of a queue's policy": one(_QUEUE, PolicyDocument=lets(16)),
    "conditions of a queue's policy": one(_QUEUE, PolicyDocument=lets(8)),
    "principals of a queue's policy": one(_QUEUE, PolicyDocument=lets(who=41)),
    "bytes of a queue's policy": one(_QUEUE, PolicyDocument=lets(text="x" * 8000)),
    "statements of a topic's policy": one("AWS::SNS::TopicPolicy", PolicyDocument=lets(91)),
    "bytes of a topic's policy": one("AWS::SNS::TopicPolicy", PolicyDocument=lets(text=LONG)),
    "bytes of a bucket's policy": one("AWS::S3::BucketPolicy", PolicyDocument=lets(text=LONG)),
    "bytes of a key's policy": one("AWS::KMS::Key", KeyPolicy=lets(text=LONG)),
    "characters of an endpoint's policy": one("AWS::EC2::VPCEndpoint", PolicyDocument=lets(text=LONG)),
    "interface endpoints of a VPC": stack(
        **{
            f"E{number}": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Interface"}}
            for number in range(41)
        }
    ),
    "rules of a security group, inbound": rules("Ingress", "SourcePrefixListId"),
    "rules of a security group, outbound": rules("Egress", "DestinationPrefixListId"),
    "characters of a security group's text": one("AWS::EC2::SecurityGroup", GroupDescription="g" * 251),
    "bytes of a template": one("AWS::SSM::Parameter", Value="v" * 900_000),
    "resources of a stack": stack(**{f"R{number}": {"Type": "AWS::SSM::Parameter"} for number in range(401)}),
    "outputs of a stack": outputs(161),
    "parameters of a stack": {
        "Atoll-Broken": {"Resources": {}, "Parameters": {f"P{number}": {} for number in range(161)}}
    },
    "characters of a stack's name": {"s" * 121: {"Resources": {}}},
    "characters of a logical id": stack(**{"L" * 251: {"Type": "AWS::SSM::Parameter"}}),
    "characters of an export's name": outputs(1, "e" * 251),
    "bytes of a function's environment": function(Environment={"Variables": {"A": "v" * 3700}}),
    "seconds of a function": function(Timeout=901),
    "concurrency that functions reserve": function(ReservedConcurrentExecutions=101),
    "characters of an event pattern": one(_RULE, EventPattern={"source": ["s" * 2000]}),
    "targets of an event rule": one(_RULE, Targets=[{}] * 5),
    "characters of a parameter's value": one("AWS::SSM::Parameter", Value="v" * 3700),
    "tags of a resource": one("AWS::SSM::Parameter", Tags=[{"Key": "k", "Value": "v"}] * 21),
    "characters of a tag's value": one("AWS::SSM::Parameter", Tags={"k": "v" * 241}),
    "conditions in a trail's selectors": one(
        "AWS::CloudTrail::Trail",
        AdvancedEventSelectors=[{"FieldSelectors": [{"Field": "resources.ARN", "StartsWith": ["a"] * 51}]}],
    ),
    "capacity of a firewall": one("AWS::WAFv2::WebACL", Rules=[_BLOCKED] * 2),
    "characters of an alarm's name": one(_ALARM, AlarmName="a" * 251),
    "characters of an alarm's text": one(_ALARM, AlarmDescription="a" * 925),
    "actions of an alarm": one(_ALARM, AlarmActions=["a"] * 5),
    "characters of an endpoint's name": one(
        "AWS::SageMaker::Endpoint",
        EndpointName="e" * 61,
        DeploymentConfig={"AutoRollbackConfiguration": {"Alarms": []}},
    ),
    "characters of a container's variable": one(
        "AWS::SageMaker::Model", PrimaryContainer={"Image": "i", "Environment": {"A": "v" * 925}}
    ),
    "alarms of a deployment": one(
        "AWS::SageMaker::Endpoint", DeploymentConfig={"AutoRollbackConfiguration": {"Alarms": [{}] * 9}}
    ),
    "names and texts outside their pattern": one("AWS::Route53::HostedZone", Name="a..b"),
}
