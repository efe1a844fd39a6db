"""A job's model on its way to a request: opened with distrust, registered once, gated, prepared for approval."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from lambdas.release import (
    decisions,
    documents,
    gate,
    known,
    mirror,
    moved,
    provenance,
    reports,
    signing,
    starting,
    vouching,
)
from lambdas.release.artifact import Artifact, ArtifactError, open_artifact, open_released
from lambdas.release.ports import RegistryError, World
from lambdas.release.records import RunRecord, TrainingJob, Version
from lambdas.release.settings import Settings

MAXIMUM_NAME = 250  # of a metric in MLflow
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_. :-]|^[.]|^$")  # nor what MLflow would take for a path
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

    @cached_property
    def documents(self) -> Mapping[str, bytes]:
        """The model card and the impact assessment, the same bytes whenever they are asked for."""
        facts = {name: self.artifact.json(name) for name in ("manifest.json", "metrics.json", "card.json")}
        return documents.documents(self.artifact.manifest_sha256, facts)


def inspect(world: World, job: TrainingJob, work: Path, at: datetime) -> Candidate:
    """Check a job's description and who started it, then fetch, unpack and verify its archive in the folder `work`.

    Raises:
        RefusedError: the model must not be registered.
        StillUnknownError: the trail doesn't tell yet who started the job.
        CallerUnknownError: or who asked for the moved model.
    """
    if problem := _origin_problem(world, job, at):
        raise RefusedError(f"{problem}.")
    archive, folder = work / "model.tar.gz", work / "model"
    try:
        candidate = Candidate(job, _opened(world, job, archive, folder), archive)
        problem = _contents_problem(world, candidate)
    except ArtifactError as error:
        raise RefusedError(str(error)) from error
    if problem:
        raise RefusedError(f"{problem}.")
    return candidate


def _origin_problem(world: World, job: TrainingJob, at: datetime) -> str | None:
    """Return why a job, or what stands in its place, may have no model of its own; None when it may."""
    if job.sealed:
        return _from_before(job, known.of(world, job.model).begun) or moved.problem(world, job, at)
    return (
        provenance.job_problem(job, models=world.settings.models, images=images_that_count(world))
        or provenance.places_problem(job, world.settings.data_bucket)
        or _from_before(job, known.of(world, job.model).begun)
        or starting.problem(world, job, at)
    )


def _opened(world: World, job: TrainingJob, archive: Path, folder: Path) -> Artifact:
    if job.sealed:
        world.artifacts.fetch_released(job.model, job.sealed, archive)
        return open_released(archive, folder, job.sealed)
    folder.mkdir()
    fetch_only_version(world, job, archive)
    return open_artifact(archive, folder)


def _from_before(job: TrainingJob, begun: datetime) -> str | None:
    """Return why a job comes too late: what was asked for before people adopted what served counts for nothing."""
    return (
        f"it ended before people adopted what served, {begun:%Y-%m-%d %H:%M}: train again, or ask anew"
        if job.ended < begun
        else None
    )


def images_that_count(world: World) -> list[str]:
    """Return the images, by digest, whose trainings count: the published one, and those that the settings keep."""
    published = world.image.uri()
    return [published, *(f"{published.partition('@')[0]}@{each}" for each in world.settings.former_images)]


def fetch_only_version(world: World, job: TrainingJob, to: Path) -> None:
    """Download the job's archive by the id of the one version that SageMaker wrote.

    Raises:
        RefusedError: the archive may be another writer's.
        ArtifactError: it is too large to be a model of ours.
    """
    versions = world.artifacts.versions(job.artifact_uri)
    if problem := provenance.versions_problem(job, versions):
        raise RefusedError(f"{problem}.")
    world.artifacts.fetch(job.artifact_uri, versions[0].id, to)


def _contents_problem(world: World, candidate: Candidate) -> str | None:
    artifact, job = candidate.artifact, candidate.job
    for name in ("metrics.json", "card.json"):
        if not isinstance(artifact.json(name), dict):
            return f"{name} is no object"
    if unservable := provenance.view_problem(artifact.json("features.json")):
        return unservable
    if job.sealed:
        return moved.contents_problem(world, job, artifact, dict(candidate.documents))
    data_manifest = world.artifacts.data_manifest(job.channels.get("features", ""))
    return (
        provenance.manifest_problem(job, artifact.manifest, data_manifest)
        or provenance.features_problem(artifact.manifest, data_manifest)
        or provenance.holdout_problem(candidate.metrics, data_manifest)
    )


def register(world: World, candidate: Candidate, at: datetime) -> Version:
    """Return the job's one version: the one on record, else log the run, show it in MLflow and record it.

    The record numbers versions. MLflow counts alike, unless somebody took away what it had: then it is built anew.

    Raises:
        RegistryError: MLflow gives it a number that is another version's, or doesn't answer.
    """
    job, manifest = candidate.job, candidate.artifact.manifest
    versions = known.versions(world, job.model)
    if existing := next((v for v in versions if v.tag("training_job_arn") == job.arn), None):
        return existing
    mirror.catch_up(world, job.model)
    run = world.registry.run_of(job.model, job.arn)
    lineage = lineage_of(candidate)
    record = RunRecord(
        params=dict(job.hyperparameters) | {name: str(value) for name, value in manifest["hyperparameters"].items()},
        metrics=numbers(candidate.metrics),
        tags=lineage,
        files={name: candidate.artifact.content(name) for name in LINEAGE_FILES} | dict(candidate.documents),
        ended=job.ended,
    )
    world.registry.log(run, record)
    taken = {version.number for version in versions}  # whose run a user of MLflow may have named after this job
    left = (v for v in world.registry.versions(job.model) if v.run_id == run and v.number not in taken)
    shown = next(left, None) or world.registry.register(job.model, run, lineage | {"atoll.state": "registered"})
    if shown.number in taken:
        raise RegistryError(
            f"MLflow gives {job.name} the number {shown.number}, which is on record as another version's."
        )
    version = Version(model=job.model, number=shown.number, run_id=run, tags=lineage)
    reports.registered(world, version, job, at)
    return known.current(world, version)


def lineage_of(candidate: Candidate) -> dict[str, str]:
    """Return the tags that say what a version was made of."""
    job, manifest = candidate.job, candidate.artifact.manifest
    lineage = {
        "atoll.training_job_arn": job.arn,
        "atoll.submitter": job.submitter,
        "atoll.image_digest": job.image_digest,
        "atoll.manifest_sha256": candidate.artifact.manifest_sha256,
        "atoll.data_manifest_sha256": manifest["data_manifest_sha256"],
        "atoll.code_sha256": manifest["code_sha256"],
    }
    for name, content in candidate.documents.items():
        lineage[f"atoll.{vouching.tag_of(name)}"] = hashlib.sha256(content).hexdigest()
    return lineage


def numbers(metrics: Mapping[str, object], prefix: str = "") -> dict[str, float]:
    """Return the finite numbers of nested metrics under dotted names (`by_kind.weekend`), as MLflow takes them.

    Slices are left to metrics.json: there may be more of them than MLflow takes metrics, and under any name.
    """
    found: dict[str, float] = {}
    for name, value in metrics.items():
        if name == "slices":
            continue
        if isinstance(value, dict):
            found |= numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[_NOT_IN_A_NAME.sub("_", f"{prefix}{name}")[:MAXIMUM_NAME]] = float(value)
    return found


def problem(world: World, candidate: Candidate, version: Version) -> str | None:
    """Return why a registered version must not be requested; None when it may."""
    versions = known.versions(world, version.model)
    if twin := decisions.twin_of(version, versions):
        return f"its files are those of version {twin.number}, which is {twin.state}"
    champion = known.champion(world, version.model)
    compared = champion.tag("manifest_sha256") if champion else None
    return (
        gate.problem(gate_of(world.settings), candidate.metrics, compared)
        or provenance.code_problem(version, versions)
        or provenance.data_problem(candidate.job, world.settings.data_bucket)
        or (vouching.image_problem(world, kept) if (kept := version.tag("serving_image_digest")) else None)
    )


def gate_of(settings: Settings) -> gate.Gate:
    """Return the gate as the model's settings have it."""
    return gate.Gate(
        minimum=settings.minimum_average_precision,
        regression=settings.maximum_regression,
        slice_fields=settings.slice_fields,
        slice_minimum_anomalies=settings.slice_minimum_anomalies,
        slice_regression=settings.maximum_slice_regression,
    )


