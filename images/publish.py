"""`make images`: build, list the contents, sign, push to ECR, wait for its scan, write the digests down."""

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from images.build import RECIPES, Bases, Built, build, download_wheels, require_authorities
from images.commands import BUILDERS, ROOT, WORK, ImageError, expect, install, run
from images.contents import bill_of_materials, contents
from images.engine import Engine, temporary_engine
from images.settings_file import write_digests
from images.signing import Signer
from stacks.settings import load

BY_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
BLOCKING = ("CRITICAL", "HIGH")
SCANNED = ("COMPLETE", "ACTIVE")
UNSCANNABLE = ("FAILED", "UNSUPPORTED_IMAGE")
SCAN_MINUTES = 15
PAUSE_SECONDS = 10


@dataclass(frozen=True)
class Target:
    """Where images go: ECR's client, the signer, and the file with the registry's login."""

    ecr: Any
    signer: Signer
    authfile: Path

    def log_in(self, recipes: Sequence[str]) -> dict[str, str]:
        """Write the registry's login for skopeo; return each repository's address."""
        data = self.ecr.get_authorization_token()["authorizationData"][0]
        found = self.ecr.describe_repositories(repositoryNames=sorted(set(recipes)))["repositories"]
        places = {uri.partition("/")[2]: uri for uri in (each["repositoryUri"] for each in found)}
        registry = next(iter(places.values())).partition("/")[0]
        self.authfile.touch(mode=0o600)
        self.authfile.write_text(json.dumps({"auths": {registry: {"auth": data["authorizationToken"]}}}))
        return places

    def push(self, built: Built, repository_uri: str) -> str:
        """Push a signed image and return its reference by digest. The tag names the digest and never moves.

        An image that is there already is signed and not pushed: a repository with immutable tags refuses the very same
        image, too (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html).

        Raises:
            ImageError: the registry refuses it, or holds another image under its tag.
        """
        tag = f"{built.recipe.name}-{built.digest.removeprefix('sha256:')[:12]}"
        there = self._digest(built.recipe.repository, tag)
        if there is None:
            self.signer.push(built.layout, f"{repository_uri}:{tag}", self.authfile)
        elif there == built.digest:
            self.signer.sign(built.layout, f"{repository_uri}:{tag}", built.digest)
        else:
            raise ImageError(f"{built.recipe.repository}:{tag} is {there}; expected {built.digest}. Who pushed that?")
        return f"{repository_uri}@{built.digest}"

    def _digest(self, repository: str, tag: str) -> str | None:
        try:
            found = self.ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
        except self.ecr.exceptions.ImageNotFoundException:
            return None
        return found["imageDetails"][0]["imageDigest"]

    def scan(self, built: Built, *, minutes: float = SCAN_MINUTES) -> dict[str, int]:
        """Return ECR's findings per severity.

        Raises:
            ImageError: findings that block, or no result in time. An image that nobody scanned is never taken for good.
        """
        asked = {"repositoryName": built.recipe.repository, "imageId": {"imageDigest": built.digest}}
        end = time.monotonic() + minutes * 60
        while True:
            try:
                answer = self.ecr.describe_image_scan_findings(**asked)
            except self.ecr.exceptions.ScanNotFoundException:
                answer = {}
            status = answer.get("imageScanStatus", {}).get("status", "NOT_FOUND")
            found = answer.get("imageScanFindings", {})
            # Enhanced scanning says ACTIVE or COMPLETE before it has looked: then there are no counts and no time.
            if status in SCANNED and "imageScanCompletedAt" in found and "findingSeverityCounts" in found:
                break
            if status in UNSCANNABLE or time.monotonic() > end:
                raise ImageError(
                    f"No scan of {built.recipe.name} ({built.digest}): its status is {status!r}, with no time at which "
                    "it was completed. The image is pushed and signed; no digest was written. Is scanning on push "
                    "enabled for the repository? Run `make images` again when the scan is there."
                )
            time.sleep(PAUSE_SECONDS)
        counts = found["findingSeverityCounts"]
        blocking = {severity: counts[severity] for severity in BLOCKING if counts.get(severity)}
        expect(
            not blocking, f"The scan of {built.recipe.name} ({built.digest}) found {blocking}; no digest was written."
        )
        return counts


def publish(
    engine: Engine, built: Sequence[Built], target: Target, settings_file: Path
) -> dict[str, dict[str, object]]:
    """Push, check and scan all images, then write their digests; nothing is written unless all of them passed.

    Raises:
        ImageError: a push is refused, a signature doesn't verify, or a scan blocks.
    """
    places = target.log_in([each.recipe.repository for each in built])
    facts: dict[str, dict[str, object]] = {}
    for each in built:
        reference = target.push(each, places[each.recipe.repository])
        target.signer.fetch(engine, reference, target.authfile, engine.folder / f"fetched-{each.recipe.name}")
        facts[each.recipe.name] = {"reference": reference, "digest": each.digest}
    for each in built:
        facts[each.recipe.name]["findings"] = target.scan(each)
    write_digests(settings_file, {each.recipe.name: each.digest for each in built})
    return facts


def bases() -> Bases:
    """Return the base images named in the environment.

    Raises:
        ImageError: one is missing or not named by its digest.
    """
    given = {name: os.environ.get(name, "") for name in ("BASE_IMAGE", "COMPILER_IMAGE")}
    for name, value in given.items():
        expect(BY_DIGEST.fullmatch(value), f"{name} is {value!r}; expected <registry>/<repository>@sha256:<64 hex>.")
    return Bases(given["BASE_IMAGE"], given["COMPILER_IMAGE"])


def main(environment: str) -> None:
    """Build and publish all images of an environment (a name below environments/, or a file).

    Raises:
        ImageError: something is missing, refused or found; the sentence says what.
    """
    import boto3  # noqa: PLC0415 - half a second that the test's other steps don't need

    file = Path(environment) if environment.endswith(".toml") else ROOT / "environments" / f"{environment}.toml"
    settings = load(str(file))
    chosen, key = bases(), os.environ.get("SIGNING_KEY", "")
    expect(re.fullmatch("[0-9A-F]{40}", key), f"SIGNING_KEY is {key!r}; expected a GnuPG fingerprint of 40 digits.")
    changed = run(["git", "-C", ROOT, "status", "--porcelain", *sorted({recipe.room for recipe in RECIPES})])
    expect(not changed, f"Commit first, so that the images can be built again:\n{changed}")
    require_authorities(chosen.authorities)
    install(BUILDERS)
    run(["gpg", "--list-secret-keys", key])
    with temporary_engine() as engine:
        for room in sorted({recipe.room for recipe in RECIPES}):
            download_wheels(room)
        built = [build(engine, recipe, chosen) for recipe in RECIPES]
        bills = {
            each.recipe.name: contents(engine, each) | bill_of_materials(engine, each, WORK / "bills") for each in built
        }
        ecr = boto3.client("ecr", region_name=settings.deployment.region)
        target = Target(ecr, Signer(WORK / "signed", fingerprint=key), engine.folder / "auth.json")
        facts = publish(engine, built, target, file)
    for name, found in facts.items():
        sys.stdout.write(
            f"{name:<8} {found['reference']}  {bills[name]['components']} components, {found['findings']}\n"
        )
    sys.stdout.write(f"The digests stand in {file}; deploy it.\n")
