"""Archives and what lies beside them: the same tests run against the fake and against the adapter on moto."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.release import artifact, ports
from lambdas.release.adapters.s3_artifacts import S3Artifacts
from lambdas.release.artifact import ArtifactError
from tests.fakes import release as fakes
from tests.fakes.artifacts import DATA_MANIFEST
from tests.fakes.release import MODEL, NOON

BOTH = pytest.mark.parametrize("kind", ["fake", "adapter"])
SHA = "e" * 64
URI = "s3://data/jobs/j/model.tar.gz"
FEATURES = "s3://data/features/run/"


class Store:
    """An artifact store and a way to write a job's output past it, as SageMaker and attackers do."""

    def __init__(self, kind: str, s3: Any) -> None:  # noqa: ANN401 - a boto3 client
        self._s3 = s3
        self._fake = fakes.FakeArtifacts() if kind == "fake" else None
        self.port: ports.ArtifactStore = self._fake or S3Artifacts(s3, release_bucket="release")
        if not self._fake:
            s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
            s3.put_object(Bucket="data", Key="features/run/manifest.json", Body=DATA_MANIFEST)
        self.write(b"packed")

    def write(self, content: bytes) -> None:
        """Write the job's output (again)."""
        if self._fake:
            self._fake.write(URI, content, NOON)
        else:
            self._s3.put_object(Bucket="data", Key="jobs/j/model.tar.gz", Body=content)
            self._s3.put_object(Bucket="data", Key="jobs/j/model.tar.gz.other", Body=content)

    def delete(self) -> None:
        """Delete the job's output, as S3 does: a marker over the versions."""
        if self._fake:
            self._fake.write(URI, b"", NOON, deletes=True)
        else:
            self._s3.delete_object(Bucket="data", Key="jobs/j/model.tar.gz")


@pytest.fixture(params=["fake", "adapter"])
def store(request: pytest.FixtureRequest, buckets: Any) -> Store:  # noqa: ANN401 - a boto3 client
    return Store(request.param, buckets)


def test_an_archive_is_released_once_and_never_replaced(store: Store, tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(b"first")
    (tmp_path / "second").write_bytes(b"second")
    assert store.port.release(tmp_path / "first", MODEL, SHA) is True
    assert store.port.release(tmp_path / "second", MODEL, SHA) is False
    store.port.fetch_released(MODEL, SHA, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"first"


def test_an_archive_that_nobody_released_or_copied_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="There is no "):
        store.port.fetch_released(MODEL, SHA, tmp_path / "back")


def test_a_jobs_archive_is_fetched_by_its_version_whatever_came_later(store: Store, tmp_path: Path) -> None:
    (version,) = store.port.versions(URI)
    assert (version.deletes, version.written.tzinfo is not None) == (False, True)
    store.write(b"another")
    store.port.fetch(URI, version.id, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"packed"


def test_every_writer_and_every_deletion_leaves_a_version(store: Store) -> None:
    store.write(b"another")
    store.delete()
    found = store.port.versions(URI)
    assert sorted(v.deletes for v in found) == [False, False, True]
    assert len({v.id for v in found}) == 3
    assert store.port.versions(URI.replace("/j/", "/k/")) == []


def test_a_file_is_kept_once_and_never_replaced(store: Store) -> None:
    assert store.port.kept(MODEL, SHA, "manifest.sig") is None
    store.port.keep(MODEL, SHA, "manifest.sig", b"first")
    store.port.keep(MODEL, SHA, "manifest.sig", b"second")
    assert store.port.kept(MODEL, SHA, "manifest.sig") == b"first"
    assert store.port.kept(MODEL, SHA, "model-card.json") is None
    assert store.port.kept("other", SHA, "manifest.sig") is None


def test_the_datas_manifest_is_read_where_the_channel_points(store: Store) -> None:
    assert store.port.data_manifest(FEATURES) == DATA_MANIFEST
    with pytest.raises(ArtifactError, match=r"There is no"):
        store.port.data_manifest("s3://data/features/gone/")


def test_everything_of_a_release_lies_under_its_hash(buckets: Any, tmp_path: Path) -> None:  # noqa: ANN401
    (tmp_path / "a").write_bytes(b"x")
    store = Store("adapter", buckets).port
    store.release(tmp_path / "a", MODEL, SHA)
    store.keep(MODEL, SHA, "manifest.sig", b"{}")
    keys = [item["Key"] for item in buckets.list_objects_v2(Bucket="release")["Contents"]]
    assert keys == [f"models/{MODEL}/{SHA}/manifest.sig", f"models/{MODEL}/{SHA}/model.tar.gz"]


def test_what_is_too_large_to_be_ours_is_not_fetched(
    buckets: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store("adapter", buckets).port
    (version,) = store.versions(URI)
    monkeypatch.setattr("lambdas.release.adapters.s3_artifacts.MAXIMUM_TOTAL_BYTES", 3)
    monkeypatch.setattr("lambdas.release.adapters.s3_artifacts.MAXIMUM_JSON_BYTES", 3)
    with pytest.raises(ArtifactError, match="has 6 bytes"):
        store.fetch(URI, version.id, tmp_path / "a")
    with pytest.raises(ArtifactError, match="at most 3 are taken"):
        store.data_manifest(FEATURES)
    assert artifact.MAXIMUM_TOTAL_BYTES > artifact.MAXIMUM_JSON_BYTES > 3


@pytest.mark.parametrize("uri", ["", "s3://", "s3://data", "s3://data/", "data/jobs/j", "/etc/passwd"])
def test_an_address_that_is_none_is_refused(buckets: Any, uri: str) -> None:  # noqa: ANN401
    with pytest.raises(ArtifactError, match="expected s3://"):
        Store("adapter", buckets).port.versions(uri)


def test_times_of_versions_can_be_compared_with_a_jobs(buckets: Any) -> None:  # noqa: ANN401
    (version,) = Store("adapter", buckets).port.versions(URI)
    assert abs(datetime.now(UTC) - version.written) < timedelta(minutes=5)


def test_a_store_that_does_not_answer_is_an_error(aws: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    store = S3Artifacts(aws("s3"), release_bucket="nowhere")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        store.release(tmp_path / "a", MODEL, SHA)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        store.keep(MODEL, SHA, "manifest.sig", b"x")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        store.kept(MODEL, SHA, "manifest.sig")
