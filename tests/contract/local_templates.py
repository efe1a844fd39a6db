"""CloudFormation templates for the contract tests of the local AWS."""

import json
from collections.abc import Mapping
from typing import Any

from mlflow_server.version import code_sha256

Template = dict[str, Any]


def resource(kind: str, *after: str, **properties: object) -> dict[str, object]:
    return {"Type": f"AWS::{kind}", "Properties": properties, "DependsOn": list(after)}


def network() -> Template:
    vpc = {"Ref": "Vpc"}
    return {
        "Resources": {
            "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
            "FlowLog": resource(
                "EC2::FlowLog",
                ResourceId=vpc,
                ResourceType="VPC",
                TrafficType="ALL",
                LogDestinationType="cloud-watch-logs",
                LogGroupName="flows",
                DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/flows",
            ),
            "Group": resource("EC2::SecurityGroup", GroupDescription="a group", VpcId=vpc),
            "Entry": resource(
                "EC2::SecurityGroupIngress",
                GroupId={"Fn::GetAtt": ["Group", "GroupId"]},
                IpProtocol="tcp",
                FromPort=443,
                ToPort=443,
                CidrIp={"Fn::GetAtt": ["Vpc", "CidrBlock"]},
            ),
            "Exit": resource(
                "EC2::SecurityGroupEgress",
                GroupId={"Fn::GetAtt": ["Group", "GroupId"]},
                IpProtocol="tcp",
                FromPort="5432",
                ToPort="5432",
                DestinationSecurityGroupId={"Fn::GetAtt": ["Group", "GroupId"]},
            ),
        },
        "Outputs": {
            "Cidr": {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}},
            "Group": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}},
            "Vpc": {"Value": vpc},
        },
    }


def audit(*, logging: bool = True) -> Template:
    return {
        "Resources": {
            "Bucket": resource("S3::Bucket", BucketName="trail-records"),
            "Trail": resource(
                "CloudTrail::Trail",
                TrailName="atoll-test",
                S3BucketName={"Ref": "Bucket"},
                IsLogging=logging,
                EnableLogFileValidation="true",
            ),
            "Alarm": resource(
                "CloudWatch::Alarm",
                AlarmName="a",
                MetricName="m",
                Namespace="n",
                ComparisonOperator="GreaterThanThreshold",
                Threshold=1,
                EvaluationPeriods=1,
                Period=60,
                Statistic="Sum",
            ),
            "Either": resource("CloudWatch::CompositeAlarm", "Alarm", AlarmName="either", AlarmRule='ALARM("a")'),
            "Secret": resource("SecretsManager::Secret", SecretString="{}"),
            "Rotation": resource(
                "SecretsManager::RotationSchedule",
                SecretId={"Ref": "Secret"},
                RotationRules={"AutomaticallyAfterDays": 30},
            ),
        },
        "Outputs": {"TrailArn": {"Value": {"Fn::GetAtt": ["Trail", "Arn"]}}},
    }


