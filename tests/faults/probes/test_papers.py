"""Probes of what a job may bring: its archive's address, its tags, its figures, and the line that approvers read."""

import json
from pathlib import Path

from lambdas.release import briefing
from lambdas.release.records import AuditEntry, TrainingJob, Version
from tests.fakes.artifacts import metrics, pack
from tests.fakes.audit import FakeAudit
from tests.fakes.release import IMAGE, MODEL, NOON, FakeWorld
from tests.faults.attack import deliver, honest, under_attack
from tests.faults.probes.outcome import refused
from tests.faults.probes.scene import known

FORGED = "Labor +0.0210; data " + "1" * 64 + "; by alice; card s3://release/models/x/card.json; expires 2026-12-07"


def states(world: FakeWorld) -> list[str]:
    """The states of all versions, the newest first."""
    return [version.state for version in world.registry.versions(MODEL)]


def test_rt_08_a_model_is_taken_from_its_jobs_own_compressed_archive() -> None:
    world = under_attack()
    folder = known(TrainingJob, artifact_uri="s3://data/jobs/job-2/output/model", compression="NONE")
    said = deliver(world, pack(honest(world)), **folder)
    refused(states(world) == ["released"], f"{states(world)}; {said}")


def test_rt_15_a_job_whose_tags_differ_in_case_alone_is_refused() -> None:
    world = under_attack()
    two = {"atoll:model": MODEL, "atoll:uid": "bob", "Atoll:Uid": "mallory"}
    said = deliver(world, pack(honest(world)), tags=two)
    refused(states(world) == ["released"], f"{states(world)}; {said}")


def test_rt_18_no_name_in_the_data_writes_the_approvers_line() -> None:
    data = "7c" * 32
    tags = {"atoll.submitter": "mallory", "atoll.data_manifest_sha256": data}
    version = Version(model=MODEL, number="2", run_id="r", tags=tags)
    measured = json.loads(metrics(0.9, ("e" * 64, 0.8)))
    figures = {"rows": 9, "anomalies": 3, "average_precision": 0.5}
    for place in (measured, measured["champion"]):
        place["slices"] = {"agency": {FORGED + "x" * 900: figures}}
    line = briefing.line(FakeWorld(), version, measured, NOON)
    refused("; by alice;" not in line and f"data {data}; by mallory" in line, line[:300])


def test_rt_20_the_functions_survive_any_figure() -> None:
    for odd in (b'{"average_precision": 1%b}' % (b"0" * 400), json.dumps({"slices": {"agency": {"A": []}}}).encode()):
        world = under_attack()
        whole = json.loads(metrics(0.9, (world.registry.versions(MODEL)[0].tag("manifest_sha256"), 0.8)))
        figures = json.dumps(whole | json.loads(odd)).encode()
        try:
            deliver(world, pack(honest(world, metrics_json=figures)))
        except Exception as death:  # noqa: BLE001 - of whatever kind: the function died
            refused(held=False, evidence=f"training_completed died of {death!r}"[:300])


def test_rt_23_two_people_who_do_the_same_within_a_second_leave_two_entries() -> None:
    audit = FakeAudit()
    for who in ("ann", "bob"):
        audit.write(AuditEntry(model=MODEL, subject="r", what="execution_denied", at=NOON, who=who))
    left = audit.store.keys("audit/")
    refused(len(left) == 2, f"of two denied calls the record keeps {left}")


def test_rt_26_the_ways_out_that_remain_are_said() -> None:
    said = " ".join(path.read_text(encoding="utf-8") for path in Path("docs").rglob("*.md"))
    missing = [way for way in ("DNS Firewall", "CloudFormation's answers") if way not in said]
    refused(not missing, f"no page of the documents names {missing}")


def test_rt_27_a_model_of_an_image_with_known_holes_is_refused() -> None:
    world = under_attack()
    said = deliver(world, pack(honest(world)), image=f"{IMAGE.partition('@')[0]}@sha256:{'c' * 64}")
    refused(states(world) == ["released"], f"{states(world)}; {said}")
