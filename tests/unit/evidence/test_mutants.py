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
        ("reveal", "Note"),
    }


def test_rights_are_widened_and_rules_opened() -> None:
    assert {("widen", "Action"), ("widen", "Resource")} <= _made({"Action": "s3:GetObject", "Resource": "one"})
    assert ("open", "CidrIp") in _made({}, "AWS::EC2::SecurityGroupIngress")


def test_a_mutant_leaves_the_template_as_it_was(shut: Claim) -> None:
    templates = house({"Shut": True})
    assert kills(shut, templates)
    assert templates == house({"Shut": True})


def test_a_mutant_that_a_predicate_cannot_read_is_no_kill() -> None:
    def trips(templates: Templates) -> Iterator[str]:
        yield from (door.place for door in resources(templates, "Door") if door.properties["Shut"] is None)

    assert kills(Claim(predicate=trips, over=kinds("Door")), house({"Shut": True})) == ()