def record() -> Template:
    """A bucket that takes put-if-absent from one role alone, as the audit bucket does; two roles with every right."""
    objects = {"Fn::Sub": "arn:aws:s3:::${Bucket}/audit/*"}

    def refused(*actions: str, **when: object) -> dict[str, object]:
        condition = {"Condition": when} if when else {}
        return {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": objects} | condition

    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    writer = {"Fn::GetAtt": ["Writer", "Arn"]}
    return {
        "Resources": {
            "Bucket": resource("S3::Bucket", VersioningConfiguration={"Status": "Enabled"}),
            "Policy": resource(
                "S3::BucketPolicy",
                Bucket={"Ref": "Bucket"},
                PolicyDocument={
                    "Statement": [
                        refused("s3:PutObject", Null={"s3:if-none-match": "true"}),
                        refused("s3:PutObject", ArnNotEquals={"aws:PrincipalArn": writer}),
                        refused("s3:DeleteObject", "s3:DeleteObjectVersion"),
                    ]
                },
            ),
            **{name: _person(everything, Path="/record/") for name in ("Writer", "Other")},
        },
        "Outputs": {
            "Bucket": {"Value": {"Ref": "Bucket"}},
            **{name: {"Value": {"Fn::GetAtt": [name, "Arn"]}} for name in ("Writer", "Other")},
        },
    }


def people() -> Template:
    """The approver: may execute change sets, but none that carries the person's own id."""
    execute = {"Action": ["cloudformation:ExecuteChangeSet"], "Resource": "*"}
    own = {"StringLike": {"cloudformation:ChangeSetName": "*-by-${aws:PrincipalTag/uid}-*"}}
    nobody = {"Null": {"aws:PrincipalTag/uid": "true"}}
    statements = [
        {"Effect": "Allow", **execute},
        {"Effect": "Deny", **execute, "Condition": own},
        {"Effect": "Deny", **execute, "Condition": nobody},
        {"Effect": "Allow", "Action": "cloudformation:CreateChangeSet", "Resource": "*"},
        {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"},  # a stack without a role acts for who executes
    ]
    return {
        "Resources": {"Approver": _person(*statements)},
        "Outputs": {"Approver": {"Value": {"Fn::GetAtt": ["Approver", "Arn"]}}},
    }


def _person(*statements: Mapping[str, object], **properties: object) -> dict[str, object]:
    """A role that everybody of the account may take, with these statements."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    return resource(
        "IAM::Role",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
        Policies=[{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}],
        **properties,
    )


def listener() -> Template:
    """A queue that receives CloudFormation's and Lambda's events."""
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    send = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    return {
        "Resources": {
            "Queue": resource("SQS::Queue"),
            "Policy": resource(
                "SQS::QueuePolicy",
                Queues=[{"Ref": "Queue"}],
                PolicyDocument={"Version": "2012-10-17", "Statement": [{**send, "Resource": queue}]},
            ),
            "Rule": resource(
                "Events::Rule",
                EventPattern={"source": ["aws.cloudformation", "aws.lambda"]},
                Targets=[{"Id": "queue", "Arn": queue}],
            ),
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}},
    }


def parameter(name: str) -> Template:
    return {"Resources": {"Parameter": resource("SSM::Parameter", Name=f"/test/{name}", Type="String", Value="1")}}


def tracking(port: int, *, digest: str | None = None) -> Template:
    registry = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
    secret = {"Ref": "Administrator"}
    environment = {
        "MLFLOW_BACKEND_STORE_URI": "sqlite:///elsewhere.db",
        "MLFLOW_AUTH_DATABASE_URI": "sqlite:///elsewhere.db",
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://nowhere",
        "MLFLOW_ALLOWED_HOSTS": f"localhost,localhost:{port}",
        "MLFLOW_CORS_ALLOWED_ORIGINS": f"https://localhost:{port}",
    }
    secrets = [
        {"Name": "MLFLOW_FLASK_SERVER_SECRET_KEY", "ValueFrom": {"Ref": "CookieKey"}},
        {"Name": "MLFLOW_AUTH_ADMIN_USERNAME", "ValueFrom": {"Fn::Sub": "${Administrator}:username::"}},
        {"Name": "MLFLOW_AUTH_ADMIN_PASSWORD", "ValueFrom": {"Fn::Sub": "${Administrator}:password::"}},
    ]
    container = {
        "Name": "Mlflow",
        "Image": f"{registry}/atoll/mlflow@sha256:{digest or code_sha256()}",
        "Command": ["serve"],
        "Environment": [{"Name": name, "Value": value} for name, value in environment.items()],
        "Secrets": secrets,
    }
    login = json.dumps({"username": "administrator", "password": "a-long-enough-password"})
    return {
        "Resources": {
            "CookieKey": resource("SecretsManager::Secret", SecretString="0123456789" * 4),
            "Administrator": resource("SecretsManager::Secret", SecretString=login),
            "Cluster": resource("ECS::Cluster"),
            "Task": resource("ECS::TaskDefinition", Family="mlflow", ContainerDefinitions=[container]),
            "Service": resource(
                "ECS::Service", Cluster={"Ref": "Cluster"}, TaskDefinition={"Ref": "Task"}, DesiredCount=1
            ),
        },
        "Outputs": {"Secret": {"Value": secret}},
    }
