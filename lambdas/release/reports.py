"""What people and auditors are told at each transition: one message and one audit entry, in this order.

The entry is what makes a transition true (record.py), so it comes last: after a crash before it, a retry does all of it
again. A message may come twice, but never not at all.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lambdas.release import briefing
from lambdas.release.events import FunctionInvoked
from lambdas.release.ports import World
from lambdas.release.records import AuditEntry, Execution, Release, Stack, TrainingJob, Version, stack_of, submitter_of

UNKNOWN_MODEL = "unknown-model"
ALL_MODELS = "all-models"


def job_ended_badly(world: World, job: TrainingJob, status: str, at: datetime) -> None:
    """Say that a job failed or was stopped."""
    reason = job.failure_reason or "no reason given"
    _job_entry(world, job, f"training_{status.lower()}", at, reason)
    world.notifier.tell(
        f"Training {status.lower()}: {job.name}", f"{job.name} of {job.submitter or 'nobody known'}: {reason}"
    )


def trial_ended(world: World, job: TrainingJob, status: str, at: datetime) -> None:
    """Record a trial of a tuning job, which is no candidate; nobody is told, for there may be hundreds."""
    _job_entry(world, job, f"trial_{status.lower()}", at, f"a trial of {job.tuning_job}")


def refused_before_registration(world: World, job: TrainingJob, reason: str, at: datetime) -> None:
    """Say that a job's model was refused and made no version."""
    _job_entry(world, job, "refused_before_registration", at, reason)
    world.notifier.tell(
        f"Refused before registration: {job.name}",
        f"The model of {job.name} ({job.arn}, submitted by {job.submitter or 'nobody known'}) was refused: {reason}\n"
        f"Nothing was registered. The archive is {job.artifact_uri}.",
    )


def _job_entry(world: World, job: TrainingJob, what: str, at: datetime, reason: str) -> None:
    model = job.model if job.model in world.settings.models else UNKNOWN_MODEL
    details = {"reason": reason, "training_job_arn": job.arn, "image": job.image, "artifact": job.artifact_uri}
    world.audit.write(AuditEntry(model=model, subject=job.name, what=what, at=at, who=job.submitter, details=details))


def transition(
    world: World, version: Version, what: str, at: datetime, *, who: str, details: Mapping[str, object]
) -> None:
    """Write the audit entry of a version's transition, with its hashes."""
    facts = {"version": version.number, **version.tags, **details}
    subject = version.tag("release_id") or version.job
    world.audit.write(AuditEntry(model=version.model, subject=subject, what=what, at=at, who=who, details=facts))


def refused(world: World, version: Version, reason: str, at: datetime) -> None:
    """Say that the gate refused a version."""
    world.notifier.tell(
        f"Refused by the gate: {version.model} v{version.number}", f"{version.model} v{version.number}: {reason}."
    )
    transition(world, version, "refused", at, who=version.tag("submitter"), details={"reason": reason})


def registered(world: World, version: Version, job: TrainingJob, at: datetime) -> None:
    """Record that a job's model is a version of ours, with what it was made of."""
    transition(world, version, "registered", at, who=job.submitter, details={"run_id": version.run_id})


def asked(world: World, version: Version, release: Release, at: datetime) -> None:
    """Record under which id and parameters a release is about to be asked for; it may be executed at once."""
    tags = {
        **version.tags,
        "atoll.release_id": release.release_id,
        "atoll.requested_at": at.isoformat(),
        "atoll.serving_image_digest": release.image_digest,
    }
    who = submitter_of(release.release_id)
    transition(world, replace(version, tags=tags), "asked", at, who=who, details=release.parameters())


def requested(
    world: World, version: Version, release: Release, *, line: str, facts: Mapping[str, str], at: datetime
) -> None:
    """Ask approvers for a release, with everything that they need to decide and to act; once for each change set."""
    subject = f"Approval wanted: {version.model} v{version.number} ({release.release_id})"
    world.notifier.tell(subject, briefing.text(world, version, release, line))
    transition(
        world, version, "requested", at, who=submitter_of(release.release_id), details={**release.parameters(), **facts}
    )


