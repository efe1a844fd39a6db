"""MLflow's copy of the record, which decides nothing: where it differs, somebody edited it, and it is written anew."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.release import known, reports
from lambdas.release.events import RebuildAsked
from lambdas.release.ports import RegistryError, World
from lambdas.release.record import ENDS, EXECUTIONS, Known, fold
from lambdas.release.records import AuditEntry, Version

LAG = timedelta(minutes=30)  # within it a function may have died between an entry and MLflow's copy of it
COURSE = ("registered", "asked", "requested", *EXECUTIONS, "released", "superseded", *ENDS)
LAST = 6  # entries at most that one run of a function leaves uncopied when it dies


def tend(world: World, model: str, at: datetime) -> list[str]:
    """Write a model's copy anew where it differs, with an alarm unless it may lag behind.

    Return the differences, and those that are left because MLflow did not take what was written.
    """
    found = list(differences(world, model))
    if not found:
        return []
    if edits := [difference.told for difference in found if not _is_lag(world, model, difference, at)]:
        reports.registry_edited(world, model, edits, at)
    repair(world, model)
    left = [f"still, for MLflow did not take it: {difference.told}" for difference in differences(world, model)]
    return [difference.told for difference in found] + left


@dataclass(frozen=True)
class Difference:
    """Where MLflow differs from the record: of which version, which tag (`champion` is the alias), what it shows."""

    number: str
    name: str
    shown: str
    told: str


def differences(world: World, model: str) -> Iterator[Difference]:
    """Return how MLflow differs from the record: a missing version, another tag, another champion."""
    shown = {version.number: version for version in world.registry.versions(model)}
    now = known.of(world, model)
    for version in now.versions:
        yield from _differences(version, shown.get(version.number))
    for number in sorted(foreign(shown.values(), now)):
        state = shown[number].state
        yield Difference(number, "", state, f"version {number} is none of ours, and says that it is {state}")
    alias = world.registry.champion(model)
    found, right = (each.number if each else "none" for each in (alias, now.champion))
    if found != right:
        yield Difference("", "champion", found, f"the alias champion is on version {found}, the record says {right}")


def foreign(shown: Iterable[Version], now: Known) -> set[str]:
    """Return the versions in MLflow that are not on record and claim more than to be registered."""
    ours = {version.number for version in now.versions}
    return {v.number for v in shown if v.number not in ours and v.state not in {"", "registered"}}


def _differences(version: Version, shown: Version | None) -> Iterator[Difference]:
    if shown is None:
        yield Difference(version.number, "", "", f"version {version.number} is missing")
        return
    for name in sorted(name for name in {*version.tags, *shown.tags} if name.startswith("atoll.")):
        found, right = shown.tags.get(name, ""), version.tags.get(name, "")
        if found != right:
            told = f"version {version.number}: {name} is {found!r:.80}, the record says {right!r:.80}"
            yield Difference(version.number, name, found, told)


def _is_lag(world: World, model: str, difference: Difference, at: datetime) -> bool:
    """Say whether MLflow shows what the record said a few entries and half an hour ago: nobody need have edited it."""
    entries = sorted(world.audit.history(model), key=_came)
    if not entries or at - entries[-1].at > LAG:
        return False
    before = [fold(entries[: len(entries) - count]) for count in range(1, min(LAST, len(entries)) + 1)]
    return any(_showed(then, difference) for then in before)


def _came(entry: AuditEntry) -> tuple[datetime, int, tuple[datetime, str, str, str]]:
    """The order in which entries came: those of one second as a release's life has them."""
    return entry.at, COURSE.index(entry.what) if entry.what in COURSE else len(COURSE), entry.order


def _showed(then: Known, difference: Difference) -> bool:
    if difference.name == "champion":
        return difference.shown == (then.champion.number if then.champion else "none")
    version = next((v for v in then.versions if v.number == difference.number), None)
    return difference.name != "" and difference.shown == (version.tags.get(difference.name, "") if version else "")


def catch_up(world: World, model: str) -> None:
    """Have MLflow count on behind the last version on record, also where somebody took away what it had."""
    last = max((int(version.number) for version in known.versions(world, model)), default=0)
    if max((int(version.number) for version in world.registry.versions(model)), default=0) < last:
        repair(world, model)


class RefusedRebuildError(Exception):
    """MLflow's copy is not written anew; the text says why."""


def rebuild(world: World, asked: RebuildAsked, request: str, at: datetime) -> list[str]:
    """Put the whole model in MLflow aside and write a new one from the record; return its versions.

    What stood in its place stays there under another name, as evidence; its grants stay with it.

    Raises:
        RefusedRebuildError: there is no such model, or MLflow did not take all of it.
    """
    if asked.rebuild not in world.settings.models:
        known_models = ", ".join(world.settings.models)
        raise RefusedRebuildError(f"model is {asked.rebuild!r}, expected one of {known_models}.")
    numbers = [version.number for version in known.versions(world, asked.rebuild)]
    with suppress(RegistryError):  # the differences that remain say what MLflow did not take
        world.registry.set_aside(asked.rebuild)
    repair(world, asked.rebuild)
    if left := [difference.told for difference in differences(world, asked.rebuild)]:
        raise RefusedRebuildError(f"MLflow did not take all of it: {'; '.join(left)[:800]}. Ask again.")
    reports.registry_rebuilt(world, asked.rebuild, request, {"reason": asked.reason, "versions": numbers}, at)
    return numbers


def repair(world: World, model: str) -> None:
    """Make MLflow's copy what the record says. A model whose numbers can't be made right is put aside first."""
    versions = sorted(known.versions(world, model), key=lambda version: int(version.number))
    with suppress(RegistryError):
        if not _complete(world, model, versions):
            world.registry.set_aside(model)
            _complete(world, model, versions)
        shown = {version.number: version for version in world.registry.versions(model)}
        for version in versions:
            if news := known.news_of(shown[version.number], version):
                world.registry.tag(version, news)
        for number in foreign(shown.values(), known.of(world, model)):
            world.registry.tag(shown[number], {name.removeprefix("atoll."): "" for name in shown[number].tags})
    known.show_champion(world, model)


def _complete(world: World, model: str, versions: list[Version]) -> bool:
    """Register the versions that MLflow lacks; False when it would give them other numbers."""
    shown = {int(version.number) for version in world.registry.versions(model)}
    missing = [version for version in versions if int(version.number) not in shown]
    last = max(shown, default=0)
    for version in missing:
        if int(version.number) <= last:
            return False
        run = world.registry.run_of(model, version.tag("training_job_arn"))
        while last < int(version.number):
            last = int(world.registry.register(model, run, version.tags).number)
        if last != int(version.number):
            return False
    return True
