"""The keys' policies against what services ask of them: the local AWS knows neither grants nor forward access."""

from collections.abc import Callable

import pytest

from compliance.templates import Template, resources
from stacks.regions import PROFILES
from stacks.settings import load
from tests.infrastructure.key_policies import ACCOUNT, Call, answers, moved
from tests.infrastructure.key_uses import USES, KeyUse

REGIONAL = {"Logs encrypts by itself", "S3 reads a model for a function", "Logs asks in a writer's name"}
Answers = Callable[[str, Call], set[str]]


@pytest.fixture
def answer(templates: dict[str, Template], environment: str) -> Answers:
    """What a key of the environment answers a call that is moved into its partition, region and account."""
    deployment = load(environment).deployment
    place = {"region": deployment.region, "account": deployment.account}
    return lambda key, call: answers(templates, key, moved(call, **place), **place)


def used(templates: dict[str, Template]) -> set[str]:
    """The keys that encrypt; the one that signs isn't used through services."""
    return {each.logical_id.removeprefix("Keys")[:-8] for each in resources(templates, "AWS::KMS::Key")} - {"Signing"}


@pytest.mark.parametrize("use", USES, ids=lambda use: use.what)
def test_a_key_answers_the_services_that_need_it_and_nobody_else(use: KeyUse, answer: Answers) -> None:
    assert answer(use.key, use.call), use.source
    refused = [answer(use.key, call) for call in use.refused if use.sure or not call.service]
    assert not any(refused), use.what


def test_a_key_answers_no_call_of_another_region(templates: dict[str, Template], environment: str) -> None:
    deployment = load(environment).deployment
    here, account = deployment.region, deployment.account
    for use in USES:
        for region in PROFILES if use.what in REGIONAL else ():
            found = answers(
                templates, use.key, moved(use.call, region=region, account=account), region=here, account=account
            )
            assert bool(found) == (region == here), (use.what, region)


def test_a_writer_of_logs_needs_no_right_of_its_own(answer: Answers) -> None:
    writes = next(use for use in USES if use.what == "Logs asks in a writer's name")
    assert "yes" in answer("Logs", writes.call)


def test_no_key_is_used_by_a_person_directly(templates: dict[str, Template], answer: Answers) -> None:
    for key in used(templates):
        direct = Call(action="kms:Decrypt", caller=ACCOUNT, keys={"kms:CallerAccount": ACCOUNT})
        assert answer(key, direct) == set(), key


def test_administrators_may_stop_a_key_at_once(templates: dict[str, Template]) -> None:
    for key in resources(templates, "AWS::KMS::Key"):
        for action in ("kms:DisableKey", "kms:RotateKeyOnDemand", "kms:UpdateAlias"):
            assert action in key.properties["KeyPolicy"]["Statement"][0]["Action"], key.place


def test_every_key_is_known_by_an_alias_that_says_what_it_is_for(templates: dict[str, Template]) -> None:
    keys = {each.logical_id for each in resources(templates, "AWS::KMS::Key")}
    aliases = {each.properties["TargetKeyId"]["Fn::GetAtt"][0]: each.properties["AliasName"]
               for each in resources(templates, "AWS::KMS::Alias")}  # fmt: skip
    assert set(aliases) == keys
    assert {name for key, name in aliases.items() if key.startswith("KeysLogs")} == {"alias/atoll/logs"}
    assert len(set(aliases.values())) == len(keys)


def test_every_key_has_a_use_in_the_table(templates: dict[str, Template]) -> None:
    assert {use.key for use in USES} == used(templates)
