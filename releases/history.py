"""What happened to a model's releases, read from its audit entries alone: pure, no AWS."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.release.record import ENDS, EXECUTIONS
from lambdas.release.records import Release, is_release_id

CROWNS = frozenset({"released", "adopted"})
"""What makes a release the champion."""
_KEY = re.compile(
    r"audit/[a-z]+/(?P<model>[^/]+)/(?P<subject>[^/]+)/(?P<at>\d{8}T\d{6}Z)-(?P<what>\w+)-[0-9a-f]{8}\.json"
)


@dataclass(frozen=True, order=True)
class Transition:
    """One audit entry as its key tells it: when (`20261123T090000Z`), about which release, job or change set, what."""

    at: str
    subject: str
    what: str
    key: str
    model: str = ""


@dataclass(frozen=True)
class Entry:
    """An audit entry with its content: who did what, and the details that were recorded with it."""

    at: str
    subject: str
    what: str
    who: str
    details: Mapping[str, Any]

    def parameters(self) -> dict[str, str]:
        """Return the stack parameters that the entry recorded; those that it lacks are left out."""
        return {name: str(self.details[name]) for name in Release().parameters() if name in self.details}


@dataclass(frozen=True)
class History:
    """The entries of one release, the oldest first."""

    release: str
    entries: Sequence[Entry]

    @property
    def state(self) -> str:
        """Where the release stands, by the rules of the record's fold (lambdas/release/record.py)."""
        begun = max((entry.at for entry in self.entries if entry.what == "adopted"), default="")
        last = {entry.what: entry.at for entry in self.entries if entry.at >= begun}
        crowned = max((last[what] for what in CROWNS if what in last), default="")
        if end := next((end for end in ENDS if end in last), ""):
            return end.replace("_", " ")
        if crowned:
            return "superseded" if last.get("superseded", "") >= crowned else "released"
        steps = {"superseded": "superseded", **dict.fromkeys(EXECUTIONS, "executing"), "requested": "requested"}
        return next((state for what, state in steps.items() if what in last), "unknown")

    @property
    def request(self) -> Entry | None:
        """The entry of its (first) request: it holds the four parameters."""
        return next((entry for entry in self.entries if entry.what == "requested"), None)

    @property
    def version(self) -> str:
        """The version in MLflow."""
        return str(next((e.details["version"] for e in self.entries if "version" in e.details), ""))

    @property
    def submitter(self) -> str:
        """Who started the training job."""
        return self.release.split("-")[2] if is_release_id(self.release) else ""

    @property
    def approver(self) -> str:
        """Who executed it first, or the submitter where that is one of them; empty while nobody has."""
        executions = [entry.who for entry in self.entries if entry.what in EXECUTIONS]
        return self.submitter if self.submitter in executions else next(iter(executions), "")

    @property
    def job(self) -> str:
        """The name of the training job."""
        tags = [e.details.get("atoll.training_job_arn", "") for e in self.entries]
        return next((str(arn).rpartition("/")[2] for arn in tags if arn), "")


def transition(key: str) -> Transition | None:
    """Read an audit entry's key; None for any other object."""
    found = _KEY.fullmatch(key)
    return Transition(found["at"], found["subject"], found["what"], key, found["model"]) if found else None


def newest_releases(transitions: Iterable[Transition], count: int) -> list[str]:
    """Return the ids of the releases that something happened to, the latest first."""
    latest = {t.subject: t.at for t in sorted(transitions) if is_release_id(t.subject)}
    return sorted(latest, key=lambda subject: latest[subject], reverse=True)[:count]


def former(transitions: Iterable[Transition], serving: str) -> str | None:
    """Return the release that a rollback restores: the last one that was a champion, and is not the serving one.

    One that was rolled back after it had been released is not restored.
    """
    found: list[str] = []
    for step in sorted(transitions):
        if step.what == "adopted":  # nothing from before it comes back
            found = []
        if step.what in CROWNS and step.subject != serving:
            found = [*(name for name in found if name != step.subject), step.subject]
        elif step.what == "rolled_back":
            found = [name for name in found if name != step.subject]
    return found[-1] if found else None
