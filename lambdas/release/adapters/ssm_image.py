"""The published serving image, read from Parameter Store."""

from typing import Any

IMAGE_PARAMETER = "/atoll/registry/serving-image-uri"


class SsmImage:
    """`ports.PublishedImage` over a boto3 `ssm` client."""

    def __init__(self, ssm: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._ssm = ssm

    def uri(self) -> str:
        """Return `<repository uri>@sha256:<64 hex>`."""
        return self._ssm.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]
