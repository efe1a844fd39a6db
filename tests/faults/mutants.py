"""Mutants of the release path, each without one of its safeguards, and the promise that it must break."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest.mock import patch

from lambdas.release import candidates, decisions, guarding, intrusions, known, mirror, record, settling, waiting
from lambdas.release.chain import ChainedAudit
from lambdas.release.ports import World
from lambdas.release.records import Execution, Version, stack_of
from tests.fakes.stack import APPROVER
from tests.faults.machine import BrokenPromiseError, Tally, search

BATCHES, LIVES = 40, 10


@dataclass(frozen=True)
class Mutant:
    """A function of the release path, and what is put in its place."""

    name: str
    owner: object
    attribute: str
    put: Callable[..., Any]
    promise: str

    def is_caught(self) -> bool:
        """Say whether lives under this mutant break the promise."""
        with patch.object(self.owner, self.attribute, self.put):
            return any(self._breaks(first) for first in range(BATCHES))

    def _breaks(self, first: int) -> bool:
        try:
            search(Tally(), lives=LIVES, first=first, shrink=False)
        except BrokenPromiseError as error:
            return any(fault.startswith(self.promise) for fault in error.faults)
        return False


def register_always(world: World, candidate: Any, at: datetime) -> Version:  # noqa: ANN401 - a candidate
    """`candidates.register` without its look for the job's version."""
    with patch.object(known, "versions", lambda *_: []), patch.object(mirror, "catch_up", lambda *_: None):
        original = world.registry.versions
        object.__setattr__(world.registry, "versions", lambda _: [])
        try:
            return _register(world, candidate, at)
        finally:
            object.__setattr__(world.registry, "versions", original)


def executed_by_zoe(_world: World, version: Version) -> Execution:
    """`guarding.execution_of` that takes every call for the execution of every release."""
    at = datetime.fromisoformat(version.tag("requested_at"))
    return Execution(
        change_set=version.tag("release_id"), who="zoe", at=at, role=APPROVER, stack=stack_of(version.model)
    )


def whoever_executes(of: record.Facts, _release: str) -> str:
    """`record.approver_of` that does not ask who submitted it."""
    return next((entry.who + "-" for what in record.EXECUTIONS for entry in of[what]), "")


def forget_audit(self: ChainedAudit, entry: Any) -> None:  # noqa: ANN401 - an entry
    """`ChainedAudit.write` that leaves out who was superseded."""
    if entry.what != "superseded":
        _write(self, entry)


_register, _write = candidates.register, ChainedAudit.write

MUTANTS = (
    Mutant("a job's version is not looked for", candidates, "register", register_always, "every_job_ends"),
    Mutant("any template is believed", intrusions, "template_problem", lambda *_: None, "the_deployed_template_stands"),
    Mutant("who approved is not looked at", decisions, "unfit", lambda _: None, "no_unapproved_version_serves"),
    Mutant("any name is an approval", guarding, "execution_of", executed_by_zoe, "no_unapproved_version_serves"),
    Mutant("whoever executes approves", record, "approver_of", whoever_executes, "no_unapproved_version_serves"),
    Mutant("the champion's alias stays", settling, "stop", lambda *_: "", "the_one_champion_is_what_serves"),
    Mutant("a failed release is not looked for", decisions, "fallen", lambda *_: [], "every_job_ends"),
    Mutant("vanished requests stay", waiting, "ask_again", lambda *_: "", "it_comes_to_rest"),
    Mutant("an entry is left out", ChainedAudit, "write", forget_audit, "every_transition_is_recorded"),
    Mutant("links are not mended", ChainedAudit, "mend", lambda _: [], "every_transition_is_recorded"),
    Mutant(
        "a failed release stops the endpoint",
        decisions,
        "former",
        lambda *_: None,
        "a_failed_release_leaves_an_approved_champion",
    ),
)
