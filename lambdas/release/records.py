"""What the release path speaks of: plain, frozen records without behaviour that needs AWS or MLflow."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from lambdas.release.statuses import Rest, rest_of

STACK_PREFIX = "Atoll-Endpoint-"
HOME, HALT = "home-", "halt-"
FORWARD, BACKWARD = ("r-by-",), (HOME, HALT)
"""How change sets begin: of releases, which people execute, and of ways back and stops, the platform's alone."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_RELEASE_ID = re.compile(r"r-by-[A-Za-z0-9]+-[0-9a-f]{12}")


def release_id(submitter: str, manifest_sha256: str, version: str) -> str:
    """Return the id of a release, which is its change set's name too.

    It is the version's own: the same files may be trained and asked for twice, and what was said of the first request
    (an execution, a rejection) comes late or twice, and must not count for the second.
    """
    return f"r-by-{submitter}-{hashlib.sha256(f'{manifest_sha256} {version}'.encode()).hexdigest()[:12]}"


def submitter_of(release: str) -> str:
    """Return whose model a release id is for; empty when it is none. It was made of what SageMaker says of the job."""
    return release.split("-")[2] if is_release_id(release) else ""


def name_of(change_set: str) -> str:
    """Return a change set's name out of its name or its ARN."""
    return change_set.rpartition(":changeSet/")[2].partition("/")[0]


def is_release_id(name: str) -> bool:
    """Say whether a change set's name is that of a release that moves forward."""
    return _RELEASE_ID.fullmatch(name) is not None


def stack_of(model: str) -> str:
    """Return the name of the stack that holds a model's endpoint."""
    return f"{STACK_PREFIX}{model}"


def endpoint_of(model: str) -> str:
    """Return the name of a model's endpoint."""
    return f"atoll-{model}"


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """A training job as SageMaker describes it."""

    name: str
    arn: str
    image: str
    network_isolated: bool
    created: datetime
    started: datetime
    ended: datetime
    artifact_uri: str = ""
    compression: str = "GZIP"  # NONE leaves a folder, whose address another job may write an object to
    entrypoint: tuple[str, ...] = ()  # in place of the image's own, with its arguments
    environment: Mapping[str, str] = field(default_factory=dict)
    remote_debug: bool = False  # whether its submitter could open a shell in it
    channels: Mapping[str, str] = field(default_factory=dict)  # name -> S3 address
    failure_reason: str = ""
    tuning_job: str = ""  # the ARN of the tuning job whose trial it is
    tags: Mapping[str, str] = field(default_factory=dict)
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    sealed: str = ""  # the manifest's sha256 of a moved archive in whose place this stands (moved.py)

    @property
    def submitter(self) -> str:
        """The id of the person who started it, by its tag: the trail must agree (starting.py). Empty for none."""
        return self.tags.get("atoll:uid", "")

    @property
    def model(self) -> str:
        """The model that it trains; empty when it does not say."""
        return self.tags.get("atoll:model", "")

    @property
    def image_digest(self) -> str:
        """The digest by which the image is pinned; empty when it is not."""
        return self.image.partition("@")[2]


@dataclass(frozen=True, kw_only=True)
class ObjectVersion:
    """One version of an object in S3; `deletes` marks a deletion, which is a version too."""

    id: str
    written: datetime
    deletes: bool = False


@dataclass(frozen=True, kw_only=True)
class EndedJob:
    """A training job that ended, as it is listed."""

    name: str
    arn: str
    status: str
    ended: datetime


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What MLflow is told of a training run; `files` maps artifact names to their content."""

    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, bytes]
    ended: datetime


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a registered model with its tags."""

    model: str
    number: str
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    change_sets: tuple[str, ...] = ()  # the ARNs by which its release was asked for, the newest last

    def tag(self, name: str) -> str:
        """Return the tag `atoll.<name>`; empty when it is not set."""
        return self.tags.get(f"atoll.{name}", "")

    @property
    def job(self) -> str:
        """The name of the training job that made it, or of what stands in its place (moved.py)."""
        return self.tag("training_job_arn").rpartition("/")[2]

    @property
    def state(self) -> str:
        """Where the version stands on its way (docs/contracts.md)."""
        return self.tag("state")


