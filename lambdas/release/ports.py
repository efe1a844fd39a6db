"""What the release path needs of the world. Fakes in tests/fakes and the adapters implement these alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lambdas.release.audit_log import AuditLog
from lambdas.release.records import (
    Brought,
    EndedJob,
    ObjectVersion,
    Release,
    RunRecord,
    Serving,
    Stack,
    TrainingJob,
    Version,
)

if TYPE_CHECKING:
    from lambdas.release.settings import Settings  # pydantic's part of a cold start, which the monitor need not pay


class ChangeSetError(Exception):
    """CloudFormation can't prepare a change set, or one of that name asks for something else."""


class AlreadyExecutedError(ChangeSetError):
    """A change set of that name and these parameters is or was executed; `arn` is its ARN."""

    def __init__(self, arn: str) -> None:
        super().__init__(f"{arn} is or was executed.")
        self.arn = arn


class StackMovesError(ChangeSetError):
    """Another operation of the stack runs, in which CloudFormation takes no change set."""


class RegistryError(Exception):
    """MLflow can't be asked, or has not (or no longer) what it was asked about."""


class EndpointAnswerError(Exception):
    """The endpoint answered with an error, or with something that is no list of scores."""


class JobReader(Protocol):
    """Training jobs."""

    def describe(self, name: str) -> TrainingJob:
        """Return the job with its tags."""
        ...

    def ended_since(self, since: datetime) -> list[EndedJob]:
        """Return the jobs of people of ours that ended (well or not) since then, the oldest first."""
        ...


class ArtifactStore(Protocol):
    """Model archives: those that jobs leave, and the released ones under a key named by their manifest's hash."""

    def versions(self, uri: str) -> list[ObjectVersion]:
        """Return every version of the object at exactly this address, deletions too; none where none ever was."""
        ...

    def fetch(self, uri: str, version: str, to: Path) -> None:
        """Download one version of a job's archive.

        Raises:
            ArtifactError: it is too large to be a model of ours.
        """
        ...

    def data_manifest(self, features: str) -> bytes:
        """Return manifest.json of the features folder at this address.

        Raises:
            ArtifactError: there is none, or it is too large to be one.
        """
        ...

    def release(self, archive: Path, model: str, manifest_sha256: str) -> bool:
        """Write the archive to its release key; False when an object is there already, which is left as it is."""
        ...

    def fetch_released(self, model: str, manifest_sha256: str, to: Path) -> None:
        """Download a released archive.

        Raises:
            ArtifactError: there is none, or it is too large to be a model of ours.
        """
        ...

    def keep(self, model: str, manifest_sha256: str, name: str, content: bytes) -> None:
        """Write a file beside a released archive, unless one of its name is there already, which stays."""
        ...

    def kept(self, model: str, manifest_sha256: str, name: str) -> bytes | None:
        """Return a file that was kept beside a released archive; None when there is none."""
        ...


class Signer(Protocol):
    """The platform's signing key. One function alone may sign; several may verify."""

    def sign(self, digest: bytes) -> bytes:
        """Return an ECDSA signature (DER) of a SHA-256 digest."""
        ...

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Say whether the key made this signature of the digest."""
        ...


class Registry(Protocol):
    """Runs and versions as people see them, written from the record. Each method may be called again.

    All but `run_of` and `log` raise a RegistryError where MLflow does not take it.
    """

    def run_of(self, model: str, job_arn: str) -> str:
        """Return the id of the one run that carries the job's ARN, made now if there is none."""
        ...

    def log(self, run_id: str, record: RunRecord) -> None:
        """Log everything of a run and end it."""
        ...

    def register(self, model: str, run_id: str, tags: Mapping[str, str]) -> Version:
        """Make a version of the run's artifacts, with its tags."""
        ...

    def versions(self, model: str) -> list[Version]:
        """Return all versions of a model, the newest first; none when the model is unknown."""
        ...

    def tag(self, version: Version, tags: Mapping[str, str]) -> Version:
        """Set tags `atoll.<name>` of a version and return it with them."""
        ...

    def champion(self, model: str) -> Version | None:
        """Return the version under the alias `champion`."""
        ...

    def crown(self, version: Version) -> None:
        """Move the alias `champion`."""
        ...

    def uncrown(self, model: str) -> None:
        """Remove the alias `champion`, if there is one."""
        ...

    def set_aside(self, model: str) -> None:
        """Give the registered model another name, so that one of ours can take its place; fine when there is none."""
        ...


