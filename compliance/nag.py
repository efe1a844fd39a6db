"""The rule packs that gate every synth."""

from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from compliance.findings import REGISTER


def attach_checks(app: cdk.App) -> None:
    """Let AwsSolutions and NIST 800-53 R5 judge the app at synth: any finding that nobody accepted fails it.

    Controls: CA-2, CA-7, CM-6.
    """
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True), NIST80053R5Checks(app, verbose=True))


def synthesize(app: cdk.App) -> None:
    """Synthesize, and leave the register of accepted findings beside the templates."""
    REGISTER.write(Path(app.outdir))
    app.synth()
