"""The main job, told whole: what a new user runs must hold what the README promises."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TORONTO = ROOT.parent / "shared" / "data" / "demo_sample_tor_fy.csv.gz"
STEPS = [
    *(
        "start",
        "synthesize",
        "bootstrap",
        "deploy",
        "tracking",
        "ledger",
        "etl",
        "train",
        "register",
        "deny",
        "approve",
    ),
    *("settle", "score", "batch", "monitor", "refused-by-gate", "refused-tampered", "rolled-back", "teardown"),
]

pytestmark = [pytest.mark.story, pytest.mark.timeout(900)]


def tell(*arguments: str) -> dict[str, dict[str, Any]]:
    """Run the story as `make story` does and return its steps by name."""
    done = subprocess.run(
        [sys.executable, "-m", "local.story", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    story = json.loads((ROOT / "build" / "story.json").read_text())
    assert story["status"] == "ok"
    return {step["name"]: step for step in story["steps"]}


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that work in a folder below this checkout."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if str(folder).encode() in words:
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.fixture(scope="module")
def story() -> dict[str, dict[str, Any]]:
    """One telling on the generated ledger, looked at by many tests."""
    return tell()


def test_every_step_is_told_and_ended_well(story: dict[str, dict[str, Any]]) -> None:
    assert list(story) == STEPS
    assert {step["status"] for step in story.values()} == {"ok"}


def test_all_stacks_deploy_before_any_model_exists(story: dict[str, dict[str, Any]]) -> None:
    facts = story["deploy"]["facts"]

    assert facts["endpoints_before_release"] == 0
    assert set(facts["stacks"].values()) == {"CREATE_COMPLETE"}
    assert len(facts["stacks"]) == 7


def test_no_row_of_the_ledger_is_dropped_silently(story: dict[str, dict[str, Any]]) -> None:
    report = story["etl"]["facts"]["report"]

    assert report["read"] == 60_004
    assert report["accepted"] == 60_000
    assert report["quarantined"] == sum(report["reasons"].values()) == 4


def test_iam_denies_the_trainer_and_the_trainer_in_the_approvers_role(story: dict[str, dict[str, Any]]) -> None:
    facts = story["deny"]["facts"]

    assert "not authorized" in facts["trainer"]
    assert "explicit deny" in facts["same_person_as_approver"]


def test_what_serves_was_approved_by_another_person(story: dict[str, dict[str, Any]]) -> None:
    facts = story["settle"]["facts"]

    assert facts["approver"] == "bob"
    assert facts["submitter"] == "alice"
    assert facts["champion"] == story["register"]["facts"]["version"]


def test_the_endpoint_answers_as_the_model_does(story: dict[str, dict[str, Any]]) -> None:
    assert story["score"]["facts"]["scored"] == 200
    assert story["score"]["facts"]["largest_difference"] <= 1e-6
    assert len(story["score"]["facts"]["alerts"][0]["reasons"]) == 3


def test_batch_keeps_every_row(story: dict[str, dict[str, Any]]) -> None:
    assert story["batch"]["facts"]["rows"] == story["batch"]["facts"]["scores"] > 200


def test_bad_models_are_refused_or_rolled_back(story: dict[str, dict[str, Any]]) -> None:
    assert "average precision" in story["refused-by-gate"]["facts"]["reason"].lower()
    assert "model.ubj" in story["refused-tampered"]["facts"]["message"]
    assert story["rolled-back"]["facts"]["stack"] == "UPDATE_ROLLBACK_COMPLETE"


def test_nothing_is_left_running(story: dict[str, dict[str, Any]]) -> None:
    assert story["teardown"]["facts"]["processes_left"] == 0
    assert processes_of(ROOT / "build" / "local") == []


@pytest.mark.skipif(not TORONTO.exists(), reason=f"the real ledger is not beside the project: {TORONTO}")
def test_the_story_runs_on_a_real_ledger_and_finds_its_mapping() -> None:
    story = tell("--ledger", str(TORONTO))

    assert story["ledger"]["facts"]["mapping"] == "toronto.toml"
    assert story["etl"]["facts"]["report"]["labels"] == "injected"


@pytest.mark.parametrize("after", [3, 14])
def test_an_interrupted_story_leaves_no_process_behind(after: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.story"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 130, output
    assert processes_of(ROOT / "build" / "local") == []
