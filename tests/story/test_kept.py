"""The story on a real ledger, kept running: the commands that it prints work, and only `--down` ends it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from local.certificates import Certificates
from local.story.telling import ATTACKS
from tests.story.telling import LOCAL, ROOT, STEPS, Told, processes_of, run, tell

if TYPE_CHECKING:
    from collections.abc import Generator

TORONTO = ROOT.parent / "shared" / "data" / "demo_sample_tor_fy.csv.gz"

pytestmark = [
    pytest.mark.story,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not TORONTO.exists(), reason=f"the real ledger is not beside the project: {TORONTO}"),
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Generator[Told]:
    """A kept story on a ledger whose path holds a space; ended by `--down`, twice, with nothing left."""
    ledger = tmp_path_factory.mktemp("my ledgers") / "toronto 2018.csv.gz"
    shutil.copy(TORONTO, ledger)
    yield tell("--ledger", str(ledger), "--keep")
    assert "Ended" in run("--down").stdout
    assert processes_of(LOCAL) == []
    again = run("--down")
    assert (again.returncode, "No local AWS runs" in again.stdout) == (0, True)


def shell(kept: Told, part: str) -> str:
    """What a shell says to the one printed command that holds `part`, after the printed `source`."""
    lines = [line.strip() for line in kept.output.splitlines() if line.startswith("  ")]
    commands = [line for line in lines if line.startswith("source ") or part in line]
    assert len(commands) == 2, commands
    done = subprocess.run(["bash", "-ec", "\n".join(commands)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_mapping_is_found_and_anomalies_are_injected(kept: Told) -> None:
    assert kept.steps["ledger"]["facts"]["mapping"] == "toronto.toml"
    assert kept.steps["etl"]["facts"]["report"]["labels"] == "injected"
    assert "anomalies were injected" in kept.output
    assert set(STEPS) - set(kept.steps) == {*ATTACKS, "teardown"}
    assert f"Their certificates end on\n{Certificates.below(LOCAL / 'certificates').end:%Y-%m-%d}" in kept.output


def test_the_printed_request_makes_the_endpoint_answer_with_reasons(kept: Told) -> None:
    prediction = json.loads(shell(kept, "/invocations"))["predictions"][0]

    assert round(prediction["score"], 4) == kept.steps["batch"]["facts"]["alerts"][0]["score"]
    assert len(prediction["reasons"]) == 3


def test_the_printed_requests_reach_mlflow(kept: Told) -> None:
    assert shell(kept, "/health") == "OK"
    assert json.loads(shell(kept, "registered-models/search"))["registered_models"][0]["name"] == "card-anomaly"


def test_a_second_story_leaves_a_kept_one_alone(kept: Told) -> None:
    second = run()

    assert second.returncode == 2
    assert "was left as it is; `make story-down` ends it" in second.stdout
    assert shell(kept, "/health") == "OK"
    assert (LOCAL / "state.json").is_file()
