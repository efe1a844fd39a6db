"""Event rules that lose nothing: bounded retries, then dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.functions import DeadLetters
from stacks.components.jsii_types import as_interface

REDELIVERY = "atoll.redelivery"
"""The source of events that our functions send again (lambdas/release/adapters/eventbridge_functions.py)."""


@dataclass(frozen=True, kw_only=True)
class EventKind:
    """Which events: from one source (`aws.sagemaker`), of one kind, whose detail matches."""

    source: str
    kind: str
    detail: Mapping[str, Sequence[object] | Mapping[str, object]]


class Redelivery(events.Rule):
    """Takes an event that one of our functions sends again, unwrapped, to the function whose handler it names.

    Controls: AU-5, SI-11.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, handler: str, to: lambda_.Function, dead_letters: DeadLetters
    ) -> None:
        target = targets.LambdaFunction(
            as_interface(to),
            event=events.RuleTargetInput.from_event_path("$.detail"),
            dead_letter_queue=dead_letters.of_rules,
            retry_attempts=10,
            max_event_age=cdk.Duration.hours(24),
        )
        pattern = events.EventPattern(source=[REDELIVERY], detail_type=[handler])
        super().__init__(scope, construct_id, event_pattern=pattern, targets=[as_interface(target)])


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
