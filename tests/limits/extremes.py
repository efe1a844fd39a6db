"""Deployments whose settings stand at their own bounds: the longest names, the most of everything, and the least."""

from typing import Any

from stacks.settings import PROVIDERS_THAT_NAME

DIGEST = "sha256:" + "0" * 64
LONGEST_PATH = "/" + "p" * 98 + "/"
LONGEST_PREFIX = "n" * 20
LONGEST_PROVIDER = "444455556666:role/" + "i" * 110
LONGEST_ROLE = "c" * 128
LONGEST_DOMAIN = ".".join(["d" * 63, "o" * 63, "m" * 63, "a" * 8])
LONGEST_MODEL = "m" * 42
_ID = "0123456789abcdef0"
_ADDRESSES = ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint")
_PLAIN = (
    *("cloudformation", "cloudtrail", "ec2", "ecs", "events", "kms", "monitoring", "rds"),
    *("sagemaker.api", "sagemaker.runtime", "secretsmanager", "sns", "ssm"),
)
_GROUPS = ("jobs", "functions", "balancer", "tasks", "database")


def longest(region: str, *, zones: str = "abc") -> dict[str, Any]:
    """Give a production deployment in a network of its own, everything as long and as many as settings allow."""
    wanted: dict[str, Any] = {
        "deployment": {"name": "d" * 31, "account": "111122223333", "region": region, "production": True},
        "identity": {
            "permissions_boundary": "b" * 512,
            "role_path": LONGEST_PATH,
            "role_name_prefix": LONGEST_PREFIX,
            "cloudformation_role": LONGEST_ROLE,
            "deploy_role": LONGEST_ROLE,
            "identity_providers": [f"{LONGEST_PROVIDER[:-1]}{number}" for number in range(10)],
        },
        "network": {
            "cidr": "10.40.0.0/16",
            "s3_prefix_list": f"pl-{_ID}",
            "availability_zones": [f"{region}{zone}" for zone in zones],
            "several_instances": True,
            "fips": True,
        },
        "tracking": {"domain": LONGEST_DOMAIN, "port": 65535, "certificate_id": "1" * 8 + "-1111" * 3 + "-" + "1" * 12},
        "images": {"digests": "pinned", "model": DIGEST, "serving": DIGEST, "mlflow": DIGEST},
        "etl": {"engine": "spark", "image": DIGEST},
        "release": {"request_expires_after_days": 90},
        "scores": {"kept_days": 3653},
        "logs": {"profile": "custom", "custom_searchable_days": 2922, "custom_archive_days": 3653},
    }
    if region != "us-gov-east-1":
        wanted["models"] = {LONGEST_MODEL: longest_model()}
    return wanted


def longest_model() -> dict[str, Any]:
    """Give a model with the longest values."""
    return {
        "target": "sagemaker",
        "minimum_instances": 49,
        "maximum_instances": 50,
        "traffic_shift": "linear",
        "invocations_per_instance": 100_000,
        "latency_alarm_ms": 60_000,
        "max_model_bytes": 5_000_000_000,
        "answers": {"out_of_distribution": "refuse", "label_threshold": 0.123456789012345},
        "minimum_average_precision": 0.123456789012345,
        "maximum_regression": 0.123456789012345,
        "slice_fields": [f"{'f' * 59}{number}" for number in range(10)],
        "maximum_slice_regression": 0.123456789012345,
    }


def plain() -> dict[str, Any]:
    """Give the same where the most services are called by FIPS hosts, with every plain host that is allowed there.

    And with as many providers as may set people's source identity.
    """
    wanted = longest("us-east-1")
    wanted["identity"] |= {
        "source_identity": True,
        "identity_providers": wanted["identity"]["identity_providers"][:PROVIDERS_THAT_NAME],
    }
    wanted["network"]["plain_hosts"] = list(_PLAIN)
    return wanted


def brought(region: str) -> dict[str, Any]:
    """Give the same in a network of the agency's, with single sign-on and endpoints of other names."""
    wanted, zones = longest(region), 3
    network = wanted["network"]
    for name in ("cidr", "s3_prefix_list", "several_instances"):
        del network[name]
    network["existing"] = {
        "vpc_id": f"vpc-{_ID}",
        "work_subnets": [f"subnet-{number}{_ID[1:]}" for number in range(zones)],
        "data_subnets": [f"subnet-{number}{_ID[1:]}" for number in range(zones, 2 * zones)],
        "endpoint_vpc_ids": [f"vpc-{number}{_ID[1:]}" for number in range(10)],
        **{f"{name}_group": f"sg-{number}{_ID[1:]}" for number, name in enumerate(_GROUPS)},
    }
    names = ["secretsmanager-fips", "logs", "ecr.api", "ecr.dkr"]
    if "models" in wanted:
        names += ["kms-fips", "sagemaker.api-fips", "events", "ssm"]
    network["endpoints"] = dict.fromkeys(names, f"com.amazonaws.vpce.{region}.vpce-svc-{_ID}")
    wanted["tracking"]["single_sign_on"] = {
        "port": 65534,
        **dict.fromkeys(_ADDRESSES, f"https://{LONGEST_DOMAIN}/{'p' * 200}"),
        "client_id": "c" * 200,
        "client_secret_name": "s" * 200,
        "session_hours": 12,
    }
    return wanted


def least() -> dict[str, Any]:
    """Give the smallest deployment: for development, CloudFormation's own names, no model."""
    return {
        "deployment": {"name": "dd", "account": "111122223333", "region": "us-east-1", "production": False},
        "identity": {"identity_providers": ["root"], "role_path": "/"},
        "network": {
            "cidr": "10.40.0.0/24",
            "s3_prefix_list": "pl-01234567",
            "availability_zones": ["us-east-1a", "us-east-1b"],
            "fips": False,
        },
        "tracking": {"domain": "a.b", "certificate_id": "1" * 8 + "-1111" * 3 + "-" + "1" * 12, "database": "sqlite"},
        "images": {"digests": "pinned", "model": DIGEST, "serving": DIGEST, "mlflow": DIGEST},
    }


EXTREMES = {
    "longest in us-gov-west-1": longest("us-gov-west-1"),
    "longest in us-gov-east-1": longest("us-gov-east-1"),
    "longest in us-east-1": longest("us-east-1"),
    "plain hosts in us-east-1": plain(),
    "an agency's network": brought("us-gov-west-1"),
    "least": least(),
}
