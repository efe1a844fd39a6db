"""From a training job to a serving endpoint: train, register, deny, approve, settle."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from local.story.outside import audited, expect_champion, serving
from local.story.processes import run_together, watching
from local.story.scene import APPROVER, ENDPOINT_STACK, MODEL, TRAINER, Person, expect
from local.story.typed import WAIT, not_done, releases
from local.story.waiting import wait_for
from local.supervise import PYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.story.mailbox import Mailbox
    from local.story.narrator import Facts
    from local.story.scene import Scene

SETTLED = ("_COMPLETE", "_FAILED")


@dataclass(frozen=True)
class Training:
    """What the trainer asks for: features, and hyperparameters where they are not the defaults."""

    features: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)


def train(scene: Scene, name: str, wanted: Training) -> dict[str, Any]:
    """The trainer trains with the SageMaker SDK, waits, and returns the description of the job."""
    return train_together(scene, {name: wanted})[name]


def train_together(scene: Scene, wanted: Mapping[str, Training]) -> dict[str, dict[str, Any]]:
    """The trainer trains several models at the same time; returns the jobs' descriptions by the names given.

    Raises:
        StoryError: the SDK's script failed; its last lines are in the message.
    """
    requests = {name: write_request(scene, name, training) for name, training in wanted.items()}
    answers = {name: request.with_suffix(".job.json") for name, request in requests.items()}
    script = [*PYTHON, "-m", "local.story.train_with_sdk"]
    commands = {
        scene.cloud.folder / "logs" / f"train-{name}.log": [*script, str(request), str(answers[name])]
        for name, request in requests.items()
    }
    with watching(scene.narrator, partial(training_so_far, scene)):
        run_together(commands, environment=scene.environment_of(TRAINER))
    client = scene.administrator.client("sagemaker")
    jobs = {name: json.loads(answer.read_text(encoding="utf-8")) for name, answer in answers.items()}
    return {name: client.describe_training_job(TrainingJobName=job["name"]) for name, job in jobs.items()}


def write_request(scene: Scene, name: str, training: Training) -> Path:
    """Write what the SDK's script is to ask for; returns the file."""
    out = scene.outputs
    request = scene.work / f"{name}.json"
    request.write_text(
        json.dumps({
            "name": name, "model": MODEL, "uid": TRAINER.uid,
            "image": out["ModelImageUri"], "role": out["TrainingJobRoleArn"],
            "bucket": out["DataBucket"], "key": out["JobKeyArn"],
            "channels": {"features": training.features, **champion_channel(scene)},
            "subnets": out["JobSubnetIds"].split(","), "security_groups": [out["JobSecurityGroupId"]],
            "hyperparameters": dict(training.hyperparameters),
        }),
        encoding="utf-8",
    )  # fmt: skip
    return request


def champion_channel(scene: Scene) -> dict[str, str]:
    """The champion's archive, so that a candidate is measured beside it on the same rows; none before the first."""
    if not scene.first_job:
        return {}
    champion = scene.registry.get_model_version_by_alias(MODEL, "champion")
    return {
        "champion": f"s3://{scene.outputs['ReleaseBucket']}/models/{MODEL}/{champion.tags['atoll.manifest_sha256']}/"
    }


def training_so_far(scene: Scene) -> str:
    """Which training jobs run, or which one was the last."""
    jobs = scene.administrator.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    running = [job["TrainingJobName"] for job in jobs if job["TrainingJobStatus"] == "InProgress"]
    youngest = max(jobs, key=lambda job: job["CreationTime"])
    ended = f"{youngest['TrainingJobName']} is {youngest['TrainingJobStatus']}"
    return f"{', '.join(running)} InProgress" if running else ended


def train_candidate(scene: Scene, facts: Facts) -> None:
    """The trainer's first job: XGBoost on the features, split by time."""
    job = train(scene, "first", Training(features_uri(scene)))
    scene.first_job = job["TrainingJobArn"]
    facts.update(
        job_arn=job["TrainingJobArn"],
        artifact=job["ModelArtifacts"]["S3ModelArtifacts"],
        submitter=TRAINER.uid,
        network_isolation=job["EnableNetworkIsolation"],
        told=f"{job['TrainingJobName']} by {TRAINER.uid}, network-isolated",
    )


def features_uri(scene: Scene) -> str:
    """Where ETL left the features."""
    return f"s3://{scene.outputs['DataBucket']}/features/{scene.run}/"


def registered_version(scene: Scene, job_arn: str, states: set[str]) -> Any:  # noqa: ANN401 - MLflow's ModelVersion
    """Wait until the job's version is in one of the states.

    Raises:
        StoryError: it is not, in time.
    """

    def look() -> Any | None:  # noqa: ANN401
        version = scene.version_of_job(job_arn)
        return version if version and version.tags.get("atoll.state") in states else None

    return wait_for(
        look, f"the version of {job_arn} to be {' or '.join(sorted(states))}", hint=lambda: seen(scene, job_arn)
    )


