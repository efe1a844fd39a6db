"""Our CloudFormation types, without an emulator."""

import ministack.app  # noqa: F401 - the emulator's modules import each other in this order
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import cloudformation, private
from local.cloudformation import RECORDED_ONLY, ResourceType
from local.cloudformation.audit import TYPES as AUDIT
from local.cloudformation.network import TYPES as NETWORK
from local.cloudformation.recorded import TYPES as RECORDED
from local.cloudformation.secrets import secret_name

BUCKET = ResourceType(
    name="Test::Bucket",
    properties=frozenset({"Name"}),
    create=lambda props, name: (name, {"Arn": f"arn:{props.get('Name')}"}),
    delete=lambda _physical_id, _props: None,
)


@given(st.text(min_size=1).filter(lambda name: name != "Name"))
def test_a_property_that_isnt_known_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match="it knows Name") as error:
        BUCKET.handlers()["create"]("Mine", {name: 1}, "stack")
    assert name in str(error.value)


def test_a_stack_and_a_logical_id_give_a_stable_name() -> None:
    assert BUCKET.handlers()["create"]("Mine", {"Name": "n"}, "stack") == ("stack-Mine", {"Arn": "arn:n"})


def test_a_type_without_an_update_is_replaced_by_the_emulator() -> None:
    assert "update" not in BUCKET.handlers()


@pytest.mark.parametrize("kind", [*NETWORK, *AUDIT, *RECORDED], ids=lambda kind: kind.name)
def test_the_emulator_still_lacks_each_of_our_types(kind: ResourceType) -> None:
    known = private.find("ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS")
    assert kind.name not in known


def test_a_type_that_the_emulator_knows_by_itself_isnt_replaced_silently() -> None:
    taken = ResourceType(name="AWS::S3::Bucket", properties=frozenset(), create=BUCKET.create, delete=BUCKET.delete)
    with pytest.raises(private.EmulatorChangedError, match="AWS::S3::Bucket by itself"):
        cloudformation.register_types([taken])


def test_each_type_that_is_only_recorded_says_what_doesnt_happen() -> None:
    assert all(what.startswith("no ") for what, _ in RECORDED_ONLY.values())


def test_a_recorded_type_keeps_its_identity_when_it_changes() -> None:
    kind = RECORDED[0]
    assert kind.update is not None
    physical_id, _ = kind.create({}, "stack-Mine")
    assert kind.update(physical_id, {})[0] == physical_id


def test_a_secrets_name_is_found_in_its_arn() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:Atoll-Tracking-Login-1A2B-abc123"
    assert secret_name(arn) == "Atoll-Tracking-Login-1A2B"
    assert secret_name("plain") == "plain"
