"""Checks of what an account as a whole brings or lacks: concurrency, linked roles, settings, authorities.

Like those of `compliance.preflight_checks`: each reads only, and says what to do.
"""

from collections.abc import Iterator
from typing import Any

from compliance.preflight_checks import Clients, Finding, arn
from stacks.regions import service_principal
from stacks.settings import Settings

_WITH_MODELS = 8
UNRESERVED = 100
"""What Lambda keeps of an account's concurrency that nobody may reserve
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html)."""
_MADE = ("/aws/rds/instance/atoll-tracking-", "/aws/ecs/containerinsights/Atoll-Tracking-", "RDSOSMetrics")
"""How the names of log groups begin that RDS and ECS make: CloudFormation names database and cluster by their stack."""
_LINKED = {"ecs": "ECS", "elasticloadbalancing": "ElasticLoadBalancing", "rds": "RDS"}


def reserved(settings: Settings) -> int:
    """Count the functions of a deployment: each reserves one concurrent execution.

    The default group's needs a network of ours, the migration's PostgreSQL, the others models.
    tests/infrastructure/test_limits.py counts them in the templates.
    """
    ours = not settings.network.existing
    migrates = settings.tracking.database == "postgresql"
    return ours + migrates + (_WITH_MODELS if settings.models else 0)


def concurrency(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """Lambda lets our functions reserve their concurrency: young accounts have a quota of 10 or 50."""
    limit = clients("lambda").get_account_settings()["AccountLimit"]
    left, wanted = limit["UnreservedConcurrentExecutions"], UNRESERVED + reserved(settings)
    found = f"{left} unreserved of {limit['ConcurrentExecutions']}, a first deployment needs {wanted}"
    mend = f"ask in Service Quotas (Lambda, concurrent executions) for {wanted} beyond what others reserve"
    yield Finding(subject="Lambda's concurrency", ok=left >= wanted, found=found, mend=mend)


def linked_roles(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The roles of ECS, load balancing and RDS are there; an account's first ECS cluster fails while its role is made.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    """
    iam = clients("iam")
    for service, name in _LINKED.items():
        if service == "rds" and settings.tracking.database != "postgresql":
            continue
        role, subject = f"AWSServiceRoleFor{name}", f"linked role of {service}"
        try:
            iam.get_role(RoleName=role)
            yield Finding(subject=subject, ok=True, found=role)
        except iam.exceptions.NoSuchEntityException:
            mend = f"aws iam create-service-linked-role --aws-service-name {service_principal(service)}"
            yield Finding(subject=subject, ok=False, found=f"no {role}", mend=mend)


def fargate_hosts(_settings: Settings, clients: Clients) -> Iterator[Finding]:
    """Fargate's agent calls the hosts that the network has endpoints for.

    With `fargateFIPSMode` it may call others
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-fips-compliance.html).
    """
    asked = {"name": "fargateFIPSMode", "effectiveSettings": True}
    values = [each["value"] for each in clients("ecs").list_account_settings(**asked)["settings"]]
    found = ", ".join(values) or "not set"
    mend = "see whether tasks start in a test deployment; else add endpoints for ECR's and Logs' FIPS hosts"
    yield Finding(subject="ECS setting fargateFIPSMode", ok="enabled" not in values, found=found, mend=mend)


def authority(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The tracking server's certificate is one that our functions trust: they know public authorities alone."""
    acm = clients("acm")
    name = arn(settings, "acm", f"certificate/{settings.tracking.certificate_id}", settings.deployment.region)
    try:
        found: dict[str, Any] = acm.describe_certificate(CertificateArn=name)["Certificate"]
    except acm.exceptions.ResourceNotFoundException:
        return  # the check of the certificate says so
    kind = found.get("Type", "unknown")
    mend = (
        "have ACM issue it (a public name that ACM can validate; the host itself may stay private), or import one of a "
        "public authority and take this row as answered: one of your own or of the Federal PKI isn't trusted"
    )
    yield Finding(subject="certificate's authority", ok=kind == "AMAZON_ISSUED", found=kind, mend=mend)


def made_log_groups(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The log groups that RDS and ECS made have a key and an end: no template makes them, so none can give it.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html (never
    expire), https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-container-insights.html. Before the
    first deployment there are none.
    """
    pages = clients("logs").get_paginator("describe_log_groups")
    groups = [group for prefix in _MADE for page in pages.paginate(logGroupNamePrefix=prefix)
              for group in page["logGroups"]]  # fmt: skip
    days = settings.logs.searchable_days
    for group in groups:
        name, lasts = group["logGroupName"], group.get("retentionInDays")
        found = f"{'its own key' if group.get('kmsKeyId') else 'no key'}, {f'{lasts} days' if lasts else 'no end'}"
        mend = (
            f"aws logs associate-kms-key --log-group-name {name} --kms-key-id <ARN of the logs key>; "
            f"aws logs put-retention-policy --log-group-name {name} --retention-in-days {days}"
        )
        yield Finding(
            subject=f"log group {name}", ok=bool(group.get("kmsKeyId")) and lasts == days, found=found, mend=mend
        )


CHECKS = (concurrency, linked_roles, fargate_hosts, authority, made_log_groups)
