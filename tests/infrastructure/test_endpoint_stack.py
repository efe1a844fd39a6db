"""What a model's settings make of its endpoint."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance.templates import Template, read_templates, resources
from lambdas.release.expected import container
from lambdas.release.records import Release
from stacks.settings import load
from tests.infrastructure.policies import resolved
from tests.infrastructure.template_parts import ENDPOINT, one
from tests.limits.deployments import templates_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """Templates of an environment with a fixed number of instances and a linear traffic shift."""
    folder = tmp_path_factory.mktemp("steady")
    text = (ROOT / "environments" / "commercial.toml").read_text(encoding="utf-8")
    had = tomllib.loads(text)["models"]["card-anomaly"]
    text = text.replace(f"minimum_instances = {had['minimum_instances']}", "minimum_instances = 2")
    file = folder / "steady.toml"
    told = '[models.card-anomaly.answers]\nout_of_distribution = "refuse"\nlabel_threshold = 0.25\n'
    file.write_text(f'{text}traffic_shift = "linear"\n{told}', encoding="utf-8")
    return templates_of(load(str(file)))


def traffic(templates: dict[str, Template]) -> dict[str, object]:
    deployment = one(templates, ENDPOINT, "AWS::SageMaker::Endpoint")["DeploymentConfig"]
    return deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]


def test_as_many_instances_at_most_as_at_least_means_no_scaling(steady: dict[str, Template]) -> None:
    assert list(resources(steady, "AWS::ApplicationAutoScaling::")) == []
    assert list(resources(steady, "AWS::SageMaker::Endpoint"))


def test_a_linear_shift_moves_a_quarter_at_a_time(steady: dict[str, Template]) -> None:
    found = traffic(steady)

    assert found["Type"] == "LINEAR"
    assert found["LinearStepSize"] == {"Type": "CAPACITY_PERCENT", "Value": 25}
    assert found["WaitIntervalInSeconds"] == 600


def told(templates: dict[str, Template]) -> dict[str, str]:
    """What of the container's environment is about its answers."""
    environment = one(templates, ENDPOINT, "AWS::SageMaker::Model")["PrimaryContainer"]["Environment"]
    return {name: value for name, value in environment.items() if name.startswith(("ATOLL_OUT", "ATOLL_L", "ATOLL_S"))}


def test_an_endpoint_tells_what_its_settings_allow(steady: dict[str, Template]) -> None:
    labels = {"ATOLL_LABEL_ONLY": "1", "ATOLL_LABEL_THRESHOLD": "0.25"}
    assert told(steady) == labels | {"ATOLL_OUT_OF_DISTRIBUTION": "refuse"}


def test_an_endpoint_tells_scores_and_flags_unusual_rows_by_default(assembly: Callable[[str], Path]) -> None:
    assert told(read_templates(assembly("govcloud-west"))) == {"ATOLL_OUT_OF_DISTRIBUTION": "flag"}


@pytest.mark.parametrize("environment", ["govcloud-west", "commercial"])
def test_the_container_that_the_functions_expect_is_the_one_that_the_template_gives(
    assembly: Callable[[str], Path], environment: str
) -> None:
    (file,) = assembly(environment).glob(f"{ENDPOINT}.template.json")
    templates = read_templates(assembly(environment))
    release = Release(image_digest="sha256:a", manifest_sha256="e" * 64, version="7", release_id="r-by-ann-0")
    (published,) = (
        resolved(templates, "Atoll-Registry", each["Properties"]["Value"])
        for each in templates["Atoll-Registry"]["Resources"].values()
        if each["Type"] == "AWS::SSM::Parameter" and each["Properties"]["Name"].endswith("serving-image-uri")
    )
    expected = container(
        file.read_text(encoding="utf-8"),
        release,
        model="card-anomaly",
        repository=published.partition("@")[0],
        bucket=resolved(templates, "Atoll-Release", release_bucket(templates)),
    )
    written = resolved(templates, ENDPOINT, one(templates, ENDPOINT, "AWS::SageMaker::Model")["PrimaryContainer"])
    text = json.dumps(written)
    for name, value in release.parameters().items():
        text = text.replace(f"<{ENDPOINT}.{name}>", value)
    given = json.loads(text)
    assert given == {"Image": expected.image, "ModelDataUrl": expected.data, "Environment": expected.environment}


