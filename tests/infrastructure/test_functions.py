"""Each function of ours is bounded: one at a time, dead letters, and a timeout that a redrive can wait out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance.templates import Template, read_templates

Templates = dict[str, Template]
REDRIVE = 6  # times the timeout is what AWS advises for a queue in front of a function


@pytest.fixture(scope="module")
def templates(assembly: Callable[[str], Path]) -> Templates:
    return read_templates(assembly("govcloud-west"))


def ours(templates: Templates) -> Iterator[tuple[Template, dict[str, Any]]]:
    """The functions that run lambdas/, each with its stack's template."""
    for body in templates.values():
        for resource in body["Resources"].values():
            handler = resource.get("Properties", {}).get("Handler", "")
            if resource["Type"] == "AWS::Lambda::Function" and str(handler).startswith("lambdas."):
                yield body, resource["Properties"]


def test_a_function_runs_once_at_a_time_and_leaves_dead_letters(templates: Templates) -> None:
    functions = [properties for _, properties in ours(templates)]
    assert len(functions) >= 4
    assert {properties["ReservedConcurrentExecutions"] for properties in functions} == {1}
    assert all(properties["DeadLetterConfig"]["TargetArn"] for properties in functions)


def test_a_dead_letter_stays_unseen_longer_than_a_function_may_run(templates: Templates) -> None:
    for body, properties in ours(templates):
        queue = body["Resources"][properties["DeadLetterConfig"]["TargetArn"]["Fn::GetAtt"][0]]
        assert queue["Properties"]["VisibilityTimeout"] >= REDRIVE * properties["Timeout"]


def test_only_functions_that_talk_to_mlflow_carry_its_client(templates: Templates) -> None:
    rooms: dict[str, set[str]] = {}
    for _, properties in ours(templates):
        rooms.setdefault(properties["Handler"].split(".")[1], set()).add(str(properties["Code"]["S3Key"]))
    assert all(len(bundles) == 1 for bundles in rooms.values())
    assert rooms["release"] != rooms["monitoring"]
