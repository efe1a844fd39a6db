"""Release: from a completed training job to a change set, and from an executed change set to a champion."""

from typing import Unpack

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from compliance.accepted import REPEATED_REFERENCE
from compliance.findings import accept_finding
from stacks.bundle import bundle_folder
from stacks.components.alerts import notifications
from stacks.components.arns import WAY_BACK_ASKED
from stacks.components.events import STARTED_BY_OURS, EventKind, EventRoute, Redelivery, RedeliveryBus, Timetable
from stacks.components.functions import DeadLetters, EventFunction
from stacks.components.pipeline import ReleasePowers
from stacks.components.record import ASKS, deployers_role, function_role, function_role_name
from stacks.components.stack import AtollStack, StackOptions
from stacks.settings import Settings
from stacks.tracking import TrackingStack
from stacks.training import TrainingStack

_RECONCILE_EVERY = cdk.Duration.minutes(15)
_ENDPOINT_EVENTS = ("SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change")


class ReleaseStack(AtollStack):
    """The functions of the release path with their events, the topic, and the dead letters."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        roles: TrainingStack,
        tracking: TrackingStack,
        **options: Unpack[StackOptions],
    ) -> None:
        super().__init__(scope, construct_id, settings=settings, **options)
        self.foundation = roles.foundation
        self.dead_letters = DeadLetters(self, "DeadLetters", key=self.foundation.keys.messages)
        self.topic = notifications(self, self.foundation.keys)
        self.powers = ReleasePowers(
            foundation=self.foundation,
            topic=self.topic,
            tracking_secret=tracking.secrets.administrator,
            service_role=roles.endpoint_service_role,
            approver=roles.approver,
        )
        callers = {
            "ATOLL_DEPLOYER_ROLE_ARN": deployers_role(self, settings),
            "ATOLL_ASKER_ROLE_ARN": function_role(self, settings, ASKS),
            "ATOLL_TRAINER_ROLE_ARN": roles.trainer.role_arn,
        }
        self.function_environment = release_environment(settings, self.powers) | callers
        self.bus = RedeliveryBus(self, "Redelivery")
        rule = self._training_completed()
        senders = self._change_sets()
        self._release_settled()
        reconcile = self._reconcile()
        self._way_back(also=reconcile)
        self.bus.take_from(*senders, reconcile.work_role)
        self.output("TrainingCompletedRule", rule.rule_name)
        self.output("NotificationTopicArn", self.topic.topic_arn)
        fence = self.output("EndpointServiceRoleArn", roles.endpoint_service_role.role_arn)
        accept_finding(fence, "cfn-lint", "W6001", because=REPEATED_REFERENCE)
        self.output("DeadLetterQueueUrl", self.dead_letters.queue_url)
        self.output("Models", ",".join(settings.models))

    def _training_completed(self) -> EventRoute:
        function = self._function(ASKS, "training_completed")
        self.powers.read_jobs(function.permissions)
        self.powers.read_releases(function.permissions)
        self.powers.seal_releases(function.permissions)
        self.powers.request_releases(function.permissions)
        self.powers.read_reasons(function.permissions)
        self.powers.read_audit(function.permissions)
        self.powers.read_trail(function.permissions)
        ended = {"TrainingJobStatus": ["Completed", "Failed", "Stopped"], **STARTED_BY_OURS}
        event = EventKind(source="aws.sagemaker", kind="SageMaker Training Job State Change", detail=ended)
        return EventRoute(self, "TrainingEnded", event=event, to=function, dead_letters=self.dead_letters)

    def _change_sets(self) -> list[iam.Role]:
        senders: list[iam.Role] = []
        for call in ("Executed", "Deleted"):
            function = self._function(f"ChangeSet{call}", f"change_set_{call.lower()}")
            self.powers.read_reasons(function.permissions)
            self.powers.read_audit(function.permissions)
            self.powers.redeliver(function.permissions)
            self.powers.read_trail(function.permissions)
            senders.append(function.work_role)
            called = {"eventName": [f"{call.removesuffix('d')}ChangeSet"]}
            event = EventKind(source="aws.cloudformation", kind="AWS API Call via CloudTrail", detail=called)
            EventRoute(self, call, event=event, to=function, dead_letters=self.dead_letters)
        return senders

    def _reconcile(self) -> EventFunction:
        function = self._function("Reconcile", "reconcile")
        self.powers.look_for_losses(function.permissions)
        self.powers.redeliver(function.permissions)
        Timetable(self, "Often", every=_RECONCILE_EVERY, to=function, dead_letters=self.dead_letters)
        return function

    def _release_settled(self) -> None:
        function = self._function("ReleaseSettled", "release_settled")
        self.powers.read_releases(function.permissions)
        self.powers.try_endpoints(function.permissions)
        self.powers.go_back(function.permissions)
        self.powers.keep_templates(function.permissions)
        self.powers.read_audit(function.permissions)
        self.powers.read_trail(function.permissions)
        ours = cdk.Stack.of(self).format_arn(
            service="cloudformation",
            resource="stack",
            resource_name="Atoll-Endpoint-",
        )
        # Every status: what a change set brings is looked at while it runs, not when it has ended.
        ours_alone = {"stack-id": [{"prefix": ours}]}
        event = EventKind(source="aws.cloudformation", kind="CloudFormation Stack Status Change", detail=ours_alone)
        EventRoute(self, "Settled", event=event, to=function, dead_letters=self.dead_letters)
        for kind in _ENDPOINT_EVENTS:
            named = EventKind(source="aws.sagemaker", kind=kind, detail={"EndpointName": [{"prefix": "atoll-"}]})
            name = "".join(kind.removeprefix("SageMaker ").removesuffix(" State Change").split())
            EventRoute(self, name, event=named, to=function, dead_letters=self.dead_letters)

    def _way_back(self, also: EventFunction) -> None:
        """What operators ask, and who they were: the trail selects the calls of these functions (components/trail.py).

        A schedule's call is one of a service
        (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html).
        """
        asked = self._function(WAY_BACK_ASKED, "way_back_asked")
        self.powers.read_releases(asked.permissions)
        self.powers.read_audit(asked.permissions)
        self.powers.compare_templates(asked.permissions)
        self.powers.go_back(asked.permissions)
        invoked = self._function("FunctionInvoked", "function_invoked")
        called = {
            "eventName": ["Invoke"],
            "requestParameters": {"functionName": [*_named(asked), *_named(also)]},
            "userIdentity": {"type": [{"anything-but": ["AWSService"]}]},
        }
        event = EventKind(source="aws.lambda", kind="AWS API Call via CloudTrail", detail=called)
        EventRoute(self, "Invoked", event=event, to=invoked, dead_letters=self.dead_letters)

    def _function(self, name: str, handler: str) -> EventFunction:
        function = EventFunction(
            self,
            name,
            place=self.foundation.workplace(self.dead_letters),
            code=lambda_.Code.from_asset(bundle_folder(self.foundation.settings, "release")),
            handler=f"lambdas.release.handlers.{handler}.handler",
            environment=self.function_environment,
        )
        function.work_role.be_called(function_role_name(self.foundation.settings, name))
        self.powers.look_at_stacks(function.permissions)
        self.powers.notify(function.permissions)
        self.powers.record(function.another_policy("Record"), name)
        if name not in {"ChangeSetDeleted", WAY_BACK_ASKED, "FunctionInvoked"}:  # which write entries and no copy
            self.powers.show_in_mlflow(function.permissions)
        if handler not in {"reconcile", "way_back_asked", "function_invoked"}:  # which nobody may say again
            Redelivery(self, f"{name}Again", bus=self.bus, handler=handler, to=function, dead_letters=self.dead_letters)
        self.output(f"{name}Function", function.function_name)
        return function


def _named(function: EventFunction) -> list[object]:
    """Match a function's name as its callers give it: by name, by ARN, with or without a version."""
    return [function.function_name, function.function_arn, {"prefix": f"{function.function_arn}:"}]


