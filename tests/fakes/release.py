"""The release path's ports in memory. tests/contract holds them to what the adapters do."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lambdas.release import known
from lambdas.release.artifact import ArtifactError
from lambdas.release.ports import RegistryError, World
from lambdas.release.records import (
    EndedJob,
    ObjectVersion,
    RunRecord,
    Stack,
    TrainingJob,
    Version,
)
from lambdas.release.settings import Settings
from tests.fakes.artifacts import DATA_MANIFEST, archive, metrics
from tests.fakes.audit import FakeAudit
from tests.fakes.change_sets import FakeChangeSets, arn_of
from tests.fakes.signer import FakeSigner
from tests.fakes.stack import IMAGE, MODEL, NOON, REVIEWED, SETTINGS, FakeEndpoints, serving
from tests.fakes.trail import FakeTrail, start


def job(name: str = "job-1", *, submitter: str = "ann", **changes: object) -> TrainingJob:
    """A finished training job that deserves trust."""
    facts = {
        "name": name,
        "arn": f"arn:x:sagemaker:us-east-1:000000000000:training-job/{name}",
        "image": IMAGE,
        "network_isolated": True,
        "created": NOON - timedelta(minutes=12),
        "started": NOON - timedelta(minutes=10),
        "ended": NOON,
        "channels": {"features": "s3://data/features/run/"},
        "artifact_uri": f"s3://data/jobs/{name}/output/model.tar.gz",
        "tags": {"atoll:uid": submitter, "atoll:model": MODEL},
        "hyperparameters": {"max_depth": "6"},
    }
    return TrainingJob(**(facts | changes))  # ty: ignore[invalid-argument-type] - the callers' words


@dataclass
class FakeJobs:
    jobs: dict[str, TrainingJob] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)

    def describe(self, name: str) -> TrainingJob:
        return self.jobs[name]

    def ended_since(self, since: datetime) -> list[EndedJob]:
        ended = (j for j in self.jobs.values() if j.ended >= since and j.submitter)
        states = self.statuses
        return [
            EndedJob(name=j.name, arn=j.arn, status=states.get(j.name, "Completed"), ended=j.ended)
            for j in sorted(ended, key=lambda job: job.ended)
        ]


@dataclass
class FakeArtifacts:
    outputs: dict[str, list[tuple[ObjectVersion, bytes]]] = field(default_factory=dict)
    released: dict[tuple[str, str], bytes] = field(default_factory=dict)
    papers: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=lambda: {"s3://data/features/run/": DATA_MANIFEST})

    def write(self, uri: str, content: bytes, at: datetime, *, deletes: bool = False) -> None:
        """Somebody writes (or deletes) an object: the bucket keeps what was there as a version of its own."""
        versions = self.outputs.setdefault(uri, [])
        versions.append((ObjectVersion(id=f"v{len(versions)}", written=at, deletes=deletes), content))

    def versions(self, uri: str) -> list[ObjectVersion]:
        return [version for version, _ in self.outputs.get(uri, [])]

    def fetch(self, uri: str, version: str, to: Path) -> None:
        to.write_bytes(next(content for found, content in self.outputs[uri] if found.id == version))

    def data_manifest(self, features: str) -> bytes:
        if features not in self.data:
            raise ArtifactError(f"There is no manifest at {features}.")
        return self.data[features]

    def release(self, archive: Path, model: str, manifest_sha256: str) -> bool:
        if (model, manifest_sha256) in self.released:
            return False
        self.released[model, manifest_sha256] = archive.read_bytes()
        return True

    def fetch_released(self, model: str, manifest_sha256: str, to: Path) -> None:
        if (model, manifest_sha256) not in self.released:
            raise ArtifactError(f"There is no archive {model} {manifest_sha256}.")
        to.write_bytes(self.released[model, manifest_sha256])

    def keep(self, model: str, manifest_sha256: str, name: str, content: bytes) -> None:
        self.papers.setdefault((model, manifest_sha256, name), content)

    def kept(self, model: str, manifest_sha256: str, name: str) -> bytes | None:
        return self.papers.get((model, manifest_sha256, name))


@dataclass
class FakeRegistry:
    runs: dict[str, str] = field(default_factory=dict)
    logged: dict[str, RunRecord] = field(default_factory=dict)
    known: dict[tuple[str, str], Version] = field(default_factory=dict)
    champions: dict[str, str] = field(default_factory=dict)

    def run_of(self, model: str, job_arn: str) -> str:
        return self.runs.setdefault(job_arn, f"run-of-{model}-{len(self.runs)}")

    def log(self, run_id: str, record: RunRecord) -> None:
        self.logged[run_id] = record

    def register(self, model: str, run_id: str, tags: Mapping[str, str]) -> Version:
        number = str(1 + max((int(v.number) for v in self.versions(model)), default=0))
        self.known[model, number] = Version(model=model, number=number, run_id=run_id, tags=dict(tags))
        return self.known[model, number]

    def versions(self, model: str) -> list[Version]:
        return sorted((v for v in self.known.values() if v.model == model), key=lambda v: -int(v.number))

    def tag(self, version: Version, tags: Mapping[str, str]) -> Version:
        named = {f"atoll.{name}": value for name, value in tags.items()}
        if (version.model, version.number) not in self.known:
            raise RegistryError(f"{version.model} has no version {version.number}")
        stored = self.known[version.model, version.number]
        self.known[version.model, version.number] = replace(stored, tags={**stored.tags, **named})
        return replace(version, tags={**version.tags, **named})

    def champion(self, model: str) -> Version | None:
        return self.known.get((model, self.champions.get(model, "")))

    def crown(self, version: Version) -> None:
        self.tag(version, {})
        self.champions[version.model] = version.number

    def uncrown(self, model: str) -> None:
        self.champions.pop(model, None)

    def set_aside(self, model: str) -> None:
        for (of, number), version in list(self.known.items()):
            if of == model:
                self.known[f"{model}-aside", number] = replace(version, model=f"{model}-aside")
                del self.known[of, number]
        self.uncrown(model)


@dataclass
class FakeTemplates:
    """Deployed before a test begins, and what was kept since, once the record of `audit` says that it was deployed."""

    deployed: dict[str, str] = field(default_factory=lambda: {MODEL: REVIEWED})
    audit: FakeAudit = field(default_factory=FakeAudit)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)

    def recorded(self, model: str) -> str | None:
        if sha256 := self.audit.deployed(model):
            self.deployed[model] = self.texts[model, sha256]
        return self.deployed.get(model)

    def keep(self, model: str, template: str) -> str:
        sha256 = hashlib.sha256(template.encode()).hexdigest()
        self.texts[model, sha256] = template
        return sha256


@dataclass
class FakeFunctions:
    delivered: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def deliver(self, function: str, event: Mapping[str, Any]) -> None:
        self.delivered.append((function, event))


@dataclass
class FakeImage:
    published: str = IMAGE

    def uri(self) -> str:
        return self.published


@dataclass
class FakeNotifier:
    messages: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, subject: str, text: str) -> None:
        self.messages.append((subject, text))


@dataclass(frozen=True, kw_only=True)
class FakeWorld(World):
    """A world whose parts a test may look into."""

    settings: Settings = SETTINGS
    jobs: FakeJobs = field(default_factory=FakeJobs)
    artifacts: FakeArtifacts = field(default_factory=FakeArtifacts)
    signer: FakeSigner = field(default_factory=FakeSigner)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    endpoints: FakeEndpoints = field(default_factory=FakeEndpoints)
    change_sets: FakeChangeSets = field(default_factory=FakeChangeSets)
    templates: FakeTemplates = field(default_factory=FakeTemplates)
    image: FakeImage = field(default_factory=FakeImage)
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    audit: FakeAudit = field(default_factory=FakeAudit)
    trail: FakeTrail = field(default_factory=FakeTrail)
    functions: FakeFunctions = field(default_factory=FakeFunctions)

    def __post_init__(self) -> None:
        if isinstance(self.templates, FakeTemplates):
            self.templates.audit = self.audit
        if isinstance(self.change_sets, FakeChangeSets) and isinstance(self.trail, FakeTrail):
            self.change_sets.trail = self.trail.made

    def finish(self, done: TrainingJob, packed: bytes | None = None, starter: str | None = None) -> None:
        """Let a training job end with an archive; without one, with an honest model's.

        Who is in its tag started it, or another.
        """
        self.jobs.jobs[done.name] = done
        self.trail.note(start(done, done.submitter if starter is None else starter))
        self.artifacts.write(done.artifact_uri, self.trained() if packed is None else packed, done.ended)

    def trained(self, value: object = 0.8, **changes: object) -> bytes:
        """The archive of a model of this average precision, compared with the present champion on the same rows."""
        champion = known.champion(self, MODEL)
        former = self.registry.logged[champion.run_id].metrics["average_precision"] if champion else None
        compared = (champion.tag("manifest_sha256"), former) if champion else None
        return archive(metrics_json=metrics(value, compared, **changes))

    def deploy(self, version: Version, status: str = "UPDATE_COMPLETE") -> None:
        """Let CloudFormation bring a requested release up; another status than a complete update goes back."""
        release = version.tag("release_id")
        self.change_sets.waiting.pop((version.model, release), None)
        former = self.endpoints.stacks.get(version.model, Stack(status="CREATE_COMPLETE")).release_id
        named = release if status == "UPDATE_COMPLETE" else former
        self.endpoints.stacks[version.model] = Stack(
            status=status, release_id=named, change_set=arn_of(release), changed=NOON
        )
        if status == "UPDATE_COMPLETE":
            self.endpoints.running[version.model] = serving(version)

    @property
    def states(self) -> list[str]:
        """The versions' states, the oldest version first."""
        return [version.state for version in reversed(self.registry.versions(MODEL))]
