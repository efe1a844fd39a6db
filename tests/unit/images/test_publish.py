from pathlib import Path
from typing import Any

import botocore.session
import pytest

from images import publish
from images.build import DOCKER, RECIPES, Built, require_docker
from images.commands import ImageError
from images.publish import BLOCKING, SCANNED, UNSCANNABLE, Target, bases
from images.signing import Signer

BUILT = Built(RECIPES[0], "localhost/atoll/model:1", Path("layout"), "sha256:" + "a" * 64)


class NotFoundError(Exception):
    """What boto3 calls ScanNotFoundException."""


class FakeEcr:
    """ECR of one image: its scan's answers one after the other, the last one for ever, and the tags that are there."""

    def __init__(self, *answers: dict[str, Any] | None, tags: dict[str, str] | None = None) -> None:
        self._answers = list(answers)
        self._tags = tags or {}
        self.asked = 0
        kinds = ("ScanNotFoundException", "ImageNotFoundException")
        self.exceptions = type("Exceptions", (), dict.fromkeys(kinds, NotFoundError))

    def describe_image_scan_findings(self, **asked: object) -> dict[str, Any]:
        assert asked == {"repositoryName": "atoll/model", "imageId": {"imageDigest": BUILT.digest}}
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if answer is None:
            raise NotFoundError
        return answer

    def describe_images(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        digest = self._tags.get(asked["imageIds"][0]["imageTag"])
        if not digest:
            raise NotFoundError
        return {"imageDetails": [{"imageDigest": digest}]}


class FakeSigner(Signer):
    """Notes what it does."""

    def __init__(self) -> None:
        self.did: list[tuple[str, str]] = []

    def push(self, layout: Path, reference: str, authfile: Path, *, signed: bool = True) -> None:
        assert (layout, authfile, signed) == (BUILT.layout, Path("auth.json"), True)
        self.did.append(("push", reference))

    def sign(self, layout: Path, reference: str, digest: str) -> None:
        assert (layout, digest) == (BUILT.layout, BUILT.digest)
        self.did.append(("sign", reference))


def result(status: str, **counts: int) -> dict[str, Any]:
    """A scan that has looked."""
    found = {"imageScanCompletedAt": "2026-11-28", "findingSeverityCounts": counts}
    return {"imageScanStatus": {"status": status}, "imageScanFindings": found}


def unlooked(status: str) -> dict[str, Any]:
    """What enhanced scanning says before it has looked."""
    return {"imageScanStatus": {"status": status}, "imageScanFindings": {"findings": []}}


def scan(*answers: dict[str, Any] | None, minutes: float = 0) -> dict[str, int]:
    return Target(FakeEcr(*answers), FakeSigner(), Path("auth.json")).scan(BUILT, minutes=minutes)


def test_an_image_with_minor_findings_passes() -> None:
    assert scan(result("COMPLETE", LOW=3, MEDIUM=1)) == {"LOW": 3, "MEDIUM": 1}


@pytest.mark.parametrize("severity", ["CRITICAL", "HIGH"])
def test_a_grave_finding_stops_the_publication(severity: str) -> None:
    with pytest.raises(ImageError, match=severity):
        scan(result("ACTIVE", **{severity: 1}))


@pytest.mark.parametrize("status", [None, "FAILED", "UNSUPPORTED_IMAGE", "IN_PROGRESS"])
def test_an_image_that_nobody_scanned_is_never_taken_for_good(status: str | None) -> None:
    with pytest.raises(ImageError, match="no digest was written"):
        scan(unlooked(status) if status else None)


@pytest.mark.parametrize("status", SCANNED)
def test_a_status_without_a_result_is_no_scan(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """F2: enhanced scanning is ACTIVE, or COMPLETE, before it has findings."""
    monkeypatch.setattr(publish, "PAUSE_SECONDS", 0)
    with pytest.raises(ImageError, match="CRITICAL"):
        scan(None, unlooked(status), unlooked(status), result(status, CRITICAL=3), minutes=1)
    with pytest.raises(ImageError, match="with no time at which it was completed"):
        scan(unlooked(status))
    assert scan(unlooked(status), result(status), minutes=1) == {}


TAG = f"model-{'a' * 12}"


def test_an_image_that_is_there_is_signed_and_not_pushed_again() -> None:
    """F3: a repository with immutable tags refuses the very same image, too."""
    for tags, expected in (({}, "push"), ({TAG: BUILT.digest}, "sign")):
        signer = FakeSigner()
        target = Target(FakeEcr(tags=tags), signer, Path("auth.json"))
        assert target.push(BUILT, "registry/atoll/model") == f"registry/atoll/model@{BUILT.digest}"
        assert signer.did == [(expected, f"registry/atoll/model:{TAG}")]


def test_another_image_under_the_tag_is_never_signed() -> None:
    signer = FakeSigner()
    target = Target(FakeEcr(tags={TAG: "sha256:" + "b" * 64}), signer, Path("auth.json"))
    with pytest.raises(ImageError, match="Who pushed that"):
        target.push(BUILT, "registry/atoll/model")
    assert signer.did == []


def test_a_manifest_of_another_kind_than_sagemaker_takes_is_refused() -> None:
    kinds = sorted(DOCKER)
    layers = [{"mediaType": next(kind for kind in kinds if "rootfs" in kind)}]
    docker = {
        "mediaType": next(kind for kind in kinds if "manifest" in kind),
        "config": {"mediaType": next(kind for kind in kinds if "container" in kind)},
        "layers": layers,
    }
    require_docker(docker, "atoll/model")
    oci = "application/vnd.oci.image.manifest.v1+json"
    for other in ({"mediaType": oci}, {"config": {"mediaType": oci}}, {"layers": [*layers, {"mediaType": oci}]}):
        with pytest.raises(ImageError, match=r"names .*vnd\.oci.*expected"):
            require_docker(docker | other, "atoll/model")


@pytest.mark.parametrize("bad", ["", "python:3.11-slim", "mirror.example/python@sha256:abc"])
def test_a_base_image_without_a_digest_is_refused(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    monkeypatch.setenv("BASE_IMAGE", bad)
    monkeypatch.setenv("COMPILER_IMAGE", "mirror.example/python@sha256:" + "0" * 64)
    with pytest.raises(ImageError, match="BASE_IMAGE is"):
        bases()


@pytest.mark.parametrize(("shape", "names"), [("ScanStatus", SCANNED + UNSCANNABLE), ("FindingSeverity", BLOCKING)])
def test_ecr_knows_the_words_that_decide(shape: str, names: tuple[str, ...]) -> None:
    model = botocore.session.get_session().get_service_model("ecr")
    assert set(names) <= set(model.shape_for(shape).enum)
