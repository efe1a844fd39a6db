"""The narrow role under which CloudFormation carries out a release: SageMaker, autoscaling and alarms, nothing else."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.components import arns
from stacks.components.roles import WorkRole, service
from stacks.foundation import FoundationStack
from stacks.regions import service_principal


class EndpointServiceRole(WorkRole):
    """What a change set of an endpoint stack may do, whoever made it: the fence around the release pipeline.

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
        self.permissions.allow_pattern(
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            on=[arns.alarms(self, "atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )

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
            "sagemaker:DescribeEndpoint",
            "sagemaker:ListTags",
            "sagemaker:UpdateEndpoint",
            "sagemaker:UpdateEndpointWeightsAndCapacities",
            on=[arns.sagemaker(self, "endpoint", "atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )

    def _let_it_scale(self) -> None:
        scaling = "sagemaker.application-autoscaling"
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
            on=["*"],
            because=NO_RESOURCE_LEVEL,
        )
        self.permissions.allow(
            "iam:CreateServiceLinkedRole",
            on=[arns.service_linked_role(self, scaling, "ApplicationAutoScaling_SageMakerEndpoint")],
            when={"StringEquals": {"iam:AWSServiceName": service_principal(scaling)}},
        )
