"""Event rules that lose nothing: bounded retries, then dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.functions import DeadLetters
from stacks.components.jsii_types import as_interface

REDELIVERY = "atoll.redelivery"
"""The bus of events that our functions send again, and their source (lambdas/release/events.py)."""


STARTED_BY_OURS = {"Tags": {"atoll:uid": [{"exists": True}]}}
"""Of a job's events: those of jobs with the tag that IAM forces on trainers, in an account shared with others.

The event has the job's tags:
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""


@dataclass(frozen=True, kw_only=True)
class EventKind:
    """Which events: from one source (`aws.sagemaker`), of one kind, whose detail matches."""

    source: str
    kind: str
    detail: Mapping[str, Sequence[object] | Mapping[str, object]]


class RedeliveryBus(events.EventBus):
    """The bus of events that are sent again: nobody but the roles that it is told puts any, whatever IAM lets them.

    On the default bus everybody with `events:PutEvents` could. Its policy
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html) refuses; the senders' own
    policies allow, and name the bus, which therefore has a name.

    Controls: AC-3, AC-6, SI-10.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id, event_bus_name=REDELIVERY)

    def take_from(self, *senders: iam.Role) -> None:
        """Refuse events of everybody but these roles."""
        events.CfnEventBusPolicy(
            self,
            "Senders",
            event_bus_name=self.event_bus_name,
            statement_id="OurSendersAlone",
            statement={
                "Sid": "OurSendersAlone",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": self.event_bus_arn,
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [role.role_arn for role in senders]}},
            },
        )


class Redelivery(events.Rule):
    """Takes an event that one of our functions sends again, in its envelope, to the function whose handler it names.

    Controls: AU-5, SI-11.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bus: events.IEventBus,
        handler: str,
        to: lambda_.Function,
        dead_letters: DeadLetters,
    ) -> None:
        target = targets.LambdaFunction(
            as_interface(to),
            dead_letter_queue=dead_letters.of_rules,
            retry_attempts=10,
            max_event_age=cdk.Duration.hours(24),
        )
        pattern = events.EventPattern(source=[REDELIVERY], detail_type=[handler])
        super().__init__(scope, construct_id, event_bus=bus, event_pattern=pattern, targets=[as_interface(target)])


class Timetable(events.Rule):
    """Has a function run every so often; a run that fails for good lies in the dead letters.

    Controls: AU-5, SI-11.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        every: cdk.Duration,
        to: lambda_.Function,
        dead_letters: DeadLetters,
    ) -> None:
        target = targets.LambdaFunction(as_interface(to), dead_letter_queue=dead_letters.of_rules, retry_attempts=1)
        super().__init__(scope, construct_id, schedule=events.Schedule.rate(every), targets=[as_interface(target)])


class EventRoute(events.Rule):
    """Takes one kind of event to one function; what still fails after a day lies in the dead letters.

    Controls: AU-5, SI-11.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        event: EventKind,
        to: lambda_.Function,
        dead_letters: DeadLetters,
    ) -> None:
        pattern = events.EventPattern(source=[event.source], detail_type=[event.kind], detail=dict(event.detail))
        target = targets.LambdaFunction(
            as_interface(to),
            dead_letter_queue=dead_letters.of_rules,
            retry_attempts=10,
            max_event_age=cdk.Duration.hours(24),
        )
        super().__init__(scope, construct_id, event_pattern=pattern, targets=[as_interface(target)])
