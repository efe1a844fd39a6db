"""Models and endpoint configurations: records only, checked when made."""

from local.sagemaker import emulator, storage
from local.sagemaker.backend import Backend
from local.sagemaker.errors import InvalidRequestError
from local.sagemaker.records import ENDPOINT_CONFIG, MODEL, Record
from local.sagemaker.servers import sole_container

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_VARIANT_MEMBERS = {"VariantName", "ModelName", "InitialInstanceCount", "InstanceType", "InitialVariantWeight",
                    "ContainerStartupHealthCheckTimeoutInSeconds", "ModelDataDownloadTimeoutInSeconds",
                    "VolumeSizeInGB", "EnableSSMAccess"}  # fmt: skip


def create_model(backend: Backend, params: Record) -> Record:
    """CreateModel."""
    container = sole_container(params)
    _require_docker(container["Image"])
    if "ModelDataUrl" in container and "ExecutionRoleArn" not in params:
        raise InvalidRequestError("CreateModel with ModelDataUrl needs ExecutionRoleArn, which reads it.")
    if "ExecutionRoleArn" in params:
        emulator.require_role(params["ExecutionRoleArn"], source=MODEL.arn(params["ModelName"]))
    return {"ModelArn": backend.records.add(MODEL, params)}


def _require_docker(reference: str) -> None:
    """Refuse an image that ECR holds with another manifest than Docker's; one that no registry holds has none.

    Hosting takes no other: aws/amazon-sagemaker-feedback 180.
    """
    kind = emulator.manifest_kind(reference)
    if kind not in (None, DOCKER_MANIFEST):
        raise InvalidRequestError(
            f"Unsupported manifest media type {kind} for image {reference}. "
            "Ensure that valid manifest media type is used for specified image."
        )


def delete_model(backend: Backend, params: Record) -> Record:
    """DeleteModel."""
    backend.records.remove(MODEL, params["ModelName"])
    return {}


def create_endpoint_config(backend: Backend, params: Record) -> Record:
    """CreateEndpointConfig."""
    for variant in params["ProductionVariants"]:
        unknown = variant.keys() - _VARIANT_MEMBERS
        if unknown or "ModelName" not in variant:
            raise InvalidRequestError(
                f"The local AWS doesn't know the variant {variant['VariantName']!r} with "
                f"{sorted(unknown) or 'no model'}: it serves a named model on instances."
            )
        backend.records.get(MODEL, variant["ModelName"])
    if "DataCaptureConfig" in params:
        storage.split_uri(params["DataCaptureConfig"]["DestinationS3Uri"])
    return {"EndpointConfigArn": backend.records.add(ENDPOINT_CONFIG, params)}


def delete_endpoint_config(backend: Backend, params: Record) -> Record:
    """DeleteEndpointConfig. As on AWS this is allowed while an endpoint uses it."""
    backend.records.remove(ENDPOINT_CONFIG, params["EndpointConfigName"])
    return {}
