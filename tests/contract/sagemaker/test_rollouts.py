"""How an update moves traffic, on the real emulator: by a canary, in steps, and back when an alarm rings meanwhile.

A minute of the clock is half a second here (`cloud`), so 300 s of baking are two and a half.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.scene import Scene, until

CANARY = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50}}
LINEAR = {"Type": "LINEAR", "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25}}


def in_service(scene: Scene, word: str) -> str:
    name = scene.name("endpoint")
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=scene.config(word))
    assert scene.settled(name)["EndpointStatus"] == "InService"
    return name


def alarm(scene: Scene) -> str:
    name = scene.name("alarm")
    scene.cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    return name


def deployment(traffic: dict[str, Any], *alarms: str, bake: int, **more: int) -> dict[str, Any]:
    policy = {"TrafficRoutingConfiguration": traffic | {"WaitIntervalInSeconds": bake}, **more}
    watched = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": each} for each in alarms]}} if alarms else {}
    return {"BlueGreenUpdatePolicy": policy, **watched}


def update(scene: Scene, name: str, word: str, how: dict[str, Any]) -> str:
    config = scene.config(word)
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config, DeploymentConfig=how)
    return config


def words(scene: Scene, name: str, count: int) -> list[str]:
    return [scene.ask(name, b"1\n")["Body"].decode().strip().partition(",")[2] for _ in range(count)]


def shares(scene: Scene, name: str) -> Iterator[float]:
    """The share of the new fleet, asked until the endpoint is at rest."""
    while (found := scene.sagemaker.describe_endpoint(EndpointName=name))["EndpointStatus"] == "Updating":
        for variant in found.get("PendingDeploymentSummary", {}).get("ProductionVariants", []):
            yield variant["CurrentWeight"]
        time.sleep(0.05)


def half_way(scene: Scene, name: str) -> dict[str, Any]:
    """The summary of the deployment that runs, once traffic is shifting."""
    return until(
        lambda: scene.sagemaker.describe_endpoint(EndpointName=name).get("PendingDeploymentSummary", {}),
        lambda found: bool(found.get("ProductionVariants")),
    )


def both_answer(scene: Scene, name: str) -> None:
    seen: set[str] = set()
    until(lambda: seen.update(words(scene, name, 1)) or seen, lambda found: found == {"old", "new"}, 20)


def test_a_canary_answers_beside_the_old_fleet_and_then_alone(scene: Scene) -> None:
    name = in_service(scene, "old")
    new = update(scene, name, "new", deployment(CANARY, bake=300))
    assert half_way(scene, name)["EndpointConfigName"] == new
    both_answer(scene, name)
    assert scene.settled(name)["EndpointConfigName"] == new
    assert set(words(scene, name, 8)) == {"new"}
    assert "PendingDeploymentSummary" not in scene.sagemaker.describe_endpoint(EndpointName=name)
    scene.sagemaker.delete_endpoint(EndpointName=name)


def test_an_alarm_that_rings_while_the_canary_bakes_brings_all_traffic_back(scene: Scene) -> None:
    name, watched = in_service(scene, "old"), alarm(scene)
    before = scene.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    update(scene, name, "new", deployment(CANARY, watched, bake=3600))
    half_way(scene, name)
    scene.cloud.client("cloudwatch").set_alarm_state(AlarmName=watched, StateValue="ALARM", StateReason="errors")
    found = scene.settled(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", before)
    assert "FailureReason" not in found
    assert set(words(scene, name, 8)) == {"old"}
    scene.sagemaker.delete_endpoint(EndpointName=name)


def test_steps_of_a_quarter_are_four(scene: Scene) -> None:
    name = in_service(scene, "old")
    new = update(scene, name, "new", deployment(LINEAR, bake=90))
    assert sorted(set(shares(scene, name))) == [0.25, 0.5, 0.75, 1.0]
    assert scene.settled(name)["EndpointConfigName"] == new
    scene.sagemaker.delete_endpoint(EndpointName=name)


def test_the_metrics_of_a_shift_name_the_configuration_of_the_fleet_that_answered(scene: Scene) -> None:
    name = in_service(scene, "old")
    old = scene.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    new = update(scene, name, "new", deployment(CANARY, bake=300))
    half_way(scene, name)
    both_answer(scene, name)
    dimension = {"Name": "EndpointName", "Value": name}
    found = scene.cloud.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker", Dimensions=[dimension])["Metrics"]
    named = {each["Value"] for metric in found for each in metric["Dimensions"] if each["Name"] == "EndpointConfigName"}
    assert named == {old, new}
    scene.settled(name)
    scene.sagemaker.delete_endpoint(EndpointName=name)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (deployment(CANARY | {"CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 60}}, bake=60), "expected 0% to 50%"),
        (deployment(LINEAR | {"LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 5}}, bake=60), "10% to 50%"),
        (deployment({"Type": "CANARY"}, bake=60), "needs CanarySize"),
        (deployment(LINEAR, bake=600, MaximumExecutionTimeoutInSeconds=2400), "expected more than the 2400 s"),
    ],
)
def test_a_deployment_that_aws_would_not_take_is_refused_at_once(scene: Scene, how: dict[str, Any], why: str) -> None:
    name = in_service(scene, "old")
    with pytest.raises(ClientError, match=why):
        update(scene, name, "new", how)
    assert scene.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"
    scene.sagemaker.delete_endpoint(EndpointName=name)
