"""The front door: settings, platform, checks, synth. `ATOLL_ENVIRONMENT` names the environment or a TOML file."""

import os
from pathlib import Path

from stacks.assets import let_functions_read
from stacks.settings import settings_or_exit

settings = settings_or_exit(os.environ)

import aws_cdk as cdk  # noqa: E402 - a wrong setting is said within a second; the CDK takes ten to load

from compliance.nag import judge_and_synthesize  # noqa: E402 - the same
from stacks.platform import build_platform  # noqa: E402 - the same

app = cdk.App(analytics_reporting=False)
build_platform(app, settings)
judge_and_synthesize(app, bounded=settings.identity.permissions_boundary is not None)
let_functions_read(Path(app.outdir))