@dataclass(frozen=True, kw_only=True)
class Release:
    """The four parameters that move an endpoint's stack. All empty means: no endpoint."""

    image_digest: str = ""
    manifest_sha256: str = ""
    version: str = ""
    release_id: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Release":
        """Return the release that these parameters of a stack or change set are."""
        named = ("ImageDigest", "ManifestSha256", "MlflowVersion", "ReleaseId")
        image, manifest, version, release = (parameters.get(name, "") for name in named)
        return cls(image_digest=image, manifest_sha256=manifest, version=version, release_id=release)

    def parameters(self) -> dict[str, str]:
        """Return them under their names in the template."""
        return {
            "ImageDigest": self.image_digest,
            "ManifestSha256": self.manifest_sha256,
            "MlflowVersion": self.version,
            "ReleaseId": self.release_id,
        }


@dataclass(frozen=True, kw_only=True)
class Stack:
    """An endpoint's stack; `change_set` is the ARN of the one executed last, empty when unknown."""

    status: str
    reason: str = ""
    release_id: str = ""
    change_set: str = ""
    changed: datetime = LONG_AGO  # when its last operation began
    arn: str = ""

    @property
    def last_change_set(self) -> str:
        """The name of the change set executed last; empty when unknown."""
        return name_of(self.change_set)

    @property
    def rest(self) -> Rest:
        """How the stack stands."""
        return rest_of(self.status)

    @property
    def is_moving(self) -> bool:
        """Say whether an operation still runs."""
        return self.rest is Rest.MOVES

    @property
    def went_forward(self) -> bool:
        """Say whether the last operation did what it was asked."""
        return self.rest is Rest.DONE

    @property
    def can_change(self) -> bool:
        """Say whether CloudFormation takes another operation."""
        return self.rest in {Rest.DONE, Rest.BACK}

    @property
    def was_released(self) -> bool:
        """Say whether the last operation was a release, a way back or a stop: IAM binds these to their names."""
        return self.last_change_set.startswith((*FORWARD, *BACKWARD))


@dataclass(frozen=True, kw_only=True)
class Told:
    """How an endpoint tells its scores, in the words of its container's environment; empty: as they are."""

    decimals: str = ""
    threshold: str = ""  # given: labels alone, 1 from this probability on


@dataclass(frozen=True, kw_only=True)
class Container:
    """What a container is: its image, the address of its archive, and every variable that it is given."""

    image: str
    data: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What a change set brings: its template's text and its four parameters; `runs` while it is being executed."""

    template: str
    release: Release
    runs: bool = False


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What an endpoint runs, read from its own configuration and its container's environment."""

    status: str
    manifest_sha256: str
    release_id: str
    version: str = ""
    image_digest: str = ""
    failure_reason: str = ""
    told: Told = Told()
    lost: bool = False  # its configuration or model is gone: SageMaker can't update or scale it any more
    refuses: bool = False  # a tag on it refuses all callers
    owned: bool = True  # whether it is a resource of the model's own stack
    containers: tuple[Container, ...] = ()  # all that run, or start: of every variant of both fleets


@dataclass(frozen=True, kw_only=True)
class Execution:
    """A person's (or a machine's) try to execute a change set, or to delete it, as CloudTrail recorded it."""

    change_set: str
    who: str
    at: datetime
    denied: str = ""
    stack: str = ""  # its name; empty where the call named none, which then is no call on a stack of ours
    message: str = ""  # why it was denied, in AWS's words
    role: str = ""  # the ARN of the role whose session called; empty for whoever has none
    arn: str = ""  # of the change set that ran, where that is known: the call names it by its name (ran.py)


@dataclass(frozen=True, kw_only=True)
class Creation:
    """A change set that somebody made, as CloudTrail recorded it: on which stack, as a session of which role."""

    arn: str
    stack: str
    role: str
    at: datetime

    @property
    def name(self) -> str:
        """The change set's name."""
        return name_of(self.arn)


@dataclass(frozen=True, kw_only=True)
class Start:
    """A training job that somebody started, as CloudTrail recorded it: `who` is the session's name, of which role."""

    arn: str
    who: str
    role: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One transition. `subject` is a release id or a job's name; the time is the event's: a retry is the same entry."""

    model: str
    subject: str
    what: str
    at: datetime
    who: str
    details: Mapping[str, Any] = field(default_factory=dict)
    home: str = ""  # the account and region that it is of; empty: this one
    schema: int = 2  # entries before 0.2 have none, which is 1

    @cached_property
    def order(self) -> tuple[datetime, str, str, str]:
        """By what entries are put in order, the same for any two equal ones."""
        return self.at, self.what, self.who, repr(sorted(self.details.items()))
