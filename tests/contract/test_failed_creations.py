"""What a creation that fails leaves on the local AWS, and that the runbook leads on from there.

`make faults` does the same with one resource of every kind of the rehearsal's templates (`tests.faults.creations`).
"""

import json
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.faults.creations import FAILS, Case, created, delete, events, outcome, settled

DATABASE = {
    "Type": "AWS::RDS::DBInstance",
    "DeletionPolicy": "Snapshot",
    "Properties": {
        "AllocatedStorage": "20", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "MasterUsername": "u",
        "MasterUserPassword": "a-password", "DeletionProtection": True,
    },
}  # fmt: skip
BALANCER = {
    "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "Properties": {
        "Subnets": ["subnet-1", "subnet-2"], "Scheme": "internal",
        "LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}],
    },
}  # fmt: skip


def repository(policy: str) -> Case:
    name = f"atoll/{policy.lower()}"
    body = {"Type": "AWS::ECR::Repository", "DeletionPolicy": policy, "Properties": {"RepositoryName": name}}
    return Case("Registry/Model", "named", body)


@pytest.mark.parametrize("body", [DATABASE, BALANCER], ids=["database", "balancer"])
def test_a_rollback_stops_at_what_is_protected_and_the_runbook_leads_on(
    cloud: LocalCloud, body: dict[str, object]
) -> None:
    kind = str(body["Type"]).rpartition("::")[2].lower()
    found = outcome(cloud, Case("Tracking/It", "protected", body), f"protected-{kind}")
    assert (found["made"], found["first"], found["second"]) == (True, "ROLLBACK_FAILED", "CREATE_COMPLETE")


@pytest.mark.parametrize(
    ("policy", "second"), [("RetainExceptOnCreate", "CREATE_COMPLETE"), ("Retain", "ROLLBACK_COMPLETE")]
)
def test_a_name_stays_taken_by_what_a_failed_creation_retains(cloud: LocalCloud, policy: str, second: str) -> None:
    found = outcome(cloud, repository(policy), f"named-{policy.lower()}")
    assert (found["first"], found["second"]) == ("ROLLBACK_COMPLETE", second)
    assert second == "CREATE_COMPLETE" or "already exists" in str(found["reasons"])


def meets_a_taken_name(cloud: LocalCloud, name: str) -> dict[str, Any]:
    """A template whose second resource can't be made, as somebody else holds its name, until `free` is called."""
    cloud.client("ssm").put_parameter(Name=f"/taken/{name}", Type="String", Value="somebody else's")
    taken = {"Name": f"/taken/{name}", "Type": "String", "Value": "ours"}
    kept = repository("RetainExceptOnCreate").body | {"Properties": {"RepositoryName": f"atoll/{name}"}}
    return {"Resources": {"It": kept, "Taken": {"Type": FAILS["Type"], "Properties": taken, "DependsOn": "It"}}}


def free(cloud: LocalCloud, name: str) -> None:
    cloud.client("ssm").delete_parameter(Name=f"/taken/{name}")


def executed(cloud: LocalCloud, name: str, kind: str, template: dict[str, Any]) -> str:
    """Execute a change set as `cdk deploy --no-rollback` does; returns the status in which that ends."""
    client, change_set = cloud.client("cloudformation"), {"StackName": name, "ChangeSetName": f"cdk-{kind.lower()}"}
    client.create_change_set(**change_set, ChangeSetType=kind, TemplateBody=json.dumps(template))
    client.get_waiter("change_set_create_complete").wait(**change_set, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    client.execute_change_set(**change_set, DisableRollback=True)
    return settled(client, name)


def test_a_creation_without_a_rollback_goes_on_where_it_stopped(cloud: LocalCloud) -> None:
    name, registry = "goes-on", cloud.client("ecr")
    template = meets_a_taken_name(cloud, name)
    assert executed(cloud, name, "CREATE", template) == "CREATE_FAILED"
    made = registry.describe_repositories(repositoryNames=[f"atoll/{name}"])["repositories"]
    free(cloud, name)
    assert executed(cloud, name, "UPDATE", template) == "UPDATE_COMPLETE"
    assert registry.describe_repositories(repositoryNames=[f"atoll/{name}"])["repositories"] == made


@pytest.mark.parametrize("rolled_back", [True, False], ids=["rolled back", "only deleted"])
def test_a_stack_given_up_leaves_its_names_free_when_it_is_rolled_back_first(
    cloud: LocalCloud, *, rolled_back: bool
) -> None:
    name, client = f"given-up-{rolled_back}".lower(), cloud.client("cloudformation")
    template = meets_a_taken_name(cloud, name)
    assert executed(cloud, name, "CREATE", template) == "CREATE_FAILED"
    if rolled_back:
        client.rollback_stack(StackName=name)
        assert settled(client, name) == "ROLLBACK_COMPLETE"
    delete(client, name)
    free(cloud, name)
    assert (created(client, name, template) == "CREATE_COMPLETE") == rolled_back
    reasons = [each.get("ResourceStatusReason", "") for each in events(client, name)]
    assert any("already exists" in each for each in reasons) == (not rolled_back)
