"""Ways to break the claims about the perimeter."""

from typing import Any

from compliance import perimeter as keeps
from compliance.templates import Template
from tests.infrastructure.template_parts import Body, Claim, Mutation, one

FOUNDATION = "Atoll-Foundation"
_NAMES = "AWS::Route53Resolver::Firewall"


def _add(templates: dict[str, Template], kind: str, **properties: Any) -> None:  # noqa: ANN401 - of any type
    templates[FOUNDATION]["Resources"]["Added"] = {"Type": kind, "Properties": properties}


def _endpoint(templates: dict[str, Template], name: str) -> Body:
    return one(templates, FOUNDATION, "AWS::EC2::VPCEndpoint", f"NetworkAws{name}")


def _rules(templates: dict[str, Template]) -> list[Body]:
    return one(templates, FOUNDATION, f"{_NAMES}RuleGroup")["FirewallRules"]


def _listed(templates: dict[str, Template], name: str) -> list[Any]:
    return one(templates, FOUNDATION, f"{_NAMES}DomainList", f"NetworkNames{name}")["Domains"]


def _key(templates: dict[str, Template], name: str) -> Body:
    return one(templates, FOUNDATION, "AWS::KMS::Key", f"Keys{name}")


def _refusal(templates: dict[str, Template], bucket: str) -> Body:
    document = one(templates, FOUNDATION, "AWS::S3::BucketPolicy", bucket)["PolicyDocument"]
    return next(each for each in document["Statement"] if keeps.NETWORK_TAG in str(each.get("Condition")))


MUTATIONS: list[tuple[Claim, Mutation]] = [
    *(
        (keeps.no_way_leads_out_of_the_network, lambda t, kind=kind: _add(t, kind))
        for kind in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route", "AWS::EC2::EIP")
    ),
    (
        keeps.no_way_leads_out_of_the_network,
        lambda t: one(t, FOUNDATION, "AWS::EC2::Subnet").update(MapPublicIpOnLaunch=True),
    ),
    (
        keeps.no_way_leads_out_of_the_network,
        lambda t: one(t, "Atoll-Tracking", "AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"].update(
            AssignPublicIp="ENABLED"
        ),
    ),
    (keeps.no_foreign_name_is_answered, lambda t: one(t, FOUNDATION, f"{_NAMES}RuleGroupAssociation").update(VpcId="")),
    (keeps.no_foreign_name_is_answered, lambda t: _rules(t).pop()),
    (keeps.no_foreign_name_is_answered, lambda t: _rules(t)[1].update(Action="ALERT")),
    (keeps.no_foreign_name_is_answered, lambda t: _rules(t)[1].update(Priority=99, Action="ALLOW")),
    *(
        (keeps.no_foreign_name_is_answered, lambda t, name=name: _listed(t, "Own").append(name))
        for name in (
            "*",
            "*.example.com",
            "amazonaws.com.example.com",
            {"Fn::Join": ["", ["*", {"Ref": "AWS::URLSuffix"}]]},
        )
    ),
    (keeps.no_foreign_name_is_answered, lambda t: _listed(t, "Every").__setitem__(0, "*.com")),
    (keeps.endpoints_admit_our_account_alone, lambda t: _endpoint(t, "Kms").pop("PolicyDocument")),
    *(
        (
            keeps.endpoints_admit_our_account_alone,
            lambda t, key=key: _endpoint(t, "Kms")["PolicyDocument"]["Statement"][0]["Condition"]["StringEquals"].pop(
                key
            ),
        )
        for key in ("aws:PrincipalAccount", "aws:ResourceAccount")
    ),
    (
        keeps.endpoints_admit_our_account_alone,
        lambda t: _endpoint(t, "S3")["PolicyDocument"]["Statement"][1].update(Resource="*"),
    ),
    (
        keeps.endpoints_admit_our_account_alone,
        lambda t: _endpoint(t, "S3")["PolicyDocument"]["Statement"][1].update(Action="s3:*"),
    ),
    (
        keeps.endpoints_have_groups_of_their_own,
        lambda t: _endpoint(t, "Kms").update(SecurityGroupIds=_endpoint(t, "Sns")["SecurityGroupIds"]),
    ),
    (keeps.endpoints_have_groups_of_their_own, lambda t: _endpoint(t, "Kms").pop("SecurityGroupIds")),
    (keeps.keys_are_used_through_services, lambda t: _key(t, "Data").pop("EnableKeyRotation")),
    (
        keeps.keys_are_used_through_services,
        lambda t: _key(t, "Data")["KeyPolicy"]["Statement"][0].update(Action="kms:*"),
    ),
    (
        keeps.keys_are_used_through_services,
        lambda t: _key(t, "Data")["KeyPolicy"]["Statement"][1]["Condition"]["StringEquals"].pop("kms:ViaService"),
    ),
    (
        keeps.keys_are_used_through_services,
        lambda t: _key(t, "Logs")["KeyPolicy"]["Statement"][1].pop("Condition"),
    ),
    (
        keeps.keys_are_used_through_services,
        lambda t: _key(t, "Logs")["KeyPolicy"]["Statement"][-1]["Condition"]["StringEquals"].pop("kms:CallerAccount"),
    ),
    (
        keeps.keys_are_used_through_services,
        lambda t: _key(t, "Jobs")["KeyPolicy"]["Statement"][-1]["Condition"].pop("ForAllValues:StringEquals"),
    ),
    (
        keeps.keys_are_used_through_services,
        lambda t: _key(t, "Jobs")["KeyPolicy"]["Statement"][-1]["Condition"].pop("Null"),
    ),
    (
        keeps.queues_name_whose_rules_send,
        lambda t: one(t, "Atoll-Release", "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"][-1].pop("Condition"),
    ),
    (
        keeps.keys_have_one_purpose,
        lambda t: one(t, FOUNDATION, "AWS::S3::Bucket", "Data").update(
            BucketEncryption=one(t, FOUNDATION, "AWS::S3::Bucket", "Audit")["BucketEncryption"]
        ),
    ),
    (
        keeps.keys_have_one_purpose,
        lambda t: one(t, FOUNDATION, "AWS::SQS::Queue").update(
            KmsMasterKeyId=one(t, FOUNDATION, "AWS::Logs::LogGroup")["KmsKeyId"]
        ),
    ),
    *(
        (
            keeps.buckets_answer_our_machines_in_our_network,
            lambda t, changed=changed: _refusal(t, "Release").update(changed),
        )
        for changed in ({"Effect": "Allow"}, {"Condition": {}}, {"Principal": {"AWS": "nobody"}})
    ),
    (
        keeps.machines_are_known_by_their_tag,
        lambda t: one(t, "Atoll-Release", "AWS::IAM::Role", "TrainingCompleted").update(Tags=[]),
    ),
    *(
        (
            keeps.machines_are_known_by_their_tag,
            lambda t, role=role: one(t, "Atoll-Tracking", "AWS::IAM::Role", role).pop("Tags"),
        )
        for role in ("TaskWork", "MigrationTaskWork")
    ),
]
