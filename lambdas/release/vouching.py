"""What must stand behind a version before it may be requested, restored or accepted: signature and documents."""

import hashlib

from lambdas.release import documents, signing
from lambdas.release.ports import World
from lambdas.release.records import Version


def problem(world: World, version: Version) -> str | None:
    """Return why a version must not be released; None when its signature is right and its documents are whole."""
    sha = version.tag("manifest_sha256")
    if reason := signing.problem(world, version.model, sha):
        return reason
    for name in documents.NAMES:
        kept = world.artifacts.kept(version.model, sha, name)
        if kept is None:
            return f"{name} of {version.model} {sha} is missing"
        found, promised = hashlib.sha256(kept).hexdigest(), version.tag(tag_of(name))
        if found != promised:
            return f"{name} of {version.model} {sha} is {found}, the registry promises {promised or 'none'}"
    return None


def restorable(world: World, champion: Version | None) -> Version | None:
    """Return the champion where it may be restored; None, so the endpoint stops, where nothing vouches for it."""
    return champion if champion and problem(world, champion) is None else None


def tag_of(document: str) -> str:
    """Return the name of the version's tag that holds a document's sha256 (`model_card_sha256`)."""
    return f"{document.removesuffix('.json').replace('-', '_')}_sha256"
