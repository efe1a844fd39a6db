"""What differs between regions and partitions. The only file that may know a partition's facts (facts/govcloud.md)."""

from dataclasses import dataclass

SAGEMAKER_ENDPOINT_TYPES = frozenset(
    {"AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint"},
)

_ENDPOINT_SERVICES = (
    "cloudformation",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "kms",
    "logs",
    "monitoring",
    "rds",
    "s3",
    "sagemaker.api",
    "sagemaker.runtime",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
)


@dataclass(frozen=True, kw_only=True)
class RegionProfile:
    """One region: what CloudFormation has there, and which names and TLS policies hold.

    `endpoint_services` are the last parts of the names (`com.amazonaws.<region>.<service>`) of the interface endpoints
    that an isolated network needs; `lacks` are CloudFormation types that the region does not have.
    """

    name: str
    partition: str
    lacks: frozenset[str] = frozenset()
    endpoint_services: tuple[str, ...] = _ENDPOINT_SERVICES
    load_balancer_tls_policy: str = "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04"

    @property
    def has_sagemaker_endpoints(self) -> bool:
        """Say whether a SageMaker endpoint can be a CloudFormation resource here."""
        return not SAGEMAKER_ENDPOINT_TYPES & self.lacks


_GOVCLOUD_SERVICES = (*_ENDPOINT_SERVICES, "kms-fips")

PROFILES = {
    profile.name: profile
    for profile in (
        RegionProfile(name="us-east-1", partition="aws"),
        RegionProfile(name="us-gov-west-1", partition="aws-us-gov", endpoint_services=_GOVCLOUD_SERVICES),
        RegionProfile(
            name="us-gov-east-1",
            partition="aws-us-gov",
            endpoint_services=_GOVCLOUD_SERVICES,
            lacks=SAGEMAKER_ENDPOINT_TYPES,
        ),
    )
}


def service_principal(service: str) -> str:
    """Name a service as IAM knows it; the suffix is the same in the commercial and the GovCloud partition."""
    return f"{service}.amazonaws.com"
