"""The release path's ports in memory. tests/contract holds them to what the adapters do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from lambdas.release.ports import ChangeSetError, EndpointAnswerError, World
from lambdas.release.records import Release, RunRecord, Serving, Stack, TrainingJob, Version
from lambdas.release.settings import Settings
from tests.fakes.artifacts import GOLDEN_SCORES, archive
from tests.fakes.audit import FakeAudit

MODEL = "card-anomaly"
REPOSITORY = "registry.example/atoll/model"
IMAGE = f"{REPOSITORY}@sha256:{'a' * 64}"
REVIEWED = '{"Resources": {}}'
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTINGS = Settings(
    models=(MODEL,),
    release_bucket="release",
    audit_bucket="audit",
    topic_arn="topic",
    tracking_secret_arn="secret",
    endpoint_service_role_arn="role",
    minimum_average_precision=0.5,
    maximum_regression=0.05,
)


def job(name: str = "job-1", *, submitter: str = "ann", **changes: object) -> TrainingJob:
    """A finished training job that deserves trust."""
    facts = {
        "name": name,
        "arn": f"arn:x:sagemaker:us-east-1:000000000000:training-job/{name}",
        "image": IMAGE,
        "network_isolated": True,
        "ended": NOON,
        "artifact_uri": f"s3://data/jobs/{name}/output/model.tar.gz",
        "tags": {"atoll:uid": submitter, "atoll:model": MODEL},
        "hyperparameters": {"max_depth": "6"},
    }
    return TrainingJob(**(facts | changes))  # ty: ignore[invalid-argument-type] - the callers' words


@dataclass
class FakeJobs:
    jobs: dict[str, TrainingJob] = field(default_factory=dict)

    def describe(self, name: str) -> TrainingJob:
        return self.jobs[name]


@dataclass
class FakeArtifacts:
    outputs: dict[str, bytes] = field(default_factory=dict)
    released: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def fetch(self, uri: str, to: Path) -> None:
        to.write_bytes(self.outputs[uri])

    def release(self, archive: Path, model: str, manifest_sha256: str) -> bool:
        if (model, manifest_sha256) in self.released:
            return False
        self.released[model, manifest_sha256] = archive.read_bytes()
        return True

    def fetch_released(self, model: str, manifest_sha256: str, to: Path) -> None:
        to.write_bytes(self.released[model, manifest_sha256])


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
        number = str(1 + len(self.versions(model)))
        self.known[model, number] = Version(model=model, number=number, run_id=run_id, tags=dict(tags))
        return self.known[model, number]

    def versions(self, model: str) -> list[Version]:
        return sorted((v for v in self.known.values() if v.model == model), key=lambda v: -int(v.number))

    def tag(self, version: Version, tags: Mapping[str, str]) -> Version:
        named = {f"atoll.{name}": value for name, value in tags.items()}
        stored = self.known[version.model, version.number]
        self.known[version.model, version.number] = replace(stored, tags={**stored.tags, **named})
        return replace(version, tags={**version.tags, **named})

    def champion(self, model: str) -> Version | None:
        return self.known[model, self.champions[model]] if model in self.champions else None

    def crown(self, version: Version) -> None:
        self.champions[version.model] = version.number

    def metric(self, version: Version, name: str) -> float | None:
        return self.logged[version.run_id].metrics.get(name) if version.run_id in self.logged else None


@dataclass
class FakeEndpoints:
    stacks: dict[str, Stack] = field(default_factory=dict)
    running: dict[str, Serving] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=lambda: {MODEL: REVIEWED})
    scores: list[float] | None = field(default_factory=GOLDEN_SCORES.copy)  # None: errors

    def stack(self, model: str) -> Stack:
        return self.stacks.get(model, Stack(status="CREATE_COMPLETE"))

    def template(self, model: str) -> str:
        return self.templates[model]

    def serving(self, model: str) -> Serving | None:
        return self.running.get(model)

    def invoke(self, model: str, rows: Sequence[Sequence[float | None]]) -> list[float]:
        if self.scores is None:
            raise EndpointAnswerError(f"{model} fails on {len(rows)} rows")
        return self.scores


@dataclass
class FakeChangeSets:
    waiting: dict[tuple[str, str], Release] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    brought: dict[str, tuple[Release, str | None]] = field(default_factory=dict)

    def request(self, model: str, name: str, release: Release, description: str, template: str | None = None) -> None:
        if self.waiting.setdefault((model, name), release) != release:
            raise ChangeSetError(f"{name} ({description}) exists with other parameters.")
        self.brought[name] = release, template

    def execute(self, model: str, name: str) -> None:
        del self.waiting[model, name]
        self.executed.append(name)


@dataclass
class FakeTemplates:
    deployed: dict[str, str] = field(default_factory=lambda: {MODEL: REVIEWED})

    def recorded(self, model: str) -> str | None:
        return self.deployed.get(model)

    def record(self, model: str, template: str) -> None:
        self.deployed[model] = template


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
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    endpoints: FakeEndpoints = field(default_factory=FakeEndpoints)
    change_sets: FakeChangeSets = field(default_factory=FakeChangeSets)
    templates: FakeTemplates = field(default_factory=FakeTemplates)
    image: FakeImage = field(default_factory=FakeImage)
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    audit: FakeAudit = field(default_factory=FakeAudit)

    def finish(self, done: TrainingJob, packed: bytes | None = None) -> None:
        """Let a training job end with an archive."""
        self.jobs.jobs[done.name] = done
        self.artifacts.outputs[done.artifact_uri] = archive() if packed is None else packed

    def deploy(self, version: Version, status: str = "UPDATE_COMPLETE") -> None:
        """Let CloudFormation bring a requested release up; another status than a complete update goes back."""
        release = version.tag("release_id")
        self.change_sets.waiting.pop((version.model, release), None)
        self.endpoints.stacks[version.model] = Stack(status=status, release_id=release, last_change_set=release)
        if status == "UPDATE_COMPLETE":
            self.endpoints.running[version.model] = Serving(
                status="InService", manifest_sha256=version.tag("manifest_sha256"), release_id=release
            )

    @property
    def states(self) -> list[str]:
        """The versions' states, the oldest version first."""
        return [version.state for version in reversed(self.registry.versions(MODEL))]