def executed(world: World, version: Version, execution: Execution, *, violation: str | None) -> None:
    """Say who executed a release, and which change set ran; raise the alarm when that approves nothing."""
    who = execution.who or "nobody known"
    what = "separation_of_duties_violated" if violation else "executed"
    if violation:
        own = who.casefold() == submitter_of(version.tag("release_id")).casefold()
        by = "its submitter" if own else "nobody who may approve"
        text = f"{who} called ExecuteChangeSet of {version.tag('release_id')}: {violation}."
        world.notifier.tell(f"ALARM: {version.model} v{version.number} was approved by {by}", text)
    details = {"change_set": execution.arn} | ({"reason": violation} if violation else {})
    transition(world, version, what, execution.at, who=who, details=details)


def executed_unasked(world: World, version: Version, execution: Execution) -> None:
    """Raise the alarm: what ran under a release's name is no change set that was asked for."""
    reason = f"{execution.arn} was made by another role than the platform's"
    text = f"{execution.who} executed {version.tag('release_id')}, and {reason}. It approves nothing."
    world.notifier.tell(f"ALARM: {version.model} v{version.number}: what ran was not asked for", text)
    details = {"change_set": execution.arn, "reason": reason}
    transition(world, version, "executed_unasked", execution.at, who=execution.who or "nobody known", details=details)


def unproven(world: World, version: Version, problem: str, at: datetime) -> None:
    """Raise the alarm: a version serves, and nobody is known who approved it."""
    world.notifier.tell(f"ALARM: {version.model} v{version.number} serves unproven", f"{problem}.")
    transition(world, version, "unproven", at, who="automation", details={"reason": problem})


def released(world: World, version: Version, at: datetime, *, replaced: str) -> None:
    """Say that a version serves and is the champion; `replaced` is the number of the one before, or `none`."""
    text = f"{version.model} v{version.number} ({version.tag('release_id')}) passed its smoke test and is the champion."
    world.notifier.tell(
        f"Released: {version.model} v{version.number}", f"{text} Approved by {version.tag('approver')}."
    )
    transition(world, version, "released", at, who=version.tag("approver"), details={"replaced": replaced})


def rolled_back(world: World, version: Version, reason: str, at: datetime, *, alarm: bool = False) -> None:
    """Say that a release did not hold; `alarm` when the platform itself takes it out of service."""
    subject = f"{'ALARM: ' if alarm else ''}Rolled back: {version.model} v{version.number}"
    world.notifier.tell(subject, f"{version.model} v{version.number} ({version.tag('release_id')}): {reason}")
    transition(world, version, "rolled_back", at, who="automation", details={"reason": reason})


def superseded(world: World, version: Version, reason: str, at: datetime, *, by: str = "") -> None:
    """Record that another version took the place of one that served or waited; the other's message tells people.

    `by` is the release that takes a champion's place; the champion stays until that is released.
    """
    details = {"reason": reason} | ({"by": by} if by else {})
    transition(world, version, "superseded", at, who="automation", details=details)


def rejected(world: World, version: Version, who: str, reason: str, at: datetime) -> None:
    """Say that an approver turned a release down."""
    name = f"{version.model} v{version.number}"
    world.notifier.tell(f"Rejected: {name}", f"{who} rejected {name} ({version.tag('release_id')}): {reason}")
    transition(world, version, "rejected", at, who=who, details={"reason": reason})


def expired(world: World, version: Version, reason: str, at: datetime) -> None:
    """Say that nobody executed a release in time."""
    name = f"{version.model} v{version.number}"
    world.notifier.tell(f"Expired: {name}", f"{name} ({version.tag('release_id')}): {reason} Train again to ask again.")
    transition(world, version, "expired", at, who="automation", details={"reason": reason})


