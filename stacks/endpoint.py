"""Endpoint: one stack per model. A release moves its four parameters; all else stands in the reviewed template."""

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.components import arns
from stacks.components.endpoint_access import ADMITTED, CALLERS
from stacks.components.endpoint_alarms import VARIANT, EndpointAlarms, endpoint_name
from stacks.components.stack import AtollStack
from stacks.registry import RegistryStack
from stacks.release import ReleaseStack
from stacks.settings import Model, Settings
from stacks.training import TrainingStack

_BAKE_MINUTES = 10


class EndpointStack(AtollStack):
    """The endpoint `atoll-<model>`, which exists while the parameters name a release.

    Controls: CM-3, CM-5, CP-10, SC-7, SC-28, SI-7.
    """

    def __init__(
        self,
        scope: Construct,
        model_name: str,
        *,
        settings: Settings,
        registry: RegistryStack,
        roles: TrainingStack,
        release: ReleaseStack,
    ) -> None:
        synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        super().__init__(scope, f"Atoll-Endpoint-{model_name}", settings=settings, synthesizer=synthesizer)
        self._name = model_name
        self._model = settings.models[model_name]
        self._roles = roles
        self._parameters = ReleaseParameters(self)
        alarms = EndpointAlarms(self, "Alarms", model_name=model_name, model=self._model, topic=release.topic)
        model = self._serving_model(registry)
        config = self._config(model)
        rollback = alarms.rollback(config)
        endpoint = self._endpoint(config, rollback)
        if self._model.maximum_instances > self._model.minimum_instances:
            self._scale(endpoint)
        for kept in (model, config):
            # SageMaker may have gone back to the former ones, whatever the stack says, and then needs them for ever:
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
            kept.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN
            kept.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.DELETE
        for resource in self.node.find_all():
            is_peoples = isinstance(resource, cloudwatch.CfnAlarm) and resource not in rollback
            if isinstance(resource, cdk.CfnResource) and not is_peoples:
                resource.cfn_options.condition = self._parameters.release_exists
        self.output("EndpointName", endpoint_name(model_name))

    def _serving_model(self, registry: RegistryStack) -> sagemaker.CfnModel:
        given, network = self._parameters, self._roles.foundation.network
        bucket = self._roles.foundation.releases
        container = sagemaker.CfnModel.ContainerDefinitionProperty(
            image=f"{registry.model.repository_uri}@{given.image_digest}",
            model_data_url=bucket.s3_url_for_object(f"models/{self._name}/{given.manifest_sha256}/model.tar.gz"),
            environment={
                "ATOLL_MANIFEST_SHA256": given.manifest_sha256,
                "ATOLL_MODEL_NAME": self._name,
                "ATOLL_MODEL_VERSION": given.mlflow_version,
                "ATOLL_RELEASE_ID": given.release_id,
                "ATOLL_MAX_MODEL_BYTES": str(self._model.max_model_bytes),
                **self._model.answers.environment,
            },
        )
        return sagemaker.CfnModel(
            self,
            arns.SERVED_MODEL,
            execution_role_arn=self._roles.jobs.serving.role_arn,
            enable_network_isolation=True,
            primary_container=container,
            vpc_config=sagemaker.CfnModel.VpcConfigProperty(
                subnets=network.work_subnets.subnet_ids,
                security_group_ids=[network.jobs.security_group_id],
            ),
            tags=self._tags(),
        )

    def _config(self, model: sagemaker.CfnModel) -> sagemaker.CfnEndpointConfig:
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT,
            model_name=model.attr_model_name,
            instance_type=self._model.instance_type,
            initial_instance_count=self._model.minimum_instances,
            initial_variant_weight=1,
        )
        return sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[variant],
            kms_key_id=self._roles.foundation.keys.jobs.key_arn,
            tags=self._tags(),
        )

    def _endpoint(
        self,
        config: sagemaker.CfnEndpointConfig,
        rollback: list[cloudwatch.CfnAlarm],
    ) -> sagemaker.CfnEndpoint:
        return sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=endpoint_name(self._name),
            endpoint_config_name=config.attr_endpoint_config_name,
            deployment_config=_deployment(self._model, rollback),
            retain_all_variant_properties=True,
            tags=[*self._tags(), cdk.CfnTag(key=CALLERS, value=ADMITTED)],
        )

    def _scale(self, endpoint: sagemaker.CfnEndpoint) -> None:
        target = scaling.CfnScalableTarget(
            self,
            "Scaling",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{endpoint_name(self._name)}/variant/{VARIANT}",
            min_capacity=self._model.minimum_instances,
            max_capacity=self._model.maximum_instances,
        )
        target.node.add_dependency(endpoint)
        metric = scaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
            predefined_metric_type="SageMakerVariantInvocationsPerInstance",
        )
        scaling.CfnScalingPolicy(
            self,
            "ScalingPolicy",
            policy_name=endpoint_name(self._name),
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=(
                scaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                    target_value=self._model.invocations_per_instance,
                    predefined_metric_specification=metric,
                    scale_in_cooldown=300,
                    scale_out_cooldown=60,
                )
            ),
        )

    def _tags(self) -> list[cdk.CfnTag]:
        release = cdk.CfnTag(key="atoll:release", value=self._parameters.release_id)
        return [cdk.CfnTag(key="atoll:model", value=self._name), release]


