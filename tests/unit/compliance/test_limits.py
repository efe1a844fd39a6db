import pytest

from compliance.limits.judge import judge_templates, site
from compliance.limits.names import LimitsError
from compliance.limits.resolved import Resolved, longest
from compliance.limits.table import LIMITS, Limit
from tests.unit.compliance.broken_limits import BROKEN, one, stack

WEST = "us-gov-west-1"
ACCOUNT = "1" * 12


def resolved(value: object, **resources: dict) -> object:
    return Resolved(stack(**resources), site(WEST)).value("Atoll-Broken", value)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_a_template_beyond_a_limit_is_refused_with_its_place_and_source(limit: Limit) -> None:
    rows = {row.limit.name: row for row in judge_templates(BROKEN[limit.name], WEST)}
    sentence = rows[limit.name].objection
    assert sentence
    assert rows[limit.name].largest.place in sentence
    assert limit.source in sentence


def test_a_template_within_the_limits_is_left_alone_and_its_margin_told() -> None:
    [row, *others] = judge_templates(one("AWS::SQS::QueuePolicy", PolicyDocument={"Statement": []}), WEST)
    assert (row.objection, row.margin) == (None, row.limit.most)
    assert not any(each.objection for each in others)


def test_every_limit_names_a_page_of_aws_and_keeps_something_free_or_says_none() -> None:
    for limit in LIMITS:
        assert limit.source.startswith("https://docs.aws.amazon.com/")
        assert 0 <= limit.allowed <= limit.most


def test_a_reference_becomes_the_longest_name_that_cloudformation_makes() -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    assert resolved({"Ref": "Data"}, Data=bucket) == "atoll-broken-data-1a2b3c4d5e6f7"
    assert len(str(resolved({"Ref": "D" * 80}, **{"D" * 80: bucket}))) == 63
    role = {"Type": "AWS::IAM::Role", "Properties": {"Path": "/agency/", "RoleName": "agency-Work"}}
    arn = f"arn:aws-us-gov:iam::{ACCOUNT}:role/agency/agency-Work"
    assert resolved({"Fn::GetAtt": ["Work", "Arn"]}, Work=role) == arn


def test_functions_of_a_template_are_carried_out() -> None:
    arn = {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, "s3", "", "", "x"]]}
    assert resolved({"Fn::Select": [1, {"Fn::Split": [":", arn]}]}) == "aws-us-gov"
    assert resolved([{"Ref": "AWS::NoValue"}, {"a": {"Ref": "AWS::NoValue"}, "b": 1}]) == [{"b": 1}]


def test_an_import_is_the_value_that_another_stack_exports() -> None:
    key = {"Type": "AWS::KMS::Key"}
    exported = {"Out": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": "A:Key"}}}
    both = {"A": {"Resources": {"Key": key}, "Outputs": exported}, "B": {"Resources": {}}}
    arn = Resolved(both, site(WEST)).value("B", {"Fn::ImportValue": "A:Key"})
    assert arn.startswith(f"arn:aws-us-gov:kms:{WEST}:{ACCOUNT}:key/")
    assert len(arn.rpartition("/")[2]) == 36


def test_two_groups_never_resolve_to_one_id() -> None:
    group = {"Type": "AWS::EC2::SecurityGroup"}
    first, second = (resolved({"Fn::GetAtt": [name, "GroupId"]}, A=group, B=group) for name in "AB")
    assert first != second
    assert len(str(first)) == len("sg-") + 17


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^$|^sha256:[0-9a-f]{64}$", "sha256:" + "0" * 64),
        ("^$|^[A-Za-z0-9-]{1,120}$", "0" * 120),
        ("^fixed$", "fixed"),
    ],
)
def test_a_parameter_is_taken_at_its_longest(pattern: str, expected: str) -> None:
    assert longest(pattern) == expected


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Fn::GetAtt": ["Thing", "Arn"]}, "AWS::New::Thing is referred to and unknown"),
        ({"Fn::GetAtt": ["Group", "Arn"]}, "AWS::EC2::SecurityGroup has no known ARN"),
        ({"Fn::GetAtt": ["Group", "Colour"]}, "AWS::EC2::SecurityGroup has no known attribute Colour"),
        ({"Fn::Cidr": []}, "uses Fn::Cidr"),
    ],
)
def test_what_cannot_be_resolved_is_an_error_and_never_a_short_guess(value: object, told: str) -> None:
    with pytest.raises(LimitsError, match=told):
        resolved(value, Thing={"Type": "AWS::New::Thing"}, Group={"Type": "AWS::EC2::SecurityGroup"})


def test_parameters_of_a_template_resolve_to_their_longest_or_their_default() -> None:
    template = {
        "Resources": {},
        "Parameters": {"Digest": {"AllowedPattern": "^[0-9]{1,9}$"}, "Plain": {"Default": "as it is"}},
    }
    one_stack = Resolved({"S": template}, site(WEST))
    assert one_stack.value("S", [{"Ref": "Digest"}, {"Ref": "Plain"}]) == ["0" * 9, "as it is"]
