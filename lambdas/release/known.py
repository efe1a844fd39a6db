"""What the record knows of a model: every decision asks here, and nothing asks MLflow."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from lambdas.release import record
from lambdas.release.ports import RegistryError, World
from lambdas.release.records import Version

Said = TypeVar("Said")


def of(world: World, model: str) -> record.Known:
    """Return what the record knows of a model.

    Raises:
        RecordError: it can't be read, or knows nothing (any more, or of this account and region) of what serves.
    """
    entries = world.audit.history(model)
    if not entries and (named := world.endpoints.stack(model).release_id):
        raise record.RecordError(
            f"The record of {model} holds no entry of this account and region, and its stack names {named}. "
            "Run `python -m compliance verify-audit`."
        )
    return record.fold(entries)


def versions(world: World, model: str) -> list[Version]:
    """Return all versions on record, the newest first."""
    return list(of(world, model).versions)


def champion(world: World, model: str) -> Version | None:
    """Return the version that was released last and is neither ended nor replaced."""
    return of(world, model).champion


def current(world: World, version: Version) -> Version:
    """Return a version as it is on record now."""
    return next((v for v in versions(world, version.model) if v.number == version.number), version)


def show(world: World, version: Version) -> Version:
    """Write what the record says of a version into its tags in MLflow; return it as it is on record.

    MLflow is a copy for people: where it takes nothing, the reconciler writes it later (mirror.py).
    """
    return _copied(lambda: current(world, version), lambda now: _tag(world, now))


def _copied(read: Callable[[], Said], write: Callable[[Said], None]) -> Said:
    """Copy what the record says to MLflow, again where another function wrote an entry meanwhile; return what it says.

    The other copied its entry, too, maybe before the older state got there: so whoever wrote last looks once more.
    """
    now = read()
    with suppress(RegistryError):
        write(now)
        while (later := read()) != now:
            now = later
            write(now)
    return now


def _tag(world: World, now: Version) -> None:
    shown = next((v for v in world.registry.versions(now.model) if v.number == now.number), None)
    if shown and (news := news_of(shown, now)):
        world.registry.tag(now, news)


def news_of(shown: Version, now: Version) -> dict[str, str]:
    """Return the tags to set in MLflow, without their prefix; those that the record doesn't have become empty."""
    wrong = {name: "" for name in shown.tags if name.startswith("atoll.")} | dict(now.tags)
    news = {name: value for name, value in wrong.items() if shown.tags.get(name, "") != value}
    return {name.removeprefix("atoll."): value for name, value in sorted(news.items())}


def show_champion(world: World, model: str) -> None:
    """Put the alias `champion` in MLflow where the record has it, or take it away."""

    def point(now: Version | None) -> None:
        world.registry.crown(now) if now else world.registry.uncrown(model)

    _copied(lambda: champion(world, model), point)
