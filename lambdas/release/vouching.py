"""What must stand behind a version before it may be requested, restored or accepted: signature and documents.

What comes back also needs an image that may still run: one with known holes is taken out of the settings' list.
"""

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


def image_problem(world: World, digest: str) -> str | None:
    """Return why an image may not come back; None when it is published now, or one that the settings keep."""
    if digest in {world.image.uri().partition("@")[2], *world.settings.former_images}:
        return None
    return f"its image {digest or 'without a digest'} is neither published now nor in `images.former` of the settings"


def return_problem(world: World, version: Version) -> str | None:
    """Return why a version must not come back: nothing vouches for it, or its image may not run any more."""
    return problem(world, version) or image_problem(world, version.tag("serving_image_digest"))


def restorable(world: World, champion: Version | None) -> Version | None:
    """Return the champion where it may be restored; None, so the endpoint stops, where it may not come back."""
    return champion if champion and return_problem(world, champion) is None else None


def tag_of(document: str) -> str:
    """Return the name of the version's tag that holds a document's sha256 (`model_card_sha256`)."""
    return f"{document.removesuffix('.json').replace('-', '_')}_sha256"
