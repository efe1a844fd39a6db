"""Templates of a deployment whose settings were drawn, without files and without the rule packs."""

import json
import tempfile
from pathlib import Path

import aws_cdk as cdk

from compliance.synth import ROOT
from compliance.templates import Template, read_templates
from stacks.platform import build_platform
from stacks.settings import Settings

_QUICK = {"aws:cdk:disable-asset-staging": True, "@aws-cdk/core:validateAgainstDefaultRules": False}


def templates_of(settings: Settings) -> dict[str, Template]:
    """Build the platform and give its templates; the code of functions stays where it is."""
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"] | _QUICK
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(analytics_reporting=False, outdir=folder, context=context)
        build_platform(app, settings)
        app.synth()
        return read_templates(Path(folder))