def refuse(world: World, version: Version, reason: str, at: datetime) -> None:
    """Refuse a registered version for good."""
    reports.refused(world, version, reason, at)
    known.show(world, version)


def seal(world: World, candidate: Candidate, version: Version) -> None:
    """Put the verified archive under its hash, its documents beside it, and sign.

    The archive that is written is the very file that was verified, not a second read of the job's output.

    Raises:
        ArtifactError: something else lies there.
    """
    sha = candidate.artifact.manifest_sha256
    is_first = world.artifacts.release(candidate.archive, version.model, sha)
    for name, content in candidate.documents.items():
        world.artifacts.keep(version.model, sha, name, content)
    signing.sign(world, version.model, sha)
    if not is_first:
        released_artifact(world, version, candidate.archive.parent / "released")


def vouch(world: World, version: Version) -> None:
    """Verify signature and documents of a version that was sealed.

    Raises:
        ArtifactError: one of them is missing or wrong.
    """
    if problem := vouching.problem(world, version):
        raise ArtifactError(f"{problem}.")


def released_artifact(world: World, version: Version, work: Path) -> Artifact:
    """Fetch a version's released archive into the folder `work`; verify it, its signature and its documents.

    Raises:
        ArtifactError: it is not what was released.
    """
    vouch(world, version)
    work.mkdir(exist_ok=True)
    expected = version.tag("manifest_sha256")
    world.artifacts.fetch_released(version.model, expected, work / "model.tar.gz")
    return open_released(work / "model.tar.gz", work / "model", expected)


def recall(world: World, version: Version, work: Path) -> Candidate:
    """Return the candidate that a version was sealed from, verified again, out of the release bucket.

    Raises:
        ArtifactError: it is not what was released.
    """
    return Candidate(moved.describe(world, version.job), released_artifact(world, version, work), work / "model.tar.gz")
