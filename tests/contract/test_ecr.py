"""`make images` against the ECR API of the local AWS: login and addresses. It has no scans."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from images.build import RECIPES, Built
from images.publish import Target
from images.signing import Signer
from local.cloud import LocalCloud

REPOSITORIES = ("atoll/model", "atoll/mlflow")


@pytest.fixture
def target(cloud: LocalCloud, tmp_path: Path) -> Iterator[Target]:
    ecr = cloud.client("ecr")
    for name in REPOSITORIES:
        ecr.create_repository(
            repositoryName=name,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
        )
    yield Target(ecr, object.__new__(Signer), tmp_path / "auth.json")  # nothing is signed here
    for name in REPOSITORIES:
        ecr.delete_repository(repositoryName=name, force=True)


def test_the_login_that_ecr_gives_is_written_for_skopeo_and_for_nobody_else(target: Target) -> None:
    places = target.log_in([recipe.repository for recipe in RECIPES])
    assert set(places) == set(REPOSITORIES)
    ((registry, login),) = json.loads(target.authfile.read_text())["auths"].items()
    assert all(uri == f"{registry}/{name}" for name, uri in places.items())
    assert base64.b64decode(login["auth"]).startswith(b"AWS:")
    assert target.authfile.stat().st_mode & 0o077 == 0


def test_a_repository_that_isn_t_deployed_is_named(target: Target) -> None:
    with pytest.raises(ClientError, match="atoll/other"):
        target.log_in(["atoll/other"])


def test_an_ecr_that_cannot_tell_of_a_scan_never_lets_an_image_pass(target: Target) -> None:
    built = Built(RECIPES[0], "localhost/atoll/model:1", Path("layout"), "sha256:" + "a" * 64)
    with pytest.raises(ClientError, match="DescribeImageScanFindings"):
        target.scan(built, minutes=0)
