"""CloudFormation types that the emulator lacks and Atoll's stacks need."""

from local.cloudformation import acting, alarms, audit, failing, names, network, protection, recorded, secrets
from local.cloudformation.recorded import RECORDED_ONLY
from local.cloudformation.resource_type import ResourceType, aws, register_types, run_on_worker_threads

__all__ = ["RECORDED_ONLY", "ResourceType", "aws", "register", "register_types", "run_on_worker_threads"]


def register() -> None:
    """Have the emulator know them. Call once, after `import ministack.app` and before its main."""
    register_types((*network.TYPES, *audit.TYPES, *recorded.TYPES))
    network.give_vpcs_their_cidr()
    secrets.refer_to_secrets_by_arn()
    alarms.record_metric_math()
    names.register()
    protection.register()
    failing.register()
    acting.register()
