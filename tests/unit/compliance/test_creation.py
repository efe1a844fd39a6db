from pathlib import Path

from compliance.creation import LIFTED, a_failed_creation_can_be_repeated, needs, there_when

RUNBOOK = Path(__file__).parents[3] / "docs" / "runbooks" / "first-deployment-failed.md"
REPOSITORY = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "atoll/model"}}


def objections(**resources: dict) -> list[str]:
    return list(a_failed_creation_can_be_repeated({"Stack": {"Resources": resources}}))


def test_what_waits_for_the_failed_resource_is_not_there_and_all_else_may_be() -> None:
    waits = needs(
        {
            "Key": {},
            "Bucket": {"Properties": {"Key": {"Fn::GetAtt": ["Key", "Arn"]}}},
            "Policy": {"DependsOn": "Bucket"},
            "Log": {"DependsOn": ["Key"], "Properties": {"Name": [{"Ref": "AWS::Region"}]}},
        }
    )
    assert there_when("Bucket", waits) == {"Key", "Log"}
    assert there_when("Key", waits) == set()


def test_a_kept_name_stops_the_second_creation_and_one_given_back_does_not() -> None:
    other = {"Type": "AWS::SSM::Parameter"}
    [told] = objections(Model={**REPOSITORY, "DeletionPolicy": "Retain"}, Other=other)
    assert told == "Stack/Model stays under the name atoll/model, when Other fails"
    assert objections(Model={**REPOSITORY, "DeletionPolicy": "RetainExceptOnCreate"}, Other=other) == []


def test_what_is_kept_under_a_generated_name_is_no_obstacle() -> None:
    assert objections(Key={"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain"}, Other={"Type": "A"}) == []


def test_a_kept_name_that_never_comes_to_be_stops_nothing() -> None:
    alone = {**REPOSITORY, "DeletionPolicy": "Retain", "DependsOn": "Other"}
    assert objections(Model=alone, Other={"Type": "A"}) == []


def test_the_runbook_lifts_every_protection_that_we_use() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    assert "update-termination-protection --no-enable-termination-protection" in text
    commands = {
        "AWS::RDS::DBInstance": "modify-db-instance --no-deletion-protection",
        "AWS::ElasticLoadBalancingV2::LoadBalancer": "Key=deletion_protection.enabled,Value=false",
    }
    assert set(commands) == set(LIFTED)
    assert all(command in text for command in commands.values())


def test_a_protection_that_the_runbook_does_not_lift_is_told() -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": True}}
    assert "in a way that the runbook doesn't lift" in objections(Table=table, Other={"Type": "A"})[0]
