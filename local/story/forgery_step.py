"""Somebody forges the registry: nothing that serves changes, people are told, and the copy is written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.story.attack_steps import ask_again
from local.story.outside import expect_champion_serves
from local.story.scene import MODEL
from local.story.waiting import wait_for

if TYPE_CHECKING:
    from local.story.mailbox import Mailbox
    from local.story.narrator import Facts
    from local.story.scene import Scene

ALARM = f"ALARM: somebody edited the registry of {MODEL}"
NOBODY = "mallory"


def forged_registry(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """With MLflow's administrator's password every version is turned into another, and the alias moves.

    The record decides: the champion serves on and is restored from nothing that MLflow says.
    """
    champion, before = scene.champion_version(), tags_of(scene)
    forged = next(number for number in before if number != champion)
    for number in before:
        scene.registry.set_model_version_tag(MODEL, number, "atoll.state", "rejected")
        scene.registry.set_model_version_tag(MODEL, number, "atoll.approver", NOBODY)
    scene.registry.set_registered_model_alias(MODEL, "champion", forged)
    ask_again(scene)
    note = mailbox.wait_for(lambda m: m["subject"] == ALARM, f"the message {ALARM!r}")
    wait_for(lambda: True if tags_of(scene) == before else None, "MLflow to say again what the record says")
    expect_champion_serves(scene)
    facts.update(versions=sorted(before), forged=forged, champion=champion, alarm=ALARM, message=note["text"])
    facts["told"] = f"all {len(before)} versions forged, v{forged} made champion: alarm, v{champion} serves on, undone"


def tags_of(scene: Scene) -> dict[str, dict[str, str]]:
    """What MLflow says of each version; a tag that the record doesn't have is written empty."""
    found = scene.registry.search_model_versions(f"name='{MODEL}'")
    return {str(version.version): {name: text for name, text in version.tags.items() if text} for version in found}
