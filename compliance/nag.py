"""The rule packs that gate every synth."""

from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from compliance.findings import REGISTER
from compliance.pack import AtollChecks


def judge_and_synthesize(app: cdk.App, *, bounded: bool) -> None:
    """Synthesize under AwsSolutions, NIST 800-53 R5 and our own pack: any finding that nobody accepted fails it.

    Leaves the register of accepted findings and the record of our own pack beside the templates. `bounded` says that
    the settings name a permissions boundary, which every role must carry then.

    Controls: CA-2, CA-7, CM-6.
    """
    own = AtollChecks(bounded=bounded)
    packs = AwsSolutionsChecks(app, verbose=True), NIST80053R5Checks(app, verbose=True), own
    cdk.Validations.of(app).add_plugins(*packs)
    REGISTER.write(Path(app.outdir))
    app.synth()
    own.write(Path(app.outdir))
