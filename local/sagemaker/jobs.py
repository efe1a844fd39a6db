"""A job: a record, a thread that works it off in a folder of its own, and an event at each change of status."""

import logging
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from local import reachability
from local.sagemaker import emulator
from local.sagemaker.backend import Backend
from local.sagemaker.children import Child, Sink
from local.sagemaker.errors import InvalidRequestError, JobFailedError, JobStoppedError
from local.sagemaker.records import PROCESSING_JOB, Kind, Record

logger = logging.getLogger("sagemaker")
_REASON_LENGTH = 1024


def emit(kind: Kind, backend: Backend, record: Record) -> None:
    """Emit the state-change event of a record, as `DescribeXxx` shows it; with its tags, but for processing jobs.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    arn = record[kind.arn_member]
    words = kind.words.title().replace("Hyper Parameter", "HyperParameter")  # as the event's page spells it
    tags = {} if kind is PROCESSING_JOB else {"Tags": backend.records.tags(arn)}
    emulator.put_event(f"SageMaker {words} State Change", record | tags, arn)


class Job(ABC):
    """One job of a kind. Subclasses say what the work is; the result becomes members of the record."""

    kind: ClassVar[Kind]
    log_group: ClassVar[str]
    prefix: ClassVar[str]  # of StartTime, EndTime: TrainingStartTime

    def __init__(self, backend: Backend, name: str) -> None:
        self.backend, self.name = backend, name
        self.spec = backend.records.get(self.kind, name)
        self.arn = self.spec[self.kind.arn_member]
        self.stopping = threading.Event()
        self.root = backend.folder

    @abstractmethod
    def work(self) -> Record:
        """Do the job below `self.root`; returns members for the record.

        Raises:
            JobFailedError: The job failed.
            JobStoppedError: It was stopped early.
        """

    def start(self) -> None:
        """Begin, on a thread of the job's own."""
        self.backend.jobs[self.arn] = self
        threading.Thread(target=self._main, name=f"{self.kind.title}-{self.name}", daemon=True).start()

    def stop(self) -> None:
        """Ask the job to end; it becomes Stopping, then Stopped."""
        self.change("Stopping")
        self.stopping.set()

    def change(self, status: str, **fields: object) -> None:
        """Set the status and emit the event."""
        fields[self.kind.status_member] = status
        emit(self.kind, self.backend, self.backend.records.change(self.kind, self.name, **fields))

    def end_fields(self, phase: str) -> Record:
        """Further members at the end of the job, from `phase`: Completed, Failed, or why it was stopped."""
        del phase
        return {}

    def run(self, argv: list[str], environment: Mapping[str, str], seconds: float, *sinks: Sink) -> int:
        """Run the job's container to its end; returns the exit code.

        Raises:
            JobStoppedError: It was stopped, or took longer than `seconds`.
        """
        return self.begin(argv, environment, self.root, 1, *sinks).wait(seconds=seconds, stop=self.stopping)

    def run_all(
        self, argv: list[str], environment: Mapping[str, str], others: list[Path], seconds: float, *sinks: Sink
    ) -> int:
        """Run a container an instance, on the job's root and on the others'; the first exit code that isn't 0.

        Raises:
            JobStoppedError: As `run`.
        """
        children = [self.begin(argv, environment, root, number, *sinks) for number, root in enumerate(others, 2)]
        try:
            codes = [self.run(argv, environment, seconds, *sinks)]
            codes += [child.wait(seconds=seconds, stop=self.stopping) for child in children]
            return next(filter(None, codes), 0)
        finally:
            for child in children:
                child.end()

    def begin(self, argv: list[str], environment: Mapping[str, str], root: Path, number: int, *sinks: Sink) -> Child:
        """Start the container of instance `number` on its root."""
        log = emulator.log_stream(self.log_group, f"{self.name}/algo-{number}-{int(datetime.now(UTC).timestamp())}")
        environment = {**environment, "ATOLL_ML_ROOT": str(root)}
        return self.backend.children.start(argv, environment=environment, folder=root, sinks=(log, *sinks))

    def text(self, path: str, root: Path | None = None) -> str:
        """A small text that a container left below its root (the job's own); empty when there is none."""
        file = (root or self.root) / path
        return file.read_text(errors="replace").strip()[:_REASON_LENGTH] if file.is_file() else ""

    def _main(self) -> None:
        with tempfile.TemporaryDirectory(prefix="job-", dir=self.backend.folder, ignore_cleanup_errors=True) as folder:
            self.root = Path(folder) / "ml"
            self.root.mkdir()
            status, phase, fields = self._outcome()
        self.backend.jobs.pop(self.arn, None)
        fields[f"{self.prefix}EndTime"] = datetime.now(UTC)
        self.change(status, **self.end_fields(phase), **fields)

    def _find_the_data(self) -> None:
        if why := reachability.job_without_a_way(self.spec):
            raise JobFailedError(f"ClientError: Data download failed: {why}")

    def _outcome(self) -> tuple[str, str, dict[str, Any]]:
        try:
            self._find_the_data()
            return "Completed", "Completed", self.work()
        except JobStoppedError as stopped:
            return "Stopped", str(stopped), {}
        except JobFailedError as failure:
            reason = str(failure)
        except (ClientError, BotoCoreError) as failure:
            reason = f"ClientError: {failure}"
        except Exception as failure:  # a defect of ours must end the job, not hang its waiters
            logger.exception("%s %s", self.kind.words, self.name)
            reason = f"InternalServerError: {failure!r}"
        return "Failed", "Failed", {"FailureReason": reason[:_REASON_LENGTH]}


def stop_job(backend: Backend, kind: Kind, name: str) -> None:
    """Stop a running job.

    Raises:
        InvalidRequestError: There is none, or it has ended.
    """
    record = backend.records.get(kind, name)
    job = backend.jobs.get(record[kind.arn_member])
    if job is None:
        raise InvalidRequestError(f"The {kind.words} {name!r} has ended: {record[kind.status_member]}.")
    job.stop()
