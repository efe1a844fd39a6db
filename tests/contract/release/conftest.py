"""AWS in this process: moto, with test credentials and without any address of the surroundings."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield boto3.client


@pytest.fixture
def buckets(aws: Callable[..., Any]) -> Any:  # noqa: ANN401 - a boto3 client
    s3 = aws("s3")
    for name in ("data", "release", "audit"):
        s3.create_bucket(Bucket=name)
    return s3
