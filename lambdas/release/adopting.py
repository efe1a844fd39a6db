"""A record that can't decide goes on by two approvers: one asks that what serves is adopted, another one confirms it.

Both call the same function; who they were is the trail's word, under the call's id. What the record said before counts
for nothing any more: no way back, no waiting request (docs/decisions/0045-two-people-adopt-what-serves.md).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.release import callers, documents, expected, guarding, intrusions, known, signing
from lambdas.release.checkpoints import NO_PREVIOUS
from lambdas.release.events import AdoptionAsked
from lambdas.release.ports import World
from lambdas.release.record import RecordError
from lambdas.release.records import AuditEntry, Release, Serving, Stack, is_release_id, stack_of, submitter_of
from lambdas.release.vouching import image_problem, tag_of

COUNTS_FOR = timedelta(days=1)
"""How long an asking and its confirmation count."""
_NOBODY = Serving(status="", manifest_sha256="", release_id="")


class RefusedAdoptionError(Exception):
    """What serves is not adopted; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """An asking and its confirmation, with the names that the trail gave both."""

    asked: AuditEntry
    confirmed: AuditEntry
    asker: callers.Person
    confirmer: callers.Person


def ask(world: World, asked: AdoptionAsked, request: str, at: datetime) -> dict[str, str]:
    """Record that a person asks for an adoption, or confirms another's; return what would be adopted.

    Raises:
        RefusedAdoptionError: there is nothing to adopt, or what serves can't be, or isn't what was asked for.
    """
    model = asked.adopt
    if model not in world.settings.models:
        raise RefusedAdoptionError(f"model is {model!r}, expected one of {', '.join(world.settings.models)}.")
    if (broken := why_broken(world, model)) is None:
        raise RefusedAdoptionError(f"The record of {model} decides: there is nothing to adopt.")
    adopts = what_serves(world, model)
    if asked.confirms and adopts != _asked_for(world, model, asked.confirms, at):
        raise RefusedAdoptionError(
            f"Nobody asked under {asked.confirms!r} to adopt what {model} serves now, {adopts}. Ask anew."
        )
    details = {"reason": asked.reason, "confirms": asked.confirms, "broken": broken, "adopts": adopts}
    _tell_asked(world, model, request, details, at)
    return adopts


def why_broken(world: World, model: str) -> str | None:
    """Return why a model's record can't decide; None when it can."""
    try:
        known.of(world, model)
        world.templates.recorded(model)
    except RecordError as error:
        return str(error)
    return None


def _asked_for(world: World, model: str, request: str, at: datetime) -> object:
    found = (each for each in world.audit.told(model, "adoption_asked", request) if at - each.at < COUNTS_FOR)
    asked = (each for each in found if not each.details["confirms"])
    return next((each.details["adopts"] for each in asked), None)


def what_serves(world: World, model: str) -> dict[str, str]:
    """Return what would be adopted: the stack's template, and the release where the endpoint serves one.

    Raises:
        RefusedAdoptionError: the stack moves, or the endpoint isn't what the stack's template gives a signed release.
    """
    stack, serving = world.endpoints.stack(model), world.endpoints.serving(model)
    template = world.endpoints.template(model)
    adopts = {"template_sha256": intrusions.sha256(template)}
    if stack.can_change and serving is None and not stack.release_id:
        return adopts
    if problem := _unsound(stack, serving) or _foreign(world, model, serving or _NOBODY, template):
        raise RefusedAdoptionError(f"What {model} serves can't be adopted: {problem}. `python -m releases stop` works.")
    return adopts | _release(world, model, serving or _NOBODY)


def _unsound(stack: Stack, serving: Serving | None) -> str | None:
    """Return why stack and endpoint are nothing to hold on to; None when both rest and name one release."""
    if not stack.can_change:
        return f"the stack is {stack.status}"
    if serving is None or serving.status != "InService" or serving.refuses or not serving.owned:
        return f"the stack names {stack.release_id or 'no release'}, and its endpoint doesn't serve all callers"
    if serving.release_id != stack.release_id or not is_release_id(serving.release_id):
        return f"the stack names {stack.release_id or 'no release'}, its endpoint {serving.release_id or 'none'}"
    return None


def _foreign(world: World, model: str, serving: Serving, template: str) -> str | None:
    """Return what runs beside a signed release in the stack's own template; None when that is all."""
    release = Release(
        image_digest=serving.image_digest,
        manifest_sha256=serving.manifest_sha256,
        version=serving.version,
        release_id=serving.release_id,
    )
    try:
        allowed = guarding.container_of(world, model, template, release)
    except expected.ExpectedError as error:
        return str(error)
    return (
        expected.problem(serving.containers, [allowed])
        or signing.problem(world, model, serving.manifest_sha256)
        or image_problem(world, serving.image_digest)
    )


def _release(world: World, model: str, serving: Serving) -> dict[str, str]:
    papers = {name: world.artifacts.kept(model, serving.manifest_sha256, name) or b"" for name in documents.NAMES}
    return {
        "version": serving.version,
        "atoll.release_id": serving.release_id,
        "atoll.manifest_sha256": serving.manifest_sha256,
        "atoll.serving_image_digest": serving.image_digest,
        **{f"atoll.{tag_of(name)}": hashlib.sha256(content).hexdigest() for name, content in papers.items()},
    }


