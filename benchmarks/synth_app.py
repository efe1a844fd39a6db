"""The application as `app.py` has it, with so many more models as its argument says (see `benchmarks.synth`)."""

import os
import sys

import aws_cdk as cdk

from compliance.nag import judge_and_synthesize
from stacks.platform import build_platform
from stacks.settings import settings_or_exit


def main() -> None:
    """Build the platform with copies of its one model, and synthesize it under all checks."""
    settings = settings_or_exit(os.environ)
    name, model = next(iter(settings.models.items()))
    copies = {f"{name}-{number}": model for number in range(int(sys.argv[1]))}
    app = cdk.App(analytics_reporting=False)
    build_platform(app, settings.model_copy(update={"models": {name: model, **copies}}))
    judge_and_synthesize(app, bounded=settings.identity.permissions_boundary is not None)


if __name__ == "__main__":
    main()