def seen(scene: Scene, job_arn: str) -> str:
    """What the registry holds of a job, for an error message."""
    version = scene.version_of_job(job_arn)
    return f"MLflow has {dict(version.tags) if version else 'no version'}. Function logs are in {scene.cloud.folder}."


def register(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """The job's event leads to a verified, registered, gated version, a change set and a message to approvers."""
    version = registered_version(scene, scene.first_job, {"requested"})
    run = scene.registry.get_run(version.run_id)
    release = version.tags["atoll.release_id"]
    change_set = describe_change_set(scene, release)
    note = mailbox.wait_for(lambda m: release in m["text"], f"the message about {release}")
    expect(change_set["Status"] == "CREATE_COMPLETE", f"The change set {release} is {change_set['Status']}.")
    expect(not serving(scene), "An unapproved model must not serve.")
    facts.update(version=version.version, release=release, metrics=run.data.metrics, message=note["subject"])
    facts["lineage"] = {key: value for key, value in version.tags.items() if key.startswith("atoll.")}
    facts["change_set_parameters"] = {p["ParameterKey"]: p["ParameterValue"] for p in change_set["Parameters"]}
    precision = run.data.metrics["average_precision"]
    facts["told"] = f"{MODEL} v{version.version}: average precision {precision:.3f}; change set {release}"


def describe_change_set(scene: Scene, name: str) -> dict[str, Any]:
    """A change set of the endpoint's stack."""
    client = scene.administrator.client("cloudformation")
    return client.describe_change_set(StackName=ENDPOINT_STACK, ChangeSetName=name)


def deny(scene: Scene, facts: Facts) -> None:
    """IAM denies the trainer, and denies the trainer's own id even in the approver's role."""
    approve_it = ("approve", scene.narrator.facts("register")["release"], "--yes")
    same_person = Person(TRAINER.uid, APPROVER.role_output, "approves their own model")
    facts["trainer"] = not_done(scene, TRAINER, *approve_it, because="AccessDenied")
    facts["same_person_as_approver"] = not_done(scene, same_person, *approve_it, because="AccessDenied")
    expect(not serving(scene), "A denied approval must not bring an endpoint up.")
    facts["told"] = f"IAM denies {TRAINER.uid} the approval as trainer, and as approver of their own model"


def approve(scene: Scene, facts: Facts) -> None:
    """The approver types `python -m releases approve`; CloudFormation brings the endpoint up."""
    release = scene.narrator.facts("register")["release"]
    answer = releases(scene, APPROVER, "approve", release, "--yes", *WAIT)
    expect(answer["serving"] == release, f"`releases approve` of {release} answered {answer}.")
    stack = settled_stack(scene, release)
    expect(
        stack["StackStatus"] == "UPDATE_COMPLETE",
        f"{ENDPOINT_STACK} is {stack['StackStatus']}: {stack.get('StackStatusReason')}",
    )
    facts.update(release=release, approver=APPROVER.uid, stack=stack["StackStatus"], endpoint=serving(scene)[0])
    facts["told"] = f"{APPROVER.uid} approved {release}; endpoint {facts['endpoint']} is up"


def settled_stack(scene: Scene, release: str) -> dict[str, Any]:
    """The endpoint's stack once the execution of `release` has ended, well or not.

    Raises:
        StoryError: it has not ended in time.
    """

    def look() -> dict[str, Any] | None:
        stack = scene.stack()
        status = stack["StackStatus"]
        ended = status.endswith(SETTLED) and "CLEANUP" not in status
        return stack if ended and f"/{release}/" in stack.get("ChangeSetId", f"/{release}/") else None

    return wait_for(
        look, f"{ENDPOINT_STACK} to settle", seconds=300, hint=lambda: f"It is {scene.stack()['StackStatus']}."
    )


def settle(scene: Scene, facts: Facts) -> None:
    """`release_settled` smoke-tests the endpoint and moves the alias `champion`."""
    version = registered_version(scene, scene.first_job, {"released"})
    champion = str(version.version)
    expect_champion(scene, champion)
    expect(
        version.tags["atoll.approver"] == APPROVER.uid,
        f"The registry names {version.tags['atoll.approver']} as approver.",
    )
    entry = audited(scene, version.tags["atoll.release_id"], "executed")
    expect(entry["who"] == APPROVER.uid, f"The audit record names {entry['who']} as approver.")
    facts.update(champion=champion, approver=version.tags["atoll.approver"], submitter=version.tags["atoll.submitter"])
    facts["told"] = (
        f"smoke test passed; champion = v{champion}, submitted by {facts['submitter']}, approved by {facts['approver']}"
    )
