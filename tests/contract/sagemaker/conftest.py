"""One emulator for the tests of the local SageMaker."""

from collections.abc import Iterator

import pytest

from tests.contract.sagemaker.cloud import stand_in_cloud
from tests.contract.sagemaker.scene import Scene


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A bucket, a role and people on the local SageMaker with the stand-in container."""
    with stand_in_cloud(tmp_path_factory.mktemp("sagemaker")) as cloud:
        yield Scene(cloud)
