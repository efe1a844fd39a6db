"""What an account must have before the first deployment; each check reads only and says what to do.

A check is a generator over the settings and a source of clients. It yields findings, and raises what its calls raise.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from stacks.database_engine import ENGINE, MAJOR_VERSION, instance_type
from stacks.endpoint_services import S3, endpoints, private_hosts
from stacks.regions import HOST_SUFFIX
from stacks.settings import Settings

Clients = Callable[[str], Any]
"""Gives a boto3 client of a service, in the deployment's region."""

_BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_BOOTSTRAP_VERSION = 6
_REMAINING = timedelta(days=30)
_ENDPOINTS_PER_VPC = "L-29B6F2EB"
_BLUE_AND_GREEN = 2


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found: about what, whether it will do, what was seen, and what to do where it won't."""

    subject: str
    ok: bool
    found: str
    mend: str = ""


def account(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The caller's credentials are of the deployment's account."""
    own, wanted = clients("sts").get_caller_identity()["Account"], settings.deployment.account
    yield Finding(subject="account", ok=own == wanted, found=own, mend=f"use credentials of {wanted}")


def zones(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The account has the zones that the settings name."""
    known = {zone["ZoneName"] for zone in clients("ec2").describe_availability_zones()["AvailabilityZones"]}
    missing = sorted(set(settings.network.availability_zones) - known)
    found = f"not here: {', '.join(missing)}" if missing else ", ".join(settings.network.availability_zones)
    yield Finding(
        subject="zones", ok=not missing, found=found, mend=f"name zones among {', '.join(sorted(known))} in [network]"
    )


def bootstrap(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The account is bootstrapped by a recent enough CDK."""
    place = f"{settings.deployment.account}/{settings.deployment.region}"
    mend = f"cdk bootstrap aws://{place} (docs/deploy.md)"
    names = {"Names": [_BOOTSTRAP_PARAMETER]}
    values = [int(each["Value"]) for each in clients("ssm").get_parameters(**names)["Parameters"]]
    ok = bool(values) and values[0] >= _BOOTSTRAP_VERSION
    found = f"version {values[0]}" if values else "not bootstrapped"
    yield Finding(subject="CDK bootstrap", ok=ok, found=f"{found}, needs {_BOOTSTRAP_VERSION}", mend=mend)


def boundary(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The permissions boundary that every role shall carry is there."""
    if name := settings.identity.permissions_boundary:
        iam = clients("iam")
        try:
            found = iam.get_policy(PolicyArn=arn(settings, "iam", f"policy/{name}"))["Policy"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            mend = "have it made, or mend identity.permissions_boundary"
            yield Finding(subject="permissions boundary", ok=False, found=f"no policy {name}", mend=mend)
        else:
            yield Finding(subject="permissions boundary", ok=True, found=found)


def endpoint_services(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """Each VPC endpoint's service exists here, takes a policy, and answers for the host that our code calls."""
    pages = clients("ec2").get_paginator("describe_vpc_endpoint_services").paginate()
    services = {each["ServiceName"]: each for page in pages for each in page["ServiceDetails"]}
    region = settings.deployment.region
    for endpoint in endpoints(settings):
        name = endpoint.service or f"com.amazonaws.{region}.{endpoint.name}"
        found = services.get(name)
        mend = "look in `aws ec2 describe-vpc-endpoint-services`; name another in [network.endpoints] as "
        mend += f'"{endpoint.name}"'
        if (plain := endpoint.name.removesuffix("-fips")) != endpoint.name:
            mend += f', or have it called by its plain host: network.plain_hosts = ["{plain}"]'
        lacks = _what_lacks(found, endpoint.name, region) if found else "no such service in the region"
        yield Finding(subject=f"endpoint {endpoint.name}", ok=not lacks, found=lacks or name, mend=mend)


def _what_lacks(service: dict[str, Any], name: str, region: str) -> str:
    """Say what an endpoint service can't do for us; nothing for the gateway, which has neither name nor limits."""
    if name == S3:
        return ""
    if not service.get("VpcEndpointPolicySupported"):
        return "takes no endpoint policy"
    listed = [service.get("PrivateDnsName"), *(each["PrivateDnsName"] for each in service.get("PrivateDnsNames", ()))]
    names = sorted({each for each in listed if each})
    wanted = private_hosts(name, region, HOST_SUFFIX)
    if not set(wanted) & set(names):
        return f"answers for {', '.join(names) or 'no private name'}, not for {wanted[0]}"
    return ""


def prefix_list(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The prefix list in the settings is the one of S3 in this region."""
    if given := settings.network.s3_prefix_list:
        name = f"com.amazonaws.{settings.deployment.region}.s3"
        wanted = [{"Name": "prefix-list-name", "Values": [name]}]
        ids = [each["PrefixListId"] for each in clients("ec2").describe_prefix_lists(Filters=wanted)["PrefixLists"]]
        found = ", ".join(ids) or "none"
        mend = f'write network.s3_prefix_list = "{found}"'
        yield Finding(subject="prefix list of S3", ok=given in ids, found=found, mend=mend)


def landing_zone(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The agency's subnets stand in its VPC and in the zones' order, and its security groups in the VPC."""
    existing = settings.network.existing
    if existing is None:
        return
    ec2, zones_in_order = clients("ec2"), settings.network.availability_zones
    for tier in (existing.work_subnets, existing.data_subnets):
        found = {each["SubnetId"]: each for each in ec2.describe_subnets(SubnetIds=list(tier))["Subnets"]}
        for subnet, zone in zip(tier, zones_in_order, strict=True):
            place = (found[subnet]["VpcId"], found[subnet]["AvailabilityZone"])
            mend = f"name a subnet of {existing.vpc_id} in {zone}, in the order of availability_zones"
            ok = place == (existing.vpc_id, zone)
            yield Finding(subject=f"subnet {subnet}", ok=ok, found=" ".join(place), mend=mend)
    names = [value for field, value in existing if field.endswith("_group")]
    for group in ec2.describe_security_groups(GroupIds=names)["SecurityGroups"]:
        mend = f"name a group of {existing.vpc_id}"
        ok = group["VpcId"] == existing.vpc_id
        yield Finding(subject=f"security group {group['GroupId']}", ok=ok, found=group["VpcId"], mend=mend)


def certificate(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The tracking server's certificate is issued, for its name, and for another month at least."""
    tracking = settings.tracking
    acm = clients("acm")
    mend = f"have ACM issue or renew a certificate for {tracking.domain} and write its id as tracking.certificate_id"
    try:
        name = arn(settings, "acm", f"certificate/{tracking.certificate_id}", settings.deployment.region)
        found = acm.describe_certificate(CertificateArn=name)["Certificate"]
    except acm.exceptions.ResourceNotFoundException:
        yield Finding(subject="certificate", ok=False, found=f"none with the id {tracking.certificate_id}", mend=mend)
        return
    ends = found.get("NotAfter", datetime.now(tz=UTC)).astimezone(UTC)
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", ())}
    covered = bool(names & {tracking.domain, f"*.{tracking.domain.partition('.')[2]}"})
    lasts = ends > datetime.now(tz=UTC) + _REMAINING
    said = f"{found['Status']}, for {', '.join(sorted(names))}, until {ends:%Y-%m-%d}"
    yield Finding(subject="certificate", ok=found["Status"] == "ISSUED" and covered and lasts, found=said, mend=mend)


def database(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """RDS offers the tracking server's database here, in two zones."""
    if settings.tracking.database != "postgresql":
        return
    wanted = f"db.{instance_type(production=settings.deployment.production)}"
    listing = clients("rds").get_paginator("describe_orderable_db_instance_options")
    pages = listing.paginate(Engine=ENGINE, DBInstanceClass=wanted)
    versions = {each["EngineVersion"] for page in pages for each in page["OrderableDBInstanceOptions"] if _fits(each)}
    majors = sorted({version.partition(".")[0] for version in versions})
    found = f"{ENGINE} on {wanted}: {', '.join(majors) or 'none'}, needs {MAJOR_VERSION}"
    mend = "deploy where RDS has it, or set MAJOR_VERSION in stacks/database_engine.py and test MLflow with it"
    yield Finding(subject="database", ok=MAJOR_VERSION in majors, found=found, mend=mend)


def _fits(option: dict[str, Any]) -> bool:
    return option.get("MultiAZCapable", False) and option.get("SupportsStorageEncryption", False)


def quotas(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The account may run twice each endpoint's instances (a release has both fleets), and our number of endpoints."""
    client = clients("service-quotas")
    if not settings.network.existing:
        wanted = len([each for each in endpoints(settings) if each.name != S3])
        quota = client.get_service_quota(ServiceCode="vpc", QuotaCode=_ENDPOINTS_PER_VPC)["Quota"]
        yield _quota("interface endpoints a VPC", quota["Value"], wanted)
    if settings.models:
        pages = client.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
        values = {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
        for model in settings.models.values():
            name = f"{model.instance_type} for endpoint usage"
            yield _quota(name, values.get(name, 0), _BLUE_AND_GREEN * model.maximum_instances)


def _quota(name: str, value: float, wanted: int) -> Finding:
    mend = f"ask for {wanted} in Service Quotas"
    return Finding(subject=f"quota: {name}", ok=value >= wanted, found=f"{value:.0f}, needs {wanted}", mend=mend)


def images(settings: Settings, clients: Clients) -> Iterator[Finding]:
    """The images that the settings pin are in the registry."""
    if settings.images.digests != "pinned":
        return
    ecr = clients("ecr")
    pinned = {"model": ("model", settings.images.model), "serving": ("model", settings.images.serving)}
    for name, (repository, digest) in {**pinned, "mlflow": ("mlflow", settings.images.mlflow)}.items():
        mend = f"push the image to atoll/{repository}, or mend images.{name}"
        try:
            ecr.describe_images(repositoryName=f"atoll/{repository}", imageIds=[{"imageDigest": digest}])
            yield Finding(subject=f"image {name}", ok=True, found=str(digest))
        except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException) as error:
            yield Finding(subject=f"image {name}", ok=False, found=error.response["Error"]["Code"], mend=mend)


def arn(settings: Settings, service: str, resource: str, region: str = "") -> str:
    """Name a resource of the deployment's account."""
    return f"arn:{settings.region.partition}:{service}:{region}:{settings.deployment.account}:{resource}"


CHECKS = (
    account,
    zones,
    bootstrap,
    boundary,
    endpoint_services,
    prefix_list,
    landing_zone,
    certificate,
    database,
    quotas,
    images,
)
