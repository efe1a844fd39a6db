"""What a change set must not do: bring another template than the deployed one, or serve what nobody approved.

The rights of the release path end at change sets of certain names under the narrow role; IAM has no key for a change
set's inline template, nor for its parameters. So both are compared afterwards.
"""

import hashlib

from lambdas.release.decisions import release_of
from lambdas.release.records import HALT, HOME, Release, Serving, Stack, Version


def sha256(template: str) -> str:
    """Return the hash of a template's text, in hex."""
    return hashlib.sha256(template.encode()).hexdigest()


def template_problem(stack: Stack, current: str, deployed: str | None) -> str | None:
    """Return why a stack's template must not stay; None when it does not differ, or nothing was ever released."""
    if current == deployed or (deployed is None and not stack.release_id):
        return None
    known = f"that of the last deployment, {sha256(deployed)}" if deployed is not None else "known from any deployment"
    return (
        f"the template that {stack.last_change_set or 'an unknown operation'} left, {sha256(current)}, is not {known}"
    )


def serving_problem(stack: Stack, serving: Serving | None) -> str:
    """Return the words for what serves and was never approved."""
    manifest, version = (serving.manifest_sha256, serving.version) if serving else ("", "")
    release, image = (serving.release_id, serving.image_digest) if serving else ("", "")
    return (
        f"{stack.last_change_set or 'an unknown operation'} left version {version or 'unknown'} serving, "
        f"{release or 'no release'} with manifest {manifest or 'without a hash'} in image {image or 'unknown'}, "
        "which nobody approved"
    )


def way_out(stack: Stack, champion: Version | None, current: str, deployed: str | None) -> tuple[str, Release]:
    """Return stem and parameters of the change set that ends an intrusion: the champion's release, or a stop.

    A stopped endpoint stays stopped.
    """
    suffix = f"to-template-{sha256(deployed)[:12] if deployed else 'as-is'}-from-{sha256(current)[:12]}"
    if champion is None or stack.last_change_set.startswith(HALT):
        return f"{HALT}{suffix}", Release()
    return f"{HOME}{suffix}", release_of(champion)