def release_bucket(templates: dict[str, Template]) -> object:
    """What the functions are told of where releases lie."""
    functions = (
        each["Properties"]
        for each in templates["Atoll-Release"]["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    )
    return next(f["Environment"]["Variables"]["ATOLL_RELEASE_BUCKET"] for f in functions)


def test_production_releases_begin_with_a_canary(assembly: Callable[[str], Path]) -> None:
    found = traffic(read_templates(assembly("govcloud-west")))

    assert found["Type"] == "CANARY"
    assert found["CanarySize"] == {"Type": "CAPACITY_PERCENT", "Value": 50}


def test_one_instance_moves_at_once(assembly: Callable[[str], Path]) -> None:
    assert traffic(read_templates(assembly("local")))["Type"] == "ALL_AT_ONCE"


def rings(templates: dict[str, Template], alarm: str, **minute: float) -> bool:
    """Whether a rollback alarm rings after a minute of such metrics; the expression is CloudWatch's."""
    [found] = [
        each.properties
        for each in resources(templates, "AWS::CloudWatch::Alarm")
        if each.properties.get("AlarmName") == f"atoll-card-anomaly-{alarm}"
    ]
    stats = {query["Id"]: query.get("MetricStat") for query in found["Metrics"]}
    known = {id_: minute[stat["Metric"]["MetricName"]] for id_, stat in stats.items() if stat}
    expression = next(query["Expression"] for query in found["Metrics"] if query["ReturnData"])
    words = {"IF": lambda condition, yes, no: yes if condition else no, "FILL": lambda value, _: value}
    value = eval(expression, {"__builtins__": {}}, words | known)  # noqa: S307 - our own template's
    return value >= found["Threshold"]


@pytest.mark.parametrize("alarm", ["5xx", "failures"])
@pytest.mark.parametrize(
    ("failed", "calls", "expected"),
    [(1, 1, False), (2, 2, False), (3, 1000, False), (49, 1000, False), (3, 3, True), (3, 60, True), (50, 1000, True)],
)
def test_one_failing_call_vetoes_no_release(
    steady: dict[str, Template], alarm: str, failed: int, calls: int, *, expected: bool
) -> None:
    """RT-16: one call that SageMaker gave up after a minute took back whatever release was under way."""
    refused = 20  # 4XX are their callers' fault
    minute = {"Invocations": calls, "Invocation4XXErrors": refused, "Invocation5XXErrors": failed}
    unanswered = failed if alarm == "failures" else 0
    minute |= {"Invocation5XXErrors": failed - unanswered, "InvocationModelErrors": refused + failed}
    assert rings(steady, alarm, **minute) == expected


def test_a_release_goes_back_by_alarms_that_see_its_own_fleet_alone(steady: dict[str, Template]) -> None:
    endpoint = one(steady, ENDPOINT, "AWS::SageMaker::Endpoint")
    watched = endpoint["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    config = endpoint["EndpointConfigName"]
    found = steady[ENDPOINT]["Resources"]
    names = {
        "atoll-card-anomaly-release-5xx",
        "atoll-card-anomaly-release-failures",
        "atoll-card-anomaly-release-latency",
    }
    assert {found[each["AlarmName"]["Ref"]]["Properties"]["AlarmName"] for each in watched} == names
    for each in watched:
        alarm = found[each["AlarmName"]["Ref"]]
        assert alarm["Condition"] == "ReleaseExists"  # the configuration is there from then on
        for dimensions in dimensions_of(alarm["Properties"]):
            assert dimensions == {
                "EndpointName": "atoll-card-anomaly",
                "VariantName": "live",
                "EndpointConfigName": config,
            }
    peoples = [
        each.properties
        for each in resources(steady, "AWS::CloudWatch::Alarm")
        if each.stack == ENDPOINT and each.properties["AlarmName"] not in names
    ]
    assert len(peoples) == 3
    for alarm in peoples:
        assert alarm["AlarmActions"]
        assert all("EndpointConfigName" not in dimensions for dimensions in dimensions_of(alarm))


def dimensions_of(alarm: dict[str, Any]) -> list[dict[str, object]]:
    """The dimensions of each metric of an alarm."""
    metrics = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [{each["Name"]: each["Value"] for each in metric["Dimensions"]} for metric in metrics]


def test_a_slow_release_goes_back_and_one_slow_call_takes_none_back(steady: dict[str, Template]) -> None:
    [latency] = [
        each.properties
        for each in resources(steady, "AWS::CloudWatch::Alarm")
        if each.properties.get("AlarmName") == "atoll-card-anomaly-latency"
    ]
    assert {q["MetricStat"]["Stat"] for q in latency["Metrics"] if "MetricStat" in q} == {"Sum", "p50"}
    slow = latency["Threshold"]
    assert rings(steady, "latency", Invocations=3, ModelLatency=slow)
    assert not rings(steady, "latency", Invocations=2, ModelLatency=60e6)
    assert not rings(steady, "latency", Invocations=9, ModelLatency=slow - 1)
