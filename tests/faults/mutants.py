"""Mutants of the release path, each without one of its safeguards, and the promise that it must break."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest.mock import patch

from lambdas.release import (
    approvals,
    candidates,
    chain,
    decisions,
    events,
    gate,
    guarding,
    intrusions,
    known,
    mirror,
    moved,
    provenance,
    ran,
    record,
    requesting,
    settling,
    starting,
    waiting,
    watching,
)
from lambdas.release.adapters.s3_audit import S3AuditStore
from lambdas.release.chain import ChainedAudit
from lambdas.release.ports import World
from lambdas.release.records import AuditEntry, Execution, TrainingJob, Version, release_id, stack_of, submitter_of
from tests.fakes.stack import APPROVER
from tests.faults.adversary import Adversaries
from tests.faults.machine import BrokenPromiseError, Lives, Tally, search

BATCHES, RARE, LIVES = 20, 60, 50


@dataclass(frozen=True)
class Mutant:
    """A function of the release path, and what is put in its place."""

    name: str
    owner: object
    attribute: str
    put: Callable[..., Any]
    promise: str
    kind: type[Lives] = Lives
    batches: int = BATCHES
    """How many seeds are searched; RARE: about one life in a thousand meets it, so `make faults` alone looks for it."""

    def caught_by(self) -> str:
        """Return the seed under which a life breaks the promise, and the promise in its words; empty for none."""
        with patch.object(self.owner, self.attribute, self.put):
            return next(filter(None, map(self._broken, range(self.batches))), "")

    def _broken(self, first: int) -> str:
        try:
            search(Tally(), lives=LIVES, first=first, shrink=False, kind=self.kind)
        except BrokenPromiseError as error:
            return next(
                (f"seed {first}: {fault}"[:200] for fault in error.faults if fault.startswith(self.promise)), ""
            )
        return ""


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


def alias_decides(world: World, model: str) -> Version | None:
    """`known.champion` that believes MLflow's alias."""
    return world.registry.champion(model)


def of_any_stack(world: World, version: Version) -> Execution | None:
    """`guarding.execution_of` that takes an execution of the name on whatever stack."""
    since = datetime.fromisoformat(version.tag("requested_at"))
    tries = map(events.execution_of, world.trail.calls("ExecuteChangeSet", since))
    return next((each for each in tries if each and each.change_set == version.tag("release_id")), None)


def of_any_name(world: World, version: Version) -> Execution | None:
    """`guarding.execution_of` that takes an execution of any name that contains the release's id (RT-03)."""
    since = datetime.fromisoformat(version.tag("requested_at"))
    tries = map(events.execution_of, world.trail.calls("ExecuteChangeSet", since))
    return next((each for each in tries if each and version.tag("release_id") in each.change_set), None)


def of_any_role(execution: Execution, *, approver: str) -> str | None:
    """`approvals.violation_of` that asks for another person alone, in whichever role."""
    own = execution.who.casefold() == submitter_of(execution.change_set).casefold()
    return f"executed by its own submitter, not by {approver}" if own else None


def tag_until_told(world: World, job: TrainingJob, at: datetime) -> str | None:
    """`starting.problem` that believes the job's tag while the trail doesn't tell yet."""
    try:
        return _problem(world, job, at)
    except starting.StillUnknownError:
        return None


def newest(self: S3AuditStore, prefix: str, after: str = "") -> list[str]:
    """`S3AuditStore.keys` by which the newest version of each key is read."""
    found: dict[str, str] = {}
    for kind, key, version in self._listed(prefix, after):
        if kind == "Versions":
            found.setdefault(key, version)
    self._first |= found
    return list(found)


def anywhere(self: ChainedAudit, model: str) -> list[AuditEntry]:
    """`ChainedAudit.history` that takes an entry for what its name says, below whosever prefix it lies."""
    keys = [key for key in self._store.keys("audit/") if f"/{model}/" in key and chain.kind_of(key) in record.WHATS]
    told = [json.loads(self._store.get(key)) for key in keys]
    return [AuditEntry(**({"schema": 1} | each | {"at": datetime.fromisoformat(each["at"])})) for each in told]


def nobodys(_submitter: str, sha256: str, number: str) -> str:
    """`records.release_id` under a name that is not the submitter's."""
    return release_id("nobody", sha256, number)


_LAWFUL = "what_serves_is_lawful"
_register, _write, _problem = candidates.register, ChainedAudit.write, starting.problem

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
    Mutant("MLflow's alias decides", known, "champion", alias_decides, "", Adversaries),
    Mutant("a request bears nobody's name", requesting, "release_id", nobodys, _LAWFUL, Adversaries),
    Mutant("an entry counts whoever could write it", ChainedAudit, "history", anywhere, _LAWFUL, Adversaries),
    Mutant("the newest version of an entry counts", S3AuditStore, "keys", newest, "", Adversaries),
    Mutant("any stack's execution counts", guarding, "execution_of", of_any_stack, "", Adversaries),
    Mutant("any name that contains the id counts", guarding, "execution_of", of_any_name, "", Adversaries),
    Mutant("the job's tag alone says who submitted", starting, "problem", lambda *_: None, _LAWFUL, Adversaries),
    Mutant(
        "what bears a release's name is that release", ran, "was_asked", lambda *_, **__: True, _LAWFUL, Adversaries
    ),
    Mutant("a late trail agrees with the tag", starting, "problem", tag_until_told, _LAWFUL, Adversaries),
    Mutant("any archive may be moved here", moved, "_unnamed", lambda *_: None, _LAWFUL, Adversaries),
    Mutant("whoever asks for a moved model is believed", moved, "problem", lambda *_: None, _LAWFUL, Adversaries),
    Mutant("any role approves", approvals, "violation_of", of_any_role, _LAWFUL, Adversaries),
    Mutant(
        "who executed is not recorded as a violation",
        approvals,
        "violation_of",
        lambda *_, **__: None,
        _LAWFUL,
        Adversaries,
    ),
    Mutant("nobody looks while a stack moves", watching, "see", lambda *_: None, _LAWFUL, Adversaries),
    Mutant("a container is not compared", guarding, "foreign", lambda *_: None, _LAWFUL, Adversaries, RARE),
    Mutant("what nobody approved stays", guarding, "_unapproved", lambda *_: None, _LAWFUL, Adversaries, RARE),
    Mutant("an image of anywhere will do", provenance, "job_problem", lambda *_, **__: None, _LAWFUL, Adversaries),
    Mutant("the gate lets all pass", gate, "problem", lambda *_: None, _LAWFUL, Adversaries),
    Mutant("no way out is taken", settling, "take", lambda *_: "", _LAWFUL, Adversaries),
    Mutant("MLflow's copy isn't repaired", mirror, "tend", lambda *_: [], "the_registry_shows", Adversaries),
)
