"""What attackers of the release path tried, each in its shortest story, and the promise that holds against it."""

from datetime import timedelta

from lambdas.release.decisions import release_of
from lambdas.release.records import stack_of
from tests.fakes.release import MODEL
from tests.faults.scenes import Scene, with_champion

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
    scene.brought(f"back-{asked.tag('release_id')}", release_of(scene.version("1")))
    scene.passes(timedelta(hours=1))
    scene.brought("back-2", release_of(asked))
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
    scene.brought("back-1", release_of(asked))
    assert any("intrusion" in alarm for alarm in scene.alarms)
    only_the_champion_serves(scene)


def test_the_submitter_is_who_started_the_job_whatever_the_registry_says() -> None:
    for forged in ("", "bob"):
        scene = with_champion()
        asked = scene.trained("mallory", 0.9)
        scene.life.registry.tag(asked, {"submitter": forged})
        scene.life.cloud.delete(MODEL, asked.tag("release_id"), who="mallory")
        scene.passes(DAY)
        assert scene.life.world.change_sets.offered(MODEL) == []
        assert scene.version("2").state == "refused"
        only_the_champion_serves(scene)


def test_who_executes_the_own_release_is_found_out_though_the_registry_names_another_submitter() -> None:
    scene = with_champion()
    asked = scene.trained("mallory", 0.9)
    scene.life.registry.tag(asked, {"submitter": "bob"})
    scene.approved(asked, "mallory")
    assert any("approved by its submitter" in alarm for alarm in scene.alarms)
    only_the_champion_serves(scene)
