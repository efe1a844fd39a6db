"""The main job, told whole: what a new user runs must hold what the README promises."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.story.telling import LOCAL, ROOT, STEPS, Steps, processes_of, tell

if TYPE_CHECKING:
    from pathlib import Path

AUDIT = ROOT / "build" / "story" / "audit"

pytestmark = [pytest.mark.story, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def story() -> Steps:
    """One full telling on the generated ledger, looked at by many tests."""
    return tell("--full").steps


def test_every_step_is_told_and_ended_well(story: Steps) -> None:
    assert list(story) == STEPS
    assert {step["status"] for step in story.values()} == {"ok"}
    assert all(step["seconds"] > 0 for step in story.values())


def test_keys_that_the_account_does_not_know_are_refused(story: Steps) -> None:
    assert "token included in the request is invalid" in story["start"]["facts"]["stranger"]


def test_all_stacks_deploy_before_any_model_exists(story: Steps) -> None:
    facts = story["deploy"]["facts"]

    assert facts["endpoints_before_release"] == 0
    assert set(facts["stacks"].values()) == {"CREATE_COMPLETE"}
    assert len(facts["stacks"]) == 7


def test_no_row_of_the_ledger_is_dropped_silently(story: Steps) -> None:
    report = story["etl"]["facts"]["report"]

    assert report["read"] == 60_004
    assert report["accepted"] == 60_000
    assert report["quarantined"] == sum(report["reasons"].values()) == 4


def test_iam_denies_the_trainer_and_the_trainer_in_the_approvers_role(story: Steps) -> None:
    facts = story["deny"]["facts"]

    assert "not authorized" in facts["trainer"]
    assert "explicit deny" in facts["same_person_as_approver"]


def test_what_serves_was_approved_by_another_person(story: Steps) -> None:
    facts = story["settle"]["facts"]

    assert facts["approver"] == "bob"
    assert facts["submitter"] == "alice"
    assert facts["champion"] == story["register"]["facts"]["version"]


def test_the_endpoint_answers_as_the_model_does(story: Steps) -> None:
    assert story["score"]["facts"]["scored"] == 200
    assert story["score"]["facts"]["largest_difference"] <= 1e-6
    assert len(story["score"]["facts"]["alerts"][0]["reasons"]) == 3


def test_a_month_is_scored_row_by_row_and_every_row_is_watched_for_drift(story: Steps) -> None:
    facts, live = story["batch"]["facts"], story["monitor"]["facts"]["report"]["rows"]

    assert facts["rows"] == facts["scores"] == live > 200


def test_the_table_names_the_data_report_that_the_job_left(story: Steps) -> None:
    page = (ROOT / "build" / "data-report.html").read_text(encoding="utf-8")

    assert f"{story['etl']['facts']['report']['read']:,}" in page
    assert "Rows by month" in page


def test_the_top_alerts_are_anomalies_more_often_than_not(story: Steps) -> None:
    kinds = [alert["kind"] for alert in story["batch"]["facts"]["alerts"]]

    assert len(kinds) == 5
    assert kinds.count("none") <= 2


def test_bad_models_are_refused_or_rolled_back(story: Steps) -> None:
    assert "its lift over written rules is" in story["refused-by-gate"]["facts"]["reason"]
    assert "has 2 versions" in story["refused-tampered"]["facts"]["message"]
    assert story["rolled-back"]["facts"]["stack"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "this endpoint loads at most" in story["rolled-back"]["facts"]["reason"]
    assert story["rolled-back"]["facts"]["champion"] == story["settle"]["facts"]["champion"]


def test_a_rejected_challenger_never_serves(story: Steps) -> None:
    facts = story["reject"]["facts"]

    assert facts["who"] == "bob"
    assert deeds(facts["release"]) == [("asked", "alice"), ("requested", "alice"), ("rejected", "bob")]
    assert facts["reason"] == reason_kept(facts["release"])


def test_an_operator_takes_a_champion_back_alone(story: Steps) -> None:
    new, back = story["replace"]["facts"], story["rollback"]["facts"]

    assert deeds(new["release"]) == [
        ("asked", "alice"),
        ("requested", "alice"),
        ("executed", "bob"),
        ("released", "bob"),
        ("superseded", "automation"),
    ]
    assert (back["from_version"], back["champion"]) == (new["champion"], new["former"])
    expect_asked(back["request"], back["change_set"])


def test_the_kill_switch_leaves_no_endpoint_until_an_operator_goes_back(story: Steps) -> None:
    facts = story["stop"]["facts"]

    # An endpoint that isn't there has no tag that would admit callers.
    assert "is not authorized to perform: sagemaker:InvokeEndpoint on resource: " in facts["refusal"]
    expect_asked(facts["request"], facts["change_set"])
    assert facts["change_set"].startswith("halt-by-hand-")
    assert facts["back"].startswith("home-to-v")
    assert facts["champion"] == story["settle"]["facts"]["champion"]


def test_an_endpoint_deleted_by_an_operator_is_stopped_by_the_platform_and_a_release_after_that_serves(
    story: Steps,
) -> None:
    facts = story["cut-off"]["facts"]

    assert "is not authorized to perform: sagemaker:InvokeEndpoint on resource: " in facts["refusal"]
    assert facts["halted"].startswith("halt-cut-off-")
    assert facts["back"].startswith("home-to-v")
    assert facts["champion"] == story["settle"]["facts"]["champion"]


def test_an_approval_by_the_submitter_is_undone(story: Steps) -> None:
    facts = story["same-person"]["facts"]

    done = deeds(facts["release"])
    assert done[:2] == [("asked", "alice"), ("requested", "alice")]
    requests = list(AUDIT.glob(f"audit/*/*/{facts['release']}/*-requested-*.json"))
    assert len(requests) > 1  # again, since another release's execution took its change set away
    assert {("separation_of_duties_violated", "alice"), ("rolled_back", "automation")} <= set(done[2:])
    assert facts["champion"] == story["settle"]["facts"]["champion"] != facts["version"]


def test_a_forged_registry_changes_nothing_that_serves_and_is_undone(story: Steps) -> None:
    facts = story["forged-registry"]["facts"]

    assert facts["champion"] == story["settle"]["facts"]["champion"] != facts["forged"]
    assert all(f"version {number}: atoll.approver is 'mallory'" in facts["message"] for number in facts["versions"])


def test_the_auditors_copy_is_whole_and_a_changed_entry_is_found(story: Steps, tmp_path: Path) -> None:
    copy = ROOT / story["audit"]["facts"]["copy"]
    assert verify_audit(copy) == 0

    changed = shutil.copytree(copy, tmp_path / "changed")
    entry = next(changed.glob("audit/*/*/*/*-rejected-*.json"))
    entry.write_text(entry.read_text().replace("bob", "eve"))

    assert verify_audit(changed) == 1


def test_every_entry_names_its_schema_account_region_and_stack(story: Steps) -> None:
    copy = ROOT / story["audit"]["facts"]["copy"]
    entries = [json.loads(entry.read_text()) for entry in copy.glob("audit/*/*/*/*.json")]
    ours = [entry for entry in entries if entry["model"] not in {"all-models", "unknown-model"}]

    assert ours
    assert {(entry["schema"], entry["home"]) for entry in entries} == {(2, "000000000000/us-east-1")}
    assert all(f":stack/Atoll-Endpoint-{entry['model']}/" in entry["details"]["stack"] for entry in ours)


def test_the_timeline_in_the_docs_is_one_of_this_story(story: Steps) -> None:
    drawn = (ROOT / "docs" / "operate.md").read_text().partition("```mermaid\n")[2].partition("\n```")[0]

    assert shape(drawn) == shape(story["audit"]["facts"]["timeline"])


def shape(timeline: str) -> list[str]:
    """A timeline without what differs from run to run: the release's hash, versions, times and durations."""
    return [re.sub(r"[0-9a-f]{12}|\d+", "#", line) for line in timeline.splitlines()]


