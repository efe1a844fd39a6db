"""Ways to break the claims about how people and programs get in."""

from typing import Any

from compliance import access as may_enter
from tests.infrastructure.template_parts import Body, Claim, Mutation, one, statement

TRACKING, TRAINING = "Atoll-Tracking", "Atoll-Training"


def _grants(templates: dict[str, Any], action: str) -> None:
    allowed = statement(templates, TRAINING, "TrainerPermissions", "Allow", "s3:GetObject")
    allowed["Action"] = [*allowed["Action"], action] if isinstance(allowed["Action"], list) else [action]


def _signs_in(**said: object) -> dict[str, Any]:
    return {"DefaultActions": [{"Type": "authenticate-oidc", "AuthenticateOidcConfig": said}]}


def _attributes(templates: dict[str, Any]) -> Body:
    told = one(templates, TRACKING, "AWS::ElasticLoadBalancingV2::LoadBalancer")["LoadBalancerAttributes"]
    return next(each for each in told if each["Key"] == "idle_timeout.timeout_seconds")


def _tls(templates: dict[str, Any], stack: str, kind: str) -> list[Body]:
    return one(templates, stack, kind)["PolicyDocument"]["Statement"]


MUTATIONS: list[tuple[Claim, Mutation]] = [
    *(
        (may_enter.people_hold_no_right_over_rights, lambda t, given=given: _grants(t, given))
        for given in (
            *("iam:PutRolePolicy", "iam:*", "kms:PutKeyPolicy", "s3:PutBucketPolicy", "cloudtrail:StopLogging", "*"),
            *("ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute", "cloudformation:CreateChangeSet"),
        )
    ),
    (
        may_enter.sessions_end,
        lambda t: one(t, TRAINING, "AWS::IAM::Role", "Trainer").update(MaxSessionDuration=43201),
    ),
    (
        may_enter.sessions_end,
        lambda t: one(t, TRACKING, "AWS::ElasticLoadBalancingV2::Listener").update(_signs_in()),
    ),
    (
        may_enter.sessions_end,
        lambda t: one(t, TRACKING, "AWS::ElasticLoadBalancingV2::Listener").update(_signs_in(SessionTimeout=604800)),
    ),
    (may_enter.idle_connections_end, lambda t: _attributes(t).update(Value="601")),
    (
        may_enter.secrets_are_made_by_the_service,
        lambda t: one(t, TRACKING, "AWS::SecretsManager::Secret").pop("GenerateSecretString"),
    ),
    (
        may_enter.secrets_are_made_by_the_service,
        lambda t: one(t, TRACKING, "AWS::SecretsManager::Secret").update(SecretString="guess"),
    ),
    (
        may_enter.secrets_are_made_by_the_service,
        lambda t: one(t, TRACKING, "AWS::SecretsManager::Secret")["GenerateSecretString"].update(PasswordLength=31),
    ),
    (may_enter.plain_text_is_refused, lambda t: _tls(t, "Atoll-Foundation", "AWS::S3::BucketPolicy").pop(0)),
    (may_enter.plain_text_is_refused, lambda t: _tls(t, "Atoll-Release", "AWS::SQS::QueuePolicy").pop(0)),
    (may_enter.plain_text_is_refused, lambda t: _tls(t, "Atoll-Release", "AWS::SNS::TopicPolicy").pop(0)),
    (
        may_enter.plain_text_is_refused,
        lambda t: _tls(t, "Atoll-Release", "AWS::SQS::QueuePolicy")[0].update(Principal={"AWS": "me"}),
    ),
    (
        may_enter.plain_text_is_refused,
        lambda t: _tls(t, "Atoll-Release", "AWS::SQS::QueuePolicy")[0]["Condition"].update(Null={"aws:x": "true"}),
    ),
    (may_enter.firewalls_limit_requests, lambda t: one(t, TRACKING, "AWS::WAFv2::WebACL")["Rules"].pop(1)),
    (
        may_enter.firewalls_limit_requests,
        lambda t: one(t, TRACKING, "AWS::WAFv2::WebACL")["Rules"][1].update(Action={"Count": {}}),
    ),
    (
        may_enter.firewalls_limit_requests,
        lambda t: one(t, TRACKING, "AWS::WAFv2::WebACLAssociation").update(WebACLArn={"Fn::GetAtt": ["Other", "Arn"]}),
    ),
]
