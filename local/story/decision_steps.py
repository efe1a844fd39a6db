"""What people decide by the operators' commands: one release is rejected, another takes the champion's place."""

from __future__ import annotations

import json
import shutil
from itertools import islice
from typing import TYPE_CHECKING, Any

from local.story.outside import (
    audited,
    expect_champion_serves,
    expect_other_scores,
    expect_serves,
    has_change_set,
    serving,
    waiting_change_sets,
)
from local.story.release_steps import Training, features_uri, registered_version, settled_stack, train_together
from local.story.scene import APPROVER, AUDITOR, MODEL, ROOT, expect
from local.story.timeline import diagram
from local.story.typed import WAIT, releases, type_in

if TYPE_CHECKING:
    from pathlib import Path

    from local.story.mailbox import Mailbox
    from local.story.narrator import Facts
    from local.story.scene import Scene

CHALLENGERS = {"flat": {"max_depth": 4}, "deep": {"max_depth": 8}, "other": {"max_depth": 5, "seed": 23}}
TOO_FEW = "Its false alarms would be too many for the analysts"


def challenge(scene: Scene, number: int, facts: Facts) -> None:
    """The trainer trains challengers at the same time; each passes the gate and waits for an approver."""
    features, chosen = features_uri(scene), dict(islice(CHALLENGERS.items(), number))
    jobs = train_together(scene, {name: Training(features, values) for name, values in chosen.items()})
    versions = [registered_version(scene, job["TrainingJobArn"], {"requested"}) for job in jobs.values()]
    versions.sort(key=lambda version: int(version.version))
    releases_ = [version.tags["atoll.release_id"] for version in versions]
    waiting = waiting_change_sets(scene)
    expect(waiting == set(releases_), f"These change sets wait: {waiting}, expected {releases_}.")
    facts.update(versions=[version.version for version in versions], releases=releases_)
    facts["told"] = f"v{', v'.join(facts['versions'])} passed the gate beside the champion and wait for an approver"


def challenger(scene: Scene, number: int) -> tuple[str, str]:
    """Version and release id of a challenger, in the order of their versions."""
    facts = scene.narrator.facts("challenge")
    return facts["versions"][number], facts["releases"][number]


def expect_state(scene: Scene, version: str, state: str) -> Any:  # noqa: ANN401 - MLflow's ModelVersion
    """A version once it is in a state; `registered_version` raises where it never is."""
    job = scene.registry.get_model_version(MODEL, version).tags["atoll.training_job_arn"]
    return registered_version(scene, job, {state})


def reject(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """The approver turns a challenger down: its change set is deleted, the reason kept, the champion serves on."""
    number, release = challenger(scene, 0)
    releases(scene, APPROVER, "reject", release, "--reason", TOO_FEW, "--yes")
    expect(not has_change_set(scene, release), f"The change set of the rejected {release} still exists.")
    reason = expect_state(scene, number, "rejected").tags["atoll.reason"]
    expect(reason == TOO_FEW, f"MLflow says of v{number}: {reason!r}.")
    entry = audited(scene, release, "rejected")
    expect(entry["who"] == APPROVER.uid, f"The audit record says that {entry['who']} rejected {release}.")
    expect(entry["details"]["reason"] == TOO_FEW, f"The audit record says: {entry['details']['reason']!r}.")
    mailbox.wait_for(lambda m: m["subject"].startswith("Rejected") and release in m["text"], f"the end of {release}")
    expect_champion_serves(scene)
    facts.update(version=number, release=release, who=entry["who"], reason=reason)
    facts["told"] = f"{APPROVER.uid} rejected v{number}: {TOO_FEW}"


def replace(scene: Scene, facts: Facts) -> None:
    """The approver approves another challenger: it takes the champion's place; whoever else waits has to wait on."""
    number, release = challenger(scene, 1)
    before = expect_champion_serves(scene)
    answer = releases(scene, APPROVER, "approve", release, "--yes", *WAIT)
    expect(answer["serving"] == release, f"`releases approve` of {release} answered {answer}.")
    stack = settled_stack(scene, release)
    expect(stack["StackStatus"] == "UPDATE_COMPLETE", f"The stack is {stack['StackStatus']} after {release}.")
    version = expect_state(scene, number, "released")
    expect_other_scores(scene, before, expect_serves(scene, number))
    expect(version.tags["atoll.approver"] == APPROVER.uid, f"The approver of v{number} should be {APPROVER.uid}.")
    former = scene.narrator.facts("settle")["champion"]
    expect_state(scene, former, "superseded")
    facts.update(champion=number, release=release, former=former, endpoint=serving(scene)[0])
    facts["told"] = f"{APPROVER.uid} approved {release}: v{number} serves in place of v{former}"


def audit(scene: Scene, facts: Facts) -> None:
    """The auditor checks the chain of the whole record, takes a copy, and finds each release that was asked for."""
    bucket, copy = scene.outputs["AuditBucket"], scene.work / "audit"
    done = type_in(scene.environment_of(AUDITOR), "compliance", "verify-audit", "--bucket", bucket)
    expect(done.code == 0, f"`verify-audit` ended with {done.code}: {done.answer}{done.errors}")
    copy_record(scene, bucket, copy)
    listed = {row["release"]: row["state"] for row in releases(scene, AUDITOR, "list")}
    asked = {version.tags["atoll.release_id"] for version in requested_versions(scene)}
    expect(set(listed) == asked, f"The auditor sees the releases {set(listed)}, MLflow has {asked}.")
    shown = releases(scene, AUDITOR, "show", scene.narrator.facts("replace")["release"])
    (scene.work / "release.json").write_text(json.dumps(shown, indent=2) + "\n", encoding="utf-8")
    facts.update(verdict=done.answer.strip(), releases=listed, copy=copy.relative_to(ROOT))
    facts["timeline"] = diagram(shown)
    facts["told"] = f"{AUDITOR.uid} checked the chain: {facts['verdict']}; a copy is in {facts['copy']}"


def copy_record(scene: Scene, bucket: str, folder: Path) -> None:
    """Copy the audit record into an empty folder, with the auditor's rights."""
    s3 = scene.person(AUDITOR).client("s3")
    shutil.rmtree(folder, ignore_errors=True)
    for place in ("audit/", "chain/", "checkpoint/", "notes/", "reasons/"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=place):
            for item in page.get("Contents", []):
                (folder / item["Key"]).parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, item["Key"], str(folder / item["Key"]))


def requested_versions(scene: Scene) -> list[Any]:
    """The versions that were ever requested."""
    found = scene.registry.search_model_versions(f"name='{MODEL}'")
    return [version for version in found if "atoll.release_id" in version.tags]
