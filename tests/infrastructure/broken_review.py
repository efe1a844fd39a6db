"""Ways to break claims that an outside assessor found open: each of these templates had passed."""

from typing import Any

from compliance import access, encryption, groups, perimeter, predicates, watching
from tests.infrastructure.template_parts import CONTAINER, ENDPOINT, Body, Claim, Mutation, one

FOUNDATION, TRACKING, RELEASE = "Atoll-Foundation", "Atoll-Tracking", "Atoll-Release"
EGRESS = "AWS::EC2::SecurityGroupEgress"


def _lets_all_out(templates: dict[str, Any]) -> None:
    """The group of functions, without a rule for what leaves."""
    made = templates[FOUNDATION]["Resources"]
    group = next(name for name in made if name.startswith("NetworkFunctions") and made[name]["Type"].endswith("Group"))
    for name in [name for name, body in made.items() if body["Type"] == EGRESS and group in str(body["Properties"])]:
        if group in str(made[name]["Properties"]["GroupId"]):
            del made[name]


def _egress(templates: dict[str, Any], **peer: object) -> None:
    rule = one(templates, FOUNDATION, EGRESS)
    for name in [name for name in rule if name.startswith("Destination")]:
        del rule[name]
    rule.update(peer)


def _add(templates: dict[str, Any], kind: str) -> None:
    templates[FOUNDATION]["Resources"]["Added"] = {"Type": kind, "Properties": {}}


def _environment(templates: dict[str, Any], value: object) -> None:
    one(templates, RELEASE, "AWS::Lambda::Function")["Environment"]["Variables"].update(DATABASE=value)


def _lock(templates: dict[str, Any]) -> Body:
    return one(templates, FOUNDATION, "AWS::S3::Bucket", "Audit")["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]


def _refusal(templates: dict[str, Any]) -> Body:
    document = one(templates, FOUNDATION, "AWS::S3::BucketPolicy", "Data")["PolicyDocument"]
    return next(each for each in document["Statement"] if perimeter.NETWORK_TAG in str(each.get("Condition")))


def _open_data(templates: dict[str, Any]) -> None:
    """The data's bucket, as if it were the one for access logs."""
    one(templates, FOUNDATION, "AWS::S3::Bucket", "Data").pop("LoggingConfiguration")
    _refusal(templates).update(Effect="Allow")


def _logs_into_data(templates: dict[str, Any]) -> None:
    made = templates[FOUNDATION]["Resources"]
    data = next(name for name in made if name.startswith("Data") and made[name]["Type"] == "AWS::S3::Bucket")
    one(templates, FOUNDATION, "AWS::S3::Bucket", "Audit")["LoggingConfiguration"] = {
        "DestinationBucketName": {"Ref": data}
    }
    _open_data(templates)


def _limit(templates: dict[str, Any], **said: object) -> None:
    rules = one(templates, TRACKING, "AWS::WAFv2::WebACL")["Rules"]
    next(each["Statement"]["RateBasedStatement"] for each in rules if "RateBasedStatement" in each["Statement"]).update(
        said
    )


MUTATIONS: list[tuple[Claim, Mutation]] = [
    (groups.no_rule_is_open, _lets_all_out),
    (
        groups.no_rule_is_open,
        lambda t: one(t, FOUNDATION, "AWS::EC2::SecurityGroup", "NetworkAws").pop("SecurityGroupEgress"),
    ),
    (groups.no_rule_is_open, _egress),
    (groups.no_rule_is_open, lambda t: _egress(t, DestinationPrefixListId="pl-1", FromPort=22, ToPort=22)),
    (
        groups.no_rule_is_open,
        lambda t: one(t, FOUNDATION, "AWS::EC2::SecurityGroupIngress").pop("SourceSecurityGroupId"),
    ),
    *(
        (perimeter.no_way_leads_out_of_the_network, lambda t, kind=kind: _add(t, kind))
        for kind in (
            *("AWS::EC2::TransitGatewayVpcAttachment", "AWS::EC2::VPNGateway", "AWS::EC2::VPCEndpointService"),
            *("AWS::EC2::Instance", "AWS::Route53Resolver::ResolverEndpoint", "AWS::RAM::ResourceShare"),
        )
    ),
    (
        perimeter.no_way_leads_out_of_the_network,
        lambda t: one(t, RELEASE, "AWS::Lambda::Function").pop("VpcConfig"),
    ),
    (
        perimeter.no_way_leads_out_of_the_network,
        lambda t: one(t, TRACKING, "AWS::RDS::DBInstance").update(PubliclyAccessible=True),
    ),
    *(
        (predicates.no_secret_is_in_plain_sight, lambda t, value=value: _environment(t, value))
        for value in (
            "postgresql://owner:hunter2@database:5432/mlflow",
            "postgresql://database/mlflow?user=owner&password=hunter2",
            {"Fn::Join": ["", ["postgresql://owner:", {"Ref": "Word"}, "@", {"Ref": "Host"}]]},
            {"Fn::Sub": "https://owner:hunter2@${Host}/"},
        )
    ),
    (
        predicates.no_secret_is_in_plain_sight,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model").update(Containers=[{"Environment": {"API_TOKEN": "x"}}]),
    ),
    *(
        (
            encryption.everything_is_under_our_keys,
            lambda t, key=key: one(t, RELEASE, "AWS::SNS::Topic").update(KmsMasterKeyId=key),
        )
        for key in ("alias/aws/sns", "", {"Ref": "Any"}, {"Fn::ImportValue": "Others:Key"})
    ),
    *(
        (watching.the_record_is_locked, lambda t, said=said: _lock(t).update(said))
        for said in ({"Days": 1}, {"Mode": "NONE"})
    ),
    (perimeter.buckets_answer_our_machines_in_our_network, _open_data),
    (perimeter.buckets_answer_our_machines_in_our_network, _logs_into_data),
    (
        perimeter.buckets_answer_our_machines_in_our_network,
        lambda t: one(t, FOUNDATION, "AWS::S3::Bucket", "Data").pop("LoggingConfiguration"),
    ),
    *(
        (perimeter.buckets_answer_our_machines_in_our_network, lambda t, weak=weak: _refusal(t).update(weak))
        for weak in ({"Action": ["s3:ListBucket*"]}, {"Resource": ["arn"]})
    ),
    *(
        (
            predicates.containers_are_confined,
            lambda t, user=user: one(t, TRACKING, "AWS::ECS::TaskDefinition")[CONTAINER][0].update(User=user),
        )
        for user in ("0:0", "root:root", "10001:0", "00", "")
    ),
    *(
        (access.firewalls_limit_requests, lambda t, said=said: _limit(t, **said))
        for said in ({"Limit": 2_000_000_000}, {"EvaluationWindowSec": 60}, {"ScopeDownStatement": {}}, {"Limit": 0})
    ),
]
