"""How claims see templates: by type, by statement, string by string."""

import json
from pathlib import Path
from typing import Any

from compliance.templates import read_templates, resources, statements, strings


def template(**bodies: dict[str, Any]) -> dict[str, Any]:
    return {"Resources": bodies}


def policy(**statement: object) -> dict[str, Any]:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}


QUEUE = {"Type": "AWS::SQS::Queue"}
MODEL = {"Type": "AWS::SageMaker::Model", "Condition": "ReleaseExists", "Properties": {"EnableNetworkIsolation": True}}


def test_an_assembly_is_read_by_stack_names_and_without_its_other_files(tmp_path: Path) -> None:
    for name in ("Atoll-B", "Atoll-A"):
        (tmp_path / f"{name}.template.json").write_text(json.dumps(template(Queue=QUEUE)))
    (tmp_path / "manifest.json").write_text("{}")
    assert list(read_templates(tmp_path).items()) == [(n, template(Queue=QUEUE)) for n in ("Atoll-A", "Atoll-B")]


def test_resources_are_found_by_type_by_family_or_all() -> None:
    templates = {"A": template(Queue=QUEUE, Model=MODEL), "B": template(Queue=QUEUE)}
    assert [each.place for each in resources(templates)] == ["A/Queue", "A/Model", "B/Queue"]
    assert [each.place for each in resources(templates, "AWS::SageMaker::")] == ["A/Model"]
    assert [each.place for each in resources(templates, "AWS::SageMaker")] == []
    assert [each.stack for each in resources(templates, "AWS::SQS::Queue")] == ["A", "B"]


def test_a_resource_brings_its_condition_and_its_properties_even_when_it_has_none() -> None:
    queue, model = resources({"A": template(Queue=QUEUE, Model=MODEL)})
    assert (queue.condition, queue.properties) == (None, {})
    assert (model.condition, model.properties) == ("ReleaseExists", {"EnableNetworkIsolation": True})


def test_a_statement_reads_the_same_whether_it_has_one_action_or_many() -> None:
    one = policy(Effect="Allow", Action="s3:GetObject", Resource="*")
    many = policy(Effect="Deny", Action=["s3:GetObject"], Resource=["*"], Condition={"Null": {"aws:x": "true"}})
    allowed, denied = statements({"A": template(One=one, Many=many, Queue=QUEUE)})
    assert (allowed.actions, allowed.resources, allowed.keys("Null")) == (("s3:GetObject",), ("*",), {})
    assert (denied.actions, denied.resources, denied.keys("Null")) == (("s3:GetObject",), ("*",), {"aws:x": "true"})
    assert (allowed.effect, denied.effect, denied.policy.place) == ("Allow", "Deny", "A/Many")


def test_no_string_of_a_template_is_passed_over() -> None:
    value = {"Name": {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}, "Count": 3, "On": True}
    found = list(strings(value, "S"))
    assert {text for _, text in found} == {"Name", "Fn::Join", "-", "a", "Ref", "B", "Count", "On"}
    assert ("S/Name/Fn::Join/Ref", "B") in found
