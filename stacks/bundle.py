"""The Lambda code, bundled before synth (`make lambdas`), so that synth itself needs no network and no pip."""

from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent / "build" / "lambdas" / "runtime"


def bundle_folder() -> str:
    """Give the folder of the bundle that all functions share.

    Raises:
        SystemExit: the bundle is not there; says in one sentence how to make it.
    """
    if not (BUNDLE / "lambdas").is_dir():
        raise SystemExit(
            "atoll: build/lambdas/runtime is missing; run `make lambdas` first, it bundles the Lambda code"
        )
    return str(BUNDLE)