class ReleaseParameters:
    """The only four values that a release moves; all empty means that there is no release."""

    def __init__(self, stack: cdk.Stack) -> None:
        manifest = _parameter(stack, "ManifestSha256", "[0-9a-f]{64}", "Hash of the released model's manifest.")
        self.manifest_sha256 = manifest
        self.image_digest = _parameter(stack, "ImageDigest", "sha256:[0-9a-f]{64}", "Digest of the serving image.")
        self.mlflow_version = _parameter(stack, "MlflowVersion", "[0-9]{1,9}", "The model's version in MLflow.")
        self.release_id = _parameter(stack, "ReleaseId", "[A-Za-z0-9-]{1,120}", "Name of the release's change set.")
        exists = cdk.Fn.condition_not(cdk.Fn.condition_equals(manifest, ""))
        self.release_exists = cdk.CfnCondition(stack, "ReleaseExists", expression=exists)


def _parameter(stack: cdk.Stack, name: str, pattern: str, description: str) -> str:
    parameter = cdk.CfnParameter(
        stack,
        name,
        type="String",
        default="",
        allowed_pattern=f"^$|^{pattern}$",
        description=description,
    )
    return parameter.value_as_string


def _deployment(model: Model, rollback: list[cloudwatch.CfnAlarm]) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
    """Go blue/green and back on an alarm. One instance alone can't be divided, so its traffic moves at once."""
    alarms = [sagemaker.CfnEndpoint.AlarmProperty(alarm_name=alarm.ref) for alarm in rollback]
    return sagemaker.CfnEndpoint.DeploymentConfigProperty(
        auto_rollback_configuration=sagemaker.CfnEndpoint.AutoRollbackConfigProperty(alarms=alarms),
        blue_green_update_policy=sagemaker.CfnEndpoint.BlueGreenUpdatePolicyProperty(
            traffic_routing_configuration=_traffic(
                "all-at-once" if model.minimum_instances == 1 else model.traffic_shift
            ),
            termination_wait_in_seconds=600,
            maximum_execution_timeout_in_seconds=7200,
        ),
    )


def _traffic(shift: str) -> sagemaker.CfnEndpoint.TrafficRoutingConfigProperty:
    share = sagemaker.CfnEndpoint.CapacitySizeProperty
    return sagemaker.CfnEndpoint.TrafficRoutingConfigProperty(
        type=shift.upper().replace("-", "_"),
        canary_size=share(type="CAPACITY_PERCENT", value=50) if shift == "canary" else None,
        linear_step_size=share(type="CAPACITY_PERCENT", value=25) if shift == "linear" else None,
        wait_interval_in_seconds=_BAKE_MINUTES * 60,
    )
