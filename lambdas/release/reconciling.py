"""What lost events, crashes and dead letters left undone, found by looking at the world instead of at events.

Nothing is done here but linking audit entries and writing MLflow's copy of the record: each lost event is sent again
to the function whose work it is. So its rights stay where they are (one function signs and asks, one goes back and
keeps templates), and since each function runs once at a time, the reconciler never works beside it. One step a model
and run, but for what is urgent: the next sees what came of it. What was sent in vain keeps nothing else waiting.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.release import adopting, decisions, events, guarding, known, mirror, moved, reports, waiting, watching
from lambdas.release.ports import World
from lambdas.release.record import RecordError
from lambdas.release.records import BACKWARD, EndedJob, Version, stack_of

LOOK_BACK = timedelta(days=30)
GRACE = timedelta(minutes=15)  # what is younger is still on its way
_EXECUTIONS = frozenset({"executed", "executed_unasked", "separation_of_duties_violated", "way_back_executed"})
TRAIL_LAGS = timedelta(hours=6)  # after a job's end: who started it may still be unknown
DELIVERIES_A_DAY = 3  # then the dead letters and their alarm are a person's; what is urgent is never given up


@dataclass(frozen=True, kw_only=True)
class Lost:
    """An event to send again: whose work it is, what it is about, and why it seems lost."""

    function: str
    model: str
    subject: str
    event: Mapping[str, Any]
    why: str
    urgent: bool = False  # sent however often: what nobody approved may serve, or the trail may still be late


def reconcile(world: World, at: datetime) -> list[str]:
    """Link loose audit entries and send lost events again; return what was done.

    A model whose record can't decide is told about and left alone, its copy in MLflow, too; the others go on.
    """
    done = [f"linked {key}" for key in world.audit.mend()]
    for told in world.audit.rewritten():
        reports.record_tampered(world, told, at)
        done.append(told)
    reports.heads_told(world, at)
    with suppress(RecordError):  # told below, for each model
        done += [redeliver(world, lost, at) for lost in list(lost_jobs(world, at))]
    for model in world.settings.models:
        try:
            done += _tend(world, model, at)
        except RecordError as error:
            reports.record_tampered(world, str(error), at)
            event, subject = events.settled_again(model, at), stack_of(model)
            lost = Lost(
                function="release_settled",
                model=model,
                subject=subject,
                event=event,
                why=str(error),
                urgent=adopting.agreement(world, model, at) is not None,
            )
            done.append(redeliver(world, lost, at))
    return done


def _tend(world: World, model: str, at: datetime) -> list[str]:
    done = list(filter(None, [world.audit.checkpoint(model)]))
    done += [f"MLflow of {model}: {difference}" for difference in mirror.tend(world, model, at)]
    steps: tuple[Callable[[World, str, datetime], Iterator[Lost]], ...] = (
        lost_calls,
        lost_moves,
        lost_settling,
        lost_requests,
        lost_asks,  # the last, for one that fails is urgent for hours
    )
    is_under_way = False
    for step in steps:
        found = [lost for lost in step(world, model, at) if lost.urgent or not is_under_way]
        is_under_way = is_under_way or any(not given_up(world, lost, at) for lost in found)
        done += [redeliver(world, lost, at) for lost in found]
    return done


def given_up(world: World, lost: Lost, at: datetime) -> bool:
    """Say whether an event was sent as often as it may be on one day; the audit record counts."""
    told = world.audit.recorded(lost.model, "repairs", lost.subject)
    today = sum(what == "redelivered" and at - when < timedelta(days=1) for what, when in told)
    return today >= DELIVERIES_A_DAY and not lost.urgent


def redeliver(world: World, lost: Lost, at: datetime) -> str:
    """Send an event again, at most three times a day. Return what was done.

    What is urgent has no such bound: else, after three other deviations, an intruder serves until the next day.
    """
    if given_up(world, lost, at):
        return f"gave up on {lost.subject} for today: {lost.why}"
    reports.redelivered(world, lost.model, lost.subject, {"function": lost.function, "reason": lost.why}, at)
    world.functions.deliver(lost.function, lost.event)
    return f"{lost.function} {lost.subject}: {lost.why}"


def lost_calls(world: World, model: str, at: datetime) -> Iterator[Lost]:
    """Find executions and rejections that the trail knows and the record does not, since the newest adoption."""
    now = known.of(world, model)
    versions, since = now.versions, max(at - LOOK_BACK, now.begun)
    for call in world.trail.calls("ExecuteChangeSet", since):
        lost = events.execution_of(call)
        if lost is None or lost.stack != stack_of(model):
            continue
        version = decisions.version_of_release(lost.change_set, versions)
        owner = reports.ALL_MODELS if lost.change_set.startswith(BACKWARD) else model
        heard = _has(world, owner, lost.change_set, lost.at, _EXECUTIONS)
        if not heard and (owner != model or version):
            yield _call(call, "change_set_executed", owner, lost.change_set)
    for call in world.trail.calls("DeleteChangeSet", since):
        lost = events.execution_of(call)
        if lost is None or lost.stack != stack_of(model):
            continue
        version = decisions.version_of_release(lost.change_set, versions)
        if version and not waiting.has_expired(world, version, lost.at) and is_turned_down(world, version):
            yield _call(call, "change_set_deleted", model, lost.change_set)


def _call(call: Mapping[str, Any], function: str, model: str, subject: str) -> Lost:
    why = f"{call['eventName']} is in the trail and was never heard of"
    return Lost(function=function, model=model, subject=subject, event=events.called_again(call), why=why)


def _has(world: World, model: str, subject: str, since: datetime, whats: frozenset[str]) -> bool:
    return any(what in whats and when >= since for what, when in world.audit.recorded(model, "executions", subject))


def is_turned_down(world: World, version: Version) -> bool:
    """Say whether an approver left a reason against a request, and no rejection is on record."""
    asked = version.state in {"registered", "requested"} and not waiting.is_rejected(world, version)
    return asked and world.audit.reason(version.model, version.tag("release_id")) is not None


def lost_moves(world: World, model: str, at: datetime) -> Iterator[Lost]:
    """Find a stack that moves for too long, or with something that must not be, of which nobody was told."""
    move = watching.see(world, model)
    if move is None:
        return
    problem, late = watching.problem_of(world, move, at), watching.takes_too_long(move.stack, at)
    untold = [what for what, is_so in (("intrusion", problem), ("hangs", late)) if is_so]
    if all(reports.rang(world, model, move.stack, what) for what in untold):
        return
    why = problem or f"the stack is {move.stack.status} for longer than a release takes"
    subject = move.stack.last_change_set or stack_of(model)
    event = events.settled_again(model, at)
    urgent = problem is not None
    yield Lost(function="release_settled", model=model, subject=subject, event=event, why=why, urgent=urgent)


def lost_settling(world: World, model: str, at: datetime) -> Iterator[Lost]:
    """Find a stack at rest whose endpoint, template or registry are not what they should be.

    What intrudes is told at once; all else may still be on its way.
    """
    seen = guarding.look(world, model)
    if seen is None:
        return
    intrudes = guarding.intrusion(world, seen) is not None
    if at - seen.stack.changed < GRACE and not intrudes:
        return
    if why := unsettled(world, seen):
        event, urgent = events.settled_again(model, at), intrudes or is_unproven(world, seen)
        yield Lost(
            function="release_settled", model=model, subject=stack_of(model), event=event, why=why, urgent=urgent
        )


def is_unproven(world: World, seen: guarding.Sight) -> bool:
    """Say whether callers reach what isn't released: it may have no approver, be turned down, or be another stack's."""
    match decisions.settle(seen.stack, seen.serving, seen.versions, known.champion(world, seen.model)):
        case decisions.Accept() | decisions.Expel():
            return True
        case decisions.Remains():
            return seen.serving is not None and not seen.serving.refuses
        case _:
            return False


def unsettled(world: World, seen: guarding.Sight) -> str | None:
    """Return what `release_settled` would find to do; None when all is as it should be."""
    if world.endpoints.template(seen.model) != world.templates.recorded(seen.model):
        return "the template is not the recorded one"
    if tried := decisions.fallen(seen.stack, seen.serving, seen.versions):
        return f"version {tried[0].version.number} is {tried[0].version.state} and does not serve"
    match decisions.settle(seen.stack, seen.serving, seen.versions, known.champion(world, seen.model)):
        case decisions.Nothing():
            return guarding.intrusion(world, seen)
        case decisions.Stop(reason) | decisions.Remains(reason):
            return reason
        case decisions.Stopped(champion):
            return f"version {champion.number} is the champion and does not serve"
        case decisions.Accept(version) | decisions.Expel(version):
            return f"version {version.number} serves and is {version.state}"


def lost_requests(world: World, model: str, at: datetime) -> Iterator[Lost]:
    """Find versions never asked for, requests that expired or lost their change set, and change sets left behind."""
    if world.endpoints.stack(model).is_moving:  # its end decides about them
        return
    versions, offered = known.versions(world, model), world.change_sets.offered(model)
    for version in versions:
        asked = version.tag("release_id")
        is_offered = asked in offered
        if version.state == "registered" and at - moved.describe(world, version.job).ended >= GRACE:
            why = "it was registered and never requested"
        elif version.state == "requested" and waiting.has_expired(world, version, at):
            why = "nobody executed it in time"
        elif version.state == "requested" and not (is_offered and waiting.is_offered(world, version)):
            why = "its change set is gone"
        elif version.state in decisions.OVER and is_offered:
            why = f"it is {version.state}, and its change set is there"
        else:
            continue
        event = events.ended_again(version.job, "Completed", at)
        yield Lost(function="training_completed", model=model, subject=version.job, event=event, why=why)


def lost_asks(world: World, model: str, at: datetime) -> Iterator[Lost]:
    """Find moved models that were asked for and left neither a version nor an entry; nothing else has them begun."""
    ours = {version.job for version in known.versions(world, model)}
    for asked in moved.asks(world, model, at - LOOK_BACK):
        name = f"{moved.PREFIX}{asked.subject}"
        if name in ours or world.audit.recorded(model, "jobs", name):
            continue
        event, urgent = events.ended_again(name, "Completed", at), at - asked.at < TRAIL_LAGS
        why = "it was asked for and left no trace"
        yield Lost(function="training_completed", model=model, subject=name, event=event, why=why, urgent=urgent)


def lost_jobs(world: World, at: datetime) -> Iterator[Lost]:
    """Find jobs that ended and left neither a version nor an entry."""
    models = (*world.settings.models, reports.UNKNOWN_MODEL)
    ours = {v.tag("training_job_arn") for model in world.settings.models for v in known.versions(world, model)}
    for job in world.jobs.ended_since(at - LOOK_BACK):
        if job.arn in ours or at - job.ended < GRACE or _is_recorded(world, models, job):
            continue
        event = events.ended_again(job.name, job.status, at)
        yield Lost(
            function="training_completed",
            model=reports.UNKNOWN_MODEL,
            subject=job.name,
            event=event,
            why=f"it is {job.status} and left no trace",
            urgent=at - job.ended < TRAIL_LAGS,
        )


def _is_recorded(world: World, models: tuple[str, ...], job: EndedJob) -> bool:
    return any(world.audit.recorded(model, "jobs", job.name) for model in models)
