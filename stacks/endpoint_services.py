"""Which AWS services the network reaches, who calls them and why; from this the VPC endpoints are computed.

Two kinds of calls differ in their host. `sdk` calls are our code's: AWS_USE_FIPS_ENDPOINT changes their host where the
region has another one for FIPS. `platform` calls are Fargate's and Lambda's own, through the network interface that a
task or function has (image, log, secrets, traces): their host stays. An endpoint's private DNS name covers one host
only, so one service may need two endpoints.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stacks.regions import HOST_SUFFIX

if TYPE_CHECKING:
    from stacks.settings import Settings

S3 = "s3"
"""The one gateway endpoint: PrivateLink has no private DNS for S3's FIPS hosts (docs/decisions)."""

_OPTIONAL = frozenset({"xray"})  # without it traces are lost and nothing else (decision 21)
_SDK_NAMES = {
    "events": "EVENTBRIDGE",
    "logs": "CLOUDWATCH_LOGS",
    "monitoring": "CLOUDWATCH",
    "sagemaker.api": "SAGEMAKER",
    "sagemaker.runtime": "SAGEMAKER_RUNTIME",
    "secretsmanager": "SECRETS_MANAGER",
    "states": "SFN",
}
_GLOBAL_S3 = "us-east-1"  # SDKs still call S3 here by the name without a region, whose addresses are this region's


@dataclass(frozen=True, kw_only=True)
class Use:
    """One service in use: by the last part of its endpoint's name, called by which groups of the network, for what."""

    service: str
    sdk: frozenset[str] = frozenset()
    platform: frozenset[str] = frozenset()
    purpose: str


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint to make: `name` is the last part of its service name, `service` the whole name or None for AWS's."""

    name: str
    callers: frozenset[str]
    service: str | None = None


def uses(settings: "Settings") -> Iterator[Use]:
    """Give the services that this deployment's stacks use; a service may come up more than once."""
    functions, tasks = frozenset({"functions"}), frozenset({"tasks"})
    for service, purpose in (
        ("ecr.api", "Fargate asks for a token and for the image's layers"),
        ("ecr.dkr", "Fargate reads the image's manifest"),
        ("logs", "Fargate writes the task's log"),
        ("secretsmanager", "Fargate reads the task's secrets"),
    ):
        yield Use(service=service, platform=tasks, purpose=purpose)
    yield Use(service=S3, sdk=tasks | functions, platform=frozenset({"jobs"}), purpose="data, models, audit records")
    yield Use(service="xray", platform=functions, purpose="Lambda sends the traces of functions")
    if not settings.network.existing:
        yield Use(service="ec2", sdk=functions, purpose="the default security group is closed")
    if settings.tracking.database == "postgresql":
        for service, purpose in (
            ("cloudformation", "the migration asks whether its stack rolls back"),
            ("ecs", "the migration runs as a task"),
            ("rds", "a snapshot is taken before the migration"),
        ):
            yield Use(service=service, sdk=functions, purpose=purpose)
    if settings.models:
        for service, purpose in (
            ("cloudformation", "a release is a change set"),
            ("cloudtrail", "calls whose events were lost are looked up"),
            ("events", "lost events are sent again"),
            ("kms", "released models are signed, and their signatures verified"),
            ("monitoring", "drift is a metric"),
            ("sagemaker.api", "jobs and endpoints are described"),
            ("sagemaker.runtime", "a released endpoint gets golden rows"),
            ("secretsmanager", "functions sign in to MLflow"),
            ("sns", "people are notified"),
            ("ssm", "addresses and image digests are parameters"),
        ):
            yield Use(service=service, sdk=functions, purpose=purpose)


def computed(settings: "Settings") -> Mapping[str, frozenset[str]]:
    """Give the endpoints that these uses need: name -> the groups that call it."""
    fips = settings.region.fips_hosts - set(settings.network.plain_hosts) if settings.fips else frozenset()
    callers: dict[str, frozenset[str]] = {}
    for use in uses(settings):
        by_sdk = f"{use.service}-fips" if use.service in fips - {S3} else use.service
        for name, group in ((by_sdk, use.sdk), (use.service, use.platform)):
            if group:
                callers[name] = callers.get(name, frozenset()) | group
    return dict(sorted(callers.items()))


def endpoints(settings: "Settings") -> list[Endpoint]:
    """Give the endpoints to make: all that are needed in a VPC of ours, in an existing one only those asked for.

    Raises:
        ValueError: an override names an endpoint that this deployment doesn't need, or S3's in an existing VPC, or
            takes away one that is called; a plain host is asked for where there is none.
    """
    _check_plain_hosts(settings)
    needed, overrides = computed(settings), settings.network.endpoints
    if unknown := sorted(set(overrides) - set(needed)):
        raise ValueError(
            f"network.endpoints.{unknown[0]} is not an endpoint of this deployment; it has {', '.join(needed)}"
        )
    if overrides.get(S3, "off") != "off":
        raise ValueError(
            f'network.endpoints.s3 = "{overrides[S3]}": S3 has the region\'s gateway, whose name is fixed and which '
            'belongs to the owner of the route tables; remove the line, or write "off" where another way leads to S3'
        )
    off = sorted(name for name, service in overrides.items() if service == "off" and name not in _OPTIONAL)
    if off and not settings.network.existing:
        service = off[0].removesuffix("-fips")
        raise ValueError(
            f'network.endpoints.{off[0]} is "off", and {" and ".join(sorted(needed[off[0]]))} call it: a new network '
            "has no other way there. Name another endpoint service"
            + (f', or have it called by its plain host: plain_hosts = ["{service}"]' if service != off[0] else "")
        )
    wanted = overrides if settings.network.existing else needed
    return [
        Endpoint(name=name, callers=needed[name], service=overrides.get(name))
        for name in wanted
        if overrides.get(name) != "off"
    ]


def _check_plain_hosts(settings: "Settings") -> None:
    called = {use.service for use in uses(settings) if use.sdk and use.service != S3}
    possible = sorted(called & settings.region.fips_hosts) if settings.fips else []
    if strangers := [name for name in settings.network.plain_hosts if name not in possible]:
        raise ValueError(
            f"network.plain_hosts names {strangers[0]}; those that our functions call by a FIPS host here are: "
            f"{', '.join(possible) or 'none'}"
        )


def plain_addresses(settings: "Settings") -> dict[str, str]:
    """Give the variables that have an AWS SDK call a service by its plain host while it calls the others by FIPS hosts.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    region, names = settings.deployment.region, settings.network.plain_hosts
    hosts = {_SDK_NAMES.get(name, name.upper()): private_hosts(name, region, HOST_SUFFIX)[0] for name in names}
    return {f"AWS_ENDPOINT_URL_{name}": f"https://{host}" for name, host in hosts.items()}


def private_hosts(name: str, region: str, suffix: str) -> list[str]:
    """Give the hosts that an endpoint answers for in its VPC, `*` for any one label.

    Two-part names turn round: `sagemaker.api-fips` answers for `api-fips.sagemaker`. The gateway answers for every
    address of S3 in the region, whichever name led to it.
    """
    zone = f"{region}.{suffix}"
    if name == S3:
        hosts = [f"s3.{zone}", f"s3-fips.{zone}", *([f"s3.{suffix}"] if region == _GLOBAL_S3 else ())]
        return [f"{label}{host}" for host in hosts for label in ("", "*.")]
    head, _, tail = name.partition(".")
    host = f"{tail}.{head}.{zone}" if tail else f"{head}.{zone}"
    return [host, f"*.{host}"] if name == "ecr.dkr" else [host]
