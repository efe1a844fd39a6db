"""What attackers of the release path tried, each in its shortest story, and the promise that holds against it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lambdas.release import events, mirror
from lambdas.release.decisions import release_of
from lambdas.release.records import Release, stack_of
from tests.fakes.release import MODEL, job
from tests.fakes.stack import identity, template
from tests.faults.breakdowns import of_another_stack
from tests.faults.scenes import Scene, with_champion
from tests.faults.table import ALL, FINDINGS

DAY = timedelta(days=1)


def only_the_champion_serves(scene: Scene, number: str = "1") -> None:
    """After a day the approved champion serves, and nothing of the attack is left."""
    scene.passes(DAY)
    assert (scene.serves, scene.champion) == (number, number)
    assert scene.version(number).state == "released"


def test_a_name_that_contains_a_release_id_approves_nothing() -> None:
    scene = with_champion()
    scene.approved(scene.trained("bob", 0.85), "carol")
    asked = scene.trained("mallory", 0.9)
    scene.brought(f"home-{asked.tag('release_id')}", release_of(scene.version("1")))
    scene.passes(timedelta(hours=1))
    scene.brought("home-2", release_of(asked))
    assert "ALARM: Rolled back: card-anomaly v3" in scene.alarms
    only_the_champion_serves(scene)
    assert scene.version("3").state != "released"


def test_an_execution_on_another_stack_approves_nothing_and_is_no_entry() -> None:
    scene = with_champion()
    asked = scene.trained("mallory", 0.9)
    scene.called(asked.tag("release_id"), "dora", stack="my-own-queue")
    scene.called(asked.tag("release_id"), "dora", stack=f"arn:x:cloudformation:r:1:stack/x{stack_of(MODEL)}/1")
    assert scene.version("2").state == "requested"
    assert scene.recorded("executed") == ["carol"]
    scene.brought("home-1", release_of(asked))
    assert any("intrusion" in alarm for alarm in scene.alarms)
    only_the_champion_serves(scene)


def test_an_execution_that_was_sent_again_counts_only_where_the_trail_has_it_too() -> None:
    scene = with_champion()
    asked = scene.trained("mallory", 0.9)
    forged = {
        "eventName": "ExecuteChangeSet",
        "eventTime": scene.life.cloud.now.isoformat(),
        "userIdentity": identity("dora"),
        "requestParameters": {"stackName": stack_of(MODEL), "changeSetName": asked.tag("release_id")},
    }
    scene.life.post("change_set_executed", events.sent_again("change_set_executed", events.called_again(forged)))
    scene.life.calm()
    assert scene.version("2").state == "requested"
    assert scene.recorded("executed") == ["carol"]
    scene.life.cloud.trail.append(forged)
    scene.life.post("change_set_executed", events.sent_again("change_set_executed", events.called_again(forged)))
    scene.life.calm()
    assert scene.recorded("executed") == ["carol", "dora"]


def test_the_submitter_is_who_started_the_job_whatever_the_registry_says() -> None:
    for forged in ("", "bob"):
        scene = with_champion()
        asked = scene.trained("mallory", 0.9)
        scene.life.registry.tag(asked, {"submitter": forged})
        scene.life.cloud.delete(MODEL, asked.tag("release_id"), who="mallory")
        scene.passes(DAY)
        (offered,) = scene.life.world.change_sets.offered(MODEL)
        assert offered.startswith("r-by-mallory-")
        only_the_champion_serves(scene)


def test_who_executes_the_own_release_is_found_out_though_the_registry_names_another_submitter() -> None:
    scene = with_champion()
    asked = scene.trained("mallory", 0.9)
    scene.life.registry.tag(asked, {"submitter": "bob"})
    scene.approved(asked, "mallory")
    assert any("approved by its submitter" in alarm for alarm in scene.alarms)
    only_the_champion_serves(scene)


def forge(scene: Scene, approved: str, by: str) -> None:
    """Write all of the registry anew, as one who may: the approved version is turned down, another is champion."""
    registry = scene.life.registry
    for version in scene.life.versions():
        registry.tag(version, {"state": "rejected", "approver": "", "crowned": ""})
    registry.tag(
        scene.version(approved), {"state": "superseded", "crowned": "2026-11-01T00:00:00+00:00", "approver": by}
    )
    registry.crown(scene.version(approved))


def test_a_forged_registry_brings_nothing_into_service() -> None:
    scene = with_champion()
    asked = scene.trained("mallory", 0.9)
    forge(scene, approved="2", by="carol")
    scene.passes(timedelta(hours=1))
    assert any("somebody edited the registry" in alarm for alarm in scene.alarms)
    assert (scene.serves, scene.champion) == ("1", "1")
    assert scene.recorded("released") == ["carol"]
    forge(scene, approved="2", by="carol")
    scene.brought("home-1", release_of(asked))
    only_the_champion_serves(scene)
    assert scene.recorded("released") == ["carol"]


def test_a_deleted_registry_stops_nothing_and_is_written_anew() -> None:
    scene = with_champion()
    scene.trained("bob", 0.9)
    before = scene.life.registry.versions(MODEL)
    scene.life.registry.known.clear()
    scene.life.registry.champions.clear()
    scene.passes(timedelta(hours=1))
    assert (scene.serves, scene.champion) == ("1", "1")
    assert [(v.number, v.tags) for v in scene.life.registry.versions(MODEL)] == [(v.number, v.tags) for v in before]
    assert any("somebody edited the registry" in alarm for alarm in scene.alarms)
    scene.approved(scene.version("2"), "carol")
    assert (scene.serves, scene.champion) == ("2", "2")


def test_who_creates_the_registered_model_first_gains_nothing() -> None:
    scene = Scene()
    for number in ("1", "2"):
        squatted = scene.life.registry.register(MODEL, f"mallorys-{number}", {"atoll.state": "released"})
        scene.life.registry.crown(squatted)
    scene.approved(scene.trained("ann"), "carol")
    only_the_champion_serves(scene, "3")
    assert [v.number for v in scene.life.versions("released")] == ["3"]


def test_a_run_that_is_named_after_anothers_job_ends_nobodys_version() -> None:
    """Whoever may edit runs in MLflow gives the champion's to the job to come, and trains what the gate refuses."""
    scene = with_champion()
    scene.life.registry.runs[job("job-2").arn] = scene.version("1").run_id
    refused = scene.trained("mallory", 0.1)
    assert (refused.number, refused.state) == ("2", "refused")
    assert scene.life.world.audit.whats.count("registered") == 2
    only_the_champion_serves(scene)
    waiting = scene.trained("bob", 0.9)
    scene.life.registry.runs[job("job-4").arn] = waiting.run_id
    scene.trained("mallory", 0.1)
    assert (scene.version(waiting.number).state, scene.version("4").state) == ("requested", "refused")


