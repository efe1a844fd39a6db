"""The Lambda code, bundled before synth (`make lambdas`), so that synth itself needs no network and no pip."""

from pathlib import Path

from lambdas.bundle import BUNDLES, is_current
from stacks.settings import Settings

LOCAL_ACCOUNT = "000000000000"  # of the local AWS; no account of AWS's has it


def bundle_folder(settings: Settings, bundles: Path = BUNDLES) -> str:
    """Give the folder of the bundle that all functions share: this machine's for the local AWS, Lambda's for AWS.

    Raises:
        SystemExit: the bundle is not there or older than its sources; says in one sentence how to make it.
    """
    name = "local" if settings.deployment.account == LOCAL_ACCOUNT else "aws"
    if not is_current(bundles / name):
        raise SystemExit(
            f"atoll: the Lambda bundle build/lambdas/{name} is missing or older than lambdas/; run `make lambdas` first"
        )
    return str(bundles / name)
