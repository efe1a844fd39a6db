"""The keys' policies against what services ask of them: the local AWS knows neither grants nor forward access."""

from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.templates import Template, read_templates, resources
from stacks.settings import load
from tests.infrastructure.key_policies import ACCOUNT, REGION, Call, answers
from tests.infrastructure.key_uses import USES, KeyUse


@pytest.fixture(scope="module")
def west(assembly: Callable[[str], Path]) -> dict[str, Template]:
    return read_templates(assembly("govcloud-west"))


@pytest.mark.parametrize("use", USES, ids=lambda use: use.what)
def test_a_key_answers_the_services_that_need_it_and_nobody_else(use: KeyUse, west: dict[str, Template]) -> None:
    assert load("govcloud-west").deployment.region == REGION
    assert answers(west, use.key, use.call), use.source
    refused = [answers(west, use.key, call) for call in use.refused if use.sure or not call.service]
    assert not any(refused), use.what


def test_a_writer_of_logs_needs_no_right_of_its_own(west: dict[str, Template]) -> None:
    writes = next(use for use in USES if use.what == "Logs asks in a writer's name")
    assert "yes" in answers(west, "Logs", writes.call)


def test_no_key_is_used_by_a_person_directly(west: dict[str, Template]) -> None:
    for key in ("Data", "Jobs", "Release", "Audit", "Logs", "Messages", "Registry", "Tracking"):
        direct = Call(action="kms:Decrypt", caller=ACCOUNT, keys={"kms:CallerAccount": ACCOUNT})
        assert answers(west, key, direct) == set(), key


def test_administrators_may_stop_a_key_at_once(west: dict[str, Template]) -> None:
    for key in resources(west, "AWS::KMS::Key"):
        for action in ("kms:DisableKey", "kms:RotateKeyOnDemand", "kms:UpdateAlias"):
            assert action in key.properties["KeyPolicy"]["Statement"][0]["Action"], key.place


def test_every_key_is_known_by_an_alias_that_says_what_it_is_for(west: dict[str, Template]) -> None:
    keys = {each.logical_id for each in resources(west, "AWS::KMS::Key")}
    aliases = {each.properties["TargetKeyId"]["Fn::GetAtt"][0]: each.properties["AliasName"]
               for each in resources(west, "AWS::KMS::Alias")}  # fmt: skip
    assert set(aliases) == keys
    assert {name for key, name in aliases.items() if key.startswith("KeysLogs")} == {"alias/atoll/logs"}
    assert len(set(aliases.values())) == len(keys)


def test_every_key_has_a_use_in_the_table(west: dict[str, Template]) -> None:
    keys = [each.logical_id for each in resources(west, "AWS::KMS::Key") if "Signing" not in each.logical_id]
    assert {use.key for use in USES} == {key.removeprefix("Keys")[:-8] for key in keys}
