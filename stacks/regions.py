"""What differs between regions and partitions. The only file that may know a partition's facts (facts/govcloud.md)."""

from dataclasses import dataclass

SAGEMAKER_ENDPOINT_TYPES = frozenset(
    {"AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint"},
)
GOVCLOUD = "aws-us-gov"
LOCAL_ACCOUNT = "000000000000"  # of the local AWS; no account of AWS's has it


@dataclass(frozen=True, kw_only=True)
class RegionProfile:
    """One region: what CloudFormation has there, and which names and TLS policies hold.

    `lacks` are CloudFormation types that the region does not have; `fips_hosts` are the services that an SDK with
    AWS_USE_FIPS_ENDPOINT calls by another host, by the last parts of their endpoints' names (measured with botocore;
    tests/infrastructure/test_endpoint_coverage.py measures again).
    """

    name: str
    partition: str
    fips_hosts: frozenset[str]
    lacks: frozenset[str] = frozenset()
    load_balancer_tls_policy: str = "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04"

    @property
    def has_sagemaker_endpoints(self) -> bool:
        """Say whether a SageMaker endpoint can be a CloudFormation resource here."""
        return not SAGEMAKER_ENDPOINT_TYPES & self.lacks

    @property
    def is_govcloud(self) -> bool:
        """Say whether the region belongs to AWS GovCloud (US)."""
        return self.partition == GOVCLOUD


_GOVCLOUD_FIPS = frozenset({"ecs", "kms", "lambda", "s3", "sagemaker.api", "secretsmanager"})
_COMMERCIAL_FIPS = _GOVCLOUD_FIPS | {
    *(
        "cloudformation",
        "cloudtrail",
        "ec2",
        "events",
        "logs",
        "monitoring",
        "rds",
        "sagemaker.runtime",
        "sns",
        "sqs",
        "ssm",
        "states",
        "sts",
    ),
}

PROFILES = {
    profile.name: profile
    for profile in (
        RegionProfile(name="us-east-1", partition="aws", fips_hosts=_COMMERCIAL_FIPS),
        RegionProfile(name="us-gov-west-1", partition=GOVCLOUD, fips_hosts=_GOVCLOUD_FIPS),
        RegionProfile(
            name="us-gov-east-1",
            partition=GOVCLOUD,
            fips_hosts=_GOVCLOUD_FIPS | {"states"},
            lacks=SAGEMAKER_ENDPOINT_TYPES,
        ),
    )
}


HOST_SUFFIX = "amazonaws.com"
"""The end of every host of AWS's in the commercial and the GovCloud partition."""


def service_principal(service: str) -> str:
    """Name a service as IAM knows it; the suffix is the same in the commercial and the GovCloud partition."""
    return f"{service}.amazonaws.com"


def via_service(service: str, region: str) -> str:
    """Name a service of a region as `kms:ViaService` knows it; the suffix is the same in both partitions."""
    return f"{service}.{region}.amazonaws.com"