def deployment_seen(world: World, model: str, stack: Stack, sha256: str) -> None:
    """Record which template an operation left that was no release, since when; the trail says whose it was."""
    details = {"template_sha256": sha256, "change_set": stack.last_change_set, "status": stack.status}
    _stack_entry(world, model, stack, "deployment_seen", stack.changed, details)


def deployed(world: World, seen: AuditEntry, made: Execution) -> None:
    """Say that a template which was seen is the one that releases keep from now on, and whose deployment it was."""
    world.audit.write(replace(seen, what="deployed", who=made.who, details={**seen.details, "role": made.role}))


def redelivered(world: World, model: str, subject: str, details: Mapping[str, object], at: datetime) -> None:
    """Record that an event which seems lost is sent again."""
    entry = AuditEntry(model=model, subject=subject, what="redelivered", at=at, who="automation", details=details)
    world.audit.write(entry)


def intruded(world: World, model: str, stack: Stack, problem: str, at: datetime) -> None:
    """Raise the alarm: a change set did what no change set of the release path may do."""
    _stack_entry(world, model, stack, "intrusion", at, {"reason": problem, "status": stack.status})
    world.notifier.tell(
        f"ALARM: intrusion in {stack_of(model)}",
        f"{problem}.\nThe platform restores the deployed template with the champion's release, or stops the endpoint. "
        "Ask who made and who executed the change set (CloudTrail).",
    )


def asked_by_hand(world: World, model: str, request: str, details: Mapping[str, str], at: datetime) -> None:
    """Record what a person asked for, before it is done; who that was comes by the trail, under the same request."""
    entry = AuditEntry(model=model, subject=request, what="way_back_asked", at=at, who="unnamed", details=details)
    world.audit.write(entry)


def asked_by(world: World, call: FunctionInvoked) -> None:
    """Record and tell who asked; the trail knows the request and not what it was about."""
    what = "asking_denied" if call.denied else "asked_by"
    who, function, error = call.caller, call.function_name, call.denied or ""
    details = {"function": function, "role": call.role, "error": error}
    entry = AuditEntry(model=ALL_MODELS, subject=call.request, what=what, at=call.at, who=who, details=details)
    world.audit.write(entry)
    world.notifier.tell(
        f"{who} {'was not let' if error else 'called'} {function}", f"Request {call.request}. {error}".strip()
    )


def rang(world: World, model: str, stack: Stack, what: str) -> bool:
    """Say whether an entry of this kind is on record since the stack's last operation began."""
    told = world.audit.recorded(model, "deployments", stack.last_change_set or stack_of(model))
    return any(each == what and when >= stack.changed for each, when in told)


def hangs(world: World, model: str, stack: Stack, why: str, at: datetime) -> None:
    """Raise the alarm, once an operation: people must bring the stack on."""
    if rang(world, model, stack, "hangs"):
        return
    text = f"{stack_of(model)}: {why} ({stack.reason or 'no reason given'}). docs/runbooks/release-hangs.md tells more."
    world.notifier.tell(f"ALARM: {stack_of(model)} hangs", text)
    _stack_entry(world, model, stack, "hangs", at, {"reason": why, "status": stack.status})


def remains(world: World, model: str, stack: Stack, why: str, at: datetime) -> None:
    """Raise the alarm: an endpoint outlived its stop, or is another stack's."""
    text = (
        f"{why}, or another stack made it. All callers are refused. `python -m releases stop --now` deletes it; "
        "docs/runbooks/release-hangs.md tells more."
    )
    world.notifier.tell(f"ALARM: the endpoint of {model} serves on after its stop", text)
    _stack_entry(world, model, stack, "remains", at, {"reason": why, "status": stack.status})


