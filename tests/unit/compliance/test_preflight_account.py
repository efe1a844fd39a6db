import tomllib
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from compliance import preflight
from compliance.preflight_account import authority, concurrency, fargate_hosts, linked_roles, made_log_groups, reserved
from stacks.settings import ENVIRONMENTS, Settings


def settings(environment: str = "govcloud-west") -> Settings:
    return Settings.model_validate(tomllib.loads((ENVIRONMENTS / f"{environment}.toml").read_text(encoding="utf-8")))


class Stubs:
    """Clients that answer what they were told to, one answer after another."""

    def __init__(self) -> None:
        self._clients: dict[str, tuple[Any, Stubber]] = {}

    def __call__(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        return self._client(service)[0]

    def answer(self, service: str, operation: str, told: dict[str, Any]) -> None:
        self._client(service)[1].add_response(operation, told)

    def refuse(self, service: str, operation: str, code: str) -> None:
        self._client(service)[1].add_client_error(operation, code)

    def _client(self, service: str) -> tuple[Any, Stubber]:
        if service not in self._clients:
            keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
            client = boto3.client(service, region_name="us-gov-west-1", **keys)
            stubber = Stubber(client)
            stubber.activate()
            self._clients[service] = (client, stubber)
        return self._clients[service]


@pytest.fixture
def account() -> Stubs:
    return Stubs()


@pytest.mark.parametrize(("quota", "unreserved", "ok"), [(1000, 1000, True), (1000, 109, False), (10, 10, False)])
def test_a_young_accounts_concurrency_is_told_before_it_fails_a_stack(
    account: Stubs, quota: int, unreserved: int, *, ok: bool
) -> None:
    limit = {"ConcurrentExecutions": quota, "UnreservedConcurrentExecutions": unreserved}
    account.answer("lambda", "get_account_settings", {"AccountLimit": limit})
    [finding] = concurrency(settings(), account)
    assert finding.ok == ok
    assert "needs 110" in finding.found
    assert "Service Quotas" in finding.mend


def test_fewer_functions_need_less_of_it() -> None:
    assert [reserved(settings(name)) for name in ("govcloud-west", "govcloud-east", "local")] == [10, 2, 9]


def test_the_first_ecs_cluster_of_an_account_is_told_of_its_linked_role(account: Stubs) -> None:
    role = {
        "Role": {
            "Path": "/",
            "RoleName": "AWSServiceRoleForRDS",
            "RoleId": "A" * 20,
            "Arn": "arn:aws-us-gov:iam::111122223333:role/a",
            "CreateDate": "2026-01-01T00:00:00Z",
        }
    }
    account.refuse("iam", "get_role", "NoSuchEntity")
    account.answer("iam", "get_role", role)
    account.answer("iam", "get_role", role)
    ecs, balancing, rds = linked_roles(settings(), account)
    assert not ecs.ok
    assert ecs.mend == "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
    assert balancing.ok
    assert rds.ok


@pytest.mark.parametrize(("value", "ok"), [("disabled", True), ("enabled", False)])
def test_fargate_in_fips_mode_is_a_finding(account: Stubs, value: str, *, ok: bool) -> None:
    account.answer(
        "ecs", "list_account_settings", {"settings": [{"name": "fargateFIPSMode", "value": value, "principalArn": "a"}]}
    )
    [finding] = fargate_hosts(settings(), account)
    assert finding.ok == ok


@pytest.mark.parametrize(("kind", "ok"), [("AMAZON_ISSUED", True), ("IMPORTED", False), ("PRIVATE", False)])
def test_a_certificate_that_functions_cannot_trust_is_told(account: Stubs, kind: str, *, ok: bool) -> None:
    account.answer("acm", "describe_certificate", {"Certificate": {"Type": kind}})
    [finding] = authority(settings(), account)
    assert (finding.ok, finding.found) == (ok, kind)


def test_a_certificate_that_is_missing_is_told_once(account: Stubs) -> None:
    account.refuse("acm", "describe_certificate", "ResourceNotFoundException")
    assert list(authority(settings(), account)) == []


def test_the_preflight_asks_all_of_it() -> None:
    assert {concurrency, linked_roles, fargate_hosts, authority} <= set(preflight.CHECKS)


def test_log_groups_that_services_made_without_key_or_end_are_told_with_the_commands(account: Stubs) -> None:
    days, key = settings().logs.searchable_days, "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/k"
    group = "/aws/rds/instance/atoll-tracking-1/postgresql"
    account.answer("logs", "describe_log_groups", {"logGroups": [{"logGroupName": group, "kmsKeyId": key}]})
    made = {"logGroupName": "/aws/ecs/containerinsights/Atoll-Tracking-1/performance", "kmsKeyId": key}
    account.answer("logs", "describe_log_groups", {"logGroups": [made | {"retentionInDays": days}]})
    account.answer(
        "logs", "describe_log_groups", {"logGroups": [{"logGroupName": "RDSOSMetrics", "retentionInDays": days}]}
    )
    database, cluster, metrics = made_log_groups(settings(), account)
    assert (database.ok, cluster.ok, metrics.ok) == (False, True, False)
    assert (database.found, metrics.found) == ("its own key, no end", f"no key, {days} days")
    assert f"associate-kms-key --log-group-name {group}" in database.mend
    assert f"put-retention-policy --log-group-name {group} --retention-in-days {days}" in database.mend


def test_before_the_first_deployment_no_service_has_made_a_log_group(account: Stubs) -> None:
    for _ in range(3):
        account.answer("logs", "describe_log_groups", {"logGroups": []})
    assert list(made_log_groups(settings(), account)) == []
