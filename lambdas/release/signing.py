"""The platform's signature under a released manifest (docs/contracts.md, "Signature").

The training container has no network and so no key: `training_completed` signs what it has verified, once, and every
later step that requests, restores or accepts the release verifies it.
"""

import base64
import binascii
import hashlib
import json

from lambdas.release.ports import World

ALGORITHM = "ECDSA_SHA_256"
NAME = "manifest.sig"


def digest(model: str, manifest_sha256: str) -> bytes:
    """Return what is signed: the model's name is part of it, so no signature stands for another model."""
    return hashlib.sha256(f"{model}\n{manifest_sha256}".encode()).digest()


def sign(world: World, model: str, manifest_sha256: str) -> None:
    """Sign a verified manifest and keep the signature beside the archive; a former signature stays."""
    made = world.signer.sign(digest(model, manifest_sha256))
    statement = {
        "algorithm": ALGORITHM,
        "key_arn": world.settings.signing_key_arn,
        "manifest_sha256": manifest_sha256,
        "model": model,
        "signature": base64.b64encode(made).decode(),
    }
    body = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    world.artifacts.keep(model, manifest_sha256, NAME, body)


def problem(world: World, model: str, manifest_sha256: str) -> str | None:
    """Return why the kept signature does not vouch for this manifest of this model; None when it does.

    The key is always the platform's own; what the file says of a key is compared and never obeyed.
    """
    kept = world.artifacts.kept(model, manifest_sha256, NAME)
    if kept is None:
        return f"{manifest_sha256} of {model} is not signed"
    expected = {
        "algorithm": ALGORITHM,
        "key_arn": world.settings.signing_key_arn,
        "manifest_sha256": manifest_sha256,
        "model": model,
    }
    try:
        statement = json.loads(kept)
        signature = base64.b64decode(statement.pop("signature"), validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        return f"the signature of {manifest_sha256} can't be read: {error!r:.200}"
    if statement != expected:
        return f"the signature of {manifest_sha256} is for {statement!r:.400}, expected {expected!r}"
    if not world.signer.verify(digest(model, manifest_sha256), signature):
        return f"the signature of {manifest_sha256} of {model} is wrong"
    return None