class Endpoints(Protocol):
    """The stacks of endpoints, and the endpoints themselves."""

    def stack(self, model: str) -> Stack:
        """Return the state of the model's endpoint stack."""
        ...

    def template(self, model: str) -> str:
        """Return the text of the stack's template, as it was submitted."""
        ...

    def serving(self, model: str) -> Serving | None:
        """Return what the endpoint runs; None when there is no endpoint."""
        ...

    def refuse_callers(self, model: str) -> None:
        """Refuse all callers of the endpoint from the next call on; fine when there is none."""
        ...

    def invoke(self, model: str, rows: Sequence[Sequence[float | None]]) -> list[float]:
        """Return the endpoint's score of each row, or its label where it tells labels alone.

        Raises:
            EndpointAnswerError: it did not answer with scores or labels.
        """
        ...


class ChangeSets(Protocol):
    """Change sets of the endpoints' stacks, made with CloudFormation's narrow role."""

    def request(self, model: str, name: str, release: Release, description: str) -> str:
        """Create a release's change set over the stack's template; return its ARN once it can be executed.

        What lies under the name is deleted first.

        Raises:
            AlreadyExecutedError: one with these parameters is or was executed under the name.
            ChangeSetError: CloudFormation refused it.
            StackMovesError: another operation of the stack runs.
        """
        ...

    def prepare(
        self, model: str, stem: str, release: Release, description: str, template: str | None = None
    ) -> str | None:
        """Create a way back's change set under a name that begins with `stem` and that nobody can guess.

        It keeps the stack's template; `template` puts another one (at most 51,200 bytes) in its place. Return its ARN
        once it can be executed; None when the stack has all this already. Ways that a crash left behind are deleted.

        Raises:
            ChangeSetError: CloudFormation refused it.
        """
        ...

    def execute(self, model: str, arn: str) -> None:
        """Execute a way back by the ARN that `prepare` returned, so that no other of its name can take its place."""
        ...

    def brings(self, model: str, name: str) -> Brought | None:
        """Return what a change set brings, also while it is executed and afterwards; None when there is none."""
        ...

    def cancel(self, model: str) -> bool:
        """Cancel an update that runs, so that CloudFormation takes it back; False when it takes no cancelling."""
        ...

    def take_back(self, model: str) -> None:
        """Take back an update that failed and was left halfway (RollbackStack, under the narrow role)."""
        ...

    def waits(self, model: str, name: str) -> bool:
        """Say whether a change set exists and can be executed."""
        ...

    def offered(self, model: str) -> list[str]:
        """Return the names of all change sets that can be executed."""
        ...

    def delete(self, model: str, name: str) -> bool:
        """Delete a change set; False when it can't be deleted, for it is being executed. Fine when there is none."""
        ...


class DeployedTemplates(Protocol):
    """The texts of templates that were deployed, each under its hash; the newest `deployed` entry says which counts."""

    def recorded(self, model: str) -> str | None:
        """Return the text that the newest `deployed` entry names; None when no deployment is on record.

        Raises:
            RecordError: the text is gone, or another one than the entry's.
        """
        ...

    def keep(self, model: str, template: str) -> str:
        """Keep a template's text under its hash, and return that; it counts once a `deployed` entry names it."""
        ...


class PublishedImage(Protocol):
    """The image that the Registry stack publishes at this moment."""

    def uri(self) -> str:
        """Return `<repository uri>@sha256:<64 hex>`."""
        ...


class Notifier(Protocol):
    """Messages to people."""

    def tell(self, subject: str, text: str) -> None:
        """Send a message; the subject is ASCII and at most 100 characters, longer ones are cut."""
        ...


class Trail(Protocol):
    """CloudTrail's management events, which it shows with a delay of up to about 15 minutes."""

    def calls(self, name: str, since: datetime, until: datetime | None = None) -> list[Mapping[str, Any]]:
        """Return CloudTrail's records of the calls of an operation that succeeded, the oldest first.

        A look-up is bounded. What lies behind a flood of later calls is as what the trail doesn't tell yet: nothing is
        approved or deployed by it, and what serves without it rings and goes.
        """
        ...


class Functions(Protocol):
    """The functions of the release path; each runs once at a time, so that work of one kind never overlaps."""

    def deliver(self, function: str, event: Mapping[str, Any]) -> None:
        """Have a function (`release_settled`, ...) take an event, asynchronously."""
        ...


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that a release handler may touch."""

    settings: "Settings"
    jobs: JobReader
    artifacts: ArtifactStore
    signer: Signer
    registry: Registry
    endpoints: Endpoints
    change_sets: ChangeSets
    templates: DeployedTemplates
    image: PublishedImage
    notifier: Notifier
    audit: AuditLog
    trail: Trail
    functions: Functions
