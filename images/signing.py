"""Signatures of images: made with a GnuPG key when an image is pushed, asked for by a policy when it is fetched.

The signatures lie beside the registry, in a folder of files (containers/image's "lookaside"); neither ECR nor SageMaker
looks at them. Whoever pulls with skopeo, podman or CRI-O and `policy.json` gets signed images only.
"""

import json
from pathlib import Path

from images.commands import run
from images.engine import Engine


class Signer:
    """Copies images with a signature, and fetches only what is signed."""

    def __init__(self, folder: Path, *, fingerprint: str, gnupg: Path | None = None) -> None:
        """`folder` gets policy, public key and signatures; `gnupg` is GnuPG's folder if not the user's own."""
        self._folder = folder
        self._fingerprint = fingerprint
        self._env = {"GNUPGHOME": str(gnupg)} if gnupg else {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "registries.d").mkdir(exist_ok=True)
        lookaside = f"file://{(folder / 'signatures').resolve()}"
        places = {"default-docker": {"lookaside": lookaside, "lookaside-staging": lookaside}}
        (folder / "registries.d" / "default.yaml").write_text(json.dumps(places))  # JSON is YAML
        (folder / "key.asc").write_text(run(["gpg", "--armor", "--export", fingerprint], env=self._env))

    def push(self, layout: Path, reference: str, authfile: Path, *, signed: bool = True) -> None:
        """Copy a folder as `images.build` writes it to `reference` in a registry without changing its digest.

        Raises:
            ImageError: the registry refuses it, or there is no such key.
        """
        sign = ["--sign-by", self._fingerprint] if signed else []
        places = ["--registries.d", self._folder / "registries.d"]
        given = ["--authfile", authfile, "--preserve-digests", *sign]
        run(["skopeo", *places, "copy", *given, f"dir:{layout}", f"docker://{reference}"], env=self._env)

    def sign(self, layout: Path, reference: str, digest: str) -> None:
        """Sign an image that is in the registry already, unless our folder has its signature.

        Raises:
            ImageError: there is no such key.
        """
        name = reference.partition("/")[2].rpartition(":")[0]
        target = self._folder / "signatures" / f"{name}@{digest.replace(':', '=')}" / "signature-1"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            given = [layout / "manifest.json", reference, self._fingerprint]
            run(["skopeo", "standalone-sign", *given, "--output", target], env=self._env)

    def fetch(self, engine: Engine, reference: str, authfile: Path, target: Path) -> None:
        """Copy an image from a registry into a folder, if our key signed it.

        Raises:
            ImageError: it is not signed by our key, or can't be had.
        """
        requirement = {"type": "signedBy", "keyType": "GPGKeys", "keyPath": str(self._folder / "key.asc")}
        registry = reference.partition("/")[0]
        transports = {"docker": {registry: [requirement]}}
        policy = self._folder / "policy.json"
        policy.write_text(json.dumps({"default": [{"type": "reject"}], "transports": transports}))
        places = ("--policy", policy, "--registries.d", self._folder / "registries.d")
        engine("skopeo", *places, "copy", "--authfile", authfile, f"docker://{reference}", f"dir:{target}")


def throwaway_key(gnupg: Path) -> str:
    """Make a key that lives in `gnupg` for a day, without a passphrase; return its fingerprint."""
    gnupg.mkdir(mode=0o700)
    env = {"GNUPGHOME": str(gnupg)}
    batch = ["gpg", "--batch", "--quiet", "--passphrase", ""]
    run([*batch, "--quick-generate-key", "Atoll image test", "ed25519", "sign", "1d"], env=env)
    listing = run(["gpg", "--list-keys", "--with-colons"], env=env).splitlines()
    return next(line.split(":")[9] for line in listing if line.startswith("fpr:"))
