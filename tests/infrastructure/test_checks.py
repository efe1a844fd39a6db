"""The rule packs and the one door past them, on an app of one bucket."""

import json
from datetime import date
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from compliance import findings, nag
from compliance.findings import OWN_PACK_FILE, Acceptance, FindingError, Register, accept_finding
from compliance.report import judge

WHY = Acceptance(
    reason="a bucket of a test holds nothing that anybody would read",
    control="AU-3",
    compensating="it is never deployed and ends together with the test",
    owner="platform team",
    review_by=date(2027, 1, 1),
)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> s3.Bucket:
    register = Register()
    monkeypatch.setattr(findings, "REGISTER", register)
    monkeypatch.setattr(nag, "REGISTER", register)
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    return s3.Bucket(cdk.Stack(app, "Stack"), "Bucket")


def objections(bucket: s3.Bucket, tmp_path: Path) -> set[str]:
    """Synthesize with the packs, which must fail; which rules object, and where."""
    app = cdk.App.of(bucket)
    assert isinstance(app, cdk.App)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        nag.judge_and_synthesize(app, bounded=True)
    (tmp_path / OWN_PACK_FILE).write_text('{"rules": [], "stacks": []}')  # what only a synth without findings leaves
    return {each.partition(":")[0] for each in judge(tmp_path).objections}


def of_aws(found: set[str]) -> set[str]:
    return {each for each in found if each.startswith("AwsSolutions")}


def test_a_finding_that_nobody_accepted_fails_the_synth(bucket: s3.Bucket, tmp_path: Path) -> None:
    assert of_aws(objections(bucket, tmp_path)) == {
        "AwsSolutions-S1 on Stack/Bucket/Resource",
        "AwsSolutions-S10 on Stack/Bucket/Resource",
    }


def test_an_accepted_finding_stands_with_its_reason_and_no_other_does(bucket: s3.Bucket, tmp_path: Path) -> None:
    accept_finding(bucket, "AwsSolutions", "AwsSolutions-S1", because=WHY)
    assert of_aws(objections(bucket, tmp_path)) == {"AwsSolutions-S10 on Stack/Bucket/Resource"}
    [entry] = json.loads((tmp_path / "accepted-findings.json").read_text())
    assert (entry["path"], entry["rule"]) == ("Stack/Bucket", "AwsSolutions-S1")
    assert entry["acceptance"]["reason"] == WHY.reason


def test_our_own_pack_judges_a_synth_as_the_public_ones_do(bucket: s3.Bucket, tmp_path: Path) -> None:
    assert "Atoll-everything_is_under_our_keys on Stack/Bucket/Resource" in objections(bucket, tmp_path)


def test_a_whole_stack_or_app_is_too_wide_to_accept_a_finding_on(bucket: s3.Bucket) -> None:
    for scope, name in ((bucket.stack, "Stack"), (bucket.node.root, "the app")):
        with pytest.raises(FindingError, match=f"{name} is too wide a scope for AwsSolutions-S1"):
            accept_finding(scope, "AwsSolutions", "AwsSolutions-S1", because=WHY)