def test_nobody_has_the_own_model_asked_for_in_another_trainers_name() -> None:
    """Bob's model waits for the stack; he names its run after alice's job, whose end then asks for his, as hers."""
    scene = with_champion()
    scene.life.held_until = scene.life.cloud.now + timedelta(hours=1)
    scene.begins("home-1", Release())
    bobs = scene.trained("bob", 0.9)
    assert bobs.state == "registered"
    scene.life.registry.runs[job("job-3").arn] = bobs.run_id
    scene.life.held_until = scene.life.cloud.now
    scene.life.cloud.finish("failed")
    scene.life.cloud.passes(timedelta(minutes=5))
    scene.trained("alice", 0.85)
    scene.passes(timedelta(hours=1))
    asked = {scene.version("2").tag("release_id").split("-")[2], scene.newest.tag("release_id").split("-")[2]}
    assert asked == {"bob", "alice"}
    scene.approved(scene.version("2"), "bob")
    assert any("approved by its submitter" in alarm for alarm in scene.alarms)
    only_the_champion_serves(scene)


def test_a_number_that_mlflow_gives_twice_is_never_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody deletes the registered model between the platform's look and its registration."""
    scene = with_champion()
    monkeypatch.setattr(mirror, "catch_up", lambda *_: scene.life.registry.known.clear())
    scene.trained("mallory", 0.9)
    ((_, death),) = scene.life.dead
    assert "on record as another version's" in death
    assert scene.life.world.audit.whats.count("registered") == 1
    only_the_champion_serves(scene)


def test_nobody_whom_the_trail_does_not_name_has_approved_anything() -> None:
    scene = with_champion()
    asked = scene.trained("bob", 0.9)
    scene.life.cloud.begin(asked.tag("release_id"))  # executed, and neither trail nor event tells by whom
    scene.life.calm()
    assert (scene.serves, scene.champion) == ("2", "1")
    scene.passes(timedelta(minutes=30))
    assert "ALARM: card-anomaly v2 serves unproven" in scene.alarms
    scene.passes(timedelta(hours=1))
    only_the_champion_serves(scene)
    assert scene.recorded("released") == ["carol"]


def test_an_endpoint_of_another_stack_is_never_taken_for_ours() -> None:
    scene = of_another_stack()
    words = scene.life.cloud.running
    assert words
    (evil,) = words.containers
    own = replace(evil, environment={name: evil.environment[name] for name in evil.environment.keys() - {"PYTHONPATH"}})
    for container in (evil, own):  # the former champion's four words, with and without more
        scene.life.cloud.running = replace(words, containers=(container,))
        before = len(scene.alarms)
        scene.looks()
        assert len(scene.alarms) > before
        assert scene.life.cloud.running.refuses
    scene.passes(DAY)
    assert scene.recorded("released") == ["carol"]
    assert "intrusion" in scene.life.world.audit.whats
    assert scene.life.cloud.running.refuses


def test_a_template_of_an_operator_is_cancelled_while_its_stack_moves() -> None:
    for tells in (True, False):  # with CloudFormation's events, and by the reconciler alone
        scene = with_champion()
        before = scene.life.cloud.running
        assert before
        scene.begins("home-1", release_of(scene.version("1")), template("with a WaitCondition"))
        scene.life.cloud.running = replace(before, version="666", release_id="r-by-mallory-666666666666")
        if tells:
            scene.hears()
        else:
            scene.life.cloud.sent.clear()
            scene.life.cloud.passes(timedelta(minutes=15))
            scene.life.reconcile()
            scene.hears()
        assert "ALARM: intrusion in Atoll-Endpoint-card-anomaly" in scene.alarms
        assert scene.recorded("intrusion")
        assert any("cancelled: the template" in step for step in scene.life.told)
        only_the_champion_serves(scene)


def test_a_stack_that_never_comes_to_rest_rings() -> None:
    scene = with_champion()
    scene.begins("home-1", release_of(scene.version("1")))
    for _ in range(7):
        scene.life.cloud.passes(timedelta(minutes=15))
        scene.life.reconcile()
        scene.hears()
    assert scene.alarms.count("ALARM: Atoll-Endpoint-card-anomaly hangs") == 1


def test_each_finding_of_the_table_names_tests_that_there_are() -> None:
    for finding in FINDINGS:
        for test in finding.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in Path(file).read_text(encoding="utf-8"), test
    assert len({finding.id for finding in FINDINGS}) == len(FINDINGS)
    assert {finding.id for finding in FINDINGS} <= set(ALL)
