"""The narrow role under which CloudFormation carries out a release: SageMaker, autoscaling and alarms, nothing else."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.components import arns
from stacks.components.alarm_rights import describe_alarms
from stacks.components.roles import WorkRole, service
from stacks.foundation import FoundationStack
from stacks.regions import service_principal


class EndpointServiceRole(WorkRole):
    """What a change set of an endpoint stack may do, whoever made it: the fence around the release pipeline.

    DeleteTags, UntagResource and DescribeScheduledActions are among what the types' handlers call
    (`handlers.*.permissions` of their schemas): https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html.

    Controls: AC-6, CM-3, CM-5.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        foundation: FoundationStack,
        serving: iam.Role,
    ) -> None:
        identity = foundation.settings.identity
        super().__init__(scope, construct_id, identity=identity, principal=service("cloudformation"))
        self._let_it_serve(foundation, serving)
        self._let_it_scale()
        self._let_it_watch()

    def _let_it_watch(self) -> None:
        """Keep the alarms of an endpoint, and pass the trials that Application Auto Scaling makes with these rights.

        It tries them before it takes a target or policy, the last two on an alarm without a name:
        https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html
        """
        tracked = arns.alarms(self, "TargetTracking-endpoint/atoll-*")
        self.permissions.allow_pattern(
            "cloudwatch:ListTagsForResource",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",  # a release moves its alarms to its fleet: the update handler
            on=[arns.alarms(self, "atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow_pattern(
            "cloudwatch:DeleteAlarms",
            "cloudwatch:PutMetricAlarm",
            on=[arns.alarms(self, "atoll-*"), tracked],
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", on=[arns.alarms(self, "")])
        describe_alarms(self.permissions)

    def _let_it_serve(self, foundation: FoundationStack, serving: iam.Role) -> None:
        policy, key = self.permissions, foundation.keys.jobs.key_arn
        policy.allow_passing(serving, to="sagemaker")
        policy.allow("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", on=[key])
        policy.allow_pattern(
            "sagemaker:CreateModel",
            on=[arns.sagemaker(self, "model")],
            because=NAMED_AT_RUN_TIME,
            when={"Bool": {"sagemaker:NetworkIsolation": "true"}},
        )
        policy.allow_pattern(
            "sagemaker:AddTags",
            "sagemaker:CreateEndpointConfig",
            "sagemaker:DeleteEndpointConfig",
            "sagemaker:DeleteModel",
            "sagemaker:DeleteTags",
            "sagemaker:DescribeEndpointConfig",
            "sagemaker:DescribeModel",
            "sagemaker:ListTags",
            on=[arns.sagemaker(self, "model"), arns.sagemaker(self, "endpoint-config")],
            because=NAMED_AT_RUN_TIME,
        )
        policy.allow_pattern(
            "sagemaker:AddTags",
            "sagemaker:CreateEndpoint",
            "sagemaker:DeleteEndpoint",
            "sagemaker:DeleteTags",
            "sagemaker:ListTags",
            "sagemaker:UpdateEndpoint",
            on=[arns.sagemaker(self, "endpoint", "atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )
        # IAM judges both actions on the endpoint and on its configuration, whose name CloudFormation generates:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
        policy.allow_pattern(
            "sagemaker:CreateEndpoint",
            "sagemaker:UpdateEndpoint",
            on=[arns.sagemaker(self, "endpoint-config")],
            because=NAMED_AT_RUN_TIME,
        )

    def _let_it_scale(self) -> None:
        scaling = "sagemaker.application-autoscaling"
        # Application Auto Scaling tries these with our rights, some on what doesn't exist. SageMaker endpoints in
        # https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
        self.permissions.allow_pattern(
            "sagemaker:DescribeEndpoint",
            "sagemaker:UpdateEndpointWeightsAndCapacities",
            on=[arns.sagemaker(self, "endpoint")],
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow_pattern(
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:RegisterScalableTarget",
            on=[arns.scalable_targets(self)],
            because=NAMED_AT_RUN_TIME,
            when={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
        )
        self.permissions.allow_pattern(
            "application-autoscaling:ListTagsForResource",
            on=[arns.scalable_targets(self)],
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow_pattern(
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",  # its handler reads them, too (the class's page)
            on=["*"],
            because=NO_RESOURCE_LEVEL,
        )
        self.permissions.allow(
            "iam:CreateServiceLinkedRole",
            on=[arns.service_linked_role(self, scaling, "ApplicationAutoScaling_SageMakerEndpoint")],
            when={"StringEquals": {"iam:AWSServiceName": service_principal(scaling)}},
        )
