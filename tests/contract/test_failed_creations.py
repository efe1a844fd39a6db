"""What a creation that fails leaves on the local AWS, and that the runbook leads on from there.

`make faults` does the same with one resource of every kind of the rehearsal's templates (`tests.faults.creations`).
"""

import pytest

from local.cloud import LocalCloud
from tests.faults.creations import Case, outcome

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
