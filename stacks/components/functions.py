"""Lambda functions with one set of defaults: in the network, dead letters, bounded concurrency, own log group."""

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from compliance.accepted import BUNDLED_RUNTIME, NO_RESOURCE_LEVEL, REPEATED_REFERENCE
from compliance.findings import accept_finding
from stacks.components.buckets import NETWORK_TAG
from stacks.components.jsii_types import as_interface
from stacks.components.logs import KeptLogGroup
from stacks.components.network import allow_interfaces
from stacks.components.roles import RolePolicy, WorkRole, service
from stacks.endpoint_services import plain_addresses
from stacks.settings import Settings

TIMEOUT_MINUTES = 5


class DeadLetters(sqs.Queue):
    """Where events and invocations that failed for good wait fourteen days for an operator.

    One statement lets all event rules of the stack leave theirs here: the CDK would write one for each, and a queue's
    policy holds ten conditions (compliance/limits/table.py).

    Controls: SI-11, AU-5.
    """

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.Key) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption_master_key=as_interface(key),
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            visibility_timeout=cdk.Duration.minutes(6 * TIMEOUT_MINUTES),  # as AWS advises for a function's redrive
        )
        self._of_rules: sqs.IQueue | None = None

    @property
    def of_rules(self) -> sqs.IQueue:
        """This queue for event rules, which then add no statement of their own."""
        if self._of_rules is None:
            stack = cdk.Stack.of(self)
            rules = stack.format_arn(service="events", resource="rule", resource_name=f"{stack.stack_name}-*")
            self.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[as_interface(service("events"))],
                    actions=["sqs:SendMessage"],
                    resources=[self.queue_arn],
                    conditions={"ArnLike": {"aws:SourceArn": rules}},
                )
            )
            self._of_rules = sqs.Queue.from_queue_arn(self, "OfRules", self.queue_arn)
        return self._of_rules


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """What the functions of a stack share: settings, network, keys and the queue for dead letters."""

    settings: Settings
    vpc: ec2.IVpc
    group: ec2.ISecurityGroup
    logs_key: kms.Key
    messages_key: kms.Key
    environment_key: kms.Key
    dead_letters: sqs.Queue


class EventFunction(lambda_.Function):
    """A function that answers events inside the network; its role (`work_role`) can do only what it is told.

    Controls: AC-6, AU-2, SC-5, SC-7, SC-28.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Workplace,
        code: lambda_.Code,
        handler: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        role = WorkRole(scope, f"{construct_id}Role", identity=place.settings.identity, principal=service("lambda"))
        cdk.Tags.of(role).add(NETWORK_TAG, "vpc")
        group = KeptLogGroup(scope, f"{construct_id}Logs", settings=place.settings, key=place.logs_key)
        work = role.another_policy("Work")
        _let_it_work(work, place, group)
        super().__init__(
            scope,
            construct_id,
            runtime=lambda_.Runtime.PYTHON_3_12,
            code=code,
            handler=handler,
            environment={**(environment or {}), **fips_environment(place.settings)},
            environment_encryption=place.environment_key,
            role=role.fixed,
            vpc=place.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="Work"),
            security_groups=[place.group],
            dead_letter_queue=place.dead_letters,
            reserved_concurrent_executions=1,  # two deliveries of one event at once could make two MLflow runs
            log_group=group,
            memory_size=1024,
            timeout=cdk.Duration.minutes(TIMEOUT_MINUTES),
            tracing=lambda_.Tracing.ACTIVE,
        )
        self.node.add_dependency(role.permissions, work)
        self.work_role = role
        self.permissions = role.permissions
        accept_finding(self, "AwsSolutions", "AwsSolutions-L1", because=BUNDLED_RUNTIME)
        accept_finding(self, "cfn-lint", "W3005", because=REPEATED_REFERENCE)

    def another_policy(self, construct_id: str) -> RolePolicy:
        """Give its role a policy apart from `permissions`, which is there before the function is."""
        policy = self.work_role.another_policy(construct_id)
        self.node.add_dependency(policy)
        return policy


def fips_environment(settings: Settings) -> dict[str, str]:
    """Have the AWS SDKs of a function or task call FIPS hosts, where the settings ask for it. Controls: SC-13."""
    return {"AWS_USE_FIPS_ENDPOINT": "true", **plain_addresses(settings)} if settings.fips else {}


def _let_it_work(policy: RolePolicy, place: Workplace, group: KeptLogGroup) -> None:
    """Give what every function needs: its log and traces, its network interface, dead letters, environment's key."""
    policy.allow("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn])
    policy.allow_pattern("xray:PutTelemetryRecords", "xray:PutTraceSegments", on=["*"], because=NO_RESOURCE_LEVEL)
    policy.allow("sqs:SendMessage", on=[place.dead_letters.queue_arn])
    policy.allow("kms:Decrypt", "kms:GenerateDataKey", on=[place.messages_key.key_arn])
    policy.allow("kms:Decrypt", on=[place.environment_key.key_arn])
    allow_interfaces(policy, place.vpc, place.group, "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")
