"""Mutants: one thing wrong each, the rest as it was."""

from collections.abc import Iterator
from typing import Any

from compliance.claim import Claim, kinds
from compliance.templates import Resource, Templates, resources
from evidence.mutants import changes, kills
from tests.unit.evidence.conftest import house


def _made(properties: dict[str, Any], kind: str = "Door") -> set[tuple[str, str]]:
    door = Resource(stack="House", logical_id="Door", type=kind, properties=properties, condition=None)
    return {(each.operator, "/".join(map(str, each.path))) for each in changes(door)}


def test_each_place_of_a_resource_is_dropped_and_turned() -> None:
    assert _made({"Locks": [{"Bolts": 2}], "Shut": True, "Note": "x"}) == {
        *(("drop", each) for each in ("Locks", "Locks/0", "Locks/0/Bolts", "Shut", "Note")),
        *(("weaken", each) for each in ("Locks/0/Bolts", "Shut")),
    }


def test_nothing_is_cut_out_of_what_cloudformation_resolves() -> None:
    value = {"Fn::Join": ["", [{"Fn::GetAtt": ["Key", "Arn"]}, "/*"]]}
    assert _made({"Address": value, "KmsKeyId": {"Ref": "Key"}}) == {
        ("drop", "Address"),
        ("drop", "KmsKeyId"),
        ("rekey", "KmsKeyId"),
    }


def test_a_refusal_of_a_policy_is_taken_away_and_turned() -> None:
    policy = {"PolicyDocument": {"Statement": [{"Effect": "Deny", "Condition": {"Bool": {"x": "false"}}}]}}
    made = _made(policy, "AWS::S3::BucketPolicy")
    below = "PolicyDocument/Statement/0"
    assert {("drop", below), ("weaken", f"{below}/Effect"), ("drop", f"{below}/Condition")} <= made


def test_what_iam_asks_for_is_never_left_out() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "one", "Condition": {}}
    made = _made({"PolicyDocument": {"Statement": [statement]}}, "AWS::IAM::ManagedPolicy")
    assert {path for operator, path in made if operator == "drop"} == {
        "PolicyDocument/Statement/0",
        "PolicyDocument/Statement/0/Condition",
    }


def test_a_firewalls_action_is_no_right() -> None:
    assert ("widen", "Action") not in _made({"Action": {"Block": {}}}, "AWS::WAFv2::WebACL")


def test_what_is_allowed_is_never_turned_into_a_refusal() -> None:
    assert ("weaken", "Effect") not in _made({"Effect": "Allow"})


def test_a_container_gets_root_and_an_environment_a_secret() -> None:
    made = _made({"Containers": [{"User": "10001", "Environment": [{"Name": "A", "Value": "b"}]}]})
    assert {("weaken", "Containers/0/User"), ("reveal", "Containers/0/Environment/0/Value")} <= made


def test_rights_are_widened_and_rules_opened() -> None:
    assert {("widen", "Action"), ("widen", "Resource")} <= _made({"Action": "s3:GetObject", "Resource": "one"})
    assert ("open", "IpProtocol") in _made({}, "AWS::EC2::SecurityGroupIngress")


def test_a_mutant_leaves_the_template_as_it_was(shut: Claim) -> None:
    templates = house({"Shut": True})
    assert kills(shut, templates)
    assert templates == house({"Shut": True})


def test_a_mutant_that_a_predicate_cannot_read_is_no_kill() -> None:
    def trips(templates: Templates) -> Iterator[str]:
        yield from (door.place for door in resources(templates, "Door") if door.properties["Shut"] is None)

    assert kills(Claim(predicate=trips, over=kinds("Door")), house({"Shut": True})) == ()
