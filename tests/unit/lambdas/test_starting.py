"""Who started a job is the trail's word; the job's tag must agree, and what comes late is waited for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from lambdas.release import events, known, reconciling, starting
from lambdas.release.handlers.training_completed import training_completed
from lambdas.release.records import TrainingJob
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.fakes.stack import identity
from tests.fakes.trail import start
from tests.unit.lambdas.stories import complete

QUARTER = timedelta(minutes=15)


def finished(*calls: Mapping[str, Any], done: TrainingJob | None = None) -> FakeWorld:
    """A world in which a job of ann's tag has ended, and the trail has these calls."""
    world = FakeWorld()
    world.finish(done or job())
    world.trail.made[:] = [dict(call) for call in calls]
    return world


def looked_at(world: FakeWorld, later: timedelta) -> str:
    """The reconciler has the job looked at again."""
    again = events.ended_again("job-1", "Completed", NOON + later)
    return training_completed(events.parse(events.TrainingJobEnded, again), world)


def refusal(world: FakeWorld) -> str:
    entry = next(each for each in world.audit.entries.values() if each.what == "refused_before_registration")
    return str(entry.details["reason"])


def test_the_trail_and_the_tag_agree_and_the_model_is_asked_for_in_that_name() -> None:
    world = finished(start(job(), "ann"))
    assert complete(world) == "version 1 requested"
    (version,) = known.versions(world, MODEL)
    assert version.tag("release_id").startswith("r-by-ann-")


def test_a_job_under_a_colleagues_tag_is_refused_with_both_names() -> None:
    world = finished(start(job(), "mallory"))
    assert complete(world) == "refused before registration"
    assert refusal(world) == "its tag atoll:uid is 'ann', and 'mallory' started it."
    assert world.registry.versions(MODEL) == []
    assert "refused" in world.notifier.messages[-1][0].lower()


@pytest.mark.parametrize(
    ("who", "role"), [("ann", "Developer"), ("SageMaker", "PipelineRole"), ("ann", "Approver"), ("", "")]
)
def test_whoever_starts_a_job_by_another_role_than_the_trainers_asks_for_no_release(who: str, role: str) -> None:
    """A pipeline's session, a service's, or a developer's that bears a trainer's name."""
    by = identity(who, role) if role else {"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"}
    world = finished(start(job(), who) | {"userIdentity": by})
    assert complete(world) == "refused before registration"
    assert "started it, expected a session of" in refusal(world)


def test_a_trail_that_is_late_is_waited_for_without_an_entry_and_asked_again() -> None:
    world = finished()
    assert complete(world) == "waits for the trail: nobody knows yet who started job-1"
    assert list(world.audit.entries) == []
    assert [lost.subject for lost in reconciling.lost_jobs(world, NOON + QUARTER)] == ["job-1"]
    world.trail.note(start(job(), "ann"))
    assert looked_at(world, QUARTER) == "version 1 requested"


def test_a_job_of_which_the_trail_never_tells_is_refused_after_a_day() -> None:
    world = finished()
    assert "waits" in looked_at(world, starting.WAITS - QUARTER)
    assert looked_at(world, starting.WAITS) == "refused before registration"
    assert "names nobody who started it" in refusal(world)


@pytest.mark.parametrize("what", ["another job", "another time", "no answer", "another operation"])
def test_a_call_that_is_not_of_this_job_names_nobody(what: str) -> None:
    call = start(job(), "ann")
    changes = {
        "another job": {"responseElements": {"trainingJobArn": job("job-2").arn}},
        "another time": {"eventTime": (NOON - timedelta(days=3)).isoformat()},
        "no answer": {"responseElements": None},
        "another operation": {"eventName": "CreateHyperParameterTuningJob"},
    }
    world = finished(call | changes[what])
    assert "waits for the trail" in complete(world)


def test_a_tag_that_is_changed_later_asks_in_nobody_elses_name() -> None:
    world = finished(start(job(), "ann"))
    complete(world)
    (version,) = known.versions(world, MODEL)
    world.jobs.jobs["job-1"] = job(submitter="bob")
    world.change_sets.delete(MODEL, version.tag("release_id"))
    assert "requested again" in looked_at(world, QUARTER)
    (again,) = known.versions(world, MODEL)
    assert again.tag("release_id") == version.tag("release_id")
    assert list(world.change_sets.waiting) == [(MODEL, version.tag("release_id"))]


def test_a_trial_is_no_candidate_whoever_started_its_tuning_job() -> None:
    trial = job(tuning_job="arn:x:sagemaker:us-east-1:1:hyper-parameter-tuning-job/t")
    world = finished(start(trial, "mallory"), done=trial)
    assert complete(world) == "a trial"
    assert world.audit.whats == ["trial_completed"]
