from pathlib import Path
from typing import Any

import botocore.session
import pytest

from images.build import RECIPES, Built
from images.commands import ImageError
from images.publish import BLOCKING, SCANNED, UNSCANNABLE, Target, bases
from images.signing import Signer

BUILT = Built(RECIPES[0], "localhost/atoll/model:1", Path("layout"), "sha256:" + "a" * 64)


class NotFoundError(Exception):
    """What boto3 calls ScanNotFoundException."""


class FakeEcr:
    """ECR's scan of one image."""

    def __init__(self, status: str | None, counts: dict[str, int]) -> None:
        self._status = status
        self._counts = counts
        self.exceptions = type("Exceptions", (), {"ScanNotFoundException": NotFoundError})

    def describe_image_scan_findings(self, **asked: object) -> dict[str, Any]:
        assert asked == {"repositoryName": "atoll/model", "imageId": {"imageDigest": BUILT.digest}}
        if self._status is None:
            raise NotFoundError
        return {
            "imageScanStatus": {"status": self._status},
            "imageScanFindings": {"findingSeverityCounts": self._counts},
        }


def scan(status: str | None, **counts: int) -> dict[str, int]:
    signer = object.__new__(Signer)  # a scan signs nothing
    return Target(FakeEcr(status, counts), signer, Path("auth.json")).scan(BUILT, minutes=0)


def test_an_image_with_minor_findings_passes() -> None:
    assert scan("COMPLETE", LOW=3, MEDIUM=1) == {"LOW": 3, "MEDIUM": 1}


@pytest.mark.parametrize("severity", ["CRITICAL", "HIGH"])
def test_a_grave_finding_stops_the_publication(severity: str) -> None:
    with pytest.raises(ImageError, match=severity):
        scan("COMPLETE", **{severity: 1})


@pytest.mark.parametrize("status", [None, "FAILED", "UNSUPPORTED_IMAGE", "IN_PROGRESS"])
def test_an_image_that_nobody_scanned_is_never_taken_for_good(status: str | None) -> None:
    with pytest.raises(ImageError, match="no digest was written"):
        scan(status)


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
