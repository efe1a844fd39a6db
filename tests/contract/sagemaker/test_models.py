"""Which images a model may name: hosting takes Docker's manifests alone."""

import re

import pytest
from botocore.exceptions import ClientError

from images.build import DOCKER
from local.cloud_environment import ACCOUNT, REGION
from local.sagemaker.models import DOCKER_MANIFEST
from tests.contract.sagemaker.scene import Scene

OCI = "application/vnd.oci.image.manifest.v1+json"


def pushed(scene: Scene, kind: str) -> dict[str, str]:
    """Push an image with a manifest of that kind; returns its references, by digest and by tag."""
    ecr, name = scene.cloud.client("ecr"), scene.name("images")
    ecr.create_repository(repositoryName=name)
    given = {"imageManifest": f'{{"mediaType": "{kind}"}}', "imageManifestMediaType": kind, "imageTag": "first"}
    digest = ecr.put_image(repositoryName=name, **given)["image"]["imageId"]["imageDigest"]
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}"
    return {"digest": f"{uri}@{digest}", "tag": f"{uri}:first"}


@pytest.mark.parametrize("by", ["digest", "tag"])
def test_a_model_of_an_image_in_ocis_form_is_refused_as_sagemaker_does(scene: Scene, by: str) -> None:
    image = {"Image": pushed(scene, OCI)[by]}
    with pytest.raises(ClientError, match=re.escape(f"Unsupported manifest media type {OCI} for")):
        scene.sagemaker.create_model(ModelName=scene.name("model"), PrimaryContainer=image)


def test_a_model_of_an_image_in_the_form_that_we_build_is_taken(scene: Scene) -> None:
    assert DOCKER_MANIFEST in DOCKER
    image = {"Image": pushed(scene, DOCKER_MANIFEST)["digest"]}
    assert scene.sagemaker.create_model(ModelName=scene.name("model"), PrimaryContainer=image)["ModelArn"]
