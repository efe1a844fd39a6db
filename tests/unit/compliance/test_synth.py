"""The command that synthesizes and judges each environment, with a small program in place of the CDK's CLI."""

import json
import os
from pathlib import Path

import pytest

from compliance import synth
from compliance.findings import PACKS
from compliance.report import Verdict

REPORT = {"pluginReports": [{"pluginName": name, "violations": []} for name in PACKS]}
VIOLATION = {"ruleName": "AwsSolutions-S1", "violatingConstructs": [{"constructPath": "A/Bucket"}]}


class FakeCdk:
    """A `cdk` on the PATH that leaves an assembly, or fails for one environment."""

    def __init__(self, folder: Path) -> None:
        self.report = folder / "report.json"
        self.report.write_text(json.dumps(REPORT))
        program = folder / "bin" / "cdk"
        program.parent.mkdir()
        program.write_text(
            "#!/bin/sh\n"
            'if [ "$ATOLL_ENVIRONMENT" = broken ]; then echo "atoll: a wrong value" >&2; exit 1; fi\n'
            'if [ "$ATOLL_ENVIRONMENT" = mute ]; then echo "only this"; exit 1; fi\n'
            'for folder; do :; done; mkdir -p "$folder"\n'
            f'cp "{self.report}" "$folder/validation-report.json"; echo "[]" > "$folder/accepted-findings.json"\n'
            'echo "{\\"rules\\": [1], \\"stacks\\": [1]}" > "$folder/atoll-rules.json"\n'
            'echo "{}" > "$folder/Atoll-A.template.json"; echo "$@" > "$folder/command"\n'
        )
        program.chmod(0o755)


@pytest.fixture
def cdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCdk:
    fake = FakeCdk(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(synth, "SYNTH", tmp_path / "synth")
    monkeypatch.setattr(synth, "environments", lambda: ["one", "two"])
    return fake


def test_every_settings_file_is_an_environment() -> None:
    assert synth.environments() == ["commercial", "govcloud-east", "govcloud-west", "local"]


def test_the_table_has_a_line_for_each_environment() -> None:
    verdict = Verdict(objections=("one",), accepted=3, reasons=2)
    row = synth.Synthesized(environment="local", seconds=1.25, stacks=7, verdict=verdict)
    head, line = synth.table([row]).splitlines()
    assert head.split() == ["environment", "stacks", "accepted", "reasons", "objections", "seconds"]
    assert line.split() == ["local", "7", "3", "2", "1", "1.2"]


def test_every_environment_is_synthesized_into_its_folder_and_judged(
    cdk: FakeCdk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cdk.report.exists()
    assert synth.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:5] for line in lines[-2:]] == [["one", "1", "0", "0", "0"], ["two", "1", "0", "0", "0"]]
    assert (tmp_path / "synth" / "two" / "command").read_text().split()[0] == "synth"


def test_only_the_environments_that_are_asked_for_are_synthesized(cdk: FakeCdk, tmp_path: Path) -> None:
    assert cdk.report.exists()
    assert synth.main(["two"]) == 0
    assert [each.name for each in (tmp_path / "synth").iterdir()] == ["two"]


def test_an_objection_fails_the_command_and_names_its_environment(
    cdk: FakeCdk, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"pluginReports": [each | {"violations": [VIOLATION]} for each in REPORT["pluginReports"][:1]]}
    cdk.report.write_text(json.dumps(report))
    assert synth.main() == 1
    said = capsys.readouterr().out
    assert "one: AwsSolutions-S1 on A/Bucket: mend the resource" in said
    assert "two: the rule pack NIST.800.53.R5 did not report" in said


def test_a_synth_that_fails_ends_the_command_with_the_clis_words(
    cdk: FakeCdk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(synth, "environments", lambda: ["broken", "one"])
    assert synth.main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "broken: atoll: a wrong value"
    assert not (cdk.report.parent / "synth" / "one").exists()


def test_what_the_cli_says_elsewhere_is_told_when_its_errors_are_empty(cdk: FakeCdk, tmp_path: Path) -> None:
    assert cdk
    with pytest.raises(synth.SynthError, match="mute: only this"):
        synth.synthesize("mute", tmp_path / "assembly")
