"""The administrator: keeps the platform running, and stands below the two-person approval like everybody else."""

from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.components import arns
from stacks.components.people import PersonRole
from stacks.components.release_people import read_traces, see_changes
from stacks.components.trainer import read_logs
from stacks.foundation import FoundationStack

_NEVER = (
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:UpdateStack",
    "ecs:ExecuteCommand",
    "events:PutEvents",
    "iam:PassRole",
    "lambda:InvokeFunction",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
)
"""Denied whatever else the agency lets the administrator do: with one of these a person could release alone, hand a
function a false event about who approved, or act as MLflow's administrator, whose tags the release functions read."""


class Administrator(PersonRole):
    """Restarts and scales the tracking server, handles dead letters and subscriptions, looks for drift.

    Controls: AC-2, AC-5, AC-6, CM-3, SI-11.
    """

    def __init__(self, scope: Construct, construct_id: str, *, foundation: FoundationStack) -> None:
        super().__init__(scope, construct_id, settings=foundation.settings)
        self.permissions.deny(*_NEVER)
        see_changes(self)
        read_logs(self)
        read_traces(self)
        self._let_look()
        self._let_run_the_tracking_server()
        self._let_handle_messages(foundation)

    def _let_look(self) -> None:
        self.permissions.allow_pattern(
            "cloudwatch:DescribeAlarms",
            "sqs:ListQueues",
            "tag:GetResources",
            on=["*"],
            because=NO_RESOURCE_LEVEL,
        )
        self.permissions.allow_pattern(
            "logs:DescribeLogStreams",
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
            on=[arns.log_groups(self, "Atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow_pattern(
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DetectStackDrift",
            on=[arns.stacks(self, "Atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )

    def _let_run_the_tracking_server(self) -> None:
        """Allow new tasks of the deployed definition and another number of them; no other definition or network."""
        self.permissions.allow_pattern(
            "ecs:UpdateService",
            on=[arns.tracking(self, "service")],
            because=NAMED_AT_RUN_TIME,
            when={
                "BoolIfExists": {"ecs:enable-execute-command": "false"},
                "Null": {"ecs:subnet": "true", "ecs:task-definition": "true"},
            },
        )
        self.permissions.allow_pattern(
            "ecs:DescribeServices",
            "ecs:DescribeTasks",
            on=[arns.tracking(self, "service"), arns.tracking(self, "task")],
            because=NAMED_AT_RUN_TIME,
        )

    def _let_handle_messages(self, foundation: FoundationStack) -> None:
        """Allow to take dead letters away, and to say who is notified."""
        self.permissions.allow_pattern(
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            on=[arns.messaging(self, "sqs")],
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow_pattern(
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            on=[arns.messaging(self, "sns")],
            because=NAMED_AT_RUN_TIME,
        )
        # What the release path tells leaves by mail alone, and to the agency's own domains where they are set:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
        receivers = [f"*@{domain}" for domain in foundation.settings.identity.mail_domains]
        to = {"StringLike": {"sns:Endpoint": receivers}} if receivers else {}
        self.permissions.allow_pattern(
            "sns:Subscribe",
            on=[arns.messaging(self, "sns")],
            because=NAMED_AT_RUN_TIME,
            when={"StringEquals": {"sns:Protocol": "email"}, **to},
        )
        self.permissions.allow("kms:Decrypt", on=[foundation.keys.messages.key_arn])
