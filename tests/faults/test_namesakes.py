"""What bears another's name counts for nothing: neither a job under a colleague's tag nor a change set of the name."""

from datetime import timedelta

from lambdas.release.decisions import release_of
from tests.fakes.cloud import ChangeSet
from tests.fakes.release import MODEL, job
from tests.faults.scenes import with_champion

DAY = timedelta(days=1)


def test_what_ran_under_a_releases_name_without_being_asked_for_approves_nothing() -> None:
    """Somebody puts a former champion under the name; it is executed, and the release itself is brought up at once."""
    scene = with_champion()
    scene.approved(scene.trained("bob", 0.85), "carol")
    asked = scene.trained("mallory", 0.9)
    name, cloud = asked.tag("release_id"), scene.life.cloud
    cloud.delete(MODEL, name, who="olga")
    cloud.place(name, ChangeSet(release_of(scene.version("1")), None), who="olga")
    cloud.execute(MODEL, name, who="carol")
    cloud.finish()
    cloud.sets["home-1"] = ChangeSet(release_of(asked), None)
    cloud.execute(MODEL, "home-1", who="olga")
    scene.life.calm()
    scene.passes(DAY)
    assert scene.serves != "3"
    assert scene.version("3").state != "released"


def test_who_starts_a_job_under_a_colleagues_tag_does_not_approve_its_model() -> None:
    scene = with_champion()
    scene.life.jobs += 1
    now = scene.life.cloud.now
    done = job("job-2", submitter="bob", created=now, ended=now)
    scene.life.world.finish(done, scene.life.world.trained(0.9), "mallory")
    detail = {"TrainingJobName": done.name, "TrainingJobStatus": "Completed"}
    ended = scene.life.cloud.event("aws.sagemaker", "SageMaker Training Job State Change", detail)
    scene.life.post("training_completed", ended)
    scene.life.calm()
    for version in scene.life.versions("requested"):
        scene.approved(version, "mallory")
    scene.passes(DAY)
    assert scene.serves == "1"
    assert scene.recorded("refused_before_registration") == ["bob"]