def release_environment(settings: Settings, powers: ReleasePowers) -> dict[str, str]:
    """Give the functions' environment (docs/contracts.md); the gate is that of the one model."""
    gates = list(settings.models.values())
    gate = {
        "ATOLL_MINIMUM_AVERAGE_PRECISION": str(gates[0].minimum_average_precision),
        "ATOLL_MAXIMUM_REGRESSION": str(gates[0].maximum_regression),
        "ATOLL_SLICE_FIELDS": ",".join(gates[0].slice_fields),
        "ATOLL_SLICE_MINIMUM_ANOMALIES": str(gates[0].slice_minimum_anomalies),
        "ATOLL_MAXIMUM_SLICE_REGRESSION": str(gates[0].maximum_slice_regression),
    }
    return {
        "ATOLL_MODELS": ",".join(settings.models),
        "ATOLL_FORMER_IMAGES": ",".join(settings.images.former),
        "ATOLL_MOVED_MANIFESTS": ",".join(settings.release.moved),
        "ATOLL_DATA_BUCKET": powers.foundation.data.bucket_name,
        "ATOLL_RELEASE_BUCKET": powers.foundation.releases.bucket_name,
        "ATOLL_AUDIT_BUCKET": powers.foundation.audit.bucket_name,
        "ATOLL_TOPIC_ARN": powers.topic.topic_arn,
        "ATOLL_TRACKING_SECRET_ARN": powers.tracking_secret.secret_arn,
        "ATOLL_ENDPOINT_SERVICE_ROLE_ARN": powers.service_role.role_arn,
        "ATOLL_SIGNING_KEY_ARN": powers.foundation.keys.signing.key_arn,
        "ATOLL_APPROVER_ROLE_ARN": powers.approver.role_arn,
        "ATOLL_REQUEST_EXPIRES_AFTER_DAYS": str(settings.release.request_expires_after_days),
        **gate,
    }
