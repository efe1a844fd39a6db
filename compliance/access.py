"""Claims about how people and programs get in: rights, sessions, secrets, channels (see `compliance.predicates`)."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from compliance.templates import Resource, Statement, Templates, many, resources, statements

_ABOVE_RIGHTS = re.compile(
    r"^(\*|iam:(?!PassRole$|Get|List).*|organizations:.*|sts:\*|"
    r"kms:(\*|PutKeyPolicy|ScheduleKeyDeletion|DisableKey.*|CreateKey|UpdateKeyDescription)|"
    r"s3:(\*|(Put|Delete)Bucket.*|PutEncryptionConfiguration|PutLifecycleConfiguration|PutReplicationConfiguration)|"
    r"ec2:(\*|Authorize.*|Revoke.*|Modify.*|Create(?!NetworkInterface).*|Attach.*)|"
    r"cloudtrail:(\*|Delete.*|Put.*|Stop.*|Update.*)|"
    r"cloudformation:(\*|CreateStack.*|UpdateStack.*|DeleteStack.*|CreateChangeSet|SetStackPolicy))$"
)
"""Actions that change rights, keys, the network, the record or the templates: the deployer's alone."""
ANSWERING = {"AWS::S3::Bucket": "Bucket", "AWS::SQS::Queue": "Queues", "AWS::SNS::Topic": "Topics"}
"""What answers by a policy of its own, and how the policy names it."""
_TEN_MINUTES, _TWELVE_HOURS, _LONG, _REQUESTS = 600, 43200, 32, 6000


def people_hold_no_right_over_rights(templates: Templates) -> Iterator[str]:
    """No policy of a person's role changes rights, keys, the network, the record or a stack's template."""
    for statement in of_people(templates):
        if statement.effect == "Allow" and (found := sorted(filter(_ABOVE_RIGHTS.match, statement.actions))):
            yield f"{statement.policy.place} lets a person {', '.join(found)}"


def of_people(templates: Templates) -> Iterator[Statement]:
    """Give the statements of the policies that roles of people hold."""
    return held_by([*roles_of_people(templates)], templates)


def held_by(roles: Sequence[Resource], templates: Templates) -> Iterator[Statement]:
    """Give the statements of the policies that these roles hold: a policy names its role, or a role its policy."""
    held = {
        (role.stack, each["Ref"])
        for role in roles
        for each in role.properties.get("ManagedPolicyArns", ())
        if "Ref" in each
    }
    names = {(role.stack, role.logical_id) for role in roles}
    for statement in statements(templates):
        policy = statement.policy
        by_policy = {(policy.stack, each.get("Ref")) for each in policy.properties.get("Roles", ())}
        if (policy.stack, policy.logical_id) in held or by_policy & names:
            yield statement


def roles_of_people(templates: Templates) -> Iterator[Resource]:
    """Give the roles that somebody becomes by name, as no service does."""
    for role in resources(templates, "AWS::IAM::Role"):
        if any("AWS" in each["Principal"] for each in role.properties["AssumeRolePolicyDocument"]["Statement"]):
            yield role


def sessions_end(templates: Templates) -> Iterator[str]:
    """A person's session ends by itself within twelve hours: in a role, and where people sign in at a balancer.

    A role's lasts an hour unless it says more
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html), a balancer's
    seven days (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html).
    """
    for role in roles_of_people(templates):
        if int(role.properties.get("MaxSessionDuration", 3600)) > _TWELVE_HOURS:
            yield f"{role.place} has sessions of {role.properties['MaxSessionDuration']} seconds"
    for listener in resources(templates, "AWS::ElasticLoadBalancingV2::Listener"):
        for action in listener.properties.get("DefaultActions", ()):
            signed = action.get("AuthenticateOidcConfig", {})
            if action["Type"] == "authenticate-oidc" and int(signed.get("SessionTimeout", 604800)) > _TWELVE_HOURS:
                yield f"{listener.place} has sessions of {signed.get('SessionTimeout', 'seven days of')} seconds"


def idle_connections_end(templates: Templates) -> Iterator[str]:
    """A load balancer ends a connection on which nothing moved for ten minutes."""
    for balancer in resources(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        told = {each["Key"]: each["Value"] for each in balancer.properties.get("LoadBalancerAttributes", ())}
        if int(told.get("idle_timeout.timeout_seconds", 60)) > _TEN_MINUTES:  # a minute, if nothing is said
            yield f"{balancer.place} holds idle connections for {told['idle_timeout.timeout_seconds']} seconds"


def secrets_are_made_by_the_service(templates: Templates) -> Iterator[str]:
    """Every secret is drawn by Secrets Manager, 32 characters or more; no template holds one."""
    for secret in resources(templates, "AWS::SecretsManager::Secret"):
        made = secret.properties.get("GenerateSecretString")
        if made is None or "SecretString" in secret.properties:
            yield f"{secret.place} isn't drawn by Secrets Manager"
        elif int(made.get("PasswordLength", 32)) < _LONG:
            yield f"{secret.place} has {made['PasswordLength']} characters"


def plain_text_is_refused(templates: Templates) -> Iterator[str]:
    """The policies of buckets, queues and topics refuse everybody who comes without TLS."""
    for kind, named in ANSWERING.items():
        guarded = {
            (policy.stack, json.dumps(each))
            for policy in resources(templates, f"{kind}Policy")
            if any(_refuses_plain_text(one) for one in policy.properties["PolicyDocument"]["Statement"])
            for each in many(policy.properties[named])
        }
        for resource in resources(templates, kind):
            if (resource.stack, json.dumps({"Ref": resource.logical_id})) not in guarded:
                yield f"{resource.place} answers in plain text"


def _refuses_plain_text(statement: dict[str, Any]) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )


def firewalls_limit_requests(templates: Templates) -> Iterator[str]:
    """A web firewall blocks an address that asks over 6,000 times in five minutes, and stands before a load balancer.

    AWS lets a rule count for less, by address or by what it likes, and as far as two thousand million
    (https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html).
    """
    before = {many(each.properties["WebACLArn"].get("Fn::GetAtt"))[0]
              for each in resources(templates, "AWS::WAFv2::WebACLAssociation")}  # fmt: skip
    for firewall in resources(templates, "AWS::WAFv2::WebACL"):
        limits = [
            rule
            for rule in firewall.properties.get("Rules", ())
            if _is_low(rule["Statement"].get("RateBasedStatement", {})) and rule.get("Action") == {"Block": {}}
        ]
        if not limits or firewall.logical_id not in before:
            yield f"{firewall.place} limits nobody"


def _is_low(counted: dict[str, Any]) -> bool:
    """Say whether a rule counts all requests of each address, and how far: a shorter window allows as many more."""
    often = int(counted.get("Limit", 0)) * 300 / int(counted.get("EvaluationWindowSec", 300))
    whole = counted.get("AggregateKeyType") == "IP" and "ScopeDownStatement" not in counted
    return whole and 0 < often <= _REQUESTS


CLAIMS = (
    people_hold_no_right_over_rights,
    sessions_end,
    idle_connections_end,
    secrets_are_made_by_the_service,
    plain_text_is_refused,
    firewalls_limit_requests,
)