def expect_asked(request: str, change_set: str) -> None:
    """An operator asked, as the trail says; the platform made the change set and executed it, and nobody else did."""
    assert sorted(deeds(request)) == [("asked_by", "olga"), ("way_back_asked", "unnamed")]
    ((what, who),) = deeds(change_set)
    assert (what, "WayBackAsked" in who) == ("way_back_executed", True)


def deeds(subject: str) -> list[tuple[str, str]]:
    """What the audit record says of a release or a change set, in order: what was done, and by whom.

    Events come at least once and together, so two functions may note the same deed; the record is a set.
    """
    entries = sorted(AUDIT.glob(f"audit/*/*/{subject}/*.json"), key=lambda entry: entry.name)
    noted = [(entry.stem.split("-")[1], json.loads(entry.read_text())["who"]) for entry in entries]
    return list(dict.fromkeys(noted))


def reason_kept(release: str) -> str:
    """The reason that the approver left beside a rejected release."""
    return json.loads(next(AUDIT.glob(f"reasons/*/{release}.json")).read_text())["reason"]


def verify_audit(folder: Path) -> int:
    """The exit code of the assessor's check of a copy."""
    command = [sys.executable, "-m", "compliance", "verify-audit", "--folder", str(folder)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def test_nothing_is_left_running(story: Steps) -> None:
    facts: dict[str, Any] = story["teardown"]["facts"]

    assert facts["processes_left"] == 0
    assert sum(name.startswith("bucket ") for name in facts["retained"]) == 2
    assert processes_of(LOCAL) == []
