"""A job's model on its way to a request: opened with distrust, registered once, gated, prepared for approval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lambdas.release import decisions, reports
from lambdas.release.artifact import Artifact, ArtifactError, open_artifact, open_released
from lambdas.release.ports import World
from lambdas.release.records import Release, RunRecord, TrainingJob, Version, release_id

LINEAGE_FILES = ("manifest.json", "metrics.json", "baseline.json", "features.json")


class RefusedError(Exception):
    """A job's model must not be registered; the text says why."""


@dataclass(frozen=True)
class Candidate:
    """A verified model: the job that made it, its files, and the archive that holds them."""

    job: TrainingJob
    artifact: Artifact
    archive: Path

    @property
    def metrics(self) -> Mapping[str, object]:
        """What the job measured on test."""
        return self.artifact.json("metrics.json")


def inspect(world: World, job: TrainingJob, work: Path) -> Candidate:
    """Check a job's description, then fetch, unpack and verify its archive in the empty folder `work`.

    Raises:
        RefusedError: the model must not be registered.
    """
    repository = world.image.uri().partition("@")[0]
    if problem := decisions.job_problem(job, models=world.settings.models, repository=repository):
        raise RefusedError(f"{problem}.")
    archive, folder = work / "model.tar.gz", work / "model"
    folder.mkdir()
    try:
        world.artifacts.fetch(job.artifact_uri, archive)
        artifact = open_artifact(archive, folder)
        metrics = artifact.json("metrics.json")
    except ArtifactError as error:
        raise RefusedError(str(error)) from error
    if artifact.manifest["model"] != job.model:
        raise RefusedError(f"its manifest is for {artifact.manifest['model']!r:.100}, the job's tag for {job.model}.")
    if not isinstance(metrics, dict):
        raise RefusedError("metrics.json is no object.")
    return Candidate(job, artifact, archive)


def register(world: World, candidate: Candidate) -> Version:
    """Return the job's one version: the one that exists, else log the run and make it (state `registered`)."""
    job, manifest = candidate.job, candidate.artifact.manifest
    run = world.registry.run_of(job.model, job.arn)
    if existing := next((v for v in world.registry.versions(job.model) if v.run_id == run), None):
        return existing
    lineage = {
        "atoll.training_job_arn": job.arn,
        "atoll.submitter": job.submitter,
        "atoll.image_digest": job.image_digest,
        "atoll.manifest_sha256": candidate.artifact.manifest_sha256,
        "atoll.data_manifest_sha256": manifest["data_manifest_sha256"],
        "atoll.code_sha256": manifest["code_sha256"],
    }
    record = RunRecord(
        params=dict(job.hyperparameters) | {name: str(value) for name, value in manifest["hyperparameters"].items()},
        metrics=numbers(candidate.metrics),
        tags=lineage,
        files={name: candidate.artifact.content(name) for name in LINEAGE_FILES},
        ended=job.ended,
    )
    world.registry.log(run, record)
    return world.registry.register(job.model, run, lineage | {"atoll.state": "registered"})


def numbers(metrics: Mapping[str, object], prefix: str = "") -> dict[str, float]:
    """Return the finite numbers of nested metrics under dotted names (`by_kind.weekend`)."""
    found: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, dict):
            found |= numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[f"{prefix}{name}"] = float(value)
    return found


def problem(world: World, candidate: Candidate, version: Version) -> str | None:
    """Return why a registered version must not be requested; None when it may."""
    if twin := decisions.twin_of(version, world.registry.versions(version.model)):
        return f"its files are those of version {twin.number}, which is {twin.state}"
    champion = world.registry.champion(version.model)
    return decisions.gate_problem(
        candidate.metrics,
        world.registry.metric(champion, decisions.METRIC) if champion else None,
        has_champion=champion is not None,
        minimum=world.settings.minimum_average_precision,
        regression=world.settings.maximum_regression,
    )


def refuse(world: World, version: Version, reason: str, at: datetime) -> None:
    """Refuse a registered version for good."""
    reports.refused(world, version, reason, at)
    world.registry.tag(version, {"reason": reason, "state": "refused"})


def request(world: World, candidate: Candidate, version: Version, at: datetime) -> None:
    """Put the archive under its hash, create the change set, ask the approvers.

    The archive that is written is the very file that was verified, not a second read of the job's output.

    Raises:
        ArtifactError: another content lies under this hash: somebody tampered with the release bucket.
        ChangeSetError: CloudFormation refuses the change set.
    """
    sha = candidate.artifact.manifest_sha256
    if not world.artifacts.release(candidate.archive, version.model, sha):
        released_artifact(world, version, candidate.archive.parent / "released")
    digest = version.tag("serving_image_digest") or world.image.uri().partition("@")[2]
    release = Release(
        image_digest=digest,
        manifest_sha256=sha,
        version=version.number,
        release_id=release_id(version.tag("submitter"), sha),
    )
    version = world.registry.tag(version, {"serving_image_digest": digest, "release_id": release.release_id})
    line = reports.summary(world, version, candidate.metrics)
    world.change_sets.request(version.model, release.release_id, release, line)
    reports.requested(world, version, release, line, at)
    current = next(v for v in world.registry.versions(version.model) if v.number == version.number)
    if decisions.may_become(current.state, "requested"):
        world.registry.tag(current, {"state": "requested"})


def released_artifact(world: World, version: Version, work: Path) -> Artifact:
    """Fetch a version's released archive into the folder `work` and verify it against the version's hash.

    Raises:
        ArtifactError: it is not what was released.
    """
    work.mkdir(exist_ok=True)
    expected = version.tag("manifest_sha256")
    world.artifacts.fetch_released(version.model, expected, work / "model.tar.gz")
    return open_released(work / "model.tar.gz", work / "model", expected)
