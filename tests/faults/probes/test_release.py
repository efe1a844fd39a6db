"""Probes of the release path: the product's own functions over the fake cloud of the tree that they run in."""

from dataclasses import replace
from datetime import timedelta

from lambdas.release.decisions import release_of
from lambdas.release.records import Release
from tests.fakes.artifacts import archive, metrics
from tests.fakes.cloud import ChangeSet
from tests.fakes.release import MODEL, REVIEWED
from tests.faults.probes.outcome import refused
from tests.faults.probes.scene import BACK, DAY, QUARTER, STOP, Scene, known, with_champion

HOUR = timedelta(hours=1)
EVIL = '{"Resources": {"Evil": {}}}'


def test_rt_02_a_forged_registry_brings_nothing_into_service() -> None:
    scene = with_champion()
    scene.trained("mallory", 0.9)
    registry, past = scene.registry, "2026-11-01T00:00:00+00:00"
    registry.tag(scene.version("1"), {"state": "rejected", "approver": "", "crowned": ""})
    registry.tag(scene.version("2"), {"state": "superseded", "crowned": past, "approver": "carol"})
    registry.crown(scene.version("2"))
    scene.passes(DAY)
    refused(scene.serves == "1", scene.told())


def test_rt_03_a_name_that_contains_a_release_id_approves_nothing() -> None:
    scene = with_champion()
    scene.approved(scene.trained("bob", 0.85), "carol")
    asked = scene.trained("mallory", 0.9)
    scene.brought(f"{BACK}{asked.tag('release_id')}", release_of(scene.version("1")))
    scene.passes(HOUR)
    scene.brought(f"{BACK}2", release_of(asked))
    scene.passes(DAY)
    refused(scene.serves != "3", scene.told())


def test_rt_04_the_submitter_is_who_started_the_job() -> None:
    scene = with_champion()
    asked = scene.trained("mallory", 0.9)
    scene.registry.tag(asked, {"submitter": ""})
    scene.cloud.delete(MODEL, asked.tag("release_id"), who="mallory")
    scene.passes(DAY)
    offered = [name for name in scene.cloud.offered(MODEL) if name.startswith("r-by-")]
    refused(offered and all(name.startswith("r-by-mallory-") for name in offered), f"mallory may execute {offered}")


def test_rt_05_an_execution_on_another_stack_approves_nothing() -> None:
    scene = with_champion()
    asked = scene.trained("mallory", 0.9)
    scene.called(asked.tag("release_id"), "dora", stack="my-own-queue")
    scene.brought(f"{BACK}1", release_of(asked))
    scene.passes(DAY)
    refused(scene.serves == "1" and "dora" not in scene.recorded("executed"), scene.told())


def test_rt_06_an_endpoint_of_another_stack_is_never_taken_for_ours() -> None:
    scene = with_champion()
    genuine = scene.cloud.running
    assert genuine
    scene.brought(f"{STOP}1", Release())
    scene.cloud.running = replace(genuine, **known(type(genuine), owned=False))
    scene.passes(2 * HOUR)
    running = scene.cloud.running
    closed = running is None or getattr(running, "refuses", False)
    refused(closed and scene.alarms, f"{scene.told()}, and all callers are admitted")


def test_rt_07_somebody_looks_while_a_stack_moves() -> None:
    scene = with_champion()
    genuine = scene.cloud.running
    assert genuine
    scene.begins(f"{BACK}1", release_of(scene.version("1")), EVIL)
    scene.cloud.running = replace(genuine, version="666", manifest_sha256="6" * 64)
    for _ in range(8):
        scene.cloud.passes(QUARTER)
        scene.life.reconcile()
        scene.hears()
    refused(scene.serves != "666", f"after two hours: {scene.told()}; stack {scene.cloud.status}")


def test_rt_11_who_takes_the_name_of_a_way_back_first_gains_nothing() -> None:
    def driven_out(planted: str) -> Scene:
        scene = with_champion()
        champion = release_of(scene.version("1"))
        scene.begins(f"{BACK}1", champion, EVIL)
        scene.cloud.finish()
        if planted:
            scene.cloud.sets[planted] = ChangeSet(replace(champion, version="9"), EVIL)
        scene.life.calm()
        return scene

    guessed = driven_out("").cloud.last_change_set
    assert guessed.startswith(BACK)
    assert guessed != f"{BACK}1"
    scene = driven_out(guessed)
    scene.passes(2 * DAY)
    refused(scene.cloud.deployed == REVIEWED, f"after two days in force: {scene.cloud.deployed}; {scene.told()}")


def test_rt_12_who_creates_the_registered_model_first_gains_nothing() -> None:
    scene = Scene()
    for number in ("1", "2"):
        squatted = scene.registry.register(MODEL, f"mallorys-{number}", {"atoll.state": "released"})
        scene.registry.crown(squatted)
    asked = scene.trained("ann", archive(metrics_json=metrics(0.8)))
    scene.approved(asked, "carol")
    shown = next(v for v in scene.life.versions() if v.tag("release_id") == asked.tag("release_id"))
    scene.registry.tag(shown, {"state": "rejected", "approver": ""})  # who created the model manages it
    scene.passes(DAY)
    refused(scene.serves == asked.number, scene.told())


def test_rt_14_only_a_known_person_of_the_approvers_role_has_approved() -> None:
    """The session is called as mallory's address; whoever reads the record reads of another person."""
    scene = with_champion()
    scene.approved(scene.trained("mallory", 0.9), "Mallory")
    scene.passes(DAY)
    refused(scene.serves == "1", scene.told())


def test_rt_27_an_approver_is_called_by_plain_letters_and_digits() -> None:
    scene = with_champion()
    scene.approved(scene.trained("bob", 0.9), "b\u043eb")  # with a Cyrillic letter
    scene.passes(DAY)
    refused(scene.serves == "1", scene.told())
