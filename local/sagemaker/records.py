"""What the local SageMaker remembers: records per kind by name, and tags by ARN."""

import copy
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.sagemaker.emulator import account_id, region
from local.sagemaker.errors import InvalidRequestError, ServiceError

Record = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of thing that SageMaker keeps, by its title in the API's member names."""

    title: str
    words: str

    @property
    def name_member(self) -> str:
        """The member that holds its name, e.g. `TrainingJobName`."""
        return f"{self.title}Name"

    @property
    def arn_member(self) -> str:
        """The member that holds its ARN, e.g. `TrainingJobArn`."""
        return f"{self.title}Arn"

    @property
    def status_member(self) -> str:
        """The member that holds its status, e.g. `TrainingJobStatus`."""
        return f"{self.title}Status"

    def arn(self, name: str) -> str:
        """The ARN in this account and region; SageMaker writes it in lower case."""
        path = self.words.replace(" ", "-")
        return f"arn:aws:sagemaker:{region()}:{account_id()}:{path}/{name.lower()}"


TRAINING_JOB = Kind("TrainingJob", "training job")
PROCESSING_JOB = Kind("ProcessingJob", "processing job")
TUNING_JOB = Kind("HyperParameterTuningJob", "hyper parameter tuning job")
MODEL = Kind("Model", "model")
ENDPOINT_CONFIG = Kind("EndpointConfig", "endpoint config")
ENDPOINT = Kind("Endpoint", "endpoint")
KINDS = (TRAINING_JOB, PROCESSING_JOB, TUNING_JOB, MODEL, ENDPOINT_CONFIG, ENDPOINT)
JOB_KINDS = (TRAINING_JOB, PROCESSING_JOB, TUNING_JOB)


class Records:
    """All records. Every method is safe to call from any thread; records that leave are copies."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: dict[tuple[str, str], Record] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def add(self, kind: Kind, request: Record, **fields: object) -> str:
        """Keep a new record made of the request and `fields`; returns its ARN.

        Raises:
            ServiceError: The name is taken (`ResourceInUse` for jobs, `ValidationException` else, as on AWS).
        """
        name = request[kind.name_member]
        arn, now = kind.arn(name), datetime.now(UTC)
        record = {name: value for name, value in request.items() if name != "Tags"}
        record |= {kind.arn_member: arn, "CreationTime": now, "LastModifiedTime": now, **fields}
        with self._lock:
            if (kind.title, name.lower()) in self._records:
                raise _name_taken(kind, arn)
            self._records[kind.title, name.lower()] = record
            self._tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return arn

    def get(self, kind: Kind, name: str) -> Record:
        """A copy of the record called `name`.

        Raises:
            InvalidRequestError: There is none.
        """
        with self._lock:
            return copy.deepcopy(self._find(kind, name))

    def all(self, kind: Kind) -> list[Record]:
        """Copies of the records of a kind, oldest first."""
        with self._lock:
            return [copy.deepcopy(record) for (title, _), record in self._records.items() if title == kind.title]

    def change(self, kind: Kind, name: str, **fields: object) -> Record:
        """Set members of a record (None removes one) and its `LastModifiedTime`; returns a copy."""
        with self._lock:
            record = self._find(kind, name)
            record |= {"LastModifiedTime": datetime.now(UTC), **fields}
            for member in [member for member, value in record.items() if value is None]:
                del record[member]
            return copy.deepcopy(record)

    def remove(self, kind: Kind, name: str) -> None:
        """Forget a record and its tags.

        Raises:
            InvalidRequestError: There is none.
        """
        with self._lock:
            self._tags.pop(self._find(kind, name)[kind.arn_member], None)
            del self._records[kind.title, name.lower()]

    def name_of(self, kind: Kind, arn: str) -> str | None:
        """The name behind an ARN, in its own spelling; None when there is none."""
        with self._lock:
            record = self._records.get((kind.title, arn.rpartition("/")[2]))
            return record[kind.name_member] if record else None

    def tags(self, arn: str) -> dict[str, str]:
        """A copy of the tags of an ARN; empty when nothing is known of it."""
        with self._lock:
            return dict(self._tags.get(arn, {}))

    def set_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Replace the tags of an ARN.

        Raises:
            InvalidRequestError: Nothing of ours has this ARN.
        """
        with self._lock:
            if arn not in self._tags:
                raise InvalidRequestError(f"Could not find a resource with the ARN {arn!r}.")
            self._tags[arn] = dict(tags)

    def _find(self, kind: Kind, name: str) -> Record:
        record = self._records.get((kind.title, name.lower()))
        if record is None:
            raise InvalidRequestError(f'Could not find {kind.words} "{kind.arn(name)}".')
        return record


def _name_taken(kind: Kind, arn: str) -> ServiceError:
    if kind in JOB_KINDS:
        return ServiceError(
            "ResourceInUse",
            f"Names of {kind.words}s are unique within an account and region, and one with this name exists ({arn}).",
        )
    return InvalidRequestError(f'Cannot create already existing {kind.words} "{arn}".')
