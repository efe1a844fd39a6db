"""Somebody forges the registry: nothing that serves changes, people are told, and the copy is written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.story.attack_steps import ask_again
from local.story.outside import expect_champion_serves
from local.story.scene import AUDITOR, MODEL
from local.story.typed import releases
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
    champion, versions = scene.champion_version(), sorted(shown(scene))
    forged = next(number for number in versions if number != champion)
    for number in versions:
        scene.registry.set_model_version_tag(MODEL, number, "atoll.state", "rejected")
        scene.registry.set_model_version_tag(MODEL, number, "atoll.approver", NOBODY)
    scene.registry.set_registered_model_alias(MODEL, "champion", forged)
    ask_again(scene)
    note = mailbox.wait_for(lambda m: m["subject"] == ALARM, f"the message {ALARM!r}")
    wait_for(
        lambda: says_what_the_record_says(scene) or ask_again(scene),  # as its timetable does on AWS
        "MLflow to say again what the record says",
        hint=lambda: f"The record says {on_record(scene)}, MLflow {sorted(shown(scene).values())}.",
    )
    expect_champion_serves(scene)
    facts.update(versions=versions, forged=forged, champion=champion, alarm=ALARM, message=note["text"])
    facts["told"] = (
        f"all {len(versions)} versions forged, v{forged} made champion: alarm, v{champion} serves on, undone"
    )


def says_what_the_record_says(scene: Scene) -> bool | None:
    """Whether state and approver of each release are in MLflow what the operators' commands read from the record."""
    return sorted(shown(scene).values()) == on_record(scene) or None


def on_record(scene: Scene) -> list[tuple[str, ...]]:
    """Release, state and approver of each release on record."""
    rows = releases(scene, AUDITOR, "list")
    return sorted((row["release"], row["state"].replace(" ", "_"), row["approver"]) for row in rows)


def shown(scene: Scene) -> dict[str, tuple[str, ...]]:
    """What MLflow says of each version: release, state and approver, by number."""
    found = scene.registry.search_model_versions(f"name='{MODEL}'")
    return {
        str(version.version): tuple(
            version.tags.get(f"atoll.{name}", "") for name in ("release_id", "state", "approver")
        )
        for version in found
    }
