"""What all operations of the local SageMaker share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from local.sagemaker.children import Children
from local.sagemaker.images import Image
from local.sagemaker.records import Records


class Stoppable(Protocol):
    """A running job, as the Stop operations see it."""

    def stop(self) -> None:
        """Ask it to end early; returns at once."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The images it can run, the folder for work, the records, the child processes and the running jobs by ARN."""

    images: Mapping[str, Image]
    folder: Path
    records: Records = field(default_factory=Records)
    children: Children = field(default_factory=Children)
    jobs: dict[str, Stoppable] = field(default_factory=dict)
