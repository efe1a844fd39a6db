"""Application Auto Scaling moves the count of an endpoint's instances, on the real emulator.

A minute of the clock is half a second here (`cloud`).
"""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.scene import Scene, until

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
METRIC = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}


@pytest.fixture(scope="module")
def name(scene: Scene) -> Iterator[str]:
    """An endpoint of one instance that may have two."""
    name = scene.name("endpoint")
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=scene.config("w"))
    scene.settled(name)
    yield name
    scene.sagemaker.delete_endpoint(EndpointName=name)


def track(scene: Scene, name: str, target_value: float, **tracking: object) -> dict[str, str]:
    """Let the variant have one or two instances by this target; returns the target."""
    scaling = scene.cloud.client("application-autoscaling")
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": DIMENSION,
              "ResourceId": f"endpoint/{name}/variant/live"}  # fmt: skip
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    config = {"TargetValue": target_value, "PredefinedMetricSpecification": METRIC, **tracking}
    scaling.put_scaling_policy(
        **target, PolicyName="load", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=config
    )
    return target


def variant(scene: Scene, name: str) -> dict[str, Any]:
    return scene.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]


@contextmanager
def load(scene: Scene, name: str) -> Generator[None]:
    """Invoke again and again, from three threads."""
    over = threading.Event()

    def ask() -> None:
        runtime = scene.cloud.client("sagemaker-runtime")
        while not over.is_set():
            runtime.invoke_endpoint(EndpointName=name, Body=b"1\n", ContentType="text/csv")["Body"].read()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


def test_load_adds_an_instance_no_more_than_the_target_allows_and_less_load_takes_it_away(
    scene: Scene, name: str
) -> None:
    target = track(scene, name, 0.1, ScaleOutCooldown=60, ScaleInCooldown=60)
    with load(scene, name):
        assert until(lambda: variant(scene, name)["CurrentInstanceCount"], lambda count: count > 1) == 2
        time.sleep(4)  # more load than two can carry by this target
        assert variant(scene, name)["DesiredInstanceCount"] == 2
        track(scene, name, 1000.0, ScaleOutCooldown=60, ScaleInCooldown=60)
        assert until(lambda: variant(scene, name)["CurrentInstanceCount"], lambda count: count < 2) == 1
    scaling = scene.cloud.client("application-autoscaling")
    told = scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId=target["ResourceId"])
    assert [each["Description"][-2] for each in told["ScalingActivities"]] == ["1", "2"]
    scaling.deregister_scalable_target(**target)


def test_an_update_keeps_the_count_only_when_it_is_told_to(scene: Scene, name: str) -> None:
    two = [{"VariantName": "live", "DesiredInstanceCount": 2}]
    for retained, expected in ((True, 2), (False, 1)):
        config = scene.config("x")
        scene.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=two)
        with pytest.raises(ClientError, match="in-progress"):
            scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
        scene.settled(name)
        scene.sagemaker.update_endpoint(
            EndpointName=name, EndpointConfigName=config, RetainAllVariantProperties=retained
        )
        assert scene.settled(name)["ProductionVariants"][0]["DesiredInstanceCount"] == expected


def test_a_policy_that_tracks_something_else_is_refused_and_not_stored(scene: Scene, name: str) -> None:
    target = track(scene, name, 1000.0)
    scaling = scene.cloud.client("application-autoscaling")
    steps = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1}]}
    with pytest.raises(ClientError, match="tracks SageMakerVariantInvocationsPerInstance alone"):
        scaling.put_scaling_policy(
            **target, PolicyName="s", PolicyType="StepScaling", StepScalingPolicyConfiguration=steps
        )
    scaling.deregister_scalable_target(**target)
