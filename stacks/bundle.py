"""The Lambda code, bundled before synth (`make lambdas`), so that synth itself needs no network and no pip."""

from pathlib import Path

from lambdas.bundle import BUNDLES, is_current
from stacks.regions import LOCAL_ACCOUNT
from stacks.settings import Settings


def bundle_folder(settings: Settings, room: str, bundles: Path = BUNDLES) -> str:
    """Give the bundle of a room's functions (`release`, `monitoring`): for the local AWS this machine's, else Lambda's.

    Raises:
        SystemExit: the bundle is not there or older than its sources; says in one sentence how to make it.
    """
    name = f"{'local' if settings.deployment.account == LOCAL_ACCOUNT else 'aws'}/{room}"
    if not is_current(bundles / name):
        raise SystemExit(
            f"atoll: the Lambda bundle build/lambdas/{name} is missing or older than lambdas/; run `make lambdas` first"
        )
    return str(bundles / name)