def stands_still(world: World, model: str, broken: str, at: datetime) -> None:
    """Raise the alarm, once a day: the record of a model can't decide, so nothing is done until people have looked."""
    told = world.audit.recorded(model, "deployments", stack_of(model))
    if any(what == "stands_still" and at - when < timedelta(days=1) for what, when in told):
        return
    world.notifier.tell(
        f"ALARM: the record of {model} can't decide",
        f"{broken}\nWhat serves stays; nothing is released, restored or stopped by machine. "
        "`python -m releases stop` works. docs/runbooks/record-broken.md tells more.",
    )
    details, subject = {"reason": broken}, stack_of(model)
    entry = AuditEntry(model=model, subject=subject, what="stands_still", at=at, who="automation", details=details)
    world.audit.write(entry)


def registry_edited(world: World, model: str, differences: Sequence[str], at: datetime) -> None:
    """Raise the alarm: MLflow says something else than the record, and no function of ours wrote it."""
    text = "\n".join(differences[:20])
    world.notifier.tell(
        f"ALARM: somebody edited the registry of {model}",
        f"{text}\nNothing that serves changed: MLflow only shows what the record says. It was written anew.",
    )
    details = {"differences": list(differences[:20])}
    entry = AuditEntry(model=model, subject=model, what="registry_edited", at=at, who="automation", details=details)
    world.audit.write(entry)


def moved_asked(world: World, model: str, request: str, details: Mapping[str, str], at: datetime) -> None:
    """Say that a person asks for a model that was moved here; who that was comes by the trail."""
    text = f"Request {request}: {details['reason']}\nManifest sha256 {details['manifest_sha256']}"
    world.notifier.tell(f"A moved model of {model} is asked for", text)
    entry = AuditEntry(model=model, subject=request, what="moved_asked", at=at, who="unnamed", details=details)
    world.audit.write(entry)


def registry_rebuilt(world: World, model: str, request: str, details: Mapping[str, object], at: datetime) -> None:
    """Say that a person had MLflow's copy written anew; who that was comes by the trail, under the same request."""
    world.notifier.tell(f"MLflow's copy of {model} was written anew", f"Request {request}: {details['reason']}")
    entry = AuditEntry(model=model, subject=request, what="registry_rebuilt", at=at, who="unnamed", details=details)
    world.audit.write(entry)


def record_tampered(world: World, told: str, at: datetime) -> None:
    """Raise the alarm once for each object of the record that was written again or deleted."""
    subject = hashlib.sha256(told.encode()).hexdigest()[:16]
    if world.audit.recorded(ALL_MODELS, "repairs", subject):
        return
    world.notifier.tell(
        "ALARM: somebody changed the audit record",
        f"{told}.\nWhat was written first still counts; nothing that serves changed. No policy of ours allows this. "
        "Ask CloudTrail who did it (data events of the audit bucket), and run `python -m compliance verify-audit`.",
    )
    details = {"reason": told}
    entry = AuditEntry(
        model=ALL_MODELS, subject=subject, what="record_tampered", at=at, who="automation", details=details
    )
    world.audit.write(entry)


def heads_told(world: World, at: datetime) -> None:
    """Tell once a day where each model's chain ends, outside of the bucket: a tail cut off is seen by that.

    The reconciler runs every quarter of an hour; a day whose first run fails has its heads in the log alone.
    """
    if (at.hour, at.minute // 15) != (0, 0):
        return
    lines = "\n".join(f"--head {model}={head}" for model, head in sorted(world.audit.heads().items()))
    text = "Keep this. `python -m compliance verify-audit --bucket <audit bucket>` compares it:"
    world.notifier.tell(f"The audit record's heads, {at:%Y-%m-%d}", f"{text}\n{lines or 'nothing yet'}")


def _stack_entry(
    world: World, model: str, stack: Stack, what: str, at: datetime, details: Mapping[str, object]
) -> None:
    subject = stack.last_change_set or stack_of(model)
    facts = {**details, "stack": stack.arn}  # the one that was looked at
    world.audit.write(AuditEntry(model=model, subject=subject, what=what, at=at, who="automation", details=facts))
