"""Types that the local AWS only records: a stack with them deploys, and they do nothing.

What they promise is shown at synth (tests/infrastructure) and in a real account, never by the local AWS.
"""

from local.cloudformation.resource_type import Made, Props, ResourceType

RECORDED_ONLY: dict[str, tuple[str, frozenset[str]]] = {
    "AWS::Backup::BackupSelection": (
        "no backup is taken",
        frozenset({"BackupPlanId", "BackupSelection"}),
    ),
    "AWS::Events::EventBusPolicy": (
        "no bus refuses an event of its own account",
        frozenset({"Action", "Condition", "EventBusName", "Principal", "Statement", "StatementId"}),
    ),
    "AWS::Route53Resolver::FirewallDomainList": (
        "no name is looked for in it",
        frozenset({"DomainFileUrl", "Domains", "Name", "Tags"}),
    ),
    "AWS::Route53Resolver::FirewallRuleGroup": (
        "no name is refused",
        frozenset({"FirewallRules", "Name", "Tags"}),
    ),
    "AWS::Route53Resolver::FirewallRuleGroupAssociation": (
        "no VPC's names are filtered",
        frozenset({"FirewallRuleGroupId", "MutationProtection", "Name", "Priority", "Tags", "VpcId"}),
    ),
    "AWS::SecretsManager::RotationSchedule": (
        "no secret rotates",
        frozenset(
            {
                "ExternalSecretRotationMetadata",
                "ExternalSecretRotationRoleArn",
                "HostedRotationLambda",
                "RotateImmediatelyOnUpdate",
                "RotationLambdaARN",
                "RotationRules",
                "SecretId",
            }
        ),
    ),
    "AWS::WAFv2::LoggingConfiguration": (
        "no request is logged",
        frozenset({"LogDestinationConfigs", "LoggingFilter", "RedactedFields", "ResourceArn"}),
    ),
    "AWS::WAFv2::WebACLAssociation": (
        "no request is filtered",
        frozenset({"ResourceArn", "WebACLArn"}),
    ),
}
"""Type -> what doesn't happen locally, and the properties it may have. The documentation prints this table."""


def _record(props: Props, name: str) -> Made:
    del props
    return name, {"Id": name, "SelectionId": name}


def _forget(physical_id: str, props: Props) -> None:
    del physical_id, props


def _keep(physical_id: str, props: Props) -> Made:
    return _record(props, physical_id)


TYPES = tuple(
    ResourceType(name=name, properties=properties, create=_record, update=_keep, delete=_forget)
    for name, (_, properties) in RECORDED_ONLY.items()
)