def carry_out(world: World, model: str, at: datetime) -> str | None:
    """Adopt what two people agreed on, where they may and it serves still; None where no agreement waits.

    The entry `adopted` is written last: a retry finds the same agreement, and writes the same entries.
    """
    found = agreement(world, model, at)
    if found is None:
        return None
    agreed = found.confirmed.details["adopts"]
    try:
        problem = problem_of(found, approver=world.settings.approver_role_arn)
        if not problem and what_serves(world, model) != agreed:
            problem = "something else serves now"
    except RefusedAdoptionError as refusal:
        problem = str(refusal)
    if problem:
        _tell_refused(world, found.confirmed, problem)
        return f"not adopted: {problem}"
    world.templates.keep(model, world.endpoints.template(model))
    _adopt(world, found.confirmed, asker=found.asker.name, confirmer=found.confirmer.name)
    return f"adopted {agreed.get('atoll.release_id', 'that nothing serves')}"


def agreement(world: World, model: str, at: datetime) -> Agreement | None:
    """Return the newest agreement of the last day that was neither carried out nor refused; None where none is whole.

    It is whole when the trail has named both: no entry of ours knows who calls a function.
    """
    entries = {each.subject: each for each in world.audit.told(model, "adoption_asked") if at - each.at < COUNTS_FOR}
    answered = {
        each.details["request"] for kind in ("adopted", "adoption_refused") for each in world.audit.told(model, kind)
    }
    for confirmed in sorted(entries.values(), key=lambda entry: entry.at, reverse=True):
        asked = entries.get(confirmed.details["confirms"])
        if asked is None or confirmed.at - asked.at >= COUNTS_FOR or confirmed.subject in answered:
            continue
        asker, confirmer = (callers.of_request(world, each.subject) for each in (asked, confirmed))
        if asker and confirmer:
            return Agreement(asked=asked, confirmed=confirmed, asker=asker, confirmer=confirmer)
    return None


def problem_of(found: Agreement, *, approver: str) -> str | None:
    """Return why two calls are no agreement; None when two people of the approver's role made them.

    Nobody confirms the own model, as nobody approves it.
    """
    for did, person in (("asked", found.asker), ("confirmed", found.confirmer)):
        if stranger := callers.stranger(person.name, person.role, approver=approver):
            return f"{did} {stranger}"
    if found.asker.name.casefold() == found.confirmer.name.casefold():
        return f"{found.asker.name} asked and confirmed: another person must confirm"
    if found.confirmed.details["adopts"] != found.asked.details["adopts"]:
        return "they were about different things"
    release = found.confirmed.details["adopts"].get("atoll.release_id", "")
    if found.confirmer.name.casefold() == submitter_of(release).casefold():
        return f"{found.confirmer.name} submitted what serves: another person must confirm"
    return None


def _tell_asked(world: World, model: str, request: str, details: Mapping[str, object], at: datetime) -> None:
    """Tell and record that somebody asks for an adoption, or confirms it; who that was comes by the trail."""
    did = f"confirmed, as asked under {details['confirms']}" if details["confirms"] else "asked for"
    world.notifier.tell(
        f"ALARM: adoption of the record of {model}",
        f"It was {did}, request {request}: {details['reason']}\nWhat would be adopted: {details['adopts']}",
    )
    world.audit.write(
        AuditEntry(model=model, subject=request, what="adoption_asked", at=at, who="unnamed", details=details)
    )


def _tell_refused(world: World, confirmed: AuditEntry, problem: str) -> None:
    """Say why two calls adopt nothing; people ask anew."""
    world.notifier.tell(f"ALARM: nothing was adopted for {confirmed.model}", f"Request {confirmed.subject}: {problem}")
    _write(world, confirmed, "adoption_refused", "automation", {"reason": problem})


def _adopt(world: World, confirmed: AuditEntry, *, asker: str, confirmer: str) -> None:
    """Say that two people adopted what serves: from here on the record decides, by nothing that it said before."""
    adopts, head = confirmed.details["adopts"], world.audit.heads().get(confirmed.model) or f"0:{NO_PREVIOUS}"
    release = adopts.get("atoll.release_id", "no release")
    by = f"asked by {asker}, confirmed by {confirmer}"
    world.notifier.tell(f"ALARM: {confirmed.model} goes on with {release}", f"Adopted, {by}. Nothing before it counts.")
    _write(world, confirmed, "deployed", confirmer, {"template_sha256": adopts["template_sha256"]})
    details = {**adopts, "atoll.requested_at": confirmed.at.isoformat(), "asked_by": asker, "head": head}
    _write(world, confirmed, "adopted", confirmer, details)


def _write(world: World, confirmed: AuditEntry, what: str, who: str, details: Mapping[str, object]) -> None:
    subject = confirmed.details["adopts"].get("atoll.release_id") or stack_of(confirmed.model)
    told = {**details, "request": confirmed.subject}
    world.audit.write(
        AuditEntry(model=confirmed.model, subject=subject, what=what, at=confirmed.at, who=who, details=told)
    )
