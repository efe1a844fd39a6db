"""`make images`' own steps against a real registry with TLS and a login; only ECR's API is emulated."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import boto3

from images import stand_ins
from images.build import Built, require_docker
from images.commands import ROOT, ImageError, expect
from images.engine import Engine
from images.publish import Target, publish
from images.signing import Signer, throwaway_key
from stacks.settings import load

ENVIRONMENT = ROOT / "environments" / "govcloud-west.toml"


def published(engine: Engine, images: Sequence[Built], folder: Path) -> dict[str, object]:
    """Push signed images and write their digests; see that what must be refused is refused.

    Raises:
        ImageError: a push failed, or something was accepted that must not be.
    """
    signer = Signer(folder / "signed", fingerprint=throwaway_key(folder / "gnupg"), gnupg=folder / "gnupg")
    settings = Path(shutil.copy(ENVIRONMENT, folder / "environment.toml"))
    with stand_ins.registry(folder) as registry:
        os.environ["SSL_CERT_FILE"] = str(registry.authority)
        with stand_ins.ecr_api(registry, {"CRITICAL": 1}) as url:
            blocked = _target(url, signer, folder)
            _refused("a critical finding", lambda: publish(engine, images[:1], blocked, settings))
        expect(settings.read_text() == ENVIRONMENT.read_text(), "A blocked image's digest stands in the settings.")
        with stand_ins.ecr_api(registry, None) as url:
            unscanned = _target(url, signer, folder)
            _refused("no scan", lambda: unscanned.scan(images[0], minutes=0))
        with stand_ins.ecr_api(registry, {"LOW": 2}) as url:
            target = _target(url, signer, folder)
            facts = publish(engine, images, target, settings)
            expect(publish(engine, images, target, settings) == facts, "A second `make images` gave other images.")
        for each in images:
            fetched = json.loads((engine.folder / f"fetched-{each.recipe.name}" / "manifest.json").read_bytes())
            require_docker(fetched, each.recipe.name)
        unsigned = f"{registry.address}/atoll/unsigned:1"
        signer.push(images[0].layout, unsigned, target.authfile, signed=False)
        _refused("an unsigned image", lambda: signer.fetch(engine, unsigned, target.authfile, folder / "unsigned"))
        nobody = folder / "nobody.json"
        nobody.write_text("{}")
        wanted = str(facts[images[0].recipe.name]["reference"])
        _refused("no login", lambda: signer.fetch(engine, wanted, nobody, folder / "nobody"))
    pinned = load(str(settings)).images.model_dump()
    expect(all(pinned[each.recipe.name] == each.digest for each in images), f"The settings say {pinned}.")
    return {name: str(found["digest"]) for name, found in facts.items()}


def _target(url: str, signer: Signer, folder: Path) -> Target:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return Target(
        boto3.client("ecr", region_name="us-gov-west-1", endpoint_url=url, **keys), signer, folder / "auth.json"
    )


def _refused(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except ImageError:
        return
    raise ImageError(f"{what} was accepted; expected a refusal.")
